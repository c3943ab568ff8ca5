"""Many uploads at once over slow lines, by one thread: each sends a little, ten times a second, as over a circuit of Tor Browser."""

from __future__ import annotations

import select
import socket
import threading
import time
from dataclasses import dataclass
from typing import Final

TIMES_A_SECOND: Final = 10
PATIENCE_SECONDS: Final = 30.0


@dataclass
class Line:
    """One upload. `refused`: it was answered before it had sent everything."""

    connection: socket.socket
    left: int
    refused: bool = False


class SlowUploads:
    """Use as a context manager: meanwhile they are under way. `paths`: where to, one upload each; `length`: bytes of each body."""

    def __init__(self, port: int, paths: list[str], length: int, bytes_a_second: int) -> None:
        self._port, self._paths, self._length = port, paths, length
        self._piece = bytes(bytes_a_second // TIMES_A_SECOND)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self.lines: list[Line] = []

    def __enter__(self) -> SlowUploads:
        self.lines = [self._begin(path) for path in self._paths]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for line in self.lines:
            line.connection.close()

    @property
    def under_way(self) -> int:
        """How many have not been answered."""
        return sum(not line.refused for line in self.lines)

    def _begin(self, path: str) -> Line:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE_SECONDS)
        head = f"PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        connection.sendall(f"{head}Content-Type: application/offset+octet-stream\r\nContent-Length: {self._length}\r\n\r\n".encode())
        return Line(connection, self._length)

    def _send(self) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += 1 / TIMES_A_SECOND
            for line in self.lines:
                if not line.refused and line.left >= len(self._piece):
                    self._go_on(line)

    def _go_on(self, line: Line) -> None:
        readable, writable, _ = select.select([line.connection], [line.connection], [], 0)
        if readable:
            line.refused = True
        elif writable:
            line.left -= line.connection.send(self._piece)
