"""What comes over real sockets, however it comes: when a thread gets it, and who gives way where there is no room."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from typing import Any

import pytest

from app.cli import answers, gather
from app.cli.feed import Feed
from app.cli.framing import HEAD_BYTES, LINE_BYTES, PROOF_BYTES, read_head
from app.cli.gather import PIECE, RESERVE, Gatherer
from app.cli.incoming import Incoming
from app.cli.outbox import Outbox
from app.cli.polling import Poller
from app.domain import LIMITS
from app.web.lanes import Lane
from app.web.patience import SILENCE

FORM = "Content-Type: application/x-www-form-urlencoded"
SEND = f"POST /report/ethics/send HTTP/1.1\r\nHost: a\r\n{FORM}\r\n"
OPEN = f"POST /conversation HTTP/1.1\r\nHost: a\r\n{FORM}\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SECONDS = 10.0


class Site:
    """A gatherer on a loop of its own, turned by the test, and what it handed on."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._poller = Poller()
        stack.callback(self._poller.close)
        self._listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0), backlog=256)))
        self.gatherer = Gatherer(self._poller, self, answers.fixed)
        self.handed: list[tuple[Incoming, Lane]] = []
        self.open = 0

    def ready(self, incoming: Incoming, lane: Lane) -> None:
        self.handed.append((incoming, lane))

    def closed(self, incoming: Incoming) -> None:
        self.open -= 1

    def connect(self) -> socket.socket:
        """A client's side of a new connection."""
        client = self._stack.enter_context(closing(socket.create_connection(self._listener.getsockname(), timeout=SECONDS)))
        sock, address = self._listener.accept()
        self._stack.callback(sock.close)
        self.open += 1
        self.gatherer.add(sock, address, self._listener.getsockname())
        return client

    def settle(self) -> None:
        """Until nothing more comes."""
        while self._poller.wait(0.005):
            pass

    def take(self) -> tuple[bytes, Lane, bool]:
        """The one request that was handed on: its bytes, its lane, whether it is whole."""
        self.settle()
        ((incoming, lane),) = self.handed
        self.handed.clear()
        return bytes(incoming.handed), lane, incoming.whole


@pytest.fixture
def site() -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(stack)


def post(head: str, body: bytes) -> bytes:
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def read(client: socket.socket) -> bytes:
    """What the client was told, to the end."""
    client.settimeout(SECONDS)
    return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize(
    ("request_bytes", "lane"),
    [
        (GET, Lane.PAGE),
        (post(SEND, b"body=a"), Lane.TEXT),
        (post(OPEN, b"words=a"), Lane.OPENING),
        (post("POST /conversation/sealed/answer HTTP/1.1\r\nHost: a\r\n", b"{}"), Lane.FOLLOWUP),
        (b"GET /desk/ HTTP/1.1\r\nHost: a\r\n\r\n", Lane.DESK),
        (post("POST /desk/login HTTP/1.1\r\nHost: a\r\n", b"{}"), Lane.LOGIN),
        (b"HEAD /uploads/abc HTTP/1.1\r\nHost: a\r\n\r\n", Lane.UPLOADS),
        (f"{SEND}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".encode(), Lane.TEXT),
        (f"{SEND}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n".encode(), Lane.TEXT),
    ],
)
def test_a_request_is_handed_on_when_its_last_byte_is_there_and_not_before(site: Site, request_bytes: bytes, lane: Lane) -> None:
    client = site.connect()
    for number in range(len(request_bytes) - 1):
        client.sendall(request_bytes[number : number + 1])
        if number % 40 == 0:
            site.settle()
    site.settle()
    assert site.handed == []
    client.sendall(request_bytes[-1:])
    assert site.take() == (request_bytes, lane, True)


def test_of_two_requests_in_one_piece_the_second_waits_for_the_first(site: Site) -> None:
    client = site.connect()
    client.sendall(post(SEND, b"first") + GET[:10])
    site.settle()
    ((incoming, _),) = site.handed
    assert bytes(incoming.handed) == post(SEND, b"first")
    client.sendall(GET[10:])
    site.settle()
    assert len(site.handed) == 1  # nobody reads what comes while a thread has the connection
    site.handed.clear()
    site.gatherer.back(incoming, b"", 5.0)
    assert site.take() == (GET, Lane.PAGE, True)
    assert site.gatherer.held == len(GET)


def test_what_a_parser_left_is_the_beginning_of_the_next_request(site: Site) -> None:
    client = site.connect()
    client.sendall(GET + GET[:4])
    site.settle()
    (incoming, _) = site.handed.pop()
    site.gatherer.back(incoming, b"GET /le", 5.0)
    client.sendall(b"T HTTP/1.1\r\n\r\n")
    assert site.take()[0] == b"GET /leGET T HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 0x5\r\n\r\n",
        f"POST / HTTP/1.1\r\nContent-Length: {LIMITS.form_bytes + 1}\r\n\r\n",
        "POST / HTTP/1.1\r\nExpect: something\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/2.0\r\nContent-Length: 5\r\n\r\n",
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET /" + "a" * (LINE_BYTES + 10),
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + "1\r\na\r\n" * 5000,
    ],
)
def test_what_is_not_understood_is_gunicorns_to_judge_at_once(site: Site, head: str) -> None:
    client = site.connect()
    client.sendall(head.encode())
    got, lane, whole = site.take()
    assert head.encode().startswith(got)
    assert (lane, whole) == (Lane.ROUGH, False)


@pytest.mark.parametrize(
    ("head", "lane"),
    [
        ("PATCH /uploads/abc HTTP/1.1\r\nContent-Length: 5\r\n\r\n", Lane.STREAM),
        (
            "POST /report/ethics/check HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 9999999\r\n\r\n",
            Lane.STREAM,
        ),
        ("POST /conversation/answer HTTP/1.1\r\nContent-Type: multipart/form-data\r\nTransfer-Encoding: chunked\r\n\r\n", Lane.STREAM),
    ],
)
def test_files_stream_in_a_thread_of_their_own_from_their_head_on(site: Site, head: str, lane: Lane) -> None:
    client = site.connect()
    client.sendall(head.encode())
    assert site.take() == (head.encode(), lane, False)


def test_a_form_in_parts_without_large_files_is_text(site: Site) -> None:
    request_bytes = post("POST /report/ethics/check HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n", bytes(700_000))
    client = site.connect()
    client.settimeout(0)
    view = memoryview(request_bytes)
    while view:
        view = view[client.send(view) :]
        site.settle()
    assert site.take() == (request_bytes, Lane.TEXT, True)


def test_a_client_that_waits_to_be_asked_is_asked_once(site: Site) -> None:
    client = site.connect()
    client.sendall(f"{SEND}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n".encode())
    site.settle()
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"a=bc")
    assert site.take()[0].endswith(b"a=bc")


def test_a_head_without_an_end_is_refused(site: Site) -> None:
    client = site.connect()
    client.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (HEAD_BYTES // 6))
    site.settle()
    assert read(client).startswith(b"HTTP/1.1 431 ")
    assert site.handed == []


@pytest.mark.parametrize(("sent", "answer"), [(GET[:9], b""), (post(SEND, b"body")[:-1], b"HTTP/1.1 400 ")])
def test_who_stops_in_the_middle_is_let_go(site: Site, sent: bytes, answer: bytes) -> None:
    client = site.connect()
    client.sendall(sent)
    client.shutdown(socket.SHUT_WR)
    site.settle()
    assert read(client)[:13] == answer
    client.close()
    site.settle()
    assert (site.open, site.gatherer.held, site.handed) == (0, 0, [])


@pytest.mark.parametrize(("sent", "seconds"), [(GET[:9], SILENCE), (post(SEND, bytes(4000))[:300], SILENCE + 2)])
def test_who_is_too_slow_is_given_up_also_by_the_byte(site: Site, sent: bytes, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    client = site.connect()
    client.sendall(sent)
    site.settle()
    for _ in count():
        clock += SILENCE / 2
        client.sendall(b"a")
        site.settle()
        site.gatherer.expire(clock)
        if site.gatherer.incomplete == 0 or clock > time.monotonic() + 10 * seconds:
            break
    assert clock - time.monotonic() < seconds + SILENCE
    answer = read(client)
    assert answer == b"" if sent is GET[:9] else answer.startswith(b"HTTP/1.1 408 ") or answer == b""


def test_a_script_that_was_too_slow_is_told_in_json(site: Site) -> None:
    client = site.connect()
    client.sendall(b"POST /report/ethics/sealed HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
    site.settle()
    site.gatherer.expire(time.monotonic() + SILENCE + 1)
    head, _, body = read(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body) == {"error": "timeout"}


def test_a_kept_connection_is_closed_when_nothing_comes(site: Site) -> None:
    client = site.connect()
    client.sendall(GET)
    site.settle()
    (incoming, _) = site.handed.pop()
    site.gatherer.back(incoming, b"", 5.0)
    site.gatherer.expire(time.monotonic() + 4.0)
    assert site.open == 1
    site.gatherer.expire(time.monotonic() + 6.0)
    assert (read(client), site.open) == (b"", 0)


def test_an_answer_is_waited_for_by_nobody(site: Site) -> None:
    clients = [site.connect() for _ in range(20)]
    for client in clients:
        client.sendall(GET + b"more")
    site.settle()
    began = time.monotonic()
    for incoming, _ in site.handed:
        incoming.sock.sendall(b"answer")
        site.gatherer.leave(incoming)
    assert time.monotonic() - began < 1.0  # gunicorn waits up to two seconds for each
    assert {read(client) for client in clients} == {b"answer"}
    site.gatherer.expire(time.monotonic() + 3.0)
    assert (site.open, site.gatherer.held) == (0, 0)


def test_the_slowest_give_way_to_new_ones_and_whole_requests_never(site: Site) -> None:
    whole = [site.connect() for _ in range(5)]
    for client in whole:
        client.sendall(GET)
    idle = [site.connect() for _ in range(50)]
    fast = site.connect()
    fast.sendall(post(SEND, bytes(1_000_000))[:60_000])
    site.settle()
    while site.gatherer.incomplete > 10:
        assert site.gatherer.shed()
    fast.sendall(b"a")
    assert len(site.handed) == 5
    site.settle()
    assert _is_open(fast), "of those drawn with it, one was always slower"
    assert sum(map(_is_open, idle)) == 9


def _is_open(client: socket.socket) -> bool:
    client.settimeout(0)
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def _fill(site: Site, client: socket.socket, data: bytes) -> None:
    view = memoryview(data)
    client.settimeout(SECONDS)
    while view:
        client.sendall(view[:PIECE])
        view = view[PIECE:]
        site.settle()


def test_bytes_are_bounded_and_who_holds_much_for_long_gives_way(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.gatherer.most_bytes = RESERVE + 1_000_000
    hoarders = []
    for _ in range(8):
        hoarders.append(site.connect())
        _fill(site, hoarders[-1], post(SEND, bytes(3_000_000))[:2_500_000])
        assert site.gatherer.held <= site.gatherer.most_bytes + PIECE
    clock = time.monotonic() + 20
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    client = site.connect()
    _fill(site, client, post(SEND, bytes(3_000_000)))
    assert len(site.take()[0]) > 3_000_000
    assert sum(map(_is_open, hoarders)) < 8


def _whole(site: Site, size: int) -> None:
    client = site.connect()
    _fill(site, client, post(SEND, bytes(size)))


def test_where_whole_requests_fill_everything_a_form_is_asked_for_again_and_a_script_told_to_come_again(site: Site) -> None:
    site.gatherer.most_bytes = RESERVE + 1_000_000
    while site.gatherer.held < site.gatherer.most_bytes - 2_000_000:
        _whole(site, 2_000_000)
    kept = len(site.handed)
    form, script, other = site.connect(), site.connect(), site.connect()
    _fill(site, form, post(SEND.replace("/send", "/send?again=3"), bytes(3_000_000)))
    json_head = "POST /report/ethics/sealed HTTP/1.1\r\nContent-Type: application/json\r\n"
    _fill(site, script, post(json_head, bytes(3_000_000)))
    _fill(site, other, post(OPEN, bytes(2000))[:-1])
    _fill(site, other, b"a")
    assert site.gatherer.held <= site.gatherer.most_bytes
    assert len(site.handed) == kept  # the reserve is for new reports: a conversation of two kilobytes found no room
    site.gatherer.expire(time.monotonic() + gather.PAUSE[0] - 0.1)
    assert site.gatherer.incomplete == 3
    site.gatherer.expire(time.monotonic() + gather.PAUSE[1] + 0.1)
    answer = read(form)
    assert answer.startswith(b"HTTP/1.1 307 ")
    assert b"\r\nLocation: /report/ethics/send?again=4\r\n" in answer
    answer = read(script)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: " in answer
    assert b'{"error":"storage_busy"}' in answer
    assert b"\r\nLocation: /conversation?again=1\r\n" in read(other)


@pytest.mark.parametrize("target", ["//evil.example/report", "/report/../x", "/report/ethics/send?again=15", "/report/a%0d%0aX:%20y/send"])
def test_nobody_is_sent_anywhere_else_and_not_for_ever(target: str) -> None:
    head = read_head(f"POST {target} HTTP/1.1\r\n{FORM}\r\nContent-Length: 5\r\n\r\n".encode())
    answer = answers.fixed(answers.BUSY, head)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Location" not in answer


@pytest.mark.parametrize(
    ("fields", "proof"),
    [
        ("", None),
        ("Quietline-Proof: abc=\r\n", b"abc="),
        ("quietline-proof:abc=\r\n", b"abc="),
        ("Quietline-Proof:\r\n", b""),
        ("Quietline-Proof: a\r\nQuietline-Proof: b\r\n", b""),
        (f"Quietline-Proof: {'a' * PROOF_BYTES}\r\n", b"a" * PROOF_BYTES),
        (f"Quietline-Proof: {'a' * (PROOF_BYTES + 1)}\r\n", b""),
    ],
)
def test_a_proof_of_work_is_read_once_and_up_to_a_length(fields: str, proof: bytes | None) -> None:
    assert read_head(f"{SEND}{fields}Content-Length: 5\r\n\r\n".encode()).proof == proof


@pytest.mark.parametrize(
    ("host", "onion"),
    [("a", False), (f"{'a' * 56}.onion", True), (f"{'a' * 56}.ONION:8080", True), ("onion", False), ("x.onion.example", False)],
)
def test_an_onion_address_is_told_by_its_host(host: str, onion: bool) -> None:
    assert read_head(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).onion is onion


def test_thousands_of_slow_connections_cost_a_few_kilobytes_each(site: Site) -> None:
    clients = [site.connect() for _ in range(400)]
    for client in clients:
        client.sendall(b"POST /conversation HTTP/1.1\r\nX-Slow: ")
    site.settle()
    assert site.gatherer.incomplete == 400
    assert site.gatherer.held == 400 * 37


def test_a_whole_request_never_waits_for_more() -> None:
    """What a parser that disagrees about the end is told: nothing, at once."""
    first, second = socket.socketpair()
    with first, second:
        feed: Any = Feed(second)
        feed.give(bytearray(b"abc"), whole=True)
        assert feed.read() == b"abc"
        with pytest.raises(TimeoutError):
            feed.read()
        feed.give(bytearray(b"abc"), whole=False)
        first.sendall(b"def")
        assert feed.read(6) == b"abcdef"


def test_what_a_client_has_not_taken_is_sent_on_by_the_loop(site: Site) -> None:
    client = site.connect()
    client.sendall(GET)
    site.settle()
    (incoming, _) = site.handed.pop()
    incoming.sock.setblocking(True)
    outbox: Any = Outbox(incoming.sock, site.gatherer.room)
    whole = bytes(range(256)) * 40_000
    for start in range(0, len(whole), 1_000_000):
        outbox.sendall(whole[start : start + 1_000_000])  # nobody reads, and nobody waits
    incoming.outbox = outbox.left
    assert site.gatherer.room.held == len(incoming.outbox) > 0
    site.gatherer.send(incoming, lambda: site.gatherer.leave(incoming))
    got = b""
    while len(got) < len(whole):
        site.settle()
        client.settimeout(SECONDS)
        got += client.recv(1 << 20)
    assert got == whole
    assert site.gatherer.room.held == 0


def test_who_takes_nothing_of_an_answer_loses_the_connection(site: Site) -> None:
    client = site.connect()
    client.sendall(GET)
    site.settle()
    (incoming, _) = site.handed.pop()
    incoming.sock.setblocking(True)
    outbox: Any = Outbox(incoming.sock, site.gatherer.room)
    outbox.sendall(bytes(10_000_000))
    incoming.outbox = outbox.left
    site.gatherer.send(incoming, lambda: None)
    site.settle()
    site.gatherer.expire(time.monotonic() + SILENCE + 1)
    assert (site.open, site.gatherer.held, site.gatherer.room.held) == (0, 0, 0)
