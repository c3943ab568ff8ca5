"""The SHA-256 of every sealed file, so that one that has changed on the disk is found without a key.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null where an older version has stored the file, which may still be running beside this one.
    op.add_column("uploads", sa.Column("digest", sa.LargeBinary(32)))
    op.add_column("attachments", sa.Column("digest", sa.LargeBinary(32)))
