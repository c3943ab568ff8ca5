"""The textual header of an age file (c2sp.org/age, "Header format")."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.crypto.hkdf import hkdf
from app.crypto.pull import Pull
from app.errors import HeaderError, MacError

FILE_KEY_BYTES: Final = 16
HEADER_BYTES: Final = 256 * 1024
"""No header longer than this is read: 64 hybrid stanzas take 100 kB."""

_VERSION: Final = b"age-encryption.org/v1\n"
_COLUMNS: Final = 64
_ARGUMENTS: Final = re.compile(rb"-> [!-~]+(?: [!-~]+)*\n")
_BODY_LINE: Final = re.compile(rb"[A-Za-z0-9+/]*\n")
_MAC_LINE: Final = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")


@dataclass(frozen=True, slots=True)
class Stanza:
    """A recipient stanza: its type, its arguments (printable ASCII without spaces) and its body."""

    type: str
    arguments: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header. `covered` is what the MAC covers: from the first byte through `---`. `length` counts all its bytes."""

    stanzas: tuple[Stanza, ...]
    mac: bytes
    covered: bytes
    length: int


def base64_encode(data: bytes) -> str:
    """Unpadded standard base64 (RFC 4648 section 4)."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").decode("ascii")


def base64_decode(text: bytes | str) -> bytes:
    """The bytes of canonical, unpadded standard base64. HeaderError otherwise."""
    raw = text.encode("ascii") if isinstance(text, str) else text
    try:
        data = base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except binascii.Error:
        raise HeaderError from None
    if binascii.b2a_base64(data, newline=False).rstrip(b"=") != raw:
        raise HeaderError
    return data


class _Lines:
    """Lines of the header, counted against its limit and kept for the MAC."""

    def __init__(self, source: Pull) -> None:
        self._source = source
        self._left = HEADER_BYTES
        self.seen: list[bytes] = []

    def next(self) -> bytes:
        line = self._source.line(self._left)
        if not line.endswith(b"\n"):
            raise HeaderError
        self._left -= len(line)
        self.seen.append(line)
        return line


def _stanza(first: bytes, lines: _Lines) -> Stanza:
    if not _ARGUMENTS.fullmatch(first):
        raise HeaderError
    kind, *arguments = first[3:-1].decode("ascii").split(" ")
    body = bytearray()
    while True:
        line = lines.next()
        if not _BODY_LINE.fullmatch(line) or len(line) > _COLUMNS + 1:
            raise HeaderError
        body += line[:-1]
        if len(line) <= _COLUMNS:
            return Stanza(kind, tuple(arguments), base64_decode(bytes(body)))


def read(source: Pull) -> Header:
    """Reads a header and leaves the source at the payload. HeaderError unless it is canonical, with at least one stanza."""
    lines = _Lines(source)
    if lines.next() != _VERSION:
        raise HeaderError
    stanzas: list[Stanza] = []
    while (line := lines.next()).startswith(b"->"):
        stanzas.append(_stanza(line, lines))
    end = _MAC_LINE.fullmatch(line)
    if end is None or not stanzas:
        raise HeaderError
    if len(stanzas) > 1 and any(stanza.type == "scrypt" for stanza in stanzas):
        raise HeaderError  # the specification: a passphrase stands alone, or a file could claim to come from whoever knows it
    text = b"".join(lines.seen)
    return Header(tuple(stanzas), base64_decode(end[1]), text[: len(text) - len(line) + 3], len(text))


def _encode_stanza(stanza: Stanza) -> str:
    body = base64_encode(stanza.body)
    # A body that fills its last line is followed by an empty one, so the range reaches one line further than the text.
    wrapped = "".join(body[i : i + _COLUMNS] + "\n" for i in range(0, len(body) + 1, _COLUMNS))
    return " ".join(("->", stanza.type, *stanza.arguments)) + "\n" + wrapped


def encode(stanzas: Sequence[Stanza], file_key: bytes) -> bytes:
    """The header of these stanzas, with its MAC under the file key (16 bytes)."""
    covered = _VERSION + "".join(map(_encode_stanza, stanzas)).encode("ascii") + b"---"
    return covered + b" " + base64_encode(_mac(covered, file_key)).encode("ascii") + b"\n"


def check_mac(header: Header, file_key: bytes) -> None:
    """MacError unless the header's MAC is right under the file key."""
    if not hmac.compare_digest(header.mac, _mac(header.covered, file_key)):
        raise MacError


def _mac(covered: bytes, file_key: bytes) -> bytes:
    return hmac.digest(hkdf(file_key, b"", b"header"), covered, "sha256")
