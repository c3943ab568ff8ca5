"""Floods, each from one process: `python -m tests.faults.attackers KIND PORT SLUG COUNT AT_ONCE < a file of requests`.

slow: COUNT connections that send a byte now and then, opened anew when they are closed, until standard input ends.
volley: COUNT requests, AT_ONCE at a time, each on a connection of its own; then, or when standard input ends, their statuses as JSON.
"""

from __future__ import annotations

import collections
import contextlib
import json
import random
import secrets
import select
import socket
import sys
import time
from collections.abc import Callable
from typing import Final

from mnemonic import Mnemonic

from app.crypto.encoding import b64u_encode, new_id

SOURCES: Final = 16
PENDING: Final = 256
DRIP_SECONDS: Final = 10.0
_WORDS: Final = Mnemonic("english")


def wrong_words() -> bytes:
    """A conversation that is not there, asked for by twelve words."""
    body = f"words={_WORDS.to_mnemonic(secrets.token_bytes(16)).replace(' ', '+')}".encode()
    return _post("/conversation", "application/x-www-form-urlencoded", body)


def wrong_mailbox() -> bytes:
    """The same as a script asks."""
    return _post("/conversation/sealed", "application/json", b'{"mailbox":"%s"}' % b64u_encode(secrets.token_bytes(32)).encode())


def junk(slug: str, sealed: str) -> bytes:
    """A report that is stored, and that nobody can read."""
    fields = {"case": new_id(), "mailbox": b64u_encode(secrets.token_bytes(32)), "message": new_id(), "sealed": sealed}
    return _post(f"/report/{slug}/sealed", "application/json", json.dumps(fields).encode())


def _post(path: str, kind: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Attack:
    """Connections from several loopback addresses, none of which blocks."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.poll = select.epoll()
        self.poll.register(0, select.EPOLLIN)
        self.open: dict[int, socket.socket] = {}
        self.over = False
        self._source = 0

    def connect(self) -> int:
        """One more; gives its number, or -1 where the kernel has no room for it."""
        sock = socket.socket()
        sock.setblocking(False)
        self._source = (self._source + 1) % SOURCES
        try:
            sock.bind((f"127.0.1.{self._source + 1}", 0))
            sock.connect(("127.0.0.1", self.port))
        except BlockingIOError:
            pass
        except OSError:
            sock.close()
            return -1
        self.open[sock.fileno()] = sock
        self.poll.register(sock.fileno(), select.EPOLLOUT | select.EPOLLIN)
        return sock.fileno()

    def close(self, number: int) -> None:
        self.poll.unregister(number)
        self.open.pop(number).close()

    def events(self, seconds: float) -> list[tuple[int, int]]:
        """What happened, but for the end of standard input, which ends everything."""
        found = self.poll.poll(seconds, 1024)
        self.over = self.over or any(number == 0 for number, _ in found)
        return [(number, event) for number, event in found if number in self.open]


def slow(port: int, slug: str, count: int) -> dict[str, int]:
    """See above. Half of them stop in their headers, half in a body."""
    heads = (
        b"POST /conversation HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        _post(f"/report/{slug}/send", "application/x-www-form-urlencoded", b"body=" + b"x" * 60_000)[:-60_000],
    )
    attack, tally, began, pending = Attack(port), collections.Counter[str](), set[int](), set[int]()
    dripped = time.monotonic()
    while not attack.over:
        while len(attack.open) < count and len(pending) < PENDING and (number := attack.connect()) >= 0:
            pending.add(number)
        for number, event in attack.events(0.1):
            sock = attack.open[number]
            try:
                if number in pending and event & select.EPOLLOUT:
                    sock.send(heads[number % 2])
                    attack.poll.modify(number, select.EPOLLIN)
                    pending.discard(number)
                    began.add(number)
                    tally["opened"] += 1
                    tally["most"] = max(tally["most"], len(began))
                elif not sock.recv(65536):
                    raise ConnectionError
            except OSError:
                tally["closed"] += 1
                pending.discard(number)
                began.discard(number)
                attack.close(number)
        if time.monotonic() - dripped > DRIP_SECONDS / 20:
            dripped = time.monotonic()
            for number in random.sample(sorted(began), len(began) // 20):
                with contextlib.suppress(OSError):  # noted when it is read
                    attack.open[number].send(b"x")
    return dict(tally)


def volley(port: int, request: Callable[[], bytes], count: int, at_once: int) -> dict[str, int]:
    """See above."""
    attack, tally, sent = Attack(port), collections.Counter[str](), 0
    answers: dict[int, bytes] = {}
    while not attack.over and (sent < count or attack.open):
        while sent < count and len(attack.open) < at_once and (number := attack.connect()) >= 0:
            answers[number] = b""
            sent += 1
        for number, event in attack.events(1.0):
            sock = attack.open[number]
            try:
                if event & select.EPOLLOUT:
                    sock.send(request())
                    attack.poll.modify(number, select.EPOLLIN)
                    continue
                if piece := sock.recv(65536):
                    answers[number] = answers[number] or piece[:15]
                    continue
                status = answers[number].split()[1].decode()
            except (OSError, IndexError):
                status = "lost"
            tally[status] += 1
            attack.close(number)
    tally["unanswered"] = len(attack.open)
    return dict(tally)


def main() -> None:
    kind, port, slug, count, at_once = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
    began = time.monotonic()
    if kind == "slow":
        tally = slow(port, slug, count)
    elif kind == "words":
        tally = volley(port, lambda: wrong_words() if random.random() < 0.5 else wrong_mailbox(), count, at_once)
    else:
        sealed = sys.argv[6]
        tally = volley(port, lambda: junk(slug, sealed), count, at_once)
    print(json.dumps({**tally, "seconds": round(time.monotonic() - began, 1)}), flush=True)


if __name__ == "__main__":
    main()
