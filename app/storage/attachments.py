"""Sealed files that messages name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.domain import AttachmentId, CaseId, Kind, MessageId, OrganisationId
from app.storage.models import Attachment, Message

_TABLE: Final = Attachment.__table__
_BY_MESSAGE: Final = (
    select(_TABLE.c.message_id, _TABLE.c.id)
    .where(_TABLE.c.organisation_id == bindparam("organisation"), _TABLE.c.case_id == bindparam("case"))
    .order_by(_TABLE.c.id)
)


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """A file of a case. `length`: bytes of the sealed file."""

    id: AttachmentId
    message: MessageId
    length: int


def add(
    session: Session,
    organisation: OrganisationId,
    case: CaseId,
    message: MessageId,
    files: Iterable[tuple[AttachmentId, int, bytes | None]],
) -> None:
    """Name files, each with its length and digest, for a message. IntegrityError when one is named already."""
    own = {"organisation_id": organisation, "case_id": case, "message_id": message}
    session.execute(insert(Attachment), [{**own, "id": file, "length": length, "digest": digest} for file, length, digest in files])


def get(session: Session, organisation: OrganisationId, case: CaseId, file: AttachmentId, *, notes: bool) -> AttachmentRow | None:
    """A file of this case; without `notes` only of a message that the reporter may read."""
    query = _of_case(organisation, case).where(Attachment.id == file)
    if not notes:
        query = query.where(Message.kind != Kind.NOTE)
    row = session.execute(query).first()
    return None if row is None else AttachmentRow(*row)


def by_message(session: Session, organisation: OrganisationId, case: CaseId) -> dict[MessageId, tuple[AttachmentId, ...]]:
    """The files of each message of a case that has any, in order of id."""
    found: dict[MessageId, tuple[AttachmentId, ...]] = {}
    for message, file in session.connection().execute(_BY_MESSAGE, {"organisation": organisation, "case": case}):
        found[message] = (*found.get(message, ()), file)
    return found


def of_message(session: Session, organisation: OrganisationId, case: CaseId, message: MessageId) -> tuple[AttachmentId, ...]:
    """The files of one message, in order of id."""
    query = select(Attachment.id).where(Attachment.organisation_id == organisation, Attachment.case_id == case)
    return tuple(session.scalars(query.where(Attachment.message_id == message).order_by(Attachment.id)))


def of_case(session: Session, organisation: OrganisationId, case: CaseId) -> tuple[AttachmentId, ...]:
    """All files of a case."""
    return tuple(session.scalars(select(Attachment.id).where(Attachment.organisation_id == organisation, Attachment.case_id == case)))


def taken(session: Session, organisation: OrganisationId, wanted: Collection[AttachmentId]) -> bool:
    """Whether a message names one of these."""
    query = select(Attachment.id).where(Attachment.organisation_id == organisation, Attachment.id.in_(wanted)).limit(1)
    return session.scalar(query) is not None


def drop_of_message(session: Session, organisation: OrganisationId, case: CaseId, message: MessageId) -> tuple[AttachmentId, ...]:
    """Delete the rows of a message's files, and give their ids; their bytes are the caller's to delete once that is committed."""
    mine = (Attachment.organisation_id == organisation, Attachment.case_id == case, Attachment.message_id == message)
    return tuple(session.scalars(delete(Attachment).where(*mine).returning(Attachment.id)))


def note_digest(session: Session, organisation: OrganisationId, file: AttachmentId, digest: bytes) -> None:
    """For a file that an older version has stored."""
    mine = (Attachment.organisation_id == organisation, Attachment.id == file, Attachment.digest.is_(None))
    session.execute(update(Attachment).where(*mine).values(digest=digest))


def totals(session: Session, organisation: OrganisationId) -> tuple[int, int]:
    """How many files messages name, and their bytes."""
    count, total = session.execute(
        select(func.count(), func.coalesce(func.sum(Attachment.length), 0)).where(Attachment.organisation_id == organisation)
    ).one()
    return count, int(total)


def _of_case(organisation: OrganisationId, case: CaseId) -> Select[AttachmentId, MessageId, int]:
    same = and_(
        Message.organisation_id == Attachment.organisation_id, Message.case_id == Attachment.case_id, Message.id == Attachment.message_id
    )
    query = select(Attachment.id, Attachment.message_id, Attachment.length).join(Message, same)
    return query.where(Attachment.organisation_id == organisation, Attachment.case_id == case)
