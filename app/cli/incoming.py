"""A connection of a process, and the request that is coming over it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from app.cli.framing import Chunks, Head
from app.web.lanes import Lane
from app.web.patience import SILENCE, SLOWEST


class Incoming:
    """Slots: there may be thousands."""

    __slots__ = (
        "address",
        "began",
        "begun",
        "chunks",
        "come",
        "connection",
        "data",
        "due",
        "handed",
        "head",
        "lane",
        "last",
        "leaving",
        "outbox",
        "passing",
        "pausing",
        "place",
        "put",
        "searched",
        "server",
        "sock",
        "spoke",
        "then",
        "unsent",
        "whole",
    )

    def __init__(self, sock: socket.socket, address: Any, server: Any, now: float) -> None:
        self.sock, self.address, self.server = sock, address, server
        self.connection: Any = None
        """gunicorn's, made for the first request."""
        self.data = bytearray()
        self.handed: bytearray = bytearray()
        """The request that a thread has."""
        self.outbox = bytearray()
        """What is still to be sent of an answer."""
        self.then: Callable[[], None] = lambda: None
        self.leaving = False
        self.place = -1
        self.begin(now, now + SILENCE)

    def begin(self, now: float, due: float) -> None:
        """Wait for a request, which has to be whole when it is `due`."""
        self.began = self.last = now
        self.due = due
        self.come = 0
        self.head: Head | None = None
        self.chunks: Chunks | None = None
        self.passing = -1
        """Bytes that are still to be thrown away, where there was no room for them."""
        self.pausing = False
        self.searched = 0
        self.whole = False
        # While it waits for a thread (cli/waiting.py): since when; whether its answer has begun, what of that is still to be sent, and when
        # something was sent last.
        self.put = now
        self.lane = Lane.ROUGH
        self.begun = False
        self.unsent = b""
        self.spoke = now

    def pace(self, now: float) -> float:
        """Bytes a second, with some credit at the beginning."""
        return (self.come + SLOWEST) / (now - self.began + 1.0)

    def worth(self, now: float) -> float:
        """The same for each byte that it holds: small where much has been held for long."""
        return self.pace(now) / max(1, len(self.data))
