"""An inbox reads its rows off an index, in the order of what is due and of the day received.

Revision: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OWN = ["organisation_id", "channel_id", "state"]


def upgrade() -> None:
    op.create_index("ix_cases_received", "cases", [*OWN, "received_on", "id"])
    op.create_index("ix_cases_lead", "cases", [*OWN, "acknowledged_on", "received_on", "id"])
    op.drop_index("ix_cases_channel", "cases")
