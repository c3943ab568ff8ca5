"""What nginx promises: who is answered and how, which headers pass, what it refuses, and that it keeps nothing of anybody."""

from __future__ import annotations

import contextlib
import http.client
import re
import secrets
import socket
import ssl
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.domain import LIMITS
from app.services import uploads
from app.services.context import Context
from app.web.headers import HEADERS
from deploy.stack import asking, units
from tests import canary
from tests.stack import ONION, Stack
from tests.stack.echo import Echo

CLIENT = "127.0.0.77"
AGENT = "ProxyBrowser/4.2 (canary-agent)"
TOLD = {
    "User-Agent": AGENT,
    "Referer": "https://intranet.example/canary-page",
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "canary-proto",
    "X-Forwarded-Host": "canary-host.example",
    "X-Forwarded-Port": "7",
    "X-Forwarded-Prefix": "/canary-prefix",
    "X-Real-IP": "203.0.113.8",
    "X-Client-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.10;host=canary-forwarded.example",
    "Via": "1.1 canary-via",
    "X_Forwarded_For": "203.0.113.11",
}


def asked(
    port: int, host: str, path: str = "/", headers: Mapping[str, str] | None = None, certificate: Path | None = None
) -> http.client.HTTPResponse:
    connection = asking.connection(port, host, certificate)
    connection.request("GET", path, headers={"Host": host, **(headers or {})})
    return connection.getresponse()


def clear(stack: Stack, path: str = "/", headers: Mapping[str, str] | None = None) -> http.client.HTTPResponse:
    return asked(stack.https_port, stack.host, path, headers, stack.certificate)


def onion(stack: Stack, path: str = "/", headers: Mapping[str, str] | None = None) -> http.client.HTTPResponse:
    return asked(stack.onion_port, ONION, path, headers)


def raw(stack: Stack, *, tls: bool = True, name: str | None = None) -> socket.socket:
    """A connection from an address that a search can look for."""
    plain = socket.create_connection(("127.0.0.1", stack.https_port if tls else stack.onion_port), timeout=60, source_address=(CLIENT, 0))
    if not tls:
        return plain
    trust = ssl.create_default_context(cafile=str(stack.certificate))
    return trust.wrap_socket(plain, server_hostname=name or stack.host)


def answer_to(connection: socket.socket, request: bytes) -> bytes:
    """Everything until the other side closes."""
    with contextlib.closing(connection):
        with contextlib.suppress(OSError):  # whoever was cut off hears it while sending
            connection.sendall(request)
        came = b""
        with contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                came += piece
        return came


@dataclass
class Dawdling:
    """A connection whose headers do not end."""

    connection: socket.socket
    began: float


@pytest.fixture(scope="module", autouse=True)
def dawdling(stack: Stack) -> Iterator[Dawdling]:
    """From the first test on, so that only the last one waits for it."""
    with contextlib.closing(raw(stack, tls=False)) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: " + ONION.encode() + b"\r\nX-Slow: ")
        yield Dawdling(slow, time.monotonic())


def test_the_clear_site_is_for_https_and_says_where_the_onion_service_is(stack: Stack) -> None:
    sent_on = asked(stack.http_port, stack.host, "/report?x=1")
    assert (sent_on.status, sent_on.getheader("Location")) == (301, f"{stack.https_url}/report?x=1")
    assert sent_on.getheader("Strict-Transport-Security") is None
    page = clear(stack, "/report")
    assert page.status == 200
    assert page.getheader("Strict-Transport-Security") == "max-age=63072000"
    assert page.getheader("Onion-Location") == f"http://{ONION}/report"


def test_the_onion_service_has_neither(stack: Stack) -> None:
    for path in ("/report", "/no-such-page"):
        page = onion(stack, path)
        assert page.status in (200, 404)
        assert (page.getheader("Strict-Transport-Security"), page.getheader("Onion-Location")) == (None, None)


def test_the_applications_headers_come_through_once_and_nginx_says_no_version(stack: Stack) -> None:
    for page in (clear(stack), onion(stack), clear(stack, "/no-such-page")):
        assert {name: page.headers.get_all(name) for name in HEADERS} == {name: [value] for name, value in HEADERS.items()}
        assert page.getheader("Server") == "nginx"
        assert page.getheader("Content-Encoding") is None


def test_pages_are_not_compressed_and_static_files_are_as_the_application_made_them(stack: Stack) -> None:
    assert clear(stack, "/report/ethics", {"Accept-Encoding": "gzip, br"}).getheader("Content-Encoding") is None
    assert clear(stack, "/static/css/quietline.css", {"Accept-Encoding": "gzip"}).getheader("Content-Encoding") == "gzip"


@pytest.mark.parametrize("name", ["elsewhere.example", "127.0.0.1", ""])
def test_another_name_is_cut_off_without_a_word(stack: Stack, name: str) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()
    assert answer_to(raw(stack, tls=False), request) == b""
    # Whoever named the host in the handshake knows it; without a name in the request they are told that it cannot be read.
    assert answer_to(raw(stack), request) == b"" or (not name and b" 400 " in answer_to(raw(stack), request)[:16])
    with contextlib.closing(socket.create_connection(("127.0.0.1", stack.http_port), timeout=60)) as plain:
        assert answer_to(plain, request) == b""


def test_no_certificate_is_shown_under_another_name(stack: Stack) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        raw(stack, name="elsewhere.example")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_is_1_2_or_newer_and_no_session_is_resumed(stack: Stack, version: ssl.TLSVersion) -> None:
    trust = ssl.create_default_context(cafile=str(stack.certificate))
    trust.set_ciphers("DEFAULT@SECLEVEL=0")
    trust.minimum_version = trust.maximum_version = version
    session = None
    for _ in range(2):
        plain = socket.create_connection(("127.0.0.1", stack.https_port), timeout=60)
        if version is ssl.TLSVersion.TLSv1_1:
            with pytest.raises(ssl.SSLError), contextlib.closing(plain):
                trust.wrap_socket(plain, server_hostname=stack.host)
            return
        with contextlib.closing(trust.wrap_socket(plain, server_hostname=stack.host, session=session)) as secure:
            secure.sendall(f"GET / HTTP/1.0\r\nHost: {stack.host}\r\n\r\n".encode())
            assert secure.recv(12) == b"HTTP/1.1 200"
            assert not secure.session_reused
            session = secure.session


@pytest.fixture
def echo(stack: Stack) -> Iterator[Echo]:
    """In the application's place: it keeps the requests that nginx hands on."""
    stack.quietline.stop()
    try:
        with Echo(stack.port) as standing_in:
            yield standing_in
    finally:
        stack.quietline.start()


def test_no_header_of_a_client_that_tells_who_it_was_is_handed_on(stack: Stack, echo: Echo) -> None:
    page = clear(stack, "/", TOLD)
    assert page.status == 200
    page.read()
    onion_page = onion(stack, "/", TOLD)
    assert onion_page.status == 200
    heads = echo.heads()
    assert len(heads) == 2
    for head, scheme, host in zip(heads, ("https", "http"), (stack.host, ONION), strict=True):
        names = {name.lower() for name in head}
        assert {
            "x-forwarded-for",
            "forwarded",
            "x-real-ip",
            "x-client-ip",
            "user-agent",
            "referer",
            "via",
            "x_forwarded_for",
        } & names == set()
        assert canary.found_in(repr(head).encode(), ["canary", "203.0.113", "127.0.0.1"]) == set()
        assert (head["x-forwarded-proto"], head["x-forwarded-host"], head["host"]) == (scheme, host, host)


def test_the_port_that_a_browser_sees_is_handed_on_with_the_name(stack: Stack, echo: Echo) -> None:
    clear(stack, "/", {"Host": f"{stack.host}:8443"}).read()
    strange = f"GET https://{stack.host}/ HTTP/1.1\r\nHost: elsewhere.example:99\r\nConnection: close\r\n\r\n".encode()
    answer_to(raw(stack), strange)
    assert [head["host"] for head in echo.heads()] == [f"{stack.host}:8443", f"{stack.host}:99"]


def test_nothing_is_said_of_requests_whatever_goes_wrong_with_them(stack: Stack) -> None:
    secret = f"canary-{secrets.token_hex(8)}"
    host = stack.host.encode()
    path = f"/{secret}".encode()
    said = b"User-Agent: " + AGENT.encode() + b"\r\n"
    too_large = b"POST " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 9999999999\r\n\r\n"
    assert b" 413 " in answer_to(raw(stack), too_large).split(b"\r\n")[0]
    assert (
        b" 400 "
        in answer_to(raw(stack), b"GET " + path + b" HTTP/1.1\r\nContent-Length: a\r\nHost: " + host + b"\r\n\r\n").split(b"\r\n")[0]
    )
    assert b" 414 " in answer_to(raw(stack), b"GET /" + path * 2000 + b" HTTP/1.1\r\n\r\n").split(b"\r\n")[0]
    assert b" 400 " in answer_to(raw(stack), b"\x16\x03\x01 " + path + b"\r\n\r\n").split(b"\r\n")[0]
    no_tls = socket.create_connection(("127.0.0.1", stack.https_port), timeout=60, source_address=(CLIENT, 0))
    assert b" 400 " in answer_to(no_tls, b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").split(b"\r\n")[0]
    for _ in range(3):  # gone while nginx reads, and while the application works
        gone = raw(stack, tls=False)
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.sendall(
            b"POST /report/ethics/check HTTP/1.1\r\nHost: " + ONION.encode() + b"\r\n" + said + b"Content-Length: 5000\r\n\r\nhalf"
        )
        gone.close()
    stack.quietline.stop()
    try:
        away = answer_to(raw(stack), b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\n" + said + b"Connection: close\r\n\r\n")
        assert b" 502 " in away.split(b"\r\n")[0]
        assert b"Cache-Control: no-store" in away
        assert b"Content-Security-Policy: default-src 'none'" in away
        assert b"go back one page" in away
        assert b"nginx" not in away.partition(b"\r\n\r\n")[2]
    finally:
        stack.quietline.start()
    said_of_it = stack.nginx.log.read_bytes()
    assert b"start worker process" in said_of_it  # what processes do is said
    assert canary.found_in(said_of_it, [secret, AGENT, CLIENT, "client:", "127.0.0.1", "request"]) == set()
    assert canary.found_below(stack.folder / "nginx", [secret, AGENT, CLIENT]) == {}


def test_without_the_two_lines_about_logs_the_same_would_be_found() -> None:
    """A stock nginx names the client at the default level: what the test before this one does not find, it would."""
    text = (units.DEPLOY / "nginx" / "nginx.conf").read_text()
    assert re.findall(r"^ *(?:access_log|error_log) .*;", text, re.M) == [
        "error_log stderr notice;",
        "    access_log off;",
        "    error_log /dev/null emerg;",
    ]


def test_the_bound_on_bodies_is_above_every_bound_of_the_application(ctx: Context) -> None:
    text = (units.DEPLOY / "nginx" / "places" / "largest-body.conf").read_text()
    (megabytes,) = re.findall(r"^client_max_body_size (\d+)m;$", text, re.M)
    largest = max(uploads.largest(ctx), LIMITS.multipart_bytes, LIMITS.form_bytes, LIMITS.sealed_request_bytes)
    assert largest <= int(megabytes) << 20 <= largest * 1.01


def test_slow_headers_are_seen_off_by_nginx_alone(dawdling: Dawdling) -> None:
    """The application hears nothing of them; the time is nginx's own."""
    with contextlib.suppress(ConnectionResetError):
        assert dawdling.connection.recv(65536) == b""
    assert 19 < time.monotonic() - dawdling.began < 60
