"""Files through a real server: connections that are cut or stall, memory that stays, and no byte in clear in any file."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app.crypto import attachment
from app.crypto.hybrid import HybridIdentity
from app.domain import AttachmentId
from tests.canary import found_below
from tests.databases import Kind
from tests.portal import Portal, free_port
from tests.web.filling import BOUNDARY, Chosen, end, listed, parts
from tests.web.page import Page
from tests.web.reporter import TYPED, words
from tests.web.served import Answer, Served, read, send, serve

SEALED = b"".join(attachment.seal([bytes(range(256)) * 4000], [HybridIdentity.generate().recipient for _ in range(2)]))
FORM = "Content-Type: application/x-www-form-urlencoded"
TUS = "Tus-Resumable: 1.0.0"
MULTIPART = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture(scope="module")
def served(database_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("files")) as running:
        yield running


def post_form(portal: Portal, path: str, values: dict[str, list[str]]) -> Answer:
    body = urlencode(values, doseq=True).encode()
    return send(portal, f"POST {path} HTTP/1.1\r\n{FORM}\r\nContent-Length: {len(body)}", [body])


def post_files(portal: Portal, path: str, values: object, *files: Chosen) -> Answer:
    body = [*parts(values, files), end()]  # type: ignore[arg-type]
    return send(portal, f"POST {path} HTTP/1.1\r\n{MULTIPART}\r\nContent-Length: {sum(map(len, body))}", body)


def begin(portal: Portal) -> str:
    made = send(portal, f"POST /uploads HTTP/1.1\r\n{TUS}\r\nUpload-Length: {len(SEALED)}\r\nContent-Length: 0")
    assert made.status_code == 201
    return made.headers["Location"]


def offset(portal: Portal, path: str) -> int:
    answer = send(portal, f"HEAD {path} HTTP/1.1\r\n{TUS}")
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


def patch(path: str, start: int, framing: str) -> str:
    return f"PATCH {path} HTTP/1.1\r\n{TUS}\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: {start}\r\n{framing}"


def settled(portal: Portal, path: str, wanted: int) -> int:
    """The offset, once the server has noticed that a connection is gone."""
    deadline = time.monotonic() + 10
    while (found := offset(portal, path)) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def go_on(portal: Portal, head: str, body: list[bytes]) -> Answer:
    """The same, again while the request that was cut still holds the upload, as clients do."""
    deadline = time.monotonic() + 10
    while (answer := send(portal, head, body)).status_code == 423 and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def test_an_upload_goes_on_where_the_connection_was_cut(served: Served) -> None:
    portal = served.portal
    path = begin(portal)
    send(portal, patch(path, 0, f"Content-Length: {len(SEALED)}"), [SEALED[:700_000]], stop=True)
    assert settled(portal, path, 700_000) == 700_000
    answer = go_on(portal, patch(path, 700_000, f"Content-Length: {len(SEALED) - 700_000}"), [SEALED[700_000:]])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(SEALED)))
    _, chunks = served.place.ctx.blobs.read(served.place.id, AttachmentId(path.rpartition("/")[2]))
    assert b"".join(chunks) == SEALED


def test_an_upload_in_chunks_that_is_cut_goes_on_too(served: Served) -> None:
    portal = served.portal
    path = begin(portal)
    chunk = b"%x\r\n" % 100_000 + SEALED[:100_000] + b"\r\n"
    send(portal, patch(path, 0, "Transfer-Encoding: chunked"), [chunk], stop=True)
    assert settled(portal, path, 100_000) == 100_000
    rest = SEALED[100_000:]
    whole = [b"%x\r\n" % len(rest), rest, b"\r\n0\r\n\r\n"]
    assert go_on(portal, patch(path, 100_000, "Transfer-Encoding: chunked"), whole).status_code == 204


def test_every_verb_and_refusal_comes_over_a_real_connection(served: Served) -> None:
    portal = served.portal
    assert send(portal, "OPTIONS /uploads HTTP/1.1").headers["Tus-Version"] == "1.0.0"
    path = begin(portal)
    checksum = "Upload-Checksum: sha256 " + "A" * 43 + "="
    for head, body, status in (
        (patch(path, 0, f"Content-Length: 10\r\n{checksum}"), b"a" * 10, 460),
        (patch(path, 5, "Content-Length: 10"), b"a" * 10, 409),
        (patch(path, 0, f"Content-Length: {len(SEALED) + 1}"), SEALED + b"x", 413),
        (patch(path, 0, "Content-Length: 400000"), b"a" * 400_000, 422),
        (patch(path, 0, "Content-Length: 10"), b"a" * 10, 404),
        (f"DELETE {begin(portal)} HTTP/1.1\r\n{TUS}", b"", 204),
        (f"DELETE {path} HTTP/1.1\r\nTus-Resumable: 0.1.0", b"", 412),
    ):
        answer = send(portal, head, [body])
        assert (answer.status_code, answer.headers["Tus-Resumable"]) == (status, "1.0.0"), head


def test_who_sends_far_too_much_still_gets_to_see_the_page_with_the_text(served: Served) -> None:
    length = f"Content-Length: {600 * 1024 * 1024}"
    with closing(socket.create_connection(("127.0.0.1", served.portal.port), timeout=60)) as connection:
        head = f"POST /report/ethics/check HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{MULTIPART}\r\n{length}\r\n\r\n"
        first = b"".join(parts(TYPED, [Chosen("film.mp4", b"")]))[: -len(b"\r\n")]
        connection.sendall(head.encode() + first)
        block = bytes(1 << 20)
        for _ in range(40):  # as a browser, which reads nothing before it has sent everything
            connection.sendall(block)
        connection.shutdown(socket.SHUT_WR)
        page = read(connection).page
    assert page.status == 413
    assert "What you chose is more than 500 MB together" in page.text
    assert "The scaffold in the north hall" in page.html


def impatient(seconds: float) -> list[str]:
    """What to put before the command so that its server waits only so long."""
    code = f"import sys, app.web.patience as p; p.SILENCE = {seconds}; sys.argv = sys.argv[1:]; from app.cli import main; main()"
    return [sys.executable, "-c", code]


def test_whoever_stalls_is_given_up_and_what_came_is_kept(database_kind: Kind, tmp_path: Path) -> None:
    big = Chosen("big.bin", os.urandom(16_000_000))
    with serve(tmp_path, under=impatient(1.0)) as running:
        portal = running.portal
        path = begin(portal)
        form, check = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\n" for path in ("/conversation", "/report/ethics/check"))
        heads = {
            "headers": form,
            "form": f"{form}{FORM}\r\nContent-Length: 500\r\n\r\nwords=aband",
            "files": f"{check}{MULTIPART}\r\nContent-Length: 9999\r\n\r\n--{BOUNDARY}\r\n",
            "upload": patch(path, 0, "Host: localhost\r\nContent-Length: 5000\r\n\r\n") + "a" * 1000,
        }
        for name, head in heads.items():
            with closing(socket.create_connection(("127.0.0.1", portal.port), timeout=20)) as connection:
                began = time.monotonic()
                connection.sendall(head.encode())
                while connection.recv(65536):
                    pass
                assert 0.9 < time.monotonic() - began < 15, name
        assert offset(portal, path) == 1000
        _stalls_while_it_is_given_a_file(portal, big)
        assert portal.log.read_text().count("Error") == 0


def _stalls_while_it_is_given_a_file(portal: Portal, big: Chosen) -> None:
    check = post_files(portal, "/report/ethics/check", TYPED, big).page
    typed = words(post_form(portal, "/report/ethics/send", check.form("/report/ethics/send")).page)
    opened = post_form(portal, "/conversation", {"words": [typed]}).page
    asked = urlencode(opened.form("/conversation/attachment"), doseq=True)
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", portal.port))
        head = f"POST /conversation/attachment HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\nContent-Length: {len(asked)}\r\n\r\n"
        connection.sendall((head + asked).encode())
        time.sleep(4)
        got = 0
        try:
            while part := connection.recv(1 << 20):
                got += len(part)
        except ConnectionResetError:
            pass
    assert 0 < got < len(big.content)


def peak(pid: int) -> int:
    """The most memory that a process has held since `forget_peak`, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def stream(size: int) -> Iterator[bytes]:
    block = os.urandom(1 << 20)
    for _ in range(size >> 20):
        yield block


def test_a_large_form_grows_no_worker_and_comes_back_by_a_form_in_constant_memory(served: Served) -> None:
    portal, (worker,) = served.portal, served.workers
    size = int(os.environ.get("MEGABYTES", "100")) << 20
    for _ in range(3):  # every thread's own first steps
        post_files(portal, "/report/ethics/check", TYPED, Chosen("warm.bin", bytes(3_000_000)))
    forget_peak(worker)
    before = peak(worker)
    first = b"".join(parts(TYPED, [Chosen("film.mp4", b"")]))[: -len(b"\r\n")]
    last = b"\r\n" + end()
    head = f"POST /report/ethics/check HTTP/1.1\r\n{MULTIPART}\r\nContent-Length: {len(first) + size + len(last)}"
    check = send(portal, head, (piece for part in ([first], stream(size), [last]) for piece in part)).page
    assert (check.status, listed(check)) == (200, ["film.mp4"])
    assert peak(worker) - before <= 16 << 20
    typed = words(post_form(portal, "/report/ethics/send", check.form("/report/ethics/send")).page)
    opened = post_form(portal, "/conversation", {"words": [typed]}).page
    given = post_form(portal, "/conversation/attachment", opened.form("/conversation/attachment"))
    assert len(given.body) == size
    assert peak(worker) - before <= 16 << 20


CANARY = "Canary-7f3a-of-the-north-hall "
SECRETS = [Chosen("large.txt", CANARY.encode() * 170_000), Chosen("middle.txt", CANARY.encode() * 23_500)]
CALLS = "open,openat,creat,memfd_create,write,writev,pwrite64,pwritev,pwritev2,mmap,sendfile,splice,copy_file_range,link,linkat"
STRACE = ["strace", "-D", "-f", "-yy", "-s", "600", "-e", f"trace={CALLS}", "-o"]
_WRITE = re.compile(r"^\d+ +(?:write|writev|pwrite64|pwritev2?)\(\d+<(?P<where>[^>]*(?:->[^>]*)?)>.*")
_WAYS_AROUND = re.compile(r"^\d+ +(?:sendfile|splice|copy_file_range|linkat?)\(|O_TMPFILE|PROT_WRITE, MAP_SHARED, \d+</(?!.*-shm)")


def written_in_clear(log: Path) -> list[str]:
    """Where the canary was written to: everything but sockets and pipes. Writing by another way than `write` counts as found."""
    found = []
    for line in log.read_text(errors="replace").splitlines():
        match = _WRITE.match(line)
        if match is not None and "Canary" in line and not match["where"].startswith(("TCP", "socket:", "pipe:", "UNIX")):
            found.append(match["where"])
        elif _WAYS_AROUND.search(line):
            found.append(line)
    return found


def test_no_byte_of_a_report_or_its_files_is_written_in_clear_to_any_file(database_kind: Kind, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    text = {**TYPED, "subject": CANARY.strip(), "body": CANARY * 3000}
    with serve(tmp_path, under=[*STRACE, str(log)]) as running:
        portal = running.portal
        check = post_files(portal, "/report/ethics/check", text, *SECRETS).page
        assert listed(check) == ["large.txt", "middle.txt"]
        typed = words(post_form(portal, "/report/ethics/send", check.form("/report/ethics/send")).page)
        opened = post_form(portal, "/conversation", {"words": [typed]}).page
        reply = {**opened.form("/conversation/answer"), "body": [CANARY * 3000]}
        answered = post_files(portal, "/conversation/answer", reply, SECRETS[1]).page
        assert "sealed and stored" in answered.text
        assert len(_given(portal, opened)) == len(SECRETS[0].content)
    calls = log.read_text(errors="replace")
    assert calls.count("/blobs/") > 3, "nothing was watched"
    assert written_in_clear(log) == []
    assert found_below(tmp_path / "data", [CANARY.strip()]) == {}


def _given(portal: Portal, opened: Page) -> bytes:
    form = opened.all("form", action="/conversation/attachment")[0]
    values = {e.get("name") or "": [e.get("value") or ""] for e in opened.all("input") if form in e.parents}
    return post_form(portal, "/conversation/attachment", values).body


WERKZEUG = """
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server
from werkzeug import Request, Response
@Request.application
def parsing(request):
    return Response(str([len(file.read()) for file in request.files.getlist("files")]))
class Quiet(WSGIRequestHandler):
    def log_message(self, *_): pass
make_server("127.0.0.1", int(sys.argv[1]), parsing, handler_class=Quiet).handle_request()
"""


def test_the_same_watch_catches_a_parser_that_writes_to_a_temporary_file(tmp_path: Path) -> None:
    log, port = tmp_path / "calls", free_port()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([*STRACE, str(log), sys.executable, "-c", WERKZEUG, str(port)], env=environment) as process:
        body = [*parts(TYPED, SECRETS), end()]
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{MULTIPART}\r\nContent-Length: {sum(map(len, body))}\r\n\r\n"
        with closing(_connected(port)) as connection:
            connection.sendall(head.encode() + b"".join(body))
            assert str([len(file.content) for file in SECRETS]) in read(connection).body.decode()
        process.wait(timeout=30)
    assert any(str(tmp_path) in where for where in written_in_clear(log))
    assert list(tmp_path.iterdir()) == [log]  # nobody who only looks at the folder would know


def _connected(port: int) -> socket.socket:
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
