"""What passes through nginx is in its memory only: bodies that the application does not take, answers that a client does not read.

strace shows every write of its processes. Both controls find what is looked for: stock settings do write bodies and answers to files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import tracing
from tests.stack import Stack

CANARY = b"Kestrel body canary 5512. "
SIZE = 6_000_000
STILL = 0.5
"""Seconds without a byte taken after which the other side is known not to read."""


class Reluctant:
    """A server in the application's place. It reads a body only once it is told to, and answers with as much."""

    def __init__(self, port: int) -> None:
        self.read_on = threading.Event()
        self.blocked = threading.Event()
        self.taken = 0
        self._listener = socket.create_server(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()
        self._thread.join(timeout=30)

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with contextlib.closing(client):
            self.read_on.wait(60)
            came = b""
            while len(came) < SIZE:
                came += client.recv(1 << 20)
            self.taken = came.count(CANARY)
            client.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n".encode())
            _send_until_blocked(client, _body(), self.blocked.set)


def _body() -> bytes:
    return (CANARY * (SIZE // len(CANARY) + 1))[:SIZE]


def _send_until_blocked(connection: socket.socket, data: bytes, blocked: Callable[[], object]) -> None:
    """Everything; calls `blocked` when the other side has taken nothing for a while, and at the end."""
    connection.settimeout(STILL)
    position = 0
    while position < len(data):
        try:
            position += connection.send(data[position : position + 65536])
        except TimeoutError:
            blocked()
            connection.settimeout(60)
    blocked()


@pytest.fixture
def traced(stack: Stack) -> Iterator[Path]:
    """nginx under strace, the application away. Gives what strace writes; nginx starts with what is in etc/nginx then."""
    log = stack.folder / "etc" / "nginx.trace"
    plain = stack.nginx
    for part in (stack.nginx, stack.quietline):
        part.stop()
    stack.under["nginx"] = tracing.strace(log)
    stack.nginx = stack.nginx_part()
    stack.quietline.start()  # nginx counts as started once a page comes
    try:
        yield log
    finally:
        stack.nginx.stop()
        stack.under.clear()
        stack.nginx = plain
        log.unlink(missing_ok=True)
        stack.quietline.stop()
        stack.quietline.start()
        stack.nginx.start()


def _pass_through(stack: Stack, *, chunked: bool) -> Reluctant:
    """A body to a server that waits, and an answer to a client that waits. Gives the server."""
    stack.nginx.start()
    stack.quietline.stop()
    server = Reluctant(stack.port)
    trust = ssl.create_default_context(cafile=str(stack.certificate))
    plain = socket.create_connection(("127.0.0.1", stack.https_port))
    try:
        with trust.wrap_socket(plain, server_hostname=stack.host) as client, contextlib.suppress(OSError):
            length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {SIZE}"
            client.sendall(f"POST /x HTTP/1.1\r\nHost: {stack.host}\r\n{length}\r\n\r\n".encode())
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, _body()) if chunked else _body()
            _send_until_blocked(client, body, server.read_on.set)
            server.blocked.wait(60)
            while client.recv(1 << 20):
                pass
    finally:
        server.read_on.set()
        server.close()
    return server


def _files_written(log: Path) -> set[str]:
    """What held the canary in a write to anything but a socket, a pipe or nothing."""
    held = [call for call in tracing.calls(log) if CANARY.decode()[:12] in call.arguments and "write" in call.name]
    return {call.arguments.split(">")[0] for call in held if not any(kind in call.arguments for kind in ("<socket:", "<pipe:", "<TCP"))}


@pytest.mark.parametrize("chunked", [False, True], ids=["with_a_length", "chunked"])
def test_no_byte_of_a_body_or_an_answer_is_written_to_a_file(stack: Stack, traced: Path, chunked: bool) -> None:
    server = _pass_through(stack, chunked=chunked)
    assert server.taken >= SIZE // len(CANARY)
    assert len(tracing.calls(traced)) > 20
    assert _files_written(traced) == set()
    opened = [call.arguments for call in tracing.calls(traced) if call.name == "openat" and "O_CREAT" in call.arguments]
    assert [each for each in opened if "nginx.pid" not in each] == []
    assert sorted(os.listdir(stack.folder / "nginx")) == ["nginx.pid", *(f"unused-{each}" for each in ("body", "fastcgi", "proxy", "scgi", "uwsgi"))]


@pytest.mark.parametrize("line", ["proxy_request_buffering off;", "proxy_max_temp_file_size 0;"])
def test_without_the_setting_it_would_be_and_the_unit_then_ends_nginx(stack: Stack, traced: Path, line: str) -> None:
    """The control. A file may have sixteen bytes (LimitFSIZE), so the first write of more than that is the worker's last."""
    configuration = stack.folder / "etc" / "nginx" / "nginx.conf"
    kept = configuration.with_suffix(".kept")
    shutil.copy2(configuration, kept)
    configuration.write_text(configuration.read_text().replace(line, ""))
    try:
        _pass_through(stack, chunked=False)
        assert any("unused-" in each for each in _files_written(traced))
        assert b"exited on signal 25" in stack.nginx.log.read_bytes()
    finally:
        kept.replace(configuration)
