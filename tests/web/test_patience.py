"""A body that comes by the byte is no silence, and is given up all the same."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader
from werkzeug.exceptions import RequestTimeout

from app.web import patience

PAUSE = 0.05


def test_a_body_that_trickles_is_given_up_in_time_and_the_connection_is_left_as_it_was() -> None:
    client, server = socket.socketpair()
    with client, server:
        unreader = SocketUnreader(server)
        environ: dict[str, Any] = {"wsgi.input": Body(LengthReader(unreader, 1000)), "gunicorn.socket": server}
        stop = threading.Event()
        trickle = threading.Thread(target=_trickle, args=(client, stop))
        trickle.start()
        began = time.monotonic()
        try:
            with pytest.raises(RequestTimeout), patience.hurried(environ, 0.5), patience.waiting(environ):
                environ["wsgi.input"].read(1000)
        finally:
            stop.set()
            trickle.join()
        assert time.monotonic() - began < 100 * PAUSE
        assert unreader.sock is server


def test_a_piece_of_a_large_body_that_trickles_is_given_up_and_what_came_of_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SILENCE", 0.4)
    monkeypatch.setattr(patience, "SLOWEST", 10_000)
    client, server = socket.socketpair()
    with client, server:
        environ: dict[str, Any] = {"wsgi.input": Body(LengthReader(SocketUnreader(server), 10_000)), "gunicorn.socket": server}
        stop = threading.Event()
        trickle = threading.Thread(target=_trickle, args=(client, stop))
        trickle.start()
        try:
            with patience.hurried(environ, 60.0):  # as where the rest of a refused body is thrown away
                came = patience.read(environ, 1000)
        finally:
            stop.set()
            trickle.join()
        assert 1 <= len(came) < 100
        with pytest.raises(RequestTimeout):
            patience.read(environ, 1000)


def _trickle(client: socket.socket, stop: threading.Event) -> None:
    while not stop.wait(PAUSE):
        client.send(b"x")
