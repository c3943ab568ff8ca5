"""What the monitor's process does: three pages for whoever is on this machine. Nothing is logged, and nothing of a request is kept."""

from __future__ import annotations

import gc
import os
import signal
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from app.cli import monitor_text
from app.errors import QuietlineError
from app.services import quota, readiness
from app.services.context import Context
from app.services.figures import LastDay
from app.settings import is_loopback

CONNECTIONS: Final = 8
"""Answered at a time; a further one is closed at once."""

SECONDS: Final = 15
"""How long a connection may last, whatever it does."""

_PLAIN: Final = "text/plain; charset=utf-8"
_FOR_THE_MASTER: Final = ("HUP", "QUIT", "INT", "USR1", "USR2", "TTIN", "TTOU", "WINCH")
"""Signals that a whole group may be sent; the master says what follows from them."""


def serve(context: Context, listener: socket.socket, master: int) -> None:
    """The process itself: answer until the master is gone or a signal comes."""
    for name in _FOR_THE_MASTER:
        signal.signal(signal.Signals[f"SIG{name}"], signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, _end)
    context.database.after_fork()
    try:
        _Server(context, listener, master).serve_forever(poll_interval=0.5)
    except SystemExit:
        pass
    finally:
        context.database.dispose()


def _end(*_: object) -> None:
    raise SystemExit


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, context: Context, listener: socket.socket, master: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.context, self._master = context, master
        self.local_names = context.settings.monitor is not None and not isinstance(context.settings.monitor, Path)
        self.checks = readiness.checks()
        self._shared = None if context.shared is None else readiness.shared()
        self._last_day = LastDay()
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        gc.freeze()

    def service_actions(self) -> None:
        """Called twice a second."""
        if os.getppid() != self._master:
            raise SystemExit

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        limit = threading.Timer(SECONDS, _cut, [request])
        limit.daemon = True
        limit.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            limit.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away. Nothing is logged of it."""

    def findings(self) -> list[readiness.Finding]:
        """Every check, looked at side by side."""
        found: dict[str, readiness.Finding] = {}
        threads = [threading.Thread(target=lambda each=each: found.update({each.name: each.find(self.context)})) for each in self.checks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [found[each.name] for each in self.checks]

    def metrics(self) -> bytes:
        """What needs the database is left to what is known already while that does not answer."""
        findings = self.findings()
        figures, storage = self._last_day.kept, None
        if _all_ok(findings, "database", "schema"):
            with suppress(QuietlineError, OSError):
                storage, figures = quota.shown(self.context), self._last_day.figures(self.context)
        shared = None if self._shared is None else self._shared.find(self.context)
        return monitor_text.metrics(self.context, figures, storage, findings, shared)

    def readiness(self) -> tuple[bool, str]:
        """Whether everything needed is there, and a line for each thing."""
        findings = self.findings()
        storage = readiness.storage(self.context) if _all_ok(findings, "database", "schema") else None
        return monitor_text.readiness(findings, storage)


def _all_ok(findings: Iterable[readiness.Finding], *names: str) -> bool:
    return all(each.ok for each in findings if each.name in names)


def _cut(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def do_GET(self) -> None:
        """One of three pages. A browser that was sent here by a page of somebody else's is told nothing."""
        host = self.headers.get("Host", "").rpartition(":")
        if self.server.local_names and not is_loopback(host[0] or host[2]):
            self._answer(421, "This answers under an address of this machine only.\n")
        elif self.path in _PAGES:
            self._answer(*_PAGES[self.path](self.server))
        else:
            self._answer(404, "There are /healthz, /readyz and /metrics.\n")

    def do_HEAD(self) -> None:
        """The same without the text."""
        self.do_GET()

    def _answer(self, status: int, body: str | bytes, kind: str = _PLAIN) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response_only(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(data))), ("Cache-Control", "no-store")):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What cannot be read gets a fixed answer."""
        self.close_connection = True
        self.command = self.command or "GET"
        self._answer(code, "This request cannot be read.\n")

    def log_message(self, *args: Any) -> None:
        """Never."""


def _health(server: _Server) -> tuple[int, str]:
    ok, text = monitor_text.health(server.context.vitals.workers(), server.context.settings.workers)
    return 200 if ok else 503, text


def _ready(server: _Server) -> tuple[int, str]:
    ok, text = server.readiness()
    return 200 if ok else 503, text


def _metrics(server: _Server) -> tuple[int, bytes, str]:
    return 200, server.metrics(), monitor_text.METRICS_TYPE


_PAGES: Final[dict[str, Callable[[_Server], Any]]] = {"/healthz": _health, "/readyz": _ready, "/metrics": _metrics}
