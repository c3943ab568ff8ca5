"""The sealed messages of a case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is SQLite's too
from sqlalchemy.orm import Session

from app.domain import CaseId, Kind, ListedMessage, MessageId, OrganisationId, SealedBlob, SealedMessage
from app.storage import attachments
from app.storage.models import Message

_IDS: Final = ("organisation_id", "case_id", "id")
_TABLE: Final = Message.__table__
# A conversation is what everybody waits for who comes back, so its query is built once and goes past the mapper.
_OF_CASE: Final = (
    select(_TABLE.c.number, _TABLE.c.id, _TABLE.c.kind, _TABLE.c.day, _TABLE.c.sealed)
    .where(_TABLE.c.organisation_id == bindparam("organisation"), _TABLE.c.case_id == bindparam("case"))
    .order_by(_TABLE.c.number)
)
_OF_CASE_SHARED: Final = _OF_CASE.where(_TABLE.c.kind != Kind.NOTE)


def add(
    session: Session,
    organisation: OrganisationId,
    case: CaseId,
    message: MessageId,
    kind: Kind,
    day: date,
    size_class: int,
    sealed: SealedBlob,
) -> int | None:
    """Append to a case, which the caller has locked, and give the number. None when the id is taken in this case, and nothing is added."""
    query = select(func.coalesce(func.max(Message.number), 0)).where(Message.organisation_id == organisation, Message.case_id == case)
    number = session.scalars(query).one() + 1
    values = {"organisation_id": organisation, "case_id": case, "number": number, "id": message}
    statement = insert(Message).values(**values, kind=kind, day=day, size_class=size_class, sealed=sealed)
    added = session.connection().execute(
        statement.on_conflict_do_nothing(index_elements=_IDS), execution_options={"preserve_rowcount": True}
    )
    return number if added.rowcount == 1 else None


def empty(session: Session, organisation: OrganisationId, case: CaseId, message: MessageId) -> None:
    """Take away what a message says; its place stays."""
    mine = (Message.organisation_id == organisation, Message.case_id == case, Message.id == message)
    session.execute(update(Message).where(*mine).values(sealed=SealedBlob(b""), size_class=0))


def of_case(session: Session, organisation: OrganisationId, case: CaseId, *, notes: bool) -> tuple[SealedMessage, ...]:
    """In order of number, with the files of each; with or without the team's notes."""
    query = _OF_CASE if notes else _OF_CASE_SHARED
    found = tuple(SealedMessage(*row) for row in session.connection().execute(query, {"organisation": organisation, "case": case}))
    files = attachments.by_message(session, organisation, case)
    return tuple(replace(each, attachments=files[each.id]) if each.id in files else each for each in found)


def listed(session: Session, organisation: OrganisationId, case: CaseId) -> tuple[ListedMessage, ...]:
    """The same with the team's notes, and without what is sealed."""
    query = select(Message.number, Message.id, Message.kind, Message.day)
    query = query.where(Message.organisation_id == organisation, Message.case_id == case).order_by(Message.number)
    return tuple(ListedMessage(*row) for row in session.execute(query))


def by_id(session: Session, organisation: OrganisationId, case: CaseId, message: MessageId) -> SealedMessage | None:
    query = select(Message.number, Message.id, Message.kind, Message.day, Message.sealed)
    row = session.execute(query.where(Message.organisation_id == organisation, Message.case_id == case, Message.id == message)).first()
    return None if row is None else SealedMessage(*row, attachments.of_message(session, organisation, case, message))


def by_number(session: Session, organisation: OrganisationId, case: CaseId, number: int) -> SealedMessage | None:
    query = select(Message.number, Message.id, Message.kind, Message.day, Message.sealed)
    row = session.execute(query.where(Message.organisation_id == organisation, Message.case_id == case, Message.number == number)).first()
    return None if row is None else SealedMessage(*row, attachments.of_message(session, organisation, case, row[1]))


def last_number(session: Session, organisation: OrganisationId, case: CaseId) -> int:
    query = select(func.coalesce(func.max(Message.number), 0)).where(Message.organisation_id == organisation, Message.case_id == case)
    return session.scalars(query).one()


def reports(session: Session, organisation: OrganisationId, cases: Collection[CaseId]) -> Sequence[tuple[CaseId, MessageId, SealedBlob]]:
    """The first message of each of these cases."""
    query = select(Message.case_id, Message.id, Message.sealed)
    query = query.where(Message.organisation_id == organisation, Message.case_id.in_(cases), Message.number == 1)
    return session.execute(query.order_by(Message.case_id)).all()
