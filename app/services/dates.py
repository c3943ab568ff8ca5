"""Days, and the deadlines that follow from them. Everything is a UTC day; nothing finer is kept of a reporter."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

ACKNOWLEDGE_DAYS: Final = 7
FEEDBACK_MONTHS: Final = 3
UPLOAD_DAYS: Final = 2
"""An upload that no message names is gone at the end of the UTC day after it was begun."""


def utc_now() -> datetime:
    """The clock of a running program; tests pass their own."""
    return datetime.now(UTC)


def acknowledge_by(received_on: date) -> date:
    """The last day to acknowledge a report."""
    return received_on + timedelta(days=ACKNOWLEDGE_DAYS)


def feedback_by(received_on: date, acknowledged_on: date | None) -> date:
    """The last day for feedback: three months after the acknowledgement, or after the last day for one."""
    return add_months(acknowledged_on or acknowledge_by(received_on), FEEDBACK_MONTHS)


def delete_on(closed_on: date, retention_days: int) -> date:
    """The day on which a closed case is deleted, where closed ones are kept for so many days."""
    return closed_on + timedelta(days=retention_days)


def upload_expires(begun_on: date) -> datetime:
    """The moment from which an upload of that day is gone, if no message names it (aware, UTC)."""
    return datetime.combine(begun_on + timedelta(days=UPLOAD_DAYS), time(), UTC)


def oldest_upload(today: date) -> date:
    """The first day whose uploads are still there."""
    return today - timedelta(days=UPLOAD_DAYS - 1)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
