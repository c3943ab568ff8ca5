"""Too few descriptors, too little memory, a worker that is killed in the middle of an upload."""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.faults.house import House, opened, until
from tests.faults.senders import TUS, Plain, Sealed, ask

pytestmark = pytest.mark.only_sqlite
UPLOAD = 3 << 20


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path, THREADS="4") as made:
        made.send(Plain(1000))
        yield made
        made.check()


@contextmanager
def limited(pid: int, what: int, most: int) -> Iterator[None]:
    """Meanwhile a process that runs already has no more of something."""
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (min(most, before[1]) if before[1] >= 0 else most, before[1]))
    try:
        yield
    finally:
        try:
            resource.prlimit(pid, what, before)
        except ProcessLookupError:
            return  # it ended over it, and another has begun


def test_out_of_descriptors_nothing_is_claimed_and_the_portal_recovers(house: House) -> None:
    senders: list[Plain | Sealed] = [Plain(1000), Sealed(house.keys), Sealed(house.keys, 1000)]
    for more in (0, 1, 2, 4):
        worker, open_now = until(lambda: _descriptors(house), "no worker stays")
        with limited(worker, resource.RLIMIT_NOFILE, open_now + more), ExitStack() as others:
            for _ in range(more + 2):
                others.enter_context(closing(socket.create_connection(("127.0.0.1", house.portal.port), timeout=20)))
            for sender in senders:
                _attempt_shortly(house, Plain(1000) if isinstance(sender, Plain) else Sealed(house.keys, 1000))
    for sender in senders:
        house.send(sender)


def _descriptors(house: House) -> tuple[int, int] | None:
    """The worker, and how many it has open; None while one ends."""
    worker = house.only_worker()
    try:
        return worker, len(list(Path(f"/proc/{worker}/fd").iterdir()))
    except FileNotFoundError:
        return None


def _attempt_shortly(house: House, sender: Plain | Sealed) -> None:
    """An attempt whose connection may not even be taken: it is not waited for, but if something comes it must be true."""
    house.canaries.update(sender.canaries)
    with closing(socket.create_connection(("127.0.0.1", house.portal.port), timeout=0.5)) as connection:
        try:
            connection.sendall(b"GET /report/ethics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = connection.recv(100)
        except OSError:
            return
    if answer:
        house.attempt(sender)


def test_out_of_memory_nothing_is_claimed_and_the_portal_recovers(house: House) -> None:
    for spare in (0, 64 << 10, 1 << 20):
        worker = house.only_worker()
        size = int(Path(f"/proc/{worker}/statm").read_text().split()[0]) * resource.getpagesize()
        senders: list[Plain | Sealed] = [Plain(2 << 20), Sealed(house.keys, UPLOAD)]
        with limited(worker, resource.RLIMIT_AS, size + spare):
            for sender in senders:
                house.attempt(sender)
        house.only_worker()
        for sender in senders:
            if sender.text not in {promise.text for promise in house.promises}:
                house.send(sender)


@pytest.mark.parametrize("whole_portal", [False, True])
def test_an_upload_goes_on_where_it_was_when_its_worker_was_killed(house: House, whole_portal: bool) -> None:
    sender = Sealed(house.keys, UPLOAD)
    data = sender.sealed_file
    begun = ask(house.portal, "POST", "/uploads", headers={**TUS, "Upload-Length": str(len(data))})
    assert begun is not None
    sender._location = begun.headers["Location"]
    staged = house.place.ctx.settings.staging / house.place.id / sender._location.rpartition("/")[2]
    head = f"PATCH {sender._location} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
    head += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
    worker = house.only_worker()
    with closing(socket.create_connection(("127.0.0.1", house.portal.port), timeout=20)) as connection:
        connection.sendall(head.encode() + data[: 2 << 20])
        until(lambda: staged.stat().st_size > 1 << 20 or None, "nothing arrives")
        if whole_portal:
            house.kill()
        else:
            os.kill(worker, signal.SIGKILL)
            house.only_worker(but=worker)
    there = staged.stat().st_size
    assert sender.offset(house.portal) == there > 1 << 20
    assert staged.read_bytes() == data[:there]
    assert house.send(sender) == 1
    assert sender.anew == 0
