"""Signs of life that the processes of a server share: beats of its workers, housekeeping's last day, and errors counted by the day.

All of it lies in anonymous memory that was made before the processes were forked (see SharedPage). Nothing here is of a request: an error
counts for its UTC day only, and is told when that day is over (app/services/figures.py).
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.services.shared import SharedPage

EVENTS: Final = ("internal", "storage_busy", "no_room", "worker_lost")
"""What is counted: answers 500, 503 and 507 by what caused them, and workers that ended without being told to."""

HANGS_AFTER: Final = 10
"""Seconds without a beat after which a worker counts as hanging. Its loop turns at least once a second, however busy its threads are."""

SLOTS: Final = 128
"""Twice the most workers, since old and new ones overlap while a server is loaded anew."""

_DAYS: Final = 3  # the day that runs, the one before, and one more while the figures of that are still shown
_HEAD: Final = struct.Struct("<qq")  # the day of the start, housekeeping's last day
_DAY: Final = struct.Struct(f"<q{len(EVENTS)}q")
_SLOT: Final = struct.Struct("<?7xq")  # taken, second of the last beat by the monotonic clock
_SLOTS_AT: Final = _HEAD.size + _DAYS * _DAY.size


@dataclass(frozen=True, slots=True)
class Workers:
    """How many workers have a place, and how many of these have not been heard of for HANGS_AFTER seconds."""

    known: int
    hanging: int


class Vitals:
    """Of one server: the master and everything it has forked."""

    def __init__(self) -> None:
        self._page = SharedPage("quietline-vitals")

    def began(self, today: date) -> None:
        """The server starts: days before this one, and this one, are not counted in full."""
        with self._page.locked() as memory:
            _HEAD.pack_into(memory, 0, today.toordinal(), 0)

    def tidied(self, today: date) -> None:
        """Housekeeping has done all it has to do."""
        with self._page.locked() as memory:
            _HEAD.pack_into(memory, 0, _HEAD.unpack_from(memory)[0], today.toordinal())

    def last_tidied(self) -> date | None:
        """The day on which housekeeping last went well; None where it has not since the start."""
        return _day(_HEAD.unpack_from(self._page.memory)[1])

    def count(self, event: str, today: date) -> None:
        """One more of EVENTS; whatever else it is called counts as internal."""
        place = EVENTS.index(event if event in EVENTS else "internal")
        with self._page.locked() as memory:
            day, *counts = _DAY.unpack_from(memory, _at(today))
            if day != today.toordinal():
                counts = [0] * len(EVENTS)
            counts[place] += 1
            _DAY.pack_into(memory, _at(today), today.toordinal(), *counts)

    def counted(self, day: date) -> Mapping[str, int] | None:
        """What was counted on a day that is over; None where the server was not running for the whole of it."""
        with self._page.locked() as memory:
            began = _HEAD.unpack_from(memory)[0]
            found, *counts = _DAY.unpack_from(memory, _at(day))
        if not 0 < began < day.toordinal() or found > day.toordinal():
            return None
        return dict(zip(EVENTS, counts if found == day.toordinal() else [0] * len(EVENTS), strict=True))

    def take_place(self) -> int | None:
        """A place for a worker that is about to be forked, with its first beat; None when all are taken. Only the master asks."""
        free = next((place for place, (taken, _) in enumerate(self._places()) if not taken), None)
        if free is not None:
            self.beat(free)
        return free

    def beat(self, place: int) -> None:
        """The worker lives. Without the lock: a place has one writer, and a hanging one must not stop others."""
        _SLOT.pack_into(self._page.memory, _SLOTS_AT + place * _SLOT.size, True, int(time.monotonic()))

    def give_back(self, place: int) -> None:
        """The worker has ended. Only the master says so."""
        _SLOT.pack_into(self._page.memory, _SLOTS_AT + place * _SLOT.size, False, 0)

    def workers(self) -> Workers:
        """How the workers are at this moment."""
        late = time.monotonic() - HANGS_AFTER
        beats = [beat for taken, beat in self._places() if taken]
        return Workers(known=len(beats), hanging=sum(beat < late for beat in beats))

    def _places(self) -> Iterable[tuple[bool, int]]:
        end = _SLOTS_AT + SLOTS * _SLOT.size
        return _SLOT.iter_unpack(self._page.memory[_SLOTS_AT:end])


def _at(day: date) -> int:
    return _HEAD.size + day.toordinal() % _DAYS * _DAY.size


def _day(ordinal: int) -> date | None:
    return date.fromordinal(ordinal) if ordinal else None
