"""A client for large bodies: they go from a file to the socket inside the kernel, so that the client costs next to nothing."""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PIECE: Final = 1 << 20
NONE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True)
class Part:
    """Bytes of a file from `start` on."""

    path: Path
    start: int
    length: int

    @classmethod
    def whole(cls, path: Path) -> Part:
        return cls(path, 0, path.stat().st_size)


@dataclass(frozen=True)
class Answer:
    """Status, headers by lower-case name, and the body, of which only the length is kept where it was asked for so."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    length: int


class Client:
    """One connection that stays open, as a browser's does. Use as a context manager."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(
        self, method: str, path: str, headers: Mapping[str, str] = NONE, body: Sequence[bytes | Part] = (), *, discard: bool = False
    ) -> Answer:
        """One request. With `discard` the answer's body is counted and thrown away. RuntimeError for a status of 400 and more."""
        connection = self._connection
        connection.putrequest(method, path, skip_accept_encoding=True)
        length = sum(each.length if isinstance(each, Part) else len(each) for each in body)
        for name, value in {**headers, "Content-Length": str(length)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        for each in body:
            self._send(each)
        answer = _answer(connection.getresponse(), discard)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path.partition('?')[0]}: {answer.status} {answer.body[:200]!r}")
        return answer

    def _send(self, part: bytes | Part) -> None:
        if isinstance(part, bytes):
            self._connection.send(part)
            return
        with part.path.open("rb") as file:
            sent = self._connection.sock.sendfile(file, part.start, part.length)
        assert sent == part.length


def _answer(response: http.client.HTTPResponse, discard: bool) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    if not discard:
        body = response.read()
        return Answer(response.status, headers, body, len(body))
    buffer, length = memoryview(bytearray(PIECE)), 0
    while got := response.readinto(buffer):
        length += got
    return Answer(response.status, headers, b"", length)
