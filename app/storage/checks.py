"""Queries of `quietline check`: a few rows at a time, so that no snapshot is held for long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.domain import AttachmentId, CaseId, ChannelId, Kind, MessageId, OfficerId, OrganisationId
from app.storage.models import Attachment, Case, Channel, Keyring, Message, Officer, Upload


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that has to be there. `kind`: of the message that names it, None where that is not there (or none names it yet);
    `team`: whether the case is the team's; `digest`: None where it is not known."""

    id: AttachmentId
    length: int
    digest: bytes | None
    kind: Kind | None = None
    team: bool = True


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as it is stored. `team`: as above."""

    case: CaseId
    number: int
    id: MessageId
    kind: Kind
    size_class: int
    sealed: bytes = field(repr=False)
    team: bool


def named_files(session: Session, organisation: OrganisationId, after: str, limit: int) -> Sequence[FileRow]:
    """The next files that messages name, in order of id."""
    message = and_(
        Message.organisation_id == Attachment.organisation_id, Message.case_id == Attachment.case_id, Message.id == Attachment.message_id
    )
    case = and_(Case.organisation_id == Attachment.organisation_id, Case.id == Attachment.case_id)
    query = select(Attachment.id, Attachment.length, Attachment.digest, Message.kind, Case.readers)
    query = query.outerjoin(Message, message).outerjoin(Case, case)
    query = query.where(Attachment.organisation_id == organisation, Attachment.id > after).order_by(Attachment.id).limit(limit)
    return [FileRow(*row[:4], team=row[4] is None) for row in session.execute(query)]


def whole_uploads(session: Session, organisation: OrganisationId, after: str, limit: int) -> Sequence[FileRow]:
    """The next files that are whole and that no message names yet, in order of id."""
    query = select(Upload.id, Upload.length, Upload.digest).where(Upload.organisation_id == organisation, Upload.stanzas.is_not(None))
    return [FileRow(*row) for row in session.execute(query.where(Upload.id > after).order_by(Upload.id).limit(limit))]


def messages(session: Session, organisation: OrganisationId, after: tuple[str, int], limit: int) -> Sequence[MessageRow]:
    """The next messages, in order of case and number."""
    case = and_(Case.organisation_id == Message.organisation_id, Case.id == Message.case_id)
    query = select(Message.case_id, Message.number, Message.id, Message.kind, Message.size_class, Message.sealed, Case.readers)
    query = query.outerjoin(Case, case).where(Message.organisation_id == organisation, tuple_(Message.case_id, Message.number) > after)
    found = session.execute(query.order_by(Message.case_id, Message.number).limit(limit))
    return [MessageRow(*row[:6], team=row[6] is None) for row in found]


def incomplete_cases(session: Session, organisation: OrganisationId) -> int:
    """How many cases lack their report, or a message before their last."""
    message = and_(Message.organisation_id == Case.organisation_id, Message.case_id == Case.id)
    counted = select(Case.id).outerjoin(Message, message).where(Case.organisation_id == organisation).group_by(Case.id)
    flawed = counted.having(or_(func.count(Message.number) == 0, func.count(Message.number) != func.max(Message.number)))
    return session.scalars(select(func.count()).select_from(flawed.subquery())).one()


def keyrings(session: Session, organisation: OrganisationId) -> Sequence[tuple[ChannelId, int, bytes]]:
    """Every keyring, with its channel and version."""
    query = select(Keyring.channel_id, Keyring.version, Keyring.sealed).where(Keyring.organisation_id == organisation)
    return [(channel, version, sealed) for channel, version, sealed in session.execute(query)]


def open_without_keyring(session: Session, organisation: OrganisationId) -> Sequence[ChannelId]:
    """Channels that take reports although nothing of theirs could open them."""
    ring = and_(Keyring.organisation_id == Channel.organisation_id, Keyring.channel_id == Channel.id)
    query = select(Channel.id).where(Channel.organisation_id == organisation, Channel.recipient.is_not(None))
    return session.scalars(query.where(~select(Keyring.version).where(ring).exists()).order_by(Channel.id)).all()


def identities(session: Session, organisation: OrganisationId) -> Sequence[tuple[OfficerId, bytes]]:
    """Every officer's sealed identity file."""
    return [
        (officer, sealed)
        for officer, sealed in session.execute(select(Officer.id, Officer.identity).where(Officer.organisation_id == organisation))
    ]
