"""Global buckets: how much there may be of a kind of traffic in all, whoever it comes from.

A bucket is for what burdens something that all processes and servers share, storage and passwords, and so it is shared as they are: in
memory by the processes of one server, in Redis by several servers (redis_counters.py). What each process has by itself, threads and
memory, the lanes share out (web/lanes.py). Nothing is kept but one number a kind.

The number counts places: those that have come free since 1970 (in memory: since the machine started), plus those taken of the ones that
are free now. Time goes on in whole grains of seconds, so the number tells no time finer than that, and there is nothing to round.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from app.errors import ComesAgain
from app.services.shared import SharedPage


class Bucket(StrEnum):
    """A kind of traffic that is counted. Reports and follow-ups are not: neither may be refused, and the lanes delay both already."""

    UPLOADS = "uploads"
    """Beginning an upload by script, without a login: beyond it, come again."""
    LOGINS = "logins"
    """Checking a password, right or wrong, whatever the name: beyond it, wait (slowdown.py)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`places` come free every `grain` seconds, and `burst` at most are free at once."""

    places: int
    grain: int
    burst: int


RATES: Final[Mapping[Bucket, Rate]] = MappingProxyType(
    {
        # Ten people who send as many files as a report may have at the same moment; from then on five files a second, a row and an
        # inode each until the end of the next day.
        Bucket.UPLOADS: Rate(places=50, grain=10, burst=640),
        # A hundred and twenty officers at the same moment, and then one a second.
        Bucket.LOGINS: Rate(places=10, grain=10, burst=120),
    }
)
"""So much that no normal use meets it."""


class Buckets(Protocol):
    """Where they are kept."""

    def take(self, bucket: Bucket) -> float:
        """Take a place: 0.0 when there was one, else none is taken, and this many seconds later there is one. Raises nothing."""
        ...


def require(buckets: Buckets, bucket: Bucket) -> None:
    """Take a place, or raise ComesAgain."""
    seconds = buckets.take(bucket)
    if seconds:
        raise ComesAgain(seconds)


_SLOT: Final = struct.Struct("<q")


class MemoryBuckets:
    """Shared by the processes that are forked after it was made. `tick` gives seconds by a clock that they share and nobody sets."""

    def __init__(self, rates: Mapping[Bucket, Rate] = RATES, tick: Callable[[], float] = time.monotonic) -> None:
        self._page = SharedPage("quietline-buckets")
        self._rates = rates
        self._tick = tick

    def take(self, bucket: Bucket) -> float:
        """See Buckets."""
        at = list(Bucket).index(bucket) * _SLOT.size
        with self._page.locked() as memory:
            (taken,) = _SLOT.unpack_from(memory, at)
            taken, seconds = place(self._rates[bucket], taken, self._tick())
            _SLOT.pack_into(memory, at, taken)
            return seconds


def place(rate: Rate, taken: int, now: float) -> tuple[int, float]:
    """A bucket's number after somebody asked for a place, and the seconds until there is one (0.0: it was taken)."""
    grains = int(now // rate.grain)
    free = grains * rate.places
    if not free <= taken <= free + rate.burst:  # long ago; or of another clock
        taken = free
    if taken < free + rate.burst:
        return taken + 1, 0.0
    return taken, (grains + 1) * rate.grain - now
