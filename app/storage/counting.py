"""Counts of what came on one day, over all organisations: for the monitor, which tells them once the day is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.domain import Kind
from app.storage.models import Attachment, Case, Message


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Reports, messages of either side (reports and notes are none), and the files of both, as far as they are still there."""

    reports: int
    messages: int
    files: int


def of_day(session: Session, day: date) -> DayCounts:
    """Everything of one UTC day. It reads whole tables: for once a day."""
    same = and_(
        Message.organisation_id == Attachment.organisation_id, Message.case_id == Attachment.case_id, Message.id == Attachment.message_id
    )
    reports = select(func.count()).select_from(Case).where(Case.received_on == day)
    messages = select(func.count()).select_from(Message).where(Message.day == day, Message.kind == Kind.MESSAGE)
    files = select(func.count()).select_from(Attachment).join(Message, same).where(Message.day == day)
    return DayCounts(*(session.scalars(query).one() for query in (reports, messages, files)))
