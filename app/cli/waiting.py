"""What those see whose request waits long for a thread.

A form: after a few seconds the answer begins with a page that says so and keeps the text (web/waiting.py), and ends with what the form is
answered with. The connection and the request are kept here, so that nothing has to be sent a second time; a browser that sends a form
again by itself needs either a script or redirections, and those end after twenty. A script: it is told to come again, and does.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

from gunicorn.http import wsgi
from gunicorn.util import http_date

from app.cli.incoming import Incoming
from app.web.lanes import REPORTS, Lane
from app.web.waiting import ASKED

LANES: Final = (*REPORTS, Lane.OPENING, Lane.FOLLOWUP)
FORM_SECONDS: Final = 3.0
SCRIPT_SECONDS: Final = 20.0
OFFER_SECONDS: Final = 3.0
"""After which a script is offered proof of work, where that is switched on."""

SIGN_SECONDS: Final = 10.0
"""Proxies give up an answer of which nothing comes for a minute."""

_SIGN: Final = b"1\r\n\n\r\n"
_END: Final = b"0\r\n\r\n"
_NO_PAGE: Final = "/attachment"
_OURS: Final = frozenset({"content-length", "connection", "transfer-encoding", "date"})


def is_late_form(incoming: Incoming, now: float) -> bool:
    """Whether it is time for the page that says so."""
    head = incoming.head
    if head is None or incoming.begun or now - incoming.put < FORM_SECONDS:
        return False
    return head.method == "POST" and head.type != "application/json" and not head.short and not head.path.endswith(_NO_PAGE)


def is_late_script(incoming: Incoming, now: float) -> bool:
    """Whether a script is to be told to come again."""
    head = incoming.head
    return head is not None and head.type == "application/json" and now - incoming.put >= SCRIPT_SECONDS


def may_prove(incoming: Incoming, now: float) -> bool:
    """Whether a script is to be offered proof of work: once, since one that answers with whatever proof or none waits like everybody.

    Nobody on an onion service is: Tor has its own proof of work, before anything reaches us.
    """
    head = incoming.head
    if head is None or head.type != "application/json" or head.proof is not None or head.onion:
        return False
    return now - incoming.put >= OFFER_SECONDS


def is_silent(incoming: Incoming, now: float) -> bool:
    """Whether a page that has begun has to show that it goes on."""
    return incoming.begun and not incoming.unsent and now - incoming.spoke >= SIGN_SECONDS


def show_sign(incoming: Incoming, now: float) -> bool:
    """One byte that no browser shows. False where the client is gone."""
    incoming.spoke = now
    try:
        incoming.sock.setblocking(False)
        return incoming.sock.send(_SIGN) == len(_SIGN)
    except OSError:
        return False


def begin(worker: Any, req: Any, conn: Any) -> None:
    """In a thread: the page, as far as it goes now. Nothing is begun where the form turns out to be none. OSError: the client is gone."""
    incoming = conn.incoming
    status, headers, body = _ask(worker, req, conn, {ASKED: True})
    incoming.begun = status.startswith("200 ")
    if not incoming.begun:
        incoming.put = float("inf")  # not asked a second time
        return
    lines = ["HTTP/1.1 200 OK", f"Date: {http_date()}", "Connection: close", "Transfer-Encoding: chunked"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in _OURS]
    data = "\r\n".join([*lines, "", ""]).encode("latin-1") + _chunk(body)
    conn.sock.setblocking(False)
    try:
        sent = conn.sock.send(data)
    except BlockingIOError:
        sent = 0
    incoming.unsent = data[sent:]
    incoming.spoke = time.monotonic()


def finish(worker: Any, req: Any, conn: Any) -> bool:
    """In a thread: the rest of such a page, which is what the form is answered with. The connection ends."""
    _, _, body = _ask(worker, req, conn, {})
    conn.sock.sendall(conn.incoming.unsent + _chunk(body) + _END)
    return False


def _ask(worker: Any, req: Any, conn: Any, more: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """The application's whole answer."""
    answer: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:  # noqa: ARG001
        answer[:] = [status, headers]

    _, environ = wsgi.create(req, conn.sock, conn.client, conn.server, worker.cfg)
    environ["wsgi.multithread"] = True
    pieces: Iterable[bytes] = worker.wsgi({**environ, **more}, start)
    try:
        body = b"".join(pieces)
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
    return answer[0], answer[1], body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""
