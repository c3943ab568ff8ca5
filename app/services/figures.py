"""Numbers for machines that look every few seconds, and must not learn from it when somebody reported.

Whatever a single report, message, file or error could move is told of whole UTC days only, and once: taken when the day has been over for
a while, and then kept until the next day is. A withdrawal, which makes the number of a past day smaller, does not show either.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.services.context import Context
from app.storage import counting
from app.storage.staging import free

GRACE: Final = timedelta(minutes=10)
"""After midnight UTC, before a day is counted: a request that began in it may still be storing."""

DATABASE_STEP: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one finished day. `errors` is None where the server was not running for the whole of it: they are counted in memory.

    The sizes are of the moment at which these figures were taken: the database's in steps of 16 MiB, upwards; the free bytes of the disk
    rounded down to two digits.
    """

    day: date
    reports: int
    messages: int
    files: int
    errors: Mapping[str, int] | None
    database_bytes: int
    disk_free_bytes: int


class LastDay:
    """The figures of the last finished day, taken once. One of these belongs to one monitor."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: Figures | None = None

    @property
    def kept(self) -> Figures | None:
        """What was taken last, whatever day it is now."""
        return self._kept

    def figures(self, ctx: Context) -> Figures:
        """Raises StorageBusy or OSError, where they are to be taken now and cannot be."""
        day = (ctx.clock() - GRACE).date() - timedelta(days=1)
        with self._lock:
            # A clock that is set back brings no new sample of a day that was told already.
            if self._kept is None or self._kept.day < day:
                self._kept = take(ctx, day)
            return self._kept


def take(ctx: Context, day: date) -> Figures:
    """Count one day now. Raises StorageBusy, OSError."""
    with ctx.database.read() as session:
        counts = counting.of_day(session, day)
    return Figures(
        day=day,
        reports=counts.reports,
        messages=counts.messages,
        files=counts.files,
        errors=ctx.vitals.counted(day),
        database_bytes=-(-ctx.database.size() // DATABASE_STEP) * DATABASE_STEP,
        disk_free_bytes=_two_digits(free(ctx.settings.staging)),
    )


def _two_digits(number: int) -> int:
    step: int = 10 ** max(0, len(str(number)) - 2)
    return number - number % step
