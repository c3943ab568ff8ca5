"""A server in the application's place that keeps what was asked of it, to see what nginx hands on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nok"


class Echo:
    """Answers each request without a body on a port. Use as a context manager."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._heads: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Echo:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=10)
        self._listener.close()

    def heads(self) -> list[dict[str, str]]:
        """The headers of each request so far, by lower-case name."""
        return [dict(_fields(head)) for head in self._heads]

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with closing(client):
                    head = b""
                    while b"\r\n\r\n" not in head and (piece := client.recv(65536)):
                        head += piece
                    self._heads.append(head)
                    client.sendall(ANSWER)


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.lower(), value.strip()
