"""Clients that stall or go away at any stage: others are served meanwhile, memory stays bounded, and what was said holds.

What one slow client is given and when it is given up stands in tests/web (test_socket, test_patience, test_lanes).
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.faults.house import House, opened, peak, until
from tests.faults.senders import FORM, JSON, WITH_FILES, Plain, Sealed
from tests.web.filling import Chosen, multipart

pytestmark = pytest.mark.only_sqlite
SECONDS = 10
"""In which an ordinary report has to go through beside one client that stalls at each stage."""

FILE = Chosen("a.bin", bytes(400_000))


def head(path: str, kind: Mapping[str, str], length: int) -> bytes:
    """The beginning of a POST."""
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind['Content-Type']}\r\nContent-Length: {length}\r\n\r\n".encode()


STAGES: dict[str, bytes] = {
    "connection": b"",
    "request line": b"POST /conver",
    "headers": b"POST /conversation HTTP/1.1\r\nHost: localhost\r\nContent-Ty",
    "no body": head("/conversation", FORM, 13),
    "half a body": head("/conversation", FORM, 13) + b"words",
    "half a sealed report": head("/report/ethics/sealed", JSON, 9000) + b'{"case":',
    "half a form with files": head("/report/ethics/check", WITH_FILES, 900_000) + multipart({"body": "half"}, [FILE])[:300_000],
    "no reading": b"GET /static/js/report.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 40,
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path, THREADS="16") as made:
        made.send(Plain(1000))
        yield made
        made.check()


def stalled(house: House, said: bytes) -> socket.socket:
    """A connection over which so much was said, and nothing more. It takes little of an answer that it does not read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", house.portal.port))
    connection.sendall(said)
    return connection


def reset(connection: socket.socket) -> None:
    """Gone without a farewell."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_with_a_client_stalled_at_each_stage_others_are_served_at_once(house: House) -> None:
    with ExitStack() as held:
        for said in STAGES.values():
            held.enter_context(closing(stalled(house, said)))
        began = time.monotonic()
        for sender in (Plain(), Sealed(house.keys), Plain(100_000), Sealed(house.keys, 100_000)):
            assert house.send(sender) == 1
        assert time.monotonic() - began < SECONDS
        assert peak(house.only_worker()) < 300 << 20


def test_a_client_that_goes_away_at_any_stage_leaves_nothing_behind(house: House) -> None:
    before = peak(house.only_worker())
    for _ in range(10):
        for said in STAGES.values():
            reset(stalled(house, said))
        house.send(Plain())
    until(lambda: list((house.place.ctx.settings.staging / house.place.id).iterdir()) == [] or None, "half a file stays")
    memory = peak(house.only_worker())
    assert memory - before < 64 << 20, f"{memory - before} bytes more"


@pytest.mark.parametrize("read", [0, 1, 200])
def test_a_report_whose_writer_goes_away_before_the_answer_is_one_case_when_it_comes_again(house: House, read: int) -> None:
    """Whether it arrived, its writer cannot know; sending it again tells."""
    for sender in (Plain(1000), Sealed(house.keys)):
        kept = house.promises[:]
        assert house.attempt(sender)  # what is sent is known now
        house.promises[:] = kept
        lost = stalled(house, last_post(sender))
        if read:
            lost.recv(read)
        reset(lost)
        assert house.send(sender) == 1


def last_post(sender: Plain | Sealed) -> bytes:
    """A report as it is sent."""
    if isinstance(sender, Sealed):
        return head("/report/ethics/sealed", JSON, len(sender._body)) + sender._body
    body = urlencode(sender._form or {}, doseq=True).encode()
    return head("/report/ethics/send", FORM, len(body)) + body


def test_a_file_that_is_read_slowly_keeps_nobody_waiting_and_no_memory(house: House) -> None:
    sender = Sealed(house.keys, 12 << 20)
    house.send(sender)
    file = json.loads(sender._body)["attachments"][0]
    body = json.dumps({"mailbox": json.loads(sender._body)["mailbox"], "attachment": file}).encode()
    before = peak(house.only_worker())
    with ExitStack() as held:
        slow = [
            held.enter_context(closing(stalled(house, head("/conversation/sealed/attachment", JSON, len(body)) + body))) for _ in range(6)
        ]
        assert all(each.recv(1) == b"H" for each in slow)
        for report in (Plain(), Sealed(house.keys)):
            assert house.send(report) == 1
        assert peak(house.only_worker()) - before < 6 * (4 << 20)


def cut(house: House, sender: Sealed, said: bytes) -> int | None:
    """Say so much and go away; how far the upload has come a little later. The one before may still have hold of it: it is tried again."""
    connection = stalled(house, said)
    connection.shutdown(socket.SHUT_WR)
    connection.close()
    time.sleep(0.2)
    return sender.offset(house.portal)


def test_an_upload_that_is_cut_goes_on_with_what_had_come(house: House) -> None:
    sender = Sealed(house.keys, 3 << 20)
    assert sender.begin(house.portal)
    offset = 0
    for part in (100, 70_000, 1 << 20):
        start = f"PATCH {sender._location} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\n"
        start += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(sender.sealed_file) - offset}\r\n\r\n"
        said = start.encode() + sender.sealed_file[offset : offset + part]
        until(lambda said=said, wanted=offset + part: cut(house, sender, said) == wanted or None, "what came is not kept")  # type: ignore[misc]
        offset += part
    assert house.send(sender) == 1
