"""gunicorn's worker and logger, made to keep quiet: it would log a client's address, its request line and what it sent."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from typing import Any, Final

from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers import gthread
from gunicorn.workers.gthread import TConn, ThreadWorker

from app.cli.group import kind_and_place
from app.web.headers import HEADERS
from app.web.patience import PIECE, SILENCE

STATUS: Final = {
    "LimitRequestLine": "414 URI Too Long",
    "LimitRequestHeaders": "431 Request Header Fields Too Large",
    "ExpectationFailed": "417 Expectation Failed",
    "UnsupportedTransferCoding": "501 Not Implemented",
}
BODY: Final = "This request cannot be read.\n"


class QuietLogger(Logger):  # type: ignore[misc]
    """Writes the day, the kind of an event, and of errors the type and our line of code. A time of day would say when somebody wrote."""

    error_fmt = "%(asctime)s [%(levelname)s] %(message)s"
    datefmt = "%Y-%m-%d"

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            if isinstance(handler.formatter, logging.Formatter):
                handler.formatter.converter = time.gmtime

    def exception(self, msg: str, *args: object, **kwargs: Any) -> None:  # noqa: ARG002
        """Called while an error is handled; its message, and what it was about, are left out. A client that stalls is no error."""
        error = sys.exc_info()[1]
        if isinstance(error, TimeoutError) and msg.startswith("Socket error"):
            return
        self.error_log.error("Error in a worker: %s", kind_and_place(error) if error else "unknown")

    def warning(self, msg: str, *args: object, **kwargs: Any) -> None:
        """Of what a worker warns about, only fixed sentences pass."""
        if args or kwargs or not str(msg).startswith("Invalid request"):
            super().warning(msg, *args, **kwargs)

    def debug(self, msg: str, *args: object, **kwargs: Any) -> None:
        """Never: debugging output holds requests."""

    def access(self, *args: object) -> None:
        """Never."""


class PatientConnection(TConn):  # type: ignore[misc]
    """A connection whose request line and headers may stall only so long: gunicorn's own waits for them without an end.

    For bodies and for answers web/patience.py sets what holds.
    """

    def init(self) -> None:
        """Called in a thread, before each request is read."""
        super().init()
        self.sock.settimeout(SILENCE)


class QuietWorker(ThreadWorker):  # type: ignore[misc]
    """Answers what is not HTTP with a fixed page, and logs nothing of it."""

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Called once the headers are there."""
        conn.sock.settimeout(None)
        return super().handle_request(req, conn)

    def init_process(self) -> None:
        """Before the first request. gunicorn takes up to 1 MiB of a body from a connection at once, and copies what is left of it for
        every piece that is read. Taking no more than one piece is half the work, and a third of the memory that its threads keep."""
        SocketUnreader.max_body_chunk = PIECE
        gthread.TConn = PatientConnection  # there is no other place to say what it should make of a connection
        super().init_process()

    def handle_error(self, req: object, client: Any, addr: object, exc: BaseException) -> None:  # noqa: ARG002
        """Called while `exc` is handled."""
        name = type(exc).__name__
        if isinstance(exc, ParseException) and not name.startswith("InvalidResponse"):
            status = STATUS.get(name, "400 Bad Request")
        else:
            status = "500 Internal Server Error"
            self.log.exception("")
        with contextlib.suppress(OSError):
            client.sendall(_answer(status))


def _answer(status: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in HEADERS.items())]
    lines += ["Connection: close", "Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(BODY)}"]
    return "\r\n".join([*lines, "", BODY]).encode("ascii")
