"""The loop's list of what it waits for: epoll, a bounded number of events a turn, so that thousands of slow connections delay nobody."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any, Final

EVENTS: Final = 256


class Poller:
    """Calls back for what has become readable, or can be written to."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._calls: dict[int, tuple[Callable[[Any], Any], Any]] = {}

    def register(self, file: Any, call: Callable[[Any], Any], argument: Any, *, to_write: bool = False) -> None:
        """From now on, when it can be read; or written to."""
        number = file if isinstance(file, int) else file.fileno()
        self._epoll.register(number, select.EPOLLOUT if to_write else select.EPOLLIN)
        self._calls[number] = (call, argument)

    def unregister(self, file: Any) -> None:
        """No more. The file must still be open."""
        number = file if isinstance(file, int) else file.fileno()
        del self._calls[number]
        self._epoll.unregister(number)

    def wait(self, seconds: float) -> int:
        """For something to be readable; what is then called may take others off the list. Gives how much there was."""
        events = self._epoll.poll(seconds, EVENTS)
        for number, _ in events:
            call = self._calls.get(number)
            if call is not None:
                call[0](call[1])
        return len(events)

    def close(self) -> None:
        """At the end of the process."""
        self._epoll.close()
