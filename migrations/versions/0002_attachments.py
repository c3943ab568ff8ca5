"""Sealed files: those on their way, and those that a message names.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(26).with_variant(sa.String(26, collation="C"), "postgresql")


def of_organisation() -> sa.Column[str]:
    return sa.Column("organisation_id", ID, sa.ForeignKey("organisations.id"), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "uploads",
        of_organisation(),
        sa.Column("id", ID, primary_key=True),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("stanzas", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attachments",
        of_organisation(),
        sa.Column("id", ID, primary_key=True),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id", "case_id"], ["cases.organisation_id", "cases.id"], ondelete="CASCADE"),
        sa.Index("ix_attachments_case", "organisation_id", "case_id"),
        sqlite_with_rowid=False,
    )
