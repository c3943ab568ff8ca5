"""Passwords for a name are checked later after each wrong one, right and wrong alike: whoever hangs up early learns nothing.

Nobody is ever locked out.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

FIRST_SECONDS: Final = 0.25
MOST_SECONDS: Final = 4.0
FORGET_SECONDS: Final = 15 * 60
"""After this long without a wrong password a name starts afresh."""

_NAMES: Final = 4096
_WAITING: Final = 4

Name = tuple[str, str]
"""Organisation and user name, whether or not there is such a user."""


class Failures(Protocol):
    """Where wrong passwords are counted, for FORGET_SECONDS after the last one. Nothing here raises."""

    def count(self, name: Name) -> int:
        """How many there were."""
        ...

    def add(self, name: Name) -> None:
        """One more."""
        ...

    def forget(self, name: Name) -> None:
        """The right one came."""
        ...


class MemoryFailures:
    """One process's, bounded, for names that exist and names that do not alike."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        self._tick = tick
        self._lock = threading.Lock()
        self._failures: OrderedDict[Name, tuple[int, float]] = OrderedDict()

    def count(self, name: Name) -> int:
        """See Failures."""
        with self._lock:
            return self._recent(name)

    def add(self, name: Name) -> None:
        """See Failures."""
        with self._lock:
            count = self._recent(name)
            self._failures.pop(name, None)
            self._failures[name] = (count + 1, self._tick())
            if len(self._failures) > _NAMES:
                self._failures.popitem(last=False)

    def forget(self, name: Name) -> None:
        """See Failures."""
        with self._lock:
            self._failures.pop(name, None)

    def _recent(self, name: Name) -> int:
        count, last = self._failures.get(name, (0, 0.0))
        return 0 if self._tick() - last > FORGET_SECONDS else count


class Slowdown:
    """Waits before checks of passwords."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep, failures: Failures | None = None) -> None:
        self._sleep = sleep
        self._failures = failures or MemoryFailures()
        # More waiting threads than this would stop the server, and keep the owner out: whoever comes on top is checked at once.
        self._waiting = threading.BoundedSemaphore(_WAITING)

    def wait(self, name: Name, least: float = 0.0) -> None:
        """Before a check: wait 0.25 seconds after this name's first wrong password, twice as long after each further one, at most 4;
        or `least` seconds where that is longer, at most 4 too."""
        failures = self._failures.count(name)
        seconds = FIRST_SECONDS * 2.0 ** min(failures - 1, 10) if failures else 0.0
        seconds = min(max(seconds, least), MOST_SECONDS)
        if seconds and self._waiting.acquire(blocking=False):
            try:
                self._sleep(seconds)
            finally:
                self._waiting.release()

    def wrong(self, name: Name) -> None:
        """Count a wrong password."""
        self._failures.add(name)

    def right(self, name: Name) -> None:
        """Forget the wrong passwords of a name."""
        self._failures.forget(name)
