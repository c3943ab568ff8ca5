"""What a server without keys can tell of an age file (FORMATS.md section 2, "Inspection")."""

from __future__ import annotations

from dataclasses import dataclass

from app.crypto import header
from app.crypto.age import NONCE_BYTES
from app.crypto.hybrid import stanza_parts
from app.crypto.padding import is_message_class
from app.crypto.pull import Pull
from app.crypto.stream import SEALED_CHUNK, TAG
from app.domain import SealedBlob
from app.errors import HeaderError, PayloadError, SizeError


@dataclass(frozen=True, slots=True)
class Inspection:
    """The framing of an age file: how many stanzas (all hybrid), bytes of header, bytes of plaintext."""

    stanzas: int
    header_length: int
    plaintext_length: int


def plaintext_length(payload: int) -> int:
    """The plaintext length of a payload of so many bytes, nonce included. PayloadError when no file has such a payload,
    or its last chunk would be empty."""
    sealed = payload - NONCE_BYTES
    whole, rest = divmod(sealed, SEALED_CHUNK)
    if sealed < 0 or 0 < rest <= TAG or sealed == 0:
        raise PayloadError
    return sealed - TAG * (whole + (rest > 0))


def inspect(data: bytes, total: int | None = None) -> Inspection:
    """The framing of a file, or of a file of `total` bytes that begins with `data` (its header, at least).
    HeaderError: not age v1, not canonical, armored, or a stanza that is not hybrid. PayloadError: see `plaintext_length`."""
    head = header.read(Pull((data,)))
    for stanza in head.stanzas:
        stanza_parts(stanza)
    size = len(data) if total is None else total
    return Inspection(len(head.stanzas), head.length, plaintext_length(size - head.length))


def inspect_message(data: bytes, stanzas: int) -> Inspection:
    """The framing of a hybrid age file with exactly so many stanzas (HeaderError) whose plaintext length is a message class (SizeError)."""
    found = inspect(data)
    if found.stanzas != stanzas:
        raise HeaderError
    if not is_message_class(found.plaintext_length):
        raise SizeError
    return found


def require_message(data: bytes, stanzas: int) -> SealedBlob:
    """The file as a SealedBlob, once `inspect_message` has nothing against it."""
    inspect_message(data, stanzas)
    return SealedBlob(data)
