from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from app.cli.serve import options
from app.crypto.hybrid import HybridIdentity
from tests.cli.runner import environment, quietline, refused, worked
from tests.databases import Kind, databases
from tests.portal import Portal, free_port
from tests.support import SECRET_KEY, make_settings

pytestmark = pytest.mark.usefixtures("database_kind")
CANARY = b"canary-5501"
ACCESS = re.compile(r"User name:  (\S+)\n  Password:   (.+)\n")


@pytest.fixture(scope="module")
def demo(database_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("demo")
    settings = environment(folder / "data")
    settings.pop("QUIETLINE_MODE")
    settings.pop("QUIETLINE_KDF_PROFILE")
    with Portal(settings, folder / "log.txt", command="demo") as portal:
        yield portal


def raw(portal: Portal, request: bytes) -> bytes:
    """The answer to bytes that no browser sends, from an address that can be told from others."""
    with socket.create_connection(("127.0.0.1", portal.port), source_address=("127.0.0.77", 0), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def test_the_demo_prints_where_and_how_to_log_in(demo: Portal) -> None:
    text = demo.log.read_text()
    assert f"Report a concern:  http://127.0.0.1:{demo.port}/\n" in text
    assert f"Read and answer:   http://127.0.0.1:{demo.port}/desk/\n" in text
    access = ACCESS.search(text)
    assert access is not None
    assert len(access[2].split()) == 6


def test_the_demos_files_are_for_their_owner_only(demo: Portal) -> None:
    data = demo.log.parent / "data"
    wide = [path.name for path in data.iterdir() if stat.S_IMODE(path.stat().st_mode) & 0o077]
    ours = {"demo.json", "secret-key", "staging", "blobs", "quietline.db", "quietline.db-wal", "quietline.db-shm"}
    assert {path.name for path in data.iterdir()} <= ours
    assert wide == []


def test_the_server_names_no_version(demo: Portal) -> None:
    with urlopen(f"{demo.url}/") as answer:
        assert not re.search(r"\d", answer.headers.get("Server", ""))


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"%s\r\n\r\n" % CANARY, b"400 Bad Request"),
        (b"GET /%s%s HTTP/1.1\r\n\r\n" % (CANARY, b"a" * 5000), b"414 URI Too Long"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (b"X-A: %s\r\n" % CANARY * 100), b"431 Request Header Fields Too Large"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: %s%s\r\n\r\n" % (CANARY, b"a" * 9000), b"431 Request Header Fields Too Large"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: %s\r\n\r\n" % CANARY, b"501 Not Implemented"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n" % CANARY, b"400 Bad Request"),
    ],
)
def test_what_is_not_http_gets_a_fixed_answer_with_our_headers(demo: Portal, request_bytes: bytes, status: bytes) -> None:
    answer = raw(demo, request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert b"Content-Security-Policy: default-src 'none'" in head
    assert b"Cache-Control: no-store" in head
    assert body == b"This request cannot be read.\n"
    assert CANARY not in answer


def test_nothing_of_requests_is_logged(demo: Portal) -> None:
    raw(demo, b"%s\r\n\r\n" % CANARY)
    raw(demo, b"GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nUser-Agent: %s\r\n\r\n" % (CANARY, CANARY))
    log = demo.log.read_bytes()
    assert b"Quietline demo" in log  # this is the file that the server writes to
    for trace in (CANARY, b"127.0.0.77", b"GET /", b"Invalid request"):
        assert trace not in log


def test_a_second_start_keeps_the_data_and_the_password(tmp_path: Path) -> None:
    settings = environment(tmp_path / "data", MODE="demo", KDF_PROFILE="production")
    texts = []
    for number in (1, 2):
        log = tmp_path / f"log{number}.txt"
        with Portal(settings, log, command="demo"):
            texts.append(log.read_text())
    first, second = (ACCESS.search(text) for text in texts)
    assert first is not None
    assert second is not None
    assert first.groups() == second.groups()


def test_a_port_in_use_is_said_in_one_sentence(demo: Portal, tmp_path: Path) -> None:
    data = demo.log.parent / "data"
    done = quietline(data, "demo", MODE="demo", KDF_PROFILE="production", BIND=f"127.0.0.1:{demo.port}")
    assert done.returncode == 1
    assert b"cannot be used" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_demo_is_for_this_machine_only(tmp_path: Path) -> None:
    sentence = refused(quietline(tmp_path, "demo", BIND="0.0.0.0:8000", KDF_PROFILE="production"))
    assert "this machine only" in sentence
    assert not (tmp_path / "quietline.db").exists()


def test_what_init_made_is_served_and_a_signal_ends_it_well(tmp_path: Path) -> None:
    data = tmp_path / "data"
    worked(quietline(data, "init", "--recovery", str(HybridIdentity.generate().recipient), "--name", "Northwind"))
    settings = environment(data, MODE="production", KDF_PROFILE="production", SECRET_KEY_FILE=str(data / "secret-key"))
    with Portal(settings, tmp_path / "log.txt") as portal:
        with urlopen(f"{portal.url}/") as answer:
            assert b"Northwind" in answer.read()
        os.kill(portal.pid, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(portal.pid, 0)[1]) == 0
    assert (tmp_path / "log.txt").read_text() == f"Serving at {portal.url}/\n"


def test_a_signal_while_workers_are_starting_ends_it_too(tmp_path: Path) -> None:
    data = tmp_path / "data"
    worked(quietline(data, "init", "--recovery", str(HybridIdentity.generate().recipient)))
    booting = "lambda self, server, worker: (print('forked', flush=True), time.sleep(2))"
    slow = f"import time; from app.cli import cli, serve; serve.Server._after_fork = {booting}; cli(['serve'])"
    settings = environment(
        data, MODE="production", KDF_PROFILE="production", SECRET_KEY_FILE=str(data / "secret-key"), BIND=f"127.0.0.1:{free_port()}"
    )
    with subprocess.Popen([sys.executable, "-c", slow], env=settings, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"forked\n"
        process.terminate()
        assert process.wait(timeout=15) == 0  # sooner than the 20 seconds after which it would be killed


def test_serving_without_a_secret_is_refused(tmp_path: Path) -> None:
    assert "QUIETLINE_SECRET_KEY_FILE is not set" in refused(quietline(tmp_path, "serve"))


def test_no_header_of_a_proxy_is_believed_by_the_server(tmp_path: Path) -> None:
    told = options(make_settings(tmp_path, TRUST_PROXY="1"))
    assert (told["forwarded_allow_ips"], told["secure_scheme_headers"], told["forwarder_headers"]) == ("", {}, "")


def test_an_ipv6_address_is_bound_in_brackets(tmp_path: Path) -> None:
    assert options(make_settings(tmp_path, BIND="[::1]:8000"))["bind"] == "[::1]:8000"


@pytest.mark.only_postgresql
@pytest.mark.parametrize("command", ["serve", "demo", "status"])
def test_a_password_in_the_address_is_in_no_sentence(tmp_path: Path, command: str) -> None:
    databases.url(tmp_path)
    there, _, options_ = databases.own().partition("@")
    for name, host in (("guarded", options_), ("x", "/x?host=/nonexistent")):
        address = f"{there.partition('://')[0]}://{name}:pass{CANARY.decode()}@{host}"
        settings = {"DATABASE_URL": address, "SECRET_KEY": SECRET_KEY} | ({"KDF_PROFILE": "production"} if command == "demo" else {})
        sentence = refused(quietline(tmp_path, command, **settings))
        assert CANARY.decode() not in sentence
        assert "PostgreSQL" in sentence
