"""A person's client with everything in it that tells who they are: an address of its own, and a canary in each header."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.faults.sweep.canaries import Canaries
from tests.web.filling import BOUNDARY, Chosen, Values, end, parts
from tests.web.served import Answer

SECONDS = 60


class Client:
    """Speaks HTTP to a port of this machine, with TLS where there is a certificate. Each request has a connection of its own."""

    def __init__(self, canaries: Canaries, port: int, host: str, certificate: Path | None = None) -> None:
        self.canaries = canaries
        self.port = port
        self.host = f"{host}:{port}"
        self._name = host
        self._tls = None if certificate is None else ssl.create_default_context(cafile=certificate)
        self.headers = {
            "User-Agent": f"Mozilla/5.0 (X11; Linux x86_64) {canaries['User-Agent']}/7.7",
            "Accept-Language": f"de-x-{canaries['Accept-Language'][:8]},{canaries['Accept-Language']};q=0.7",
            "Referer": f"https://intranet.example/{canaries['Referer']}",
            "Cookie": f"visitor={canaries['Cookie']}",
            "X-Forwarded-For": canaries.forwarded,
            "X-Real-IP": canaries.forwarded,
            "Forwarded": f'for="[{canaries.forwarded}]"',
        }

    def connect(self, *, plain: bool = False) -> socket.socket:
        """A connection from the person's address. `plain`: without TLS in any case."""
        connection = socket.create_connection(("127.0.0.1", self.port), SECONDS, (self.canaries.address, 0))
        self.canaries.ports.add(connection.getsockname()[1])
        return connection if self._tls is None or plain else self._tls.wrap_socket(connection, server_hostname=self._name)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request and its answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port)) as speaking:
            speaking.sock = self.connect()
            speaking.request(method, path, body, {"Host": self.host, "Connection": "close", **self.headers, **(headers or {})})
            answer = speaking.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post_form(self, path: str, values: Mapping[str, Any]) -> Answer:
        """A form without files."""
        return self.ask("POST", path, urlencode(values, doseq=True).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def post_files(self, path: str, values: Values, *files: Chosen) -> Answer:
        """A form with files, as a browser without script sends it."""
        return self.ask("POST", path, b"".join(parts(values, files)) + end(), multipart())

    def say(self, said: bytes, *, plain: bool = False) -> bytes:
        """Bytes that need be no request, and what comes back until the server hangs up."""
        answered = bytearray()
        with closing(self.connect(plain=plain)) as connection, suppress(OSError):
            connection.sendall(said)
            while piece := connection.recv(65536):
                answered += piece
        return bytes(answered)

    def break_off(self, path: str, values: Values, file: Chosen) -> None:
        """Send a form with a file as far as its middle, and hang up."""
        body = b"".join(parts(values, [file])) + end()
        head = [f"POST {path} HTTP/1.1", f"Host: {self.host}", *(f"{name}: {value}" for name, value in self.headers.items())]
        head += [f"Content-Type: {multipart()['Content-Type']}", f"Content-Length: {len(body)}", "", ""]
        with closing(self.connect()) as connection:
            connection.sendall("\r\n".join(head).encode() + body[: len(body) // 2])


def multipart() -> dict[str, str]:
    """What such a form says of itself."""
    return {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
