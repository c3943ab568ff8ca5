"""The container of a backup: a tar stream (POSIX ustar with GNU's long numbers), written and read in pieces.

Headers are made and parsed by `tarfile`, one block each. What that module calls streams keeps a list of all members, and takes the
length of a name from the file: neither is for a file of any size from anywhere.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from app.crypto.pull import Pull
from app.errors import FormatError

BLOCK: Final = tarfile.BLOCKSIZE
PIECE: Final = 256 * 1024
_RECORD: Final = tarfile.RECORDSIZE
_NAME_MOST: Final = 99


def header(name: str, size: int) -> bytes:
    """The block before a file of so many bytes. Every file is its owner's only, nobody's by name, and of 1970."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")


def padding(size: int) -> bytes:
    """What follows a file of so many bytes."""
    return bytes(-size % BLOCK)


def end(position: int) -> bytes:
    """What follows everything, at this position: two empty blocks, and more up to a whole record."""
    return bytes(2 * BLOCK + -(position + 2 * BLOCK) % _RECORD)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the container. Its bytes have to be taken before the next one is asked for; what is left is passed over."""

    name: str
    size: int
    pieces: Iterator[bytes]


def members(source: Pull) -> Iterator[Member]:
    """The files of a container, to its very end. FormatError for anything that `header` and `end` do not write, or that is cut short."""
    while (block := _block(source)).strip(b"\0"):
        member = _member(block, source)
        yield member
        for _ in member.pieces:
            pass
        if _exactly(source, -member.size % BLOCK).strip(b"\0"):
            raise FormatError
    while rest := source.read(BLOCK):
        if rest.strip(b"\0"):
            raise FormatError


def whole(member: Member, most: int) -> bytes:
    """All bytes of a small file. FormatError where there are more than `most`."""
    if member.size > most:
        raise FormatError
    return b"".join(member.pieces)


def _block(source: Pull) -> bytes:
    return _exactly(source, BLOCK)


def _member(block: bytes, source: Pull) -> Member:
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError):
        raise FormatError from None
    if info.type != tarfile.REGTYPE or len(info.name) > _NAME_MOST or info.size < 0:
        raise FormatError
    return Member(info.name, info.size, _pieces(source, info.size))


def _pieces(source: Pull, size: int) -> Iterator[bytes]:
    while size:
        piece = _exactly(source, min(size, PIECE))
        size -= len(piece)
        yield piece


def _exactly(source: Pull, length: int) -> bytes:
    found = source.read(length)
    if len(found) != length:
        raise FormatError
    return found


def cut_to(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The pieces, as `size` bytes exactly: cut off, or zeros where there are too few."""
    left = size
    for piece in pieces:
        kept = piece[:left]
        left -= len(kept)
        if kept:
            yield kept
    while left:
        zeros = bytes(min(left, PIECE))
        left -= len(zeros)
        yield zeros
