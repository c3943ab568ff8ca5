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
    """A file or device by its path, without its holes: what was never written. It must be closed. Reading leaves no time behind."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self._descriptor = os.open(path, flags | os.O_NOATIME)
        except PermissionError:  # somebody else's file
            self._descriptor = os.open(path, flags)

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
    """What a process holds in memory: heap, stacks, mappings without a file. `shared`: those too that it shares with others."""

    def __init__(self, pid: int, *, shared: bool) -> None:
        super().__init__(Path(f"/proc/{pid}/mem"))
        self._shared = shared
        self._maps = Path(f"/proc/{pid}/maps").read_text()

    def ranges(self) -> Iterator[tuple[int, int]]:
        for line in self._maps.splitlines():
            match = _MAPPING.match(line)
            if match is not None and self._is_its_own(match):
                yield int(match[1], 16), int(match[2], 16)

    def _is_its_own(self, mapping: re.Match[str]) -> bool:
        written = mapping[4] == "0" or mapping[3].startswith("w")
        return written and (self._shared or not mapping[3].endswith("s")) and mapping[5] not in ("[vvar]", "[vsyscall]", "[vdso]")

    def read(self, at: int, length: int) -> bytes:
        with suppress(OSError):
            return os.pread(self._descriptor, length, at)
        return b""
