"""What a client has not taken yet of its answer: kept in memory for the loop to send on, so that no thread waits for a slow reader."""

from __future__ import annotations

import socket
import threading
from typing import Any

from app.web.patience import SILENCE


class Room:
    """Bytes of answers that a process may keep."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self.held = 0

    def take(self, size: int) -> bool:
        """Whether there was room for so many more."""
        with self._lock:
            fits = self.held + size <= self._most
            self.held += size if fits else 0
            return fits

    def give_back(self, size: int) -> None:
        """They are sent, or will not be."""
        with self._lock:
            self.held -= size


class Outbox:
    """A connection as gunicorn's response writes to it.

    Where the connection has a limit (patience.limited, for files), a thread waits as long as that says; where there is no room, as long
    as a silence may last.
    """

    def __init__(self, sock: socket.socket, room: Room) -> None:
        self._sock = sock
        self._room = room
        self.left = bytearray()
        """What is still to be sent."""

    def sendall(self, data: bytes) -> None:
        """Send what goes, and keep the rest."""
        if self._sock.gettimeout() is not None:
            self._wait(data)
            return
        rest = memoryview(data)[0 if self.left else self._send(data) :]
        if not rest:
            return
        if self._room.take(len(rest)):
            self.left += rest
            return
        self._sock.settimeout(SILENCE)
        try:
            self._wait(bytes(rest))
        finally:
            self._sock.settimeout(None)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the connection's."""
        return getattr(self._sock, name)

    def _send(self, data: bytes) -> int:
        try:
            return self._sock.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def _wait(self, data: bytes) -> None:
        before, self.left = self.left, bytearray()
        self._room.give_back(len(before))
        self._sock.sendall(bytes(before) + data if before else data)
