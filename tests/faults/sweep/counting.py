"""What Redis is told, every word of it, and what it holds: numbers under the keys that SECURITY.md lists."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from redis import Redis

from app.services.slowdown import FORGET_SECONDS
from tests.faults.sweep.result import Result
from tests.faults.sweep.searcher import Looked, Searcher

KEY: Final = r"quietline:(?:bucket:(?:uploads|logins)|wrong:[0-9a-f]{4})"
GONE: Final = -2
"""What PTTL says of a key that has expired meanwhile; -1 would be one that never does."""

_COMMAND: Final = r"EVALSHA|SCRIPT|LOAD|TIME|GET|SET|EX|EXPIREAT|DEL|PING|SELECT|MONITOR"
_WORD: Final = re.compile(rf"{KEY}|{_COMMAND}|[0-9]+|[0-9a-f]{{40}}")
_SAID: Final = re.compile(r"^\+?[0-9.]+ \[[^\]]*\] (.*)$")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass
class Counting:
    """Listens to a Redis from when it is made until it is closed."""

    place: Path
    _said: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(self.place))
        self._line.sendall(b"MONITOR\r\n")
        assert self._line.recv(5) == b"+OK\r\n"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while said := self._line.recv(65536):
            self._said += said

    def close(self) -> bytes:
        """What it was told. A second time is one too many, and does no harm."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._line.close()
        return bytes(self._said)

    def look(self, searcher: Searcher, result: Result) -> None:
        """Close, and hold what was said and what is there to what may be."""
        said = self.close()  # before this very look, which is not the application's
        looked, keys = Looked(), set()
        for key, value, milliseconds, dumped in self._held():
            keys.add(key)
            for each in (key.encode(), value, dumped):
                looked.add(searcher.data(each))
            if not (re.fullmatch(KEY, key) and value.isdigit() and 0 <= milliseconds <= FORGET_SECONDS * 1000):
                seconds = milliseconds if milliseconds < 0 else -(-milliseconds // 1000)
                result.amiss.append(f"Redis holds what it should not, or for longer: {key}, {seconds} seconds")
        looked.add(searcher.data(said))
        result.add("what Redis holds, and all it was told", looked)
        strange = sorted(set(unknown(said.decode())))
        result.amiss += [f"Redis was told something that is not listed: {word[:60]}" for word in strange]
        named = sorted({re.sub("[0-9a-f]{4}$", "XXXX", key) for key in re.findall(KEY, said.decode())})
        result.told.append(f"Redis was told of {', '.join(named)}, and holds {len(keys)} keys")
        if len(named) < 3:
            result.amiss.append("Redis was told too little for what was done")

    def _held(self) -> Iterator[tuple[str, bytes, int, bytes]]:
        client: Any = Redis(unix_socket_path=str(self.place), protocol=2)
        with closing(client):
            for key in sorted(client.scan_iter()):
                value, dumped, milliseconds = client.get(key), client.dump(key), int(client.pttl(key))
                if value is not None and milliseconds != GONE:
                    yield key.decode(), value, milliseconds, dumped or b""


def unknown(said: str) -> Iterator[str]:
    """Words to a Redis that are neither a command of ours, a listed key, a number nor a script of ours. Scripts are what is LOADed."""
    for line in said.splitlines():
        match = _SAID.match(line)
        words = [] if match is None else _QUOTED.findall(match[1])
        if words[:2] == ["SCRIPT", "LOAD"]:
            words = words[:2]
        yield from (word for word in words if not _WORD.fullmatch(word))
