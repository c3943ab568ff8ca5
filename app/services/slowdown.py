"""Passwords for a name are checked later after each wrong one, right and wrong alike: whoever hangs up early learns nothing.

Nobody is ever locked out.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

FIRST_SECONDS: Final = 0.25
MOST_SECONDS: Final = 4.0
FORGET_SECONDS: Final = 15 * 60
"""After this long without a wrong password a name starts afresh."""

_NAMES: Final = 4096
_WAITING: Final = 4


class Slowdown:
    """One process's memory of wrong passwords, bounded, for names that exist and names that do not alike."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep, tick: Callable[[], float] = time.monotonic) -> None:
        self._sleep = sleep
        self._tick = tick
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        # More waiting threads than this would stop the server, and keep the owner out: whoever comes on top is checked at once.
        self._waiting = threading.BoundedSemaphore(_WAITING)

    def wait(self, name: tuple[str, str]) -> None:
        """Before a check: wait 0.25 seconds after this name's first wrong password, twice as long after each further one, at most 4."""
        failures = self._failed(name)
        if failures and self._waiting.acquire(blocking=False):
            try:
                self._sleep(min(FIRST_SECONDS * 2.0 ** min(failures - 1, 10), MOST_SECONDS))
            finally:
                self._waiting.release()

    def wrong(self, name: tuple[str, str]) -> None:
        """Count a wrong password."""
        with self._lock:
            count = self._recent(name)
            self._failures.pop(name, None)
            self._failures[name] = (count + 1, self._tick())
            if len(self._failures) > _NAMES:
                self._failures.popitem(last=False)

    def right(self, name: tuple[str, str]) -> None:
        """Forget the wrong passwords of a name."""
        with self._lock:
            self._failures.pop(name, None)

    def _failed(self, name: tuple[str, str]) -> int:
        with self._lock:
            return self._recent(name)

    def _recent(self, name: tuple[str, str]) -> int:
        count, last = self._failures.get(name, (0, 0.0))
        return 0 if self._tick() - last > FORGET_SECONDS else count
