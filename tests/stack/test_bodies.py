"""What passes through nginx is in its memory only: bodies that the application does not take, answers that a client does not read.

strace shows every write of its processes. Both controls find what is looked for: stock settings do write bodies and answers to files.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import tracing
from tests.stack import Stack

CANARY = b"Kestrel body canary 5512. "
SIZE = 16_000_000
KILLED = b"exited on signal 25"  # SIGXFSZ
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
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=30)
        self._listener.close()

    def _serve(self) -> None:
        try:
            self._answer(self._listener.accept()[0])
        except OSError:
            pass  # nobody came, or nginx was ended meanwhile
        finally:
            self.blocked.set()

    def _answer(self, client: socket.socket) -> None:
        with contextlib.closing(client):
            self.read_on.wait(60)
            came = b""
            while len(came) < SIZE and (piece := client.recv(1 << 20)):
                came += piece
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


@pytest.fixture(scope="module")
def alone(stack: Stack) -> Iterator[None]:
    """nginx without the application: a server of the test's own is in its place."""
    stack.quietline.stop()
    yield
    stack.quietline.start()


@pytest.fixture
def traced(stack: Stack, alone: None) -> Iterator[Path]:
    """Where strace writes what nginx does, once the test starts it with what is in etc/nginx then."""
    log = stack.folder / "etc" / "nginx.trace"
    plain = stack.nginx
    plain.stop()
    stack.under["nginx"] = tracing.strace(log)
    stack.nginx = stack.nginx_part()
    try:
        yield log
    finally:
        stack.nginx.stop()
        stack.under.clear()
        log.unlink(missing_ok=True)
        stack.nginx = plain
        plain.start()


def _pass_through(stack: Stack, *, chunked: bool) -> Reluctant:
    """A body to a server that waits, and an answer to a client that waits. Gives the server."""
    server = Reluctant(stack.port)
    trust = ssl.create_default_context(cafile=str(stack.certificate))
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # what the kernel holds for the client, nginx need not
    plain.connect(("127.0.0.1", stack.https_port))
    try:
        with trust.wrap_socket(plain, server_hostname=stack.host) as client, contextlib.suppress(OSError):
            length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {SIZE}"
            client.sendall(f"POST /x HTTP/1.1\r\nHost: {stack.host}\r\n{length}\r\n\r\n".encode())
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, _body()) if chunked else _body()
            _send_until_blocked(client, body, server.read_on.set)
            server.blocked.wait(60)
    finally:
        server.read_on.set()
        server.close()
    return server


def _files_written(log: Path) -> set[str]:
    """What held the canary in a write to anything but a socket, a pipe or nothing."""
    held = [call for call in tracing.calls(log) if CANARY.decode()[:12] in call.arguments and "write" in call.name]
    return {call.arguments.split(">")[0] for call in held if not any(kind in call.arguments for kind in ("<socket:", "<pipe:", "<TCP"))}


def test_no_byte_of_a_body_or_an_answer_is_written_to_a_file(stack: Stack, traced: Path) -> None:
    stack.nginx.start()
    for chunked in (False, True):
        server = _pass_through(stack, chunked=chunked)
        assert server.taken > 0.9 * SIZE / len(CANARY)  # where nginx cuts its chunks, it cuts a canary
    assert len(tracing.calls(traced)) > 20
    assert _files_written(traced) == set()
    opened = [call.arguments for call in tracing.calls(traced) if call.name == "openat" and "O_CREAT" in call.arguments]
    assert [each for each in opened if "nginx.pid" not in each and '"/dev/null"' not in each] == []
    there = sorted(each.name for each in (stack.folder / "nginx").iterdir())
    assert there == ["nginx.pid", *(f"unused-{each}" for each in ("body", "fastcgi", "proxy", "scgi", "uwsgi"))]


@pytest.mark.parametrize("line", ["proxy_request_buffering off;", "proxy_max_temp_file_size 0;"])
def test_without_the_setting_it_would_be(stack: Stack, traced: Path, line: str) -> None:
    """The control. A file may have sixteen bytes (LimitFSIZE): a worker that goes on with a body after them is ended."""
    configuration = stack.folder / "etc" / "nginx" / "nginx.conf"
    before = stack.nginx.log.read_bytes().count(KILLED)
    kept = configuration.with_suffix(".kept")
    shutil.copy2(configuration, kept)
    configuration.write_text(configuration.read_text().replace(line, ""))
    stack.nginx.start()
    try:
        _pass_through(stack, chunked=False)
        assert any("unused-" in each for each in _files_written(traced))
        # Of an answer nginx gives up after the sixteen bytes that it could write; a body it tries to go on with.
        deadline = time.monotonic() + 20
        while "request" in line and stack.nginx.log.read_bytes().count(KILLED) == before:
            assert time.monotonic() < deadline, "its worker went on"
            time.sleep(0.05)
    finally:
        kept.replace(configuration)
