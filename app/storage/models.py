"""Every table. What a column reveals about a reporter is listed in SECURITY.md; content is inside a seal."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.domain import AttachmentId, CaseId, ChannelId, Kind, MailboxHash, MessageId, OfficerId, OrganisationId, Outcome, SealedBlob, State

# Row order would tell the order of arrival; a WITHOUT ROWID table keeps its rows in the order of its (random) key.
UNORDERED: dict[str, Any] = {"sqlite_with_rowid": False}

# Ids are compared as bytes, as Python and SQLite do: by the rules of some languages "aa" stands after "z".
ID = String(26).with_variant(String(26, collation="C"), "postgresql")

# Seconds since 1970: PostgreSQL's INTEGER ends in 2038, SQLite's does not.
SECONDS = Integer().with_variant(BigInteger(), "postgresql")


def _enum(kind: type[State] | type[Outcome] | type[Kind]) -> Enum:
    return Enum(kind, native_enum=False, length=20, values_callable=lambda members: [member.value for member in members])


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        int: Integer,
        bool: Boolean,
        date: Date,
        bytes: LargeBinary,
        OrganisationId: ID,
        ChannelId: ID,
        CaseId: ID,
        MessageId: ID,
        OfficerId: ID,
        AttachmentId: ID,
        MailboxHash: LargeBinary(32),
        SealedBlob: LargeBinary,
        State: _enum(State),
        Outcome: _enum(Outcome),
        Kind: _enum(Kind),
    }


def _of_organisation() -> Mapped[OrganisationId]:
    return mapped_column(ForeignKey("organisations.id"), primary_key=True)


def _of_channel() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["organisation_id", "channel_id"], ["channels.organisation_id", "channels.id"])


def _of_officer() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["organisation_id", "officer_id"], ["officers.organisation_id", "officers.id"], ondelete="CASCADE")


def _of_case() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["organisation_id", "case_id"], ["cases.organisation_id", "cases.id"], ondelete="CASCADE")


class Organisation(Base):
    """One employer. `revision` counts every change of what its pages show, so that a process knows when its copy is old."""

    __tablename__ = "organisations"
    __table_args__ = (UNORDERED,)
    id: Mapped[OrganisationId] = mapped_column(primary_key=True)
    name: Mapped[str]
    demo: Mapped[bool]
    created_on: Mapped[date]
    revision: Mapped[int]


class Host(Base):
    """A host name (clear or onion, lower case, no port) under which an organisation answers; unique in the installation."""

    __tablename__ = "hosts"
    __table_args__ = (UniqueConstraint("host", name="uq_hosts_host"), UNORDERED)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    host: Mapped[str] = mapped_column(String(255), primary_key=True)


class Configuration(Base):
    """One version of what `quietline configure` was given, as JSON."""

    __tablename__ = "configurations"
    __table_args__ = (UNORDERED,)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    version: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    document: Mapped[str]


class RecoveryRecipient(Base):
    """A recipient that every keyring is sealed to; its secret is 24 words on paper."""

    __tablename__ = "recovery_recipients"
    __table_args__ = (UniqueConstraint("organisation_id", "recipient", name="uq_recovery_recipients_recipient"), UNORDERED)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    position: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str]


class Channel(Base):
    """Where one can report. Without keys (recipient, verify) it is not yet open. `name` outlives its listing, for the cases that stay."""

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("organisation_id", "slug", name="uq_channels_slug"), UNORDERED)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    id: Mapped[ChannelId] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40))
    name: Mapped[str]
    recipient: Mapped[str | None]
    verify: Mapped[str | None]
    epoch: Mapped[int | None]
    opened_on: Mapped[date | None]
    retired: Mapped[bool]


class Keyring(Base):
    """A channel's keyring, sealed to its officers and to the recovery recipients; every version is kept."""

    __tablename__ = "keyrings"
    __table_args__ = (_of_channel(), UNORDERED)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    channel_id: Mapped[ChannelId] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    made_on: Mapped[date]


class Officer(Base):
    """An officer: public keys, the sealed identity file, and the hash of the derived login key."""

    __tablename__ = "officers"
    __table_args__ = (UniqueConstraint("organisation_id", "user_name", name="uq_officers_user_name"), UNORDERED)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    id: Mapped[OfficerId] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(String(64))
    name: Mapped[str]
    role: Mapped[str] = mapped_column(String(20))
    login_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    recipient: Mapped[str]
    verify: Mapped[str]
    identity: Mapped[bytes]
    created_on: Mapped[date]


class Membership(Base):
    """An officer's place in a channel."""

    __tablename__ = "memberships"
    __table_args__ = (_of_channel(), _of_officer(), Index("ix_memberships_officer", "organisation_id", "officer_id"), UNORDERED)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    channel_id: Mapped[ChannelId] = mapped_column(primary_key=True)
    officer_id: Mapped[OfficerId] = mapped_column(primary_key=True)


class Invitation(Base):
    """A one-time invitation, by the hash of its token. `channels`: JSON list of channel ids."""

    __tablename__ = "invitations"
    __table_args__ = (UNORDERED,)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    channels: Mapped[str]
    role: Mapped[str] = mapped_column(String(20))
    made_on: Mapped[date]
    expires_on: Mapped[date]


class DeskSession(Base):
    """An officer's session. `wrapping_key` is the server's half of what unlocks a tab; null once locked."""

    __tablename__ = "desk_sessions"
    __table_args__ = (_of_officer(), Index("ix_desk_sessions_officer", "organisation_id", "officer_id"), UNORDERED)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    officer_id: Mapped[OfficerId]
    started_at: Mapped[int] = mapped_column(SECONDS)
    seen_at: Mapped[int] = mapped_column(SECONDS)
    wrapping_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class Case(Base):
    """One report and all that follows. Days only; `readers` is a JSON list of officer ids where they are not the team."""

    __tablename__ = "cases"
    __table_args__ = (
        _of_channel(),
        UniqueConstraint("organisation_id", "mailbox_hash", name="uq_cases_mailbox_hash"),
        Index("ix_cases_received", "organisation_id", "channel_id", "state", "received_on", "id"),
        Index("ix_cases_lead", "organisation_id", "channel_id", "state", "acknowledged_on", "received_on", "id"),
        UNORDERED,
    )
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    id: Mapped[CaseId] = mapped_column(primary_key=True)
    channel_id: Mapped[ChannelId]
    mailbox_hash: Mapped[MailboxHash]
    state: Mapped[State]
    outcome: Mapped[Outcome | None]
    received_on: Mapped[date]
    acknowledged_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    assignee: Mapped[OfficerId | None]
    readers: Mapped[str | None]


class Message(Base):
    """One sealed document of a case. Once it has been removed, `sealed` is empty and `size_class` 0; its place stays."""

    __tablename__ = "messages"
    __table_args__ = (_of_case(), UniqueConstraint("organisation_id", "case_id", "id", name="uq_messages_id"), UNORDERED)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    case_id: Mapped[CaseId] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[MessageId]
    kind: Mapped[Kind]
    day: Mapped[date]
    size_class: Mapped[int]
    sealed: Mapped[SealedBlob]


class Upload(Base):
    """A sealed file that no message names yet. `length`: bytes of the sealed file, 0 until it is known; `stanzas`: null until it is whole.
    `digest`: see Attachment.

    Its bytes lie in the blob store's staging folder under the id. Swept at the end of the UTC day after `day`.
    """

    __tablename__ = "uploads"
    __table_args__ = (UNORDERED,)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    id: Mapped[AttachmentId] = mapped_column(primary_key=True)
    length: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    stanzas: Mapped[int | None]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class Attachment(Base):
    """A sealed file that a message names; its bytes lie in the blob store under the id. `length`: bytes of the sealed file;
    `digest`: their SHA-256, null where a version before schema 0003 has stored it."""

    __tablename__ = "attachments"
    __table_args__ = (
        _of_case(),
        Index("ix_attachments_case", "organisation_id", "case_id"),
        UNORDERED,
    )
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    id: Mapped[AttachmentId] = mapped_column(primary_key=True)
    case_id: Mapped[CaseId]
    message_id: Mapped[MessageId]
    length: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class ReadMark(Base):
    """The highest message number of a case that an officer has opened."""

    __tablename__ = "read_marks"
    __table_args__ = (_of_case(), _of_officer(), Index("ix_read_marks_case", "organisation_id", "case_id"), UNORDERED)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    officer_id: Mapped[OfficerId] = mapped_column(primary_key=True)
    case_id: Mapped[CaseId] = mapped_column(primary_key=True)
    number: Mapped[int]


class Tombstone(Base):
    """What is left of a deleted case or message (FORMATS.md section 14), and the day."""

    __tablename__ = "tombstones"
    __table_args__ = (UNORDERED,)
    organisation_id: Mapped[OrganisationId] = _of_organisation()
    mark: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    day: Mapped[date]
