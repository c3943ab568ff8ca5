"""A real portal for what only shows over a real connection: its place, its processes, and raw requests."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.databases import databases
from tests.portal import Portal, clean_environment
from tests.support import SECRET_KEY, Clock, Place, make_context, make_place
from tests.web.page import Page


@dataclass(frozen=True)
class Served:
    """A portal that runs, and the place whose data it serves."""

    portal: Portal
    place: Place

    @property
    def workers(self) -> list[int]:
        """Process ids of its workers."""
        return [int(pid) for pid in _children(self.portal.pid)]


@contextmanager
def serve(folder: Path, *, under: Sequence[str] = (), **more: str) -> Iterator[Served]:
    """A portal with one worker on a place of its own, whose clock is the real one. `more`: settings, without QUIETLINE_."""
    with databases.lent(folder / "data"):
        place = make_place(make_context(folder / "data", Clock()))
        settings = {
            "DATA": str(folder / "data"),
            "MODE": "testing",
            "KDF_PROFILE": "testing",
            "SECRET_KEY": SECRET_KEY,
            "WORKERS": "1",
            **more,
        }
        environment = {
            **clean_environment(**{f"QUIETLINE_{name}": value for name, value in settings.items()}),
            "TMPDIR": str(folder / "tmp"),
        }
        (folder / "tmp").mkdir(exist_ok=True)
        with Portal(environment, folder / "log", under=under) as portal:
            yield Served(portal, place)
        place.ctx.database.dispose()


@dataclass(frozen=True)
class Answer:
    """What came back, as a page can be made of it."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    def get_data(self, *, as_text: bool) -> str:
        assert as_text
        return self.body.decode()

    @property
    def page(self) -> Page:
        return Page(self)


def send(portal: Portal, head: str, body: Iterable[bytes] = (), *, stop: bool = False) -> Answer:
    """One request on a connection of its own. With `stop` the connection is cut once the body, as far as it goes, is sent."""
    with closing(socket.create_connection(("127.0.0.1", portal.port), timeout=120)) as connection:
        connection.sendall(f"{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        for piece in body:
            connection.sendall(piece)
        if stop:
            return Answer(0, {}, b"")
        return read(connection)


def read(connection: socket.socket) -> Answer:
    """The answer, to the end of the connection."""
    data = bytearray()
    while part := connection.recv(1 << 20):
        data += part
    head, _, rest = bytes(data).partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(re.split(r": ?", line, maxsplit=1) for line in lines[1:])
    return Answer(int(lines[0].split()[1]), headers, _unchunked(rest) if headers.get("Transfer-Encoding") == "chunked" else rest)


def _unchunked(data: bytes) -> bytes:
    found, rest = b"", data
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if int(size, 16) == 0:
            return found
        found += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
