"""Requests come together in memory before a thread is spent on them: whoever is slow waits here, and costs a few kilobytes.

One loop of a process reads every connection without blocking. Bytes and connections are bounded; where a bound is met, the slowest of a
few connections drawn by lot is closed, never one whose request is whole.
"""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Callable
from itertools import islice
from typing import Any, Final, Protocol

from app.cli.answers import BUSY
from app.cli.framing import Chunks, Head, head_end, read_head
from app.cli.incoming import Incoming
from app.cli.outbox import Room
from app.cli.polling import Poller
from app.domain import LIMITS
from app.errors import HeadTooLong, NotUnderstood
from app.web import lanes
from app.web.lanes import Lane
from app.web.patience import SILENCE, SLOWEST

PIECE: Final = 64 * 1024
DRAWN: Final = 8
"""Of so many, the slowest is closed."""

LINGER: Final = 2.0
"""Seconds for a client to take its answer before the connection is gone."""

RESERVE: Final = 5 * LIMITS.form_bytes
"""Bytes that only text reports may fill: five of the largest."""

AT_ONCE: Final = 500
"""So many are given up at a time: a flood that began at one moment would else end, and begin anew, at one moment."""

PAUSE: Final = (2.0, 6.0)
"""Seconds before a client that found no room is told to come again."""


_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Site(Protocol):
    """What the gatherer hands on to."""

    def ready(self, incoming: Incoming, lane: Lane) -> None:
        """A thread can have it; the gatherer lets go of it until it is taken `back`."""

    def closed(self, incoming: Incoming) -> None:
        """It is gone."""


class Gatherer:
    """Every connection of a process that no thread holds. Called by the process's one loop only."""

    def __init__(self, poller: Poller, site: Site, answer: Callable[[str, Head | None], bytes]) -> None:
        self.held = 0
        """Bytes of requests, gathered and handed on."""
        self.most_bytes = LIMITS.gathered_bytes
        self.room = Room(LIMITS.answers_bytes)
        self._poller = poller
        self._site = site
        self._answer = answer
        self._waiting: list[Incoming] = []
        self._heavy: set[Incoming] = set()
        self._sending: set[Incoming] = set()
        self._room = bytearray(PIECE)
        self._view = memoryview(self._room)
        self._lots = random.SystemRandom()

    @property
    def incomplete(self) -> int:
        """How many connections could be closed to make room."""
        return len(self._waiting)

    def add(self, sock: socket.socket, address: Any, server: Any) -> None:
        """A new connection."""
        sock.setblocking(False)
        incoming = Incoming(sock, address, server, time.monotonic())
        self._watch(incoming)

    def back(self, incoming: Incoming, left: bytes, keep_seconds: float) -> None:
        """A connection whose request was answered, with what is there of the next."""
        self.held -= len(incoming.handed) - len(left)
        incoming.handed = bytearray()
        incoming.data[:0] = left
        now = time.monotonic()
        incoming.begin(now, now + (SILENCE if incoming.data else keep_seconds))
        incoming.come = len(incoming.data)
        incoming.sock.setblocking(False)
        self._watch(incoming)
        if incoming.data:
            self._look(incoming, now)

    def send(self, incoming: Incoming, then: Callable[[], None]) -> None:
        """Send its outbox as the client takes it, and then go on. Who takes nothing for too long loses the connection."""
        if incoming.sock.fileno() < 0:  # something went wrong while it was answered
            self.close(incoming)
            return
        incoming.then = then
        incoming.last = time.monotonic()
        incoming.sock.setblocking(False)
        self._sending.add(incoming)
        self._poller.register(incoming.sock, self._writable, incoming, to_write=True)

    def _writable(self, incoming: Incoming) -> None:
        try:
            sent = incoming.sock.send(incoming.outbox[:PIECE])
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close(incoming)
            return
        incoming.last = time.monotonic()
        self._sent(incoming, sent)
        if not incoming.outbox:
            self._release(incoming)
            incoming.then()

    def _sent(self, incoming: Incoming, size: int) -> None:
        del incoming.outbox[:size]
        self.room.give_back(size)

    def leave(self, incoming: Incoming) -> None:
        """Close once the client has taken its answer, or a little later: bytes that nobody read would have the answer thrown away."""
        self.held -= len(incoming.handed) + len(incoming.data)
        incoming.handed, incoming.data = bytearray(), bytearray()
        incoming.leaving = True
        self._heavy.discard(incoming)
        incoming.begin(time.monotonic(), time.monotonic() + LINGER)
        try:
            incoming.sock.setblocking(False)
            incoming.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.close(incoming)
            return
        if incoming.place < 0:
            self._watch(incoming)

    def refuse(self, incoming: Incoming, status: str) -> None:
        """Answer by ourselves, and leave."""
        self.tell(incoming, self._answer(status, incoming.head))

    def tell(self, incoming: Incoming, answer: bytes) -> None:
        """The same with an answer of the caller's."""
        try:
            incoming.sock.setblocking(False)
            incoming.sock.send(answer)
        except OSError:
            self.close(incoming)
            return
        self.leave(incoming)

    def close(self, incoming: Incoming) -> None:
        """Now, whoever has it."""
        self._release(incoming)
        self.held -= len(incoming.handed) + len(incoming.data)
        incoming.handed, incoming.data = bytearray(), bytearray()
        self._sent(incoming, len(incoming.outbox))
        incoming.sock.close()
        self._site.closed(incoming)

    def shed(self) -> bool:
        """Close the slowest of a few. False where there is none."""
        if not self._waiting:
            return False
        now = time.monotonic()
        drawn = (self._lots.choice(self._waiting) for _ in range(DRAWN))
        self.close(min(drawn, key=lambda each: each.pace(now)))
        return True

    def expire(self, now: float, idle_too: bool = False) -> None:
        """Give up what is overdue or silent. `idle_too`: also connections on which no request has begun."""
        for incoming in [each for each in self._sending if now - each.last >= SILENCE]:
            self.close(incoming)
        if idle_too:
            for incoming in [each for each in self._waiting if not each.come and not each.leaving]:
                self.close(incoming)
        overdue = (each for each in self._waiting if now >= each.due or (each.come and now - each.last >= SILENCE))
        for incoming in list(islice(overdue, AT_ONCE)):
            self._give_up(incoming)

    # ---- reading ----

    def _readable(self, incoming: Incoming) -> None:
        try:
            size = incoming.sock.recv_into(self._room)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close(incoming)
            return
        if not size:
            self._ended(incoming)
        elif not incoming.leaving and not incoming.pausing:
            self._came(incoming, size, time.monotonic())

    def _came(self, incoming: Incoming, size: int, now: float) -> None:
        if not incoming.come:
            incoming.began, incoming.due = now, now + SILENCE
        incoming.last = now
        incoming.come += size
        if incoming.passing >= 0:
            incoming.passing -= size
        else:
            incoming.data += self._view[:size]
            self.held += size
        self._look(incoming, now)

    def _look(self, incoming: Incoming, now: float) -> None:
        """See how far it has come."""
        try:
            if incoming.head is None and not self._read_head(incoming, now):
                return
            if incoming.passing >= 0:
                self._pass(incoming, now)
            elif (end := self._end(incoming)) >= 0:
                self._hand_on(incoming, end)
            else:
                self._weigh(incoming)
        except NotUnderstood:
            self._hand_on(incoming, -1, Lane.ROUGH)
        except HeadTooLong:
            self.refuse(incoming, "431 Request Header Fields Too Large")

    def _read_head(self, incoming: Incoming, now: float) -> bool:
        """Whether it is all there and its body is to be gathered."""
        end = head_end(incoming.data, incoming.searched)
        if end < 0:
            incoming.searched = len(incoming.data)
            return False
        head = incoming.head = read_head(bytes(incoming.data[:end]))
        if lanes.streams(head.method, head.path, head.type, head.length):
            self._hand_on(incoming, -1, Lane.STREAM)
            return False
        if (head.length or 0) > LIMITS.form_bytes:
            raise NotUnderstood
        incoming.due = now + SILENCE + (LIMITS.form_bytes if head.length is None else head.length) / SLOWEST
        missing = max(0, head.end + (head.length or 0) - len(incoming.data))
        if missing and not self._make_room(incoming, missing, self._most(head)):
            incoming.passing = missing
        if head.waits and missing:
            _ask_for_body(incoming)
        incoming.chunks = Chunks(end) if head.length is None else None
        return True

    def _most(self, head: Head) -> int:
        text = lanes.lane_of(head.method, head.path) is Lane.TEXT
        return self.most_bytes if text else self.most_bytes - RESERVE

    def _end(self, incoming: Incoming) -> int:
        head = incoming.head
        assert head is not None
        if incoming.chunks is None:
            end = head.end + (head.length or 0)
            return end if len(incoming.data) >= end else -1
        end = incoming.chunks.end(incoming.data)
        if end < 0 and len(incoming.data) > head.end + LIMITS.form_bytes + PIECE:
            raise NotUnderstood
        return end

    def _ended(self, incoming: Incoming) -> None:
        """The client says no more."""
        if incoming.head is None or incoming.leaving or incoming.pausing:
            self.close(incoming)
        else:
            self.refuse(incoming, "400 Bad Request")

    def _give_up(self, incoming: Incoming) -> None:
        if incoming.head is None or incoming.leaving:
            self.close(incoming)
        else:
            self.refuse(incoming, BUSY if incoming.pausing else "408 Request Timeout")

    def _pass(self, incoming: Incoming, now: float) -> None:
        """What there is no room for is thrown away as it comes, and answered after a pause: its client is to come again by itself."""
        if incoming.passing <= 0:
            incoming.pausing = True
            incoming.due = now + self._lots.uniform(*PAUSE)

    # ---- handing on ----

    def _hand_on(self, incoming: Incoming, end: int, lane: Lane | None = None) -> None:
        """To a thread: the first `end` bytes, which are a whole request; or all there is, and then the connection."""
        incoming.whole = end >= 0
        if end < 0 or end == len(incoming.data):
            incoming.handed, incoming.data = incoming.data, bytearray()
        else:
            incoming.handed, incoming.data = incoming.data[:end], incoming.data[end:]
        self._release(incoming)
        head = incoming.head
        if lane is None and head is not None:
            lane = lanes.lane_of(head.method, head.path)
        self._site.ready(incoming, lane or Lane.ROUGH)

    # ---- bounds ----

    def _weigh(self, incoming: Incoming) -> None:
        """After more has come of what is not whole yet."""
        if len(incoming.data) >= PIECE:
            self._heavy.add(incoming)
        if self.held > self.most_bytes and not self._make_room(incoming, 0, self.most_bytes):
            self.close(incoming)

    def _make_room(self, incoming: Incoming, wanted: int, most: int) -> bool:
        """Whether so many more bytes may be held, once others that hold much and bring little have given way."""
        while self.held + wanted > most:
            others = [each for each in self._heavy if each is not incoming]
            if not others:
                return False
            now = time.monotonic()
            self.close(min(self._lots.sample(others, min(DRAWN, len(others))), key=lambda each: each.worth(now)))
        return True

    def _watch(self, incoming: Incoming) -> None:
        incoming.place = len(self._waiting)
        self._waiting.append(incoming)
        self._poller.register(incoming.sock, self._readable, incoming)

    def _release(self, incoming: Incoming) -> None:
        if incoming in self._sending:
            self._sending.discard(incoming)
            self._poller.unregister(incoming.sock)
        if incoming.place < 0:
            return
        self._poller.unregister(incoming.sock)
        self._heavy.discard(incoming)
        last = self._waiting.pop()
        if last is not incoming:
            self._waiting[incoming.place] = last
            last.place = incoming.place
        incoming.place = -1


def _ask_for_body(incoming: Incoming) -> None:
    if incoming.head is not None and not incoming.head.short:
        with contextlib.suppress(OSError):
            incoming.sock.send(_CONTINUE)
