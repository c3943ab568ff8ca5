"""Overwriting what an SQLite database gives back to the file system: its journal before it is cut, its last pages before they are cut off.

SQLite overwrites deleted rows where they lie (`secure_delete`), but gives the blocks of its write-ahead log, and of the pages that VACUUM
leaves over, back as they are. So both are overwritten first, under the locks that SQLite's own protocol has for it: nobody writes,
nobody moves pages, nobody reads from the log. Formats and locks: sqlite.org/walformat.html (sections 2.2 to 2.4).
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

WAIT_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 0.005
_VERSION: Final = 3007000
_HEADER: Final = struct.Struct("=IIIBBHII8s8s")
_CHECKSUM: Final = struct.Struct("=II")
_HEADER_BYTES: Final = _HEADER.size + _CHECKSUM.size
_CHECKPOINT_INFO: Final = struct.Struct("=I5I8xI")  # frames moved, read marks, lock bytes, frames tried
_UNUSED_MARK: Final = 0xFFFFFFFF
_WRITE, _CHECKPOINT, _READ_FILE, _READ_LOG = (120, 1), (121, 1), (123, 1), (124, 4)  # offset and length of the lock bytes
_LOCK: Final = struct.Struct("hhqqi4x")


_LOG_HEAD_BYTES: Final = 32
_ZEROS: Final = bytes(1 << 18)


class Unknown(Exception):
    """The index of the log is not in the form that is described; nothing was touched."""


@dataclass(frozen=True, slots=True)
class _Header:
    """The log's index header, as far as it matters: pages are `page_bytes` long, the log has `frames`, the database `pages`."""

    raw: tuple[int, int, int, int, int]
    page_size: int
    frames: int
    pages: int
    frame_checksum: bytes
    salts: bytes

    @property
    def page_bytes(self) -> int:
        return (self.page_size & 0xFE00) + ((self.page_size & 1) << 16)

    @classmethod
    def read(cls, data: bytes) -> _Header:
        """From both copies. Unknown unless they agree, check, and are of the one version there is."""
        one, two = data[:_HEADER_BYTES], data[_HEADER_BYTES : 2 * _HEADER_BYTES]
        if len(two) != _HEADER_BYTES or one != two or _CHECKSUM.pack(*_checksum(one[: _HEADER.size])) != one[_HEADER.size :]:
            raise Unknown
        values = _HEADER.unpack(one[: _HEADER.size])
        if values[0] != _VERSION or values[3] != 1:
            raise Unknown
        return cls(values[:5], *values[5:])

    def bytes(self) -> bytes:
        """One copy."""
        body = _HEADER.pack(*self.raw, self.page_size, self.frames, self.pages, self.frame_checksum, self.salts)
        return body + _CHECKSUM.pack(*_checksum(body))

    def restarted(self) -> _Header:
        """Of an empty log, with salts that no frame of before has."""
        first = (int.from_bytes(self.salts[:4], "big") + 1) & 0xFFFFFFFF
        return replace(self, frames=0, salts=first.to_bytes(4, "big") + secrets.token_bytes(4))


def _checksum(data: bytes) -> tuple[int, int]:
    one = two = 0
    words = struct.unpack(f"={len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two


class Eraser:
    """For one database file. A connection must be open while it works, so that the index is there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._open: dict[Path, tuple[int, int]] = {}

    def empty_log(self) -> bool:
        """Overwrite the write-ahead log and cut it to nothing, if all of it is in the database. False when it is in use, or not."""
        with self._mutex, self._index() as index, _locked(index, _WRITE, _CHECKPOINT, _READ_LOG) as have:
            if not have:
                return False
            header, moved = _state(index)
            if header.frames != moved:
                return False
            _restart(index, header)
            self._overwrite_log()
            return True

    def cut_off(self) -> bool:
        """Overwrite the pages that the next checkpoint will cut off. False when somebody reads the database, or writes."""
        with self._mutex, self._index() as index, _locked(index, _WRITE, _CHECKPOINT, _READ_FILE, _READ_LOG) as have:
            if not have:
                return False
            header, _ = _state(index)
            if header.frames:
                _overwrite(self._kept(self._path), header.pages * header.page_bytes)
            return True

    def _overwrite_log(self) -> None:
        log = os.open(self._path.with_name(self._path.name + "-wal"), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            # The head first, and on the disk: with it, some of the frames would count again after a crash, and others not.
            os.pwrite(log, bytes(_LOG_HEAD_BYTES), 0)
            os.fsync(log)
            _overwrite(log, _LOG_HEAD_BYTES)
            os.ftruncate(log, 0)
            os.fsync(log)
        finally:
            os.close(log)

    @contextmanager
    def _index(self) -> Iterator[int]:
        if sys.platform != "linux":
            raise Unknown
        try:
            yield self._kept(self._path.with_name(self._path.name + "-shm"))
        except FileNotFoundError:
            raise Unknown from None

    def _kept(self, path: Path) -> int:
        """A descriptor that stays open: to close one would end every lock that SQLite holds on the file in this process (POSIX)."""
        held = self._open.get(path)
        if held is not None and held[1] == os.getpid() and os.path.samestat(os.fstat(held[0]), path.stat()):
            return held[0]
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        self._open[path] = (descriptor, os.getpid())
        return descriptor


@contextmanager
def _locked(index: int, *ranges: tuple[int, int]) -> Iterator[bool]:
    """These lock bytes, exclusively and all at once, or False. They are this descriptor's, so other threads' SQLite respects them too."""
    until = time.monotonic() + WAIT_SECONDS
    while not (have := _take(index, ranges)) and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)
    try:
        yield have
    finally:
        _set(index, fcntl.F_UNLCK, (_WRITE[0], _READ_LOG[0] + _READ_LOG[1] - _WRITE[0]))


def _overwrite(descriptor: int, start: int) -> None:
    """Zeros from there to the end, on the disk."""
    end = os.fstat(descriptor).st_size
    while start < end:
        start += os.pwrite(descriptor, _ZEROS[: end - start], start)
    os.fsync(descriptor)


def _take(index: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    for each in ranges:
        try:
            _set(index, fcntl.F_WRLCK, each)
        except (BlockingIOError, PermissionError):
            _set(index, fcntl.F_UNLCK, (_WRITE[0], _READ_LOG[0] + _READ_LOG[1] - _WRITE[0]))
            return False
    return True


def _set(index: int, kind: int, place: tuple[int, int]) -> None:
    fcntl.fcntl(index, fcntl.F_OFD_SETLK, _LOCK.pack(kind, os.SEEK_SET, *place, 0))


def _state(index: int) -> tuple[_Header, int]:
    """The header, and how many frames have been moved into the database."""
    data = os.pread(index, 2 * _HEADER_BYTES + _CHECKPOINT_INFO.size, 0)
    header = _Header.read(data)
    if len(data) < 2 * _HEADER_BYTES + _CHECKPOINT_INFO.size:
        raise Unknown
    return header, _CHECKPOINT_INFO.unpack(data[2 * _HEADER_BYTES :])[0]


def _restart(index: int, header: _Header) -> None:
    """What SQLite does when it begins the log anew, in its order: the second copy, the first, then the marks."""
    fresh = header.restarted().bytes()
    os.pwrite(index, fresh, _HEADER_BYTES)
    os.pwrite(index, fresh, 0)
    base = 2 * _HEADER_BYTES
    os.pwrite(index, struct.pack("=I", 0), base)
    os.pwrite(index, struct.pack("=4I", 0, *[_UNUSED_MARK] * 3), base + 8)
    os.pwrite(index, struct.pack("=I", 0), base + 32)
