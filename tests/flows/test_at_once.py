"""The same report many times at the same moment, on two processes that share a database: one case, one answer. No browser here."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.crypto.hybrid import HybridRecipient
from app.crypto.message import ChannelKeys
from app.crypto.receipt import Receipt
from app.services import demo, organisations
from app.storage.models import Case, Message
from tests.atonce import each_at_once
from tests.bench.load import Request
from tests.bench.reports import plain, sealed_body
from tests.databases import Kind
from tests.flows.desks import TESTING, Desk, make_services
from tests.portal import Portal, clean_environment

pytestmark = pytest.mark.both_databases
TIMES = 50
Answer = tuple[int, bytes]


@pytest.fixture(scope="module")
def pair(database_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A served demo with two worker processes."""
    folder = tmp_path_factory.mktemp("pair")
    ctx = make_services(folder / "data")
    access = demo.prepare(ctx)
    organisation = organisations.resolve(ctx, "127.0.0.1")
    environment = clean_environment(QUIETLINE_DATA=str(folder / "data"), **{**TESTING, "QUIETLINE_WORKERS": "2"})
    try:
        with Portal(environment, folder / "serve.log") as portal:
            yield Desk(portal, ctx, organisation, access.user, access.passphrase)
    finally:
        ctx.database.dispose()
    assert "Traceback" not in (folder / "serve.log").read_text()


def workers(desk: Desk) -> list[int]:
    """The process ids of the workers."""
    deadline = time.monotonic() + 20
    while len(children := Path(f"/proc/{desk.portal.pid}/task/{desk.portal.pid}/children").read_text().split()) < 2:
        assert time.monotonic() < deadline, "the second worker does not start"
        time.sleep(0.01)
    return [int(each) for each in children]


def sockets(worker: int) -> set[str]:
    """The sockets that a process has open."""
    found = set()
    for each in Path(f"/proc/{worker}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(each.readlink()))
    return {each for each in found if each.startswith("socket:")}


def shared_out(desk: Desk, count: int) -> list[http.client.HTTPConnection]:
    """Open connections, half of them to each of two workers: the other one stands still while they are made."""
    first, second = workers(desk)
    made = []
    for worker, other in ((first, second), (second, first)):
        before = sockets(worker)
        os.kill(other, signal.SIGSTOP)
        try:
            made += [connected(desk) for _ in range(count // 2)]
            deadline = time.monotonic() + 20
            while len(sockets(worker) - before) < count // 2:
                assert time.monotonic() < deadline, "a worker does not take connections"
                time.sleep(0.01)
        finally:
            os.kill(other, signal.SIGCONT)
    return made


def connected(desk: Desk) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", desk.portal.port, timeout=60)
    connection.connect()
    return connection


def ask(connection: http.client.HTTPConnection, request: Request) -> Answer:
    connection.request("POST", request.path, request.body, {"Content-Type": request.content_type, "Host": "localhost"})
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def all_at_once(desk: Desk, requests: list[Request]) -> list[Answer]:
    """Each on a connection of its own that is open already; every other one to the other worker."""
    connections = shared_out(desk, len(requests))
    return each_at_once([lambda c=connection, r=request: ask(c, r) for connection, request in zip(connections, requests, strict=True)])  # type: ignore[misc]


def report(desk: Desk, receipt: Receipt) -> Request:
    """A sealed report of this receipt, with an id and a seal of its own."""
    channel = organisations.portal(desk.ctx, desk.organisation).channels[0]
    assert channel.keys is not None
    keys = ChannelKeys(channel.keys.recipient, channel.keys.verify)
    body = sealed_body(keys, HybridRecipient.parse(keys.recipient), receipt)
    return Request(f"/report/{channel.slug}/sealed", body, "application/json")


def counts(desk: Desk) -> tuple[int, int]:
    with desk.ctx.database.read() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Case, Message))  # type: ignore[return-value]


def test_a_sealed_report_fifty_times_at_once_is_one_case_with_one_answer(pair: Desk) -> None:
    before = counts(pair)
    request = report(pair, Receipt.generate())
    answers = all_at_once(pair, [request] * TIMES)
    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers}) == 1
    assert counts(pair) == (before[0] + 1, before[1] + 1)


def test_fifty_versions_of_a_report_at_once_are_one_case_and_forty_nine_conflicts(pair: Desk) -> None:
    before = counts(pair)
    receipt = Receipt.generate()
    answers = all_at_once(pair, [report(pair, receipt) for _ in range(TIMES)])
    assert Counter(status for status, _ in answers) == {200: 1, 409: TIMES - 1}
    assert len({body for status, body in answers if status == 409}) == 1
    assert counts(pair) == (before[0] + 1, before[1] + 1)


def test_fifty_reports_at_once_are_fifty_cases(pair: Desk) -> None:
    before = counts(pair)
    answers = all_at_once(pair, [report(pair, Receipt.generate()) for _ in range(TIMES)])
    assert {status for status, _ in answers} == {200}
    assert counts(pair) == (before[0] + TIMES, before[1] + TIMES)


def test_a_form_fifty_times_at_once_is_one_case_with_one_receipt(pair: Desk) -> None:
    before = counts(pair)
    channel = organisations.portal(pair.ctx, pair.organisation).channels[0]
    required = {f"q-{each.id}": each.options[0] if each.options else "2026-11-01" for each in channel.questions if each.required}
    (request,) = plain(pair.portal.port, channel.slug, 1, required)
    answers = all_at_once(pair, [request] * TIMES)
    assert {status for status, _ in answers} == {200}
    words = {body.partition(b'<ol class="words"')[2].partition(b"</ol>")[0] for _, body in answers}
    assert len(words) == 1
    assert words != {b""}
    assert counts(pair) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("part", [1.0, 0.5], ids=["after_all_was_sent", "half_way"])
def test_who_is_gone_before_the_answer_and_tries_again_has_one_case(pair: Desk, part: float) -> None:
    before = counts(pair)
    request = report(pair, Receipt.generate())
    fields = ("Host: localhost", f"Content-Type: {request.content_type}", f"Content-Length: {len(request.body)}")
    head = "\r\n".join((f"POST {request.path} HTTP/1.1", *fields, "", ""))
    said = head.encode() + request.body
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", pair.portal.port)) as gone:
            gone.sendall(said[: len(head) + int(len(request.body) * part)])
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no farewell: the connection is torn off
    answers = [ask(connected(pair), request) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 200]
    assert answers[0] == answers[1]
    assert counts(pair) == (before[0] + 1, before[1] + 1)
