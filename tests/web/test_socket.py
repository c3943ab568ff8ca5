"""What no well-behaved client sends, through a real server."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.domain import LIMITS
from tests.databases import Kind
from tests.portal import Portal, clean_environment
from tests.support import SECRET_KEY, Clock, make_context, make_place


@pytest.fixture(scope="module")
def portal(database_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder: Path = tmp_path_factory.mktemp("socket")
    context = make_context(folder / "data", Clock())
    make_place(context)
    context.database.dispose()
    settings = {"DATA": str(folder / "data"), "MODE": "testing", "KDF_PROFILE": "testing", "SECRET_KEY": SECRET_KEY, "WORKERS": "1"}
    with Portal(clean_environment(**{f"QUIETLINE_{name}": value for name, value in settings.items()}), folder / "log") as running:
        yield running


def ask(portal: Portal, head: str, body: bytes = b"", host: str = "localhost", end: bool = True) -> bytes:
    """The raw answer to a raw request."""
    with closing(socket.create_connection(("127.0.0.1", portal.port), timeout=20)) as connection:
        lines = f"{head}\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        try:
            connection.sendall(lines.encode() + body)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server may stop listening before everything is said
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def chunks(size: int) -> bytes:
    block = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    return block * (size // 65536) + b"0\r\n\r\n"


FORM = "Content-Type: application/x-www-form-urlencoded"


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def test_a_chunked_form_over_the_limit_is_refused(portal: Portal) -> None:
    answer = ask(portal, f"POST /conversation HTTP/1.1\r\n{FORM}\r\nTransfer-Encoding: chunked", chunks(LIMITS.form_bytes + 400_000))
    assert status(answer) == 413
    assert b"Content-Security-Policy" in answer


def test_a_chunked_form_under_the_limit_is_read(portal: Portal) -> None:
    answer = ask(portal, f"POST /conversation HTTP/1.1\r\n{FORM}\r\nTransfer-Encoding: chunked", b"d\r\nwords=abandon\r\n0\r\n\r\n")
    assert status(answer) == 422
    assert b"Words here: 1." in answer


def test_a_declared_length_over_the_limit_is_refused(portal: Portal) -> None:
    answer = ask(portal, f"POST /conversation HTTP/1.1\r\n{FORM}\r\nContent-Length: 99999999999", b"words=")
    assert status(answer) == 413


def test_a_body_shorter_than_declared_is_refused(portal: Portal) -> None:
    answer = ask(portal, f"POST /conversation HTTP/1.1\r\n{FORM}\r\nContent-Length: 500", b"words=abandon")
    assert status(answer) == 400


def test_two_lengths_are_refused(portal: Portal) -> None:
    head = f"POST /conversation HTTP/1.1\r\n{FORM}\r\nContent-Length: 13\r\nContent-Length: 2"
    assert status(ask(portal, head, b"words=abandon")) == 400
    head = f"POST /conversation HTTP/1.1\r\n{FORM}\r\nContent-Length: 13\r\nTransfer-Encoding: chunked"
    assert status(ask(portal, head, b"d\r\nwords=abandon\r\n0\r\n\r\n")) == 400


def test_a_sealed_post_over_its_limit_is_told_in_json(portal: Portal) -> None:
    body = chunks(LIMITS.sealed_request_bytes + 400_000)
    answer = ask(portal, "POST /report/ethics/sealed HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked", body)
    assert status(answer) == 413
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1]) == {"error": "too_large"}


def test_an_unknown_host_gets_a_plain_page(portal: Portal) -> None:
    answer = ask(portal, "GET / HTTP/1.1", host="other.example")
    assert status(answer) == 400
    assert b"There is nothing at this address" in answer


def test_a_request_without_a_host_gets_nothing(portal: Portal) -> None:
    with closing(socket.create_connection(("127.0.0.1", portal.port), timeout=20)) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert status(connection.recv(65536)) == 400
