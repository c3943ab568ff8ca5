"""How long a client may keep a thread waiting: no server of ours lets a body stall for ever.

Most bodies are whole before a thread sees them (cli/gather.py). For those that stream, gunicorn's threads would wait without an end; so
while a body is read, the connection itself has a limit. Between bodies it has none: what a client does not take of an answer is sent on
without a thread (cli/outbox.py).
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from flask import Response, request
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, HTTPException, RequestTimeout

from app.domain import LIMITS
from app.web.context import services

SILENCE: Final = 30.0
"""Seconds without a byte after which a body is given up. Tor Browser needs 10 to 20 to replace a circuit."""

SLOWEST: Final = 2000
"""Bytes a second that a body, or each piece of a large one, has to come at, after a first silence."""

PIECE: Final = 256 * 1024
"""Bytes of a body that are held at a time."""

Environ = dict[str, Any]

_CONNECTION: Final = "gunicorn.socket"
_OVER: Final = "quietline.body_over"


class BodyStopped(BadRequest):
    """The connection was cut, or what came over it was no body any more."""


@contextmanager
def waiting(environ: Environ) -> Iterator[None]:
    """Around each read of a body. RequestTimeout after too long a silence, BodyStopped when it ends before it should."""
    try:
        with limited(environ):
            yield
    except (OSError, ParseException) as error:
        environ[_OVER] = RequestTimeout() if isinstance(error, TimeoutError) else BodyStopped()
        raise environ[_OVER] from None


@contextmanager
def hurried(environ: Environ, seconds: float) -> Iterator[None]:
    """All that is read of a body meanwhile has to come within so long: a byte now and then is no silence, and holds a thread as well."""
    unreader = _unreader(environ)
    if unreader is None:
        yield
        return
    connection = unreader.sock
    unreader.sock = _Hurried(connection, time.monotonic() + seconds)
    try:
        yield
    finally:
        unreader.sock = connection


class _Hurried:
    """The one thing that gunicorn asks of a connection while it reads a body."""

    def __init__(self, connection: socket.socket | _Hurried, until: float) -> None:
        self._connection = connection
        self._until = until

    def recv(self, size: int) -> bytes:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(min(SILENCE, left))
        return self._connection.recv(size)

    def settimeout(self, seconds: float) -> None:
        """For one within another: the outer one has the last word."""


def _unreader(environ: Environ) -> Any:
    body = environ.get("wsgi.input")
    if not isinstance(body, Body):
        return None
    reader = body.reader
    return reader.req.unreader if isinstance(reader, ChunkedReader) else reader.unreader


@contextmanager
def limited(environ: Environ) -> Iterator[None]:
    """The connection's limit is in force: for reads, and for the sending of one small piece of a large answer. TimeoutError."""
    connection = environ.get(_CONNECTION)
    if connection is None:
        yield  # not a real server
        return
    connection.settimeout(SILENCE)
    try:
        yield
    finally:
        connection.settimeout(None)


def read(environ: Environ, size: int) -> bytes:
    """The next bytes of the body, at most so many; none at its end. Whether that is the end it should have is the caller's to compare.

    What came of a piece before the connection was cut is given too; the next call then raises what `waiting` raises.
    """
    body = environ["wsgi.input"]
    if _OVER in environ:
        raise environ[_OVER]
    try:
        # Every piece has to come at a pace as well: a byte now and then is no silence, and holds one of few threads for files.
        with hurried(environ, SILENCE + size / SLOWEST), waiting(environ):
            data: bytes = body.read(size)
            return data
    except HTTPException:
        if come := _come_so_far(body):
            return come
        raise


def see_off(response: Response) -> Response:
    """After each request: what a refusal left unread of a body is thrown away once the answer is out, up to what a form may hold, and
    for as long as a silence may last.

    A connection that is closed over unread bytes is reset, and many a browser then shows that in place of the answer.
    """
    if request.method == "POST" and _CONNECTION in request.environ:  # a script that uploads tries again after a reset, and needs no thread
        with_files = request.mimetype == "multipart/form-data"
        most = services().settings.form_upload_bytes if with_files else LIMITS.form_bytes
        response.call_on_close(partial(_throw_away, request.environ, most))
    return response


def _come_so_far(body: Any) -> bytes:
    """What gunicorn still holds of a body whose connection failed in the middle of a piece: else its client would have to send it again."""
    if not isinstance(body, Body):
        return b""
    held: bytes = body.buf.getvalue()
    if isinstance(body.reader, LengthReader):
        held += body.reader.unreader.take_buffered()[: body.reader.length]
    elif isinstance(body.reader, ChunkedReader):
        held += body.reader.buf.getvalue()
    return held


def _throw_away(environ: Environ, most: int) -> None:
    taken = 0
    try:
        with hurried(environ, SILENCE):
            while taken < most and (piece := read(environ, PIECE)):
                taken += len(piece)
    except HTTPException:
        return  # whoever would have read the answer is gone
