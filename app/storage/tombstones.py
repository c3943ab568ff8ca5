"""What is left of deleted cases and messages, and what it is compared with when a backup brought some of them back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain import CaseId, ChannelId, MailboxHash, MessageId, OrganisationId, State
from app.storage.models import Case, Message, Tombstone


def all_of(session: Session, organisation: OrganisationId) -> Sequence[tuple[bytes, date]]:
    """Every mark with its day, in order of the marks, which are random."""
    query = select(Tombstone.mark, Tombstone.day).where(Tombstone.organisation_id == organisation).order_by(Tombstone.mark)
    return [(mark, day) for mark, day in session.execute(query)]


def drop_before(session: Session, organisation: OrganisationId, day: date) -> None:
    """Forget those from before a day."""
    session.execute(delete(Tombstone).where(Tombstone.organisation_id == organisation, Tombstone.day < day))


def mailboxes(session: Session, organisation: OrganisationId, after: str, limit: int) -> Sequence[tuple[CaseId, MailboxHash]]:
    """The next cases in order of id."""
    query = select(Case.id, Case.mailbox_hash).where(Case.organisation_id == organisation, Case.id > after).order_by(Case.id).limit(limit)
    return [(case, mailbox) for case, mailbox in session.execute(query)]


def standing(session: Session, organisation: OrganisationId, cases: Collection[CaseId]) -> Sequence[tuple[CaseId, MessageId]]:
    """The messages of these cases that have not been removed."""
    query = select(Message.case_id, Message.id).where(Message.organisation_id == organisation, Message.case_id.in_(cases))
    return [(case, message) for case, message in session.execute(query.where(Message.size_class > 0))]


def closed_until(session: Session, organisation: OrganisationId, channel: ChannelId, day: date, limit: int) -> Sequence[CaseId]:
    """Some cases of a channel that were closed on this day or before, and still are."""
    mine = (Case.organisation_id == organisation, Case.channel_id == channel, Case.state == State.CLOSED)
    return session.scalars(select(Case.id).where(*mine, Case.closed_on <= day).order_by(Case.id).limit(limit)).all()


def locked(session: Session, organisation: OrganisationId, case: CaseId) -> Case | None:
    """A case that nobody else changes until this transaction is over."""
    return session.scalar(select(Case).where(Case.organisation_id == organisation, Case.id == case).with_for_update(key_share=True))
