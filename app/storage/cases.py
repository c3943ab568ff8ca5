"""Cases, what officers have read of them, and what is left of deleted ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT is SQLite's too
from sqlalchemy.orm import Session

from app.domain import CaseId, ChannelId, MailboxHash, OfficerId, OrganisationId, Outcome, State
from app.storage.models import Case, Message, ReadMark, Tombstone


@dataclass(frozen=True, slots=True)
class CaseDays:
    """What an inbox is sorted by."""

    id: CaseId
    channel: ChannelId
    state: State
    received_on: date
    acknowledged_on: date | None


@dataclass(frozen=True, slots=True)
class InboxDetails:
    """One row of an inbox."""

    id: CaseId
    channel: ChannelId
    state: State
    outcome: Outcome | None
    received_on: date
    acknowledged_on: date | None
    closed_on: date | None
    last_number: int
    read_number: int
    report_size_class: int


# What everybody waits for who comes back is built once.
_BY_MAILBOX: Final = select(Case).where(Case.organisation_id == bindparam("organisation"), Case.mailbox_hash == bindparam("mailbox"))
_BY_MAILBOX_LOCKED: Final = _BY_MAILBOX.with_for_update(key_share=True)


def get(session: Session, organisation: OrganisationId, case: CaseId) -> Case | None:
    return session.get(Case, (organisation, case))


def by_mailbox(session: Session, organisation: OrganisationId, mailbox: MailboxHash, *, lock: bool = False) -> Case | None:
    """With `lock` nobody else changes the case, or adds to it, until this transaction is over."""
    values = {"organisation": organisation, "mailbox": mailbox}
    return session.scalar(_BY_MAILBOX_LOCKED if lock else _BY_MAILBOX, values)


def drop(session: Session, organisation: OrganisationId, case: CaseId) -> None:
    """Delete a case with its messages and read marks."""
    session.execute(delete(Case).where(Case.organisation_id == organisation, Case.id == case))


def bury(session: Session, organisation: OrganisationId, mark: bytes, day: date) -> None:
    """Remember that a case is gone: SHA-256 of its mailbox hash, and the day."""
    session.execute(upsert(Tombstone).values(organisation_id=organisation, mark=mark, day=day).on_conflict_do_nothing())


def buried(session: Session, organisation: OrganisationId, mark: bytes) -> bool:
    return session.scalar(select(Tombstone.day).where(Tombstone.organisation_id == organisation, Tombstone.mark == mark)) is not None


def days(session: Session, organisation: OrganisationId, channels: Collection[ChannelId], states: Collection[State]) -> Sequence[CaseDays]:
    """The cases of these channels in these states, light enough to sort ten thousand of them."""
    columns = select(Case.id, Case.channel_id, Case.state, Case.received_on, Case.acknowledged_on)
    return [CaseDays(*row) for row in session.execute(columns.where(*_in(organisation, channels), Case.state.in_(states)))]


def inbox(session: Session, organisation: OrganisationId, officer: OfficerId, cases: Collection[CaseId]) -> dict[CaseId, InboxDetails]:
    """The rows of one page, by case id."""
    last = select(func.max(Message.number)).where(Message.organisation_id == Case.organisation_id, Message.case_id == Case.id)
    size = select(Message.size_class).where(
        Message.organisation_id == Case.organisation_id, Message.case_id == Case.id, Message.number == 1
    )
    mine = and_(ReadMark.organisation_id == Case.organisation_id, ReadMark.officer_id == officer, ReadMark.case_id == Case.id)
    query = (
        select(Case.id, Case.channel_id, Case.state, Case.outcome, Case.received_on, Case.acknowledged_on, Case.closed_on)
        .add_columns(func.coalesce(last.scalar_subquery(), 0), func.coalesce(ReadMark.number, 0), func.coalesce(size.scalar_subquery(), 0))
        .outerjoin(ReadMark, mine)
        .where(Case.organisation_id == organisation, Case.id.in_(cases))
    )
    return {row[0]: InboxDetails(*row) for row in session.execute(query)}


def mark_read(session: Session, organisation: OrganisationId, officer: OfficerId, case: CaseId, number: int) -> None:
    """Raise an officer's read mark to `number`; it never falls."""
    values = {"organisation_id": organisation, "officer_id": officer, "case_id": case, "number": number}
    statement = upsert(ReadMark).values(**values)
    higher = ReadMark.number < statement.excluded.number
    session.execute(statement.on_conflict_do_update(index_elements=list(values)[:3], set_={"number": number}, where=higher))


def all_ids(session: Session, organisation: OrganisationId) -> Sequence[CaseId]:
    return session.scalars(select(Case.id).where(Case.organisation_id == organisation).order_by(Case.id)).all()


def _in(organisation: OrganisationId, channels: Collection[ChannelId]) -> tuple[ColumnElement[bool], ...]:
    return (Case.organisation_id == organisation, Case.channel_id.in_(channels))
