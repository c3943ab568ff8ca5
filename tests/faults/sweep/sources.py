"""What a search reads from: files, devices and memory, a window at a time, never whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

WINDOW: Final = 4 << 20
_MAPPING: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r(\S+) \S+ \S+ (\d+)\s*(.*)")


class Source(Protocol):
    """Bytes that can be read from any place; `ranges` are those where there are any, in order."""

    def ranges(self) -> Iterator[tuple[int, int]]: ...

    def read(self, at: int, length: int) -> bytes: ...


class Bytes:
    """Bytes that are there already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def ranges(self) -> Iterator[tuple[int, int]]:
        yield 0, len(self._data)

    def read(self, at: int, length: int) -> bytes:
        return self._data[at : at + length]


class File:
    """A file or device by its path, without its holes: what was never written. It must be closed."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def ranges(self) -> Iterator[tuple[int, int]]:
        at, end = 0, os.lseek(self._descriptor, 0, os.SEEK_END)
        while at < end:
            try:
                at = os.lseek(self._descriptor, at, os.SEEK_DATA)
                hole = os.lseek(self._descriptor, at, os.SEEK_HOLE)
            except OSError:  # no more
                return
            yield at, hole
            at = hole

    def read(self, at: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, at)


class Memory(File):
    """What a process holds in memory that is its own: heap, stacks, anonymous mappings; shared ones without a file too."""

    def __init__(self, pid: int) -> None:
        super().__init__(Path(f"/proc/{pid}/mem"))
        self._maps = Path(f"/proc/{pid}/maps").read_text()

    def ranges(self) -> Iterator[tuple[int, int]]:
        for line in self._maps.splitlines():
            match = _MAPPING.match(line)
            if match is not None and (match[4] == "0" or match[3].startswith("w")) and match[5] not in ("[vvar]", "[vsyscall]", "[vdso]"):
                yield int(match[1], 16), int(match[2], 16)

    def read(self, at: int, length: int) -> bytes:
        with suppress(OSError):
            return os.pread(self._descriptor, length, at)
        return b""
