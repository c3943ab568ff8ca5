"""ASCII armor of age files (c2sp.org/age, "ASCII armor"), in constant memory."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from typing import Final

from app.crypto.pull import Pull
from app.errors import ArmorError

BEGIN: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
END: Final = b"-----END AGE ENCRYPTED FILE-----"
_LINE_BYTES: Final = 48
_COLUMNS: Final = 64
_WHITE_SPACE_BYTES: Final = 1024
"""How much white space may stand before and after the armor."""


def is_armored(data: bytes) -> bool:
    """Whether a file begins like an armored one, white space before it aside."""
    return data[: _WHITE_SPACE_BYTES + len(BEGIN)].lstrip().startswith(BEGIN)


def encode(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The armor of a file given in chunks of any size: lines of 64 columns, LF line ends."""
    source = Pull(chunks)
    yield BEGIN + b"\n"
    while block := source.read(_LINE_BYTES * 256):
        lines = (block[i : i + _LINE_BYTES] for i in range(0, len(block), _LINE_BYTES))
        yield b"".join(map(binascii.b2a_base64, lines))
    yield END + b"\n"


def decode(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The file inside the armor. Line ends are LF or CRLF, and white space may surround it.
    ArmorError for anything else that is not canonical."""
    source = Pull(chunks)
    _find_begin(source)
    short = False
    while (line := _line(source, _COLUMNS)) != END:
        if short:
            raise ArmorError
        data = _decode_line(line)
        short = len(data) < _LINE_BYTES
        yield data
    rest = source.read(_WHITE_SPACE_BYTES + 1)
    if len(rest) > _WHITE_SPACE_BYTES or rest.strip():
        raise ArmorError


def _line(source: Pull, columns: int) -> bytes:
    line = source.line(columns + 2)
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _find_begin(source: Pull) -> None:
    left = _WHITE_SPACE_BYTES
    while left > 0:
        line = source.line(left + len(BEGIN) + 2)
        if line.removesuffix(b"\n").removesuffix(b"\r") == BEGIN and line.endswith(b"\n"):
            return
        if not line or line.strip():
            break
        left -= len(line)
    raise ArmorError


def _decode_line(line: bytes) -> bytes:
    if not line or len(line) > _COLUMNS:
        raise ArmorError
    try:
        data = binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:
        raise ArmorError from None
    if binascii.b2a_base64(data, newline=False) != line:
        raise ArmorError
    return data
