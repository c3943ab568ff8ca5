"""Bytes of a sealed file as they come in: bounded, compared, looked at as soon as there is something to see, and durable in the end."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from typing import Final

from app.crypto import attachment
from app.crypto.header import HEADER_BYTES
from app.errors import ChecksumMismatch, ChecksumUnknown, FormatError, NoRoom, UploadRefused, UploadTooLarge
from app.services import quota
from app.services.context import Context
from app.storage.staging import Partial
from app.storage.uploads import UploadRow

CHECKSUMS: Final = {"sha1": 20, "sha256": 32}
"""The kinds of checksum that are offered, and the bytes of each. tus asks for SHA-1: it tells damage, and nobody is kept out by it."""

_HEADER_END: Final = re.compile(rb"\n---[^\n]*\n")


Checksum = tuple[str, bytes]
"""The kind, and the digest that is promised."""


def require_known(checksum: Checksum | None) -> None:
    """Raises ChecksumUnknown for a kind that is not offered, or a digest of another length."""
    if checksum is not None and CHECKSUMS.get(checksum[0]) != len(checksum[1]):
        raise ChecksumUnknown


def receive(ctx: Context, row: UploadRow, partial: Partial, chunks: Iterable[bytes], checksum: Checksum | None) -> None:
    """Append the chunks, and have what is kept of them on the disk, whatever happens. Raises what `uploads.write` says."""
    start = partial.size
    chunks = quota.admitted(ctx, chunks)
    try:
        if checksum is None:
            _append(row, partial, _inspected(row, partial, chunks))
        else:  # damage on the way must not be taken for a file that is none
            _append(row, partial, _compared(chunks, checksum))
            _header_is_there(row, partial)
    except BaseException as error:
        if checksum is not None or isinstance(error, UploadTooLarge):
            partial.cut(start)
        _keep(ctx, partial, start)
        raise
    _keep(ctx, partial, start)


def _append(row: UploadRow, partial: Partial, chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        if partial.size + len(chunk) > row.length:
            raise UploadTooLarge
        partial.append(chunk)


def _compared(chunks: Iterable[bytes], checksum: Checksum) -> Iterator[bytes]:
    """The chunks. ChecksumMismatch after the last one when they are not what was promised."""
    kind, expected = checksum
    digest = hashlib.new(kind, usedforsecurity=False)
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if not hmac.compare_digest(digest.digest(), expected):
        raise ChecksumMismatch


def _keep(ctx: Context, partial: Partial, start: int) -> None:
    try:
        partial.keep(ctx.today())
    except (NoRoom, OSError):
        # Some file systems find out only now; what was on the disk before still is. What could not be written a disk forgets, and says
        # the next time that all is well: nobody may be told of it.
        partial.cut(start)
        raise


def _inspected(row: UploadRow, partial: Partial, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks, with a look at what they came to as soon as the header is there. Looks at twice as much each time until it is."""
    looked, done = 0, False
    for chunk in chunks:
        yield chunk
        if not done and partial.size >= 2 * looked:
            looked, done = partial.size, _header_is_there(row, partial)
    if not done:
        _header_is_there(row, partial)


def _header_is_there(row: UploadRow, partial: Partial) -> bool:
    """Whether the header has come, and is one. UploadRefused when it cannot be one any more."""
    head = partial.head(HEADER_BYTES)
    if len(head) < min(HEADER_BYTES, row.length) and _HEADER_END.search(head) is None:
        return False
    stanzas_of(head, row.length)
    return True


def stanzas_of(head: bytes, length: int) -> int:
    """How many a file of so many bytes that begins like this is sealed to. UploadRefused when it is no sealed attachment."""
    try:
        return attachment.inspect_attachment(head, length)
    except FormatError:
        raise UploadRefused from None
