"""Everything that the first loop needs: organisations, channels, officers, cases, messages.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DAY = sa.Date()
HASH = sa.LargeBinary(32)
ID = sa.String(26).with_variant(sa.String(26, collation="C"), "postgresql")
SECONDS = sa.Integer().with_variant(sa.BigInteger(), "postgresql")


def of_organisation() -> sa.Column[str]:
    return sa.Column("organisation_id", ID, sa.ForeignKey("organisations.id"), primary_key=True)


def of(table: str, column: str, *, cascade: bool) -> sa.ForeignKeyConstraint:
    remote = [f"{table}.organisation_id", f"{table}.id"]
    return sa.ForeignKeyConstraint(["organisation_id", column], remote, ondelete="CASCADE" if cascade else None)


def upgrade() -> None:
    organisations()
    channels()
    officers()
    cases()


def organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("demo", sa.Boolean, nullable=False),
        sa.Column("created_on", DAY, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hosts",
        of_organisation(),
        sa.Column("host", sa.String(255), primary_key=True),
        sa.UniqueConstraint("host", name="uq_hosts_host"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "configurations",
        of_organisation(),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("day", DAY, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recovery_recipients",
        of_organisation(),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.UniqueConstraint("organisation_id", "recipient", name="uq_recovery_recipients_recipient"),
        sqlite_with_rowid=False,
    )


def channels() -> None:
    op.create_table(
        "channels",
        of_organisation(),
        sa.Column("id", ID, primary_key=True),
        sa.Column("slug", sa.String(40), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text),
        sa.Column("verify", sa.Text),
        sa.Column("epoch", sa.Integer),
        sa.Column("opened_on", DAY),
        sa.Column("retired", sa.Boolean, nullable=False),
        sa.UniqueConstraint("organisation_id", "slug", name="uq_channels_slug"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "keyrings",
        of_organisation(),
        sa.Column("channel_id", ID, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_on", DAY, nullable=False),
        of("channels", "channel_id", cascade=False),
        sqlite_with_rowid=False,
    )


def officers() -> None:
    op.create_table(
        "officers",
        of_organisation(),
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_name", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("login_hash", HASH, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("verify", sa.Text, nullable=False),
        sa.Column("identity", sa.LargeBinary, nullable=False),
        sa.Column("created_on", DAY, nullable=False),
        sa.UniqueConstraint("organisation_id", "user_name", name="uq_officers_user_name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "memberships",
        of_organisation(),
        sa.Column("channel_id", ID, primary_key=True),
        sa.Column("officer_id", ID, primary_key=True),
        of("channels", "channel_id", cascade=False),
        of("officers", "officer_id", cascade=True),
        sa.Index("ix_memberships_officer", "organisation_id", "officer_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "invitations",
        of_organisation(),
        sa.Column("token_hash", HASH, primary_key=True),
        sa.Column("channels", sa.Text, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("made_on", DAY, nullable=False),
        sa.Column("expires_on", DAY, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "desk_sessions",
        of_organisation(),
        sa.Column("token_hash", HASH, primary_key=True),
        sa.Column("officer_id", ID, nullable=False),
        sa.Column("started_at", SECONDS, nullable=False),
        sa.Column("seen_at", SECONDS, nullable=False),
        sa.Column("wrapping_key", HASH),
        of("officers", "officer_id", cascade=True),
        sa.Index("ix_desk_sessions_officer", "organisation_id", "officer_id"),
        sqlite_with_rowid=False,
    )


def cases() -> None:
    op.create_table(
        "cases",
        of_organisation(),
        sa.Column("id", ID, primary_key=True),
        sa.Column("channel_id", ID, nullable=False),
        sa.Column("mailbox_hash", HASH, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20)),
        sa.Column("received_on", DAY, nullable=False),
        sa.Column("acknowledged_on", DAY),
        sa.Column("closed_on", DAY),
        sa.Column("assignee", ID),
        sa.Column("readers", sa.Text),
        of("channels", "channel_id", cascade=False),
        sa.UniqueConstraint("organisation_id", "mailbox_hash", name="uq_cases_mailbox_hash"),
        sa.Index("ix_cases_channel", "organisation_id", "channel_id", "state"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "messages",
        of_organisation(),
        sa.Column("case_id", ID, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("size_class", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        of("cases", "case_id", cascade=True),
        sa.UniqueConstraint("organisation_id", "case_id", "id", name="uq_messages_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "read_marks",
        of_organisation(),
        sa.Column("officer_id", ID, primary_key=True),
        sa.Column("case_id", ID, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        of("cases", "case_id", cascade=True),
        of("officers", "officer_id", cascade=True),
        sa.Index("ix_read_marks_case", "organisation_id", "case_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tombstones",
        of_organisation(),
        sa.Column("mark", HASH, primary_key=True),
        sa.Column("day", DAY, nullable=False),
        sqlite_with_rowid=False,
    )
