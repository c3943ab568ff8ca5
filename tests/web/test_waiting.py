"""Who sends text while a flood is on waits on a page that says so, keeps the text, and becomes the answer by itself."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask

from app.errors import StorageBusy
from app.web.trying import persistently
from app.web.waiting import ASKED
from tests.databases import Kind
from tests.web.page import Page
from tests.web.reporter import BASE, BODY, TYPED, Reporter, words
from tests.web.served import Answer, Served, send, serve
from tests.web.test_files_served import post_form

DOCTYPE = b"<!doctype html>"
FORM = "Content-Type: application/x-www-form-urlencoded"
SCRIPT = "POST /report/ethics/sealed HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2"

# A server of one thread for all and one for text, whose reports are stored only once a file is there: so that two more wait behind them.
GATED = """
import sys, time, os.path
import app.cli.waiting as waiting
import app.services.intake as intake
waiting.FORM_SECONDS, waiting.SCRIPT_SECONDS, waiting.SIGN_SECONDS, waiting.OFFER_SECONDS = 0.5, float(sys.argv[2]), 0.5, 0.5
accept, gate, each = intake.accept_plain, sys.argv[1], float(sys.argv[3])
def gated(*args, **more):
    while not os.path.exists(gate):
        time.sleep(0.05)
    time.sleep(each)
    return accept(*args, **more)
intake.accept_plain = gated
sys.argv = sys.argv[4:]
from app.cli import main
main()
"""


@contextmanager
def gated(folder: Path, script_seconds: float = 0.5, each_seconds: float = 0, **more: str) -> Iterator[tuple[Served, Path]]:
    """A portal, and the file that has it store, which then takes a while for each. Scripts are told to come again after so long."""
    gate = folder / "gate"
    under = [sys.executable, "-c", GATED, str(gate), str(script_seconds), str(each_seconds)]
    with serve(folder, under=under, THREADS="1", **more) as served:
        try:
            yield served, gate
        finally:
            gate.touch()


def checked(served: Served) -> list[tuple[str, str]]:
    """The fields of a check page, ready to be sent."""
    page = post_form(
        served.portal, "/report/ethics/check", {name: [value] if isinstance(value, str) else value for name, value in TYPED.items()}
    )
    return [(name, value) for name, values in page.page.form("/report/ethics/send").items() for value in values]


def connect(served: Served, head: str, body: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", served.portal.port), timeout=30)
    connection.sendall(f"{head}\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def until(connection: socket.socket, mark: bytes, data: bytes = b"") -> bytes:
    """What comes, up to a mark and what came with it."""
    while mark not in data:
        piece = connection.recv(65536)
        assert piece, data
        data += piece
    return data


def unchunked(data: bytes) -> bytes:
    found = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        found, data = found + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return found


@pytest.fixture
def crowd(database_kind: Kind, tmp_path: Path) -> Iterator[tuple[Served, Path, bytes]]:
    """A portal both of whose threads are busy with reports, its gate, and a third report."""
    with gated(tmp_path) as (served, gate), ExitStack() as others:
        bodies = [urlencode(checked(served)).encode() for _ in range(3)]
        for body in bodies[:2]:
            others.enter_context(closing(connect(served, f"POST /report/ethics/send HTTP/1.1\r\n{FORM}", body)))
        yield served, gate, bodies[2]


def test_a_report_waits_on_a_page_that_ends_with_its_receipt(crowd: tuple[Served, Path, bytes]) -> None:
    served, gate, body = crowd
    with closing(connect(served, f"POST /report/ethics/send HTTP/1.1\r\n{FORM}", body)) as connection:
        data = until(connection, b"Send it again")
        head, _, _ = data.partition(b"\r\n\r\n")
        for line in (b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", b"X-Accel-Buffering: no", b"Cache-Control: no-store"):
            assert line in head
        assert b"Content-Security-Policy: default-src 'none'" in head
        data = until(connection, b"\r\n1\r\n\n", data)  # it shows that it goes on
        gate.touch()
        data = until(connection, b"\r\n0\r\n\r\n", data)
    _, notice, receipt = unchunked(data.partition(b"\r\n\r\n")[2]).split(DOCTYPE)
    assert b"<title>" not in notice, "the answer's title is to become the page's"
    assert b'<div class="wait"' in notice
    assert b"no side boards" in notice
    assert len(words(Page(Answer(200, {}, DOCTYPE + receipt))).split()) == 12
    assert words(Page(Answer(200, {}, DOCTYPE + receipt))).encode() not in notice


def test_a_script_that_waits_long_is_told_when_to_come_again(crowd: tuple[Served, Path, bytes]) -> None:
    served, _, _ = crowd
    answer = send(served.portal, SCRIPT, [b"{}"])
    assert (answer.status_code, json.loads(answer.body)) == (503, {"error": "storage_busy"})
    assert 1 <= int(answer.headers["Retry-After"]) <= 99


def test_nobody_is_offered_proof_of_work_unless_it_is_switched_on(crowd: tuple[Served, Path, bytes]) -> None:
    served, _, _ = crowd
    assert b"challenge" not in send(served.portal, SCRIPT, [b"{}"]).body


def test_who_leaves_while_waiting_is_forgotten(crowd: tuple[Served, Path, bytes]) -> None:
    served, gate, body = crowd
    connection = connect(served, f"POST /report/ethics/send HTTP/1.1\r\n{FORM}", body)
    until(connection, b"Send it again")
    connection.close()
    gate.touch()
    deadline = time.monotonic() + 20
    while _connections(served) > 0:
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    assert "Error" not in served.portal.log.read_text()


def _connections(served: Served) -> int:
    """Connections that the worker holds, by what its files are."""
    (worker,) = served.workers
    port = f"{served.portal.port:04X}"
    lines = Path(f"/proc/{worker}/net/tcp").read_text().splitlines()[1:]
    return sum(1 for line in lines if line.split()[1].endswith(f":{port}") and line.split()[3] in {"01", "08"})


@pytest.mark.parametrize("path", ["/report/ethics/check", "/report/ethics/send", "/conversation/answer"])
def test_the_notice_keeps_the_text_and_does_nothing(app: Flask, path: str) -> None:
    values = {**TYPED, "ticket": "t" * 40, "message": "m"}
    page = app.test_client().post(path, base_url=BASE, data=values, environ_overrides={ASKED: True})
    assert page.status_code == 200
    assert BODY in page.text.replace("\r\n", "\n")
    assert ('name="ticket"' in page.text) == (path != "/report/ethics/check")
    assert "Nothing is stored yet" in page.text


def test_words_are_in_no_notice(app: Flask, reporter: Reporter) -> None:
    typed = reporter.report()
    page = app.test_client().post("/conversation", base_url=BASE, data={"words": typed}, environ_overrides={ASKED: True})
    assert page.status_code == 200
    assert typed.split()[0] not in page.text.split()
    assert typed not in page.text


def test_no_client_can_ask_for_a_notice(app: Flask) -> None:
    page = app.test_client().get("/", base_url=BASE, headers={"Quietline-Waiting": "1", "quietline.waiting": "1"})
    assert "Waiting its turn" not in page.text


def test_a_busy_storage_is_asked_three_times_before_anybody_is_refused() -> None:
    answers: list[Exception | str] = [StorageBusy(), StorageBusy(), "stored", StorageBusy(), StorageBusy(), StorageBusy(), "too late"]

    def store() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert persistently(store) == "stored"
    with pytest.raises(StorageBusy):
        persistently(store)
    assert answers == ["too late"]
