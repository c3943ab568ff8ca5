"""Half of a process's threads carry files at a time; the rest is for text, whatever files do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from flask import Flask

from app.errors import StorageBusy
from app.web import lanes
from tests.support import Place
from tests.web.filling import Chosen, submit
from tests.web.reporter import Reporter
from tests.web.served import serve
from tests.web.test_uploads import SEALED, Tus

TEXT = {"subject": "Doors", "body": "The doors are locked.", "q-category": "Safety"}


@contextmanager
def full(app: Flask, place: Place) -> Iterator[None]:
    """Every place for files taken."""
    with ExitStack() as taken, app.test_request_context():
        for _ in range(place.ctx.settings.threads // 2):
            taken.enter_context(lanes.files())
        with pytest.raises(StorageBusy):
            lanes.take()
        yield


def test_an_upload_for_which_there_is_no_place_comes_again_and_goes_on(app: Flask, place: Place) -> None:
    tus = Tus(app)
    path = tus.begin()
    with full(app, place):
        assert tus.patch(path, 0, SEALED).status_code == 503
        assert tus.offset(path) == 0
    assert tus.patch(path, 0, SEALED).status_code == 204


def test_a_form_with_files_for_which_there_is_no_place_comes_back_with_its_text(app: Flask, place: Place, reporter: Reporter) -> None:
    with full(app, place):
        page = submit(reporter, "/report/ethics/check", TEXT, Chosen("plan.txt", b"x" * 1000))
        assert page.status == 503
        assert TEXT["body"] in page.text
        assert submit(reporter, "/report/ethics/check", TEXT).status == 200
    assert submit(reporter, "/report/ethics/check", TEXT, Chosen("plan.txt", b"x" * 1000)).status == 200


def test_slow_files_hold_no_more_than_half_of_the_threads(tmp_path: Path) -> None:
    with serve(tmp_path, THREADS="4") as served, ExitStack() as slow:
        made = [_begin(served.portal.port) for _ in range(6)]
        for path in made:
            connection = slow.enter_context(closing(socket.create_connection(("127.0.0.1", served.portal.port), timeout=10)))
            head = f"PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            head += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(SEALED)}\r\n\r\n"
            connection.sendall(head.encode() + SEALED[:1000])
        # Those that are refused are seen off for some seconds; without the lane every thread would be held for a silence of 30.
        assert b" 200 " in _ask(served.portal.port, "GET /report/ethics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")[:20]


def _begin(port: int) -> str:
    answer = _ask(
        port,
        f"POST /uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\nUpload-Length: {len(SEALED)}\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n",
    )
    return answer.decode().split("Location: ")[1].split("\r\n")[0]


def _ask(port: int, request: str) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=25)) as connection:
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))
