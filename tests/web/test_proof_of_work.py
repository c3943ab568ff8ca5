"""A portal in a flood with proof of work switched on: who shows some is soon taken, and nobody needs to."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app.crypto.hybrid import HybridRecipient
from app.crypto.message import ChannelKeys
from app.crypto.receipt import Receipt
from tests.bench.reports import sealed_body
from tests.cli.test_proofs import answered, header
from tests.databases import Kind
from tests.web.page import Page
from tests.web.reporter import words
from tests.web.served import Answer, Served, read, send
from tests.web.test_waiting import DOCTYPE, FORM, SCRIPT, checked, connect, gated

CROWD = 12
SCRIPT_SECONDS = 4.0
ONION = f"Host: {'a' * 56}.onion"
BUSY = {"error": "storage_busy"}


@pytest.fixture
def crowd(database_kind: Kind, tmp_path: Path) -> Iterator[tuple[Served, Path, list[socket.socket]]]:
    """A portal of two threads, its gate, and twelve who sent a form."""
    with gated(tmp_path, SCRIPT_SECONDS, 0.25, PROOF_OF_WORK="1") as (served, gate), ExitStack() as others:
        bodies = [urlencode(checked(served)).encode() for _ in range(CROWD)]
        head = f"POST /report/ethics/send HTTP/1.1\r\n{FORM}"
        yield served, gate, [others.enter_context(closing(connect(served, head, body))) for body in bodies]


def report(served: Served) -> bytes:
    """One as a browser seals it."""
    keys = served.place.ethics.keys
    assert keys is not None
    return sealed_body(ChannelKeys(keys.recipient, keys.verify), HybridRecipient.parse(keys.recipient), Receipt.generate())


def post(served: Served, body: bytes, proof: bytes | None = None) -> socket.socket:
    """It is on its way."""
    more = "" if proof is None else f"\r\nQuietline-Proof: {proof.decode()}"
    return connect(served, f"POST /report/ethics/sealed HTTP/1.1\r\nContent-Type: application/json\r\nConnection: close{more}", body)


def told(connection: socket.socket) -> Answer:
    with closing(connection):
        return read(connection)


def test_a_proof_is_offered_and_taken_before_a_flood_that_has_none_and_goes_on(crowd: tuple[Served, Path, list[socket.socket]]) -> None:
    served, gate, forms = crowd
    body = report(served)
    offered = told(post(served, body))
    assert offered.status_code == 503
    assert 1 <= int(offered.headers["Retry-After"]) <= 99
    answer = json.loads(offered.body)
    assert answer.keys() == {"error", "challenge"}
    assert answer["error"] == "storage_busy"
    with closing(post(served, body, header(answered(answer["challenge"])))) as connection:
        gate.touch()
        assert read(connection).status_code == 200
    assert sum(map(_has_receipt, forms)) < CROWD / 2
    for form in forms:
        page = read(form).body.rpartition(DOCTYPE)[2]  # behind the one for those who wait
        assert len(words(Page(Answer(200, {}, DOCTYPE + page))).split()) == 12


def _has_receipt(form: socket.socket) -> bool:
    """Whether it is there already; it is read later."""
    return b'class="words' in form.recv(1 << 20, socket.MSG_PEEK | socket.MSG_DONTWAIT)


def test_who_has_none_waits_like_everybody_and_is_never_refused(crowd: tuple[Served, Path, list[socket.socket]]) -> None:
    served, gate, _ = crowd
    body = report(served)
    assert json.loads(told(post(served, body, b"none")).body) == BUSY, "after the ordinary time, and without another offer"
    with closing(post(served, body, b"garbage")) as connection:
        gate.touch()
        assert read(connection).status_code == 200


def test_on_the_onion_address_nothing_is_offered(crowd: tuple[Served, Path, list[socket.socket]]) -> None:
    served, _, _ = crowd
    with closing(socket.create_connection(("127.0.0.1", served.portal.port), timeout=30)) as connection:
        connection.sendall(f"{SCRIPT}\r\n{ONION}\r\n\r\n{{}}".encode())
        assert json.loads(read(connection).body) == BUSY


def test_in_calm_times_nothing_is_asked(database_kind: Kind, tmp_path: Path) -> None:
    with gated(tmp_path, PROOF_OF_WORK="1") as (served, gate):
        gate.touch()
        assert told(post(served, report(served))).status_code == 200
        assert b"challenge" not in send(served.portal, SCRIPT, [b"{}"]).body
