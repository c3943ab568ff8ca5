"""Whether the day can be believed before something is deleted because of it: what a wrong clock deletes, a right one does not bring back.

The database keeps the last day that housekeeping saw. A step of more than a few days, or backwards, means that the machine was off, that an
older backup was restored, or that the clock is or was wrong. In all three cases nothing that goes by days is deleted for a week of days
that follow one another, so that somebody can see it and set the clock right (which is a step again, and begins another week).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from app.errors import ClockJumped
from app.services.context import Context

MOST_DAYS: Final = 3
"""The longest step from one day that was seen to the next: a weekend."""

REST_DAYS: Final = 7
"""For so many days nothing is deleted after a longer one."""

_RESTS: Final = 8  # the note is the day's number times this, and the days that are still to be waited


def believed(ctx: Context) -> bool:
    """Note that today was seen; whether what goes by days may be deleted. Raises ClockJumped when a week of waiting begins, once."""
    today = ctx.today()
    before, after = ctx.database.note_days(lambda note: _after(note, today))
    if after != before and after % _RESTS == REST_DAYS:
        raise ClockJumped
    return after % _RESTS == 0


def _after(note: int, today: date) -> int:
    """The note that follows from the last one (0: there is none)."""
    seen, rest = divmod(note, _RESTS)
    step = today.toordinal() - seen
    if not note:
        rest = 0
    elif not 0 <= step <= MOST_DAYS:
        rest = REST_DAYS
    else:
        rest = max(0, rest - step)
    return today.toordinal() * _RESTS + rest
