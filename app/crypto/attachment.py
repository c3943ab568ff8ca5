"""Sealed files (FORMATS.md section 3): streamed both ways, padded to their class, cut and compared when opened."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from app.crypto import age, header, hybrid
from app.crypto.age import NONCE_BYTES, Identity
from app.crypto.header import FILE_KEY_BYTES, Stanza
from app.crypto.hybrid import HybridRecipient
from app.crypto.inspect import inspect
from app.crypto.padding import attachment_class, is_attachment_class
from app.crypto.stream import CHUNK, TAG
from app.errors import FormatError, SizeError

_ZEROS: Final = bytes(CHUNK)
_STANZA: Final = Stanza(hybrid.STANZA_TYPE, (header.base64_encode(bytes(hybrid.ENC_BYTES)),), bytes(hybrid.BODY_BYTES))
# Every stanza of ours is as long as the next, so two headers tell how long any is.
_FRAME_BYTES: Final = len(header.encode([], bytes(FILE_KEY_BYTES)))
_STANZA_BYTES: Final = len(header.encode([_STANZA], bytes(FILE_KEY_BYTES))) - _FRAME_BYTES


def seal(chunks: Iterable[bytes], recipients: Sequence[HybridRecipient]) -> Iterator[bytes]:
    """The sealed file of the chunks (of any size), padded to the class of their number, piece by piece and in constant memory.
    RecipientError, at the call, as `age.seal`. Chunks of 64 KiB are sealed where they lie; others are copied once."""
    return age.seal(_padded(chunks), recipients)


def _padded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        yield chunk
    yield from _zeros(attachment_class(size) - size)


def _zeros(count: int) -> Iterator[bytes]:
    whole, rest = divmod(count, CHUNK)
    for _ in range(whole):
        yield _ZEROS
    if rest:
        yield _ZEROS[:rest]


def open(  # noqa: A001 (said with its module's name: attachment.open)
    chunks: Iterable[bytes], identities: Sequence[Identity], size: int, sha256: bytes
) -> Iterator[bytes]:
    """The file whose manifest gives `size` (bytes) and `sha256` (32 bytes), piece by piece and in constant memory.

    At the call: SizeError for a size that no file has, HeaderError, NoMatch, MacError. While iterating: PayloadError for an altered or
    shortened seal, SizeError where its length is not the class of `size`, FormatError where what follows the cut is not zeros or the
    hash is another. The last piece is released only once all of this holds, so whoever got `size` bytes has the file.
    """
    padded = attachment_class(size)
    return _cut(age.unseal(chunks, identities), size, padded, sha256)


def _cut(pieces: Iterator[bytes], size: int, padded: int, sha256: bytes) -> Iterator[bytes]:
    digest, position, held = hashlib.sha256(), 0, b""
    for piece in pieces:
        start, position = position, position + len(piece)
        if position > padded:
            raise SizeError
        kept = piece if position <= size else piece[: max(0, size - start)]
        if piece.count(0, len(kept)) != len(piece) - len(kept):
            raise FormatError
        if kept:
            digest.update(kept)
            if held:
                yield held
            held = kept
    if position != padded:
        raise SizeError
    if not hmac.compare_digest(digest.digest(), sha256):
        raise FormatError
    if held:
        yield held


def sealed_length(plaintext: int, stanzas: int) -> int:
    """Bytes of the sealed file whose padded plaintext has so many bytes (a class, so never 0), sealed to so many recipients."""
    return _FRAME_BYTES + stanzas * _STANZA_BYTES + NONCE_BYTES + plaintext + TAG * -(-plaintext // CHUNK)


def inspect_attachment(head: bytes, total: int) -> int:
    """The number of stanzas of a sealed file of `total` bytes that begins with `head` (its header, at least).
    HeaderError or PayloadError as `inspect`; SizeError when its plaintext length is no class of an attachment."""
    found = inspect(head, total)
    if not is_attachment_class(found.plaintext_length):
        raise SizeError
    return found.stanzas
