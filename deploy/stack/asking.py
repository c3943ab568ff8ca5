"""Connections to the stack's loopback ports under the names it answers to."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from pathlib import Path
from typing import Final

SECONDS: Final = 30


class Loopback(http.client.HTTPConnection):
    """HTTP to a port of this machine that is known under another name."""

    def connect(self) -> None:
        self.sock = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)


class SecureLoopback(Loopback):
    """The same with TLS. The certificate has to be the one given, for the host's name."""

    def __init__(self, host: str, port: int, certificate: Path, timeout: float = SECONDS) -> None:
        super().__init__(host, port, timeout=timeout)
        self.trust = ssl.create_default_context(cafile=str(certificate))

    def connect(self) -> None:
        super().connect()
        self.sock = self.trust.wrap_socket(self.sock, server_hostname=self.host)


def connection(port: int, host: str, certificate: Path | None = None) -> http.client.HTTPConnection:
    """With TLS where a certificate is given."""
    return Loopback(host, port, timeout=SECONDS) if certificate is None else SecureLoopback(host, port, certificate)


def answers(port: int, host: str, certificate: Path | None = None) -> bool:
    """Whether the first page comes; with TLS, whether anything does: a proxy has started when it says that nothing is behind."""
    with contextlib.closing(connection(port, host, certificate)) as asked:
        try:
            asked.request("GET", "/", headers={"Host": host})
            return asked.getresponse().status == 200 or certificate is not None
        except (OSError, http.client.HTTPException):
            return False
