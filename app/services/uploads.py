"""Sealed files arrive, bound to nobody: begun, written in as many requests as it takes, finished; or cancelled, or swept.

The row comes first, then the file; where a file ends is where its upload goes on, so that no request but the first and the last writes
to the database. A whole file is durable in the blob store before its row says that it is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from app.crypto import attachment
from app.crypto.age import NONCE_BYTES
from app.crypto.encoding import is_id, new_id
from app.crypto.header import HEADER_BYTES
from app.crypto.inspect import plaintext_length
from app.crypto.padding import attachment_class, is_attachment_class
from app.domain import LIMITS, AttachmentId, OrganisationId
from app.errors import (
    BlobMissing,
    CommitUnknown,
    FormatError,
    OffsetConflict,
    QuotaReached,
    StorageBusy,
    UnknownUpload,
    UploadRefused,
    UploadTooLarge,
)
from app.services import quota
from app.services.context import Context
from app.services.dates import oldest_upload, upload_expires
from app.services.receiving import CHECKSUMS, Checksum, receive, require_known, stanzas_of
from app.services.sweeping import delete_bytes, forget_blobs, sweep
from app.storage import uploads
from app.storage.staging import Partial
from app.storage.uploads import UploadRow

__all__ = ["CHECKSUMS", "Upload", "begin", "cancel", "create", "discard", "finish", "forget_blobs", "largest", "status", "sweep", "write"]


@dataclass(frozen=True, slots=True)
class Upload:
    """Where an upload stands: `length` and `offset` in bytes of the sealed file, and when it is gone unless a message names it (UTC)."""

    id: AttachmentId
    length: int
    offset: int
    expires: datetime


def largest(ctx: Context) -> int:
    """The most bytes that a sealed file may have."""
    return attachment.sealed_length(attachment_class(ctx.settings.upload_bytes), LIMITS.recipients)


def create(ctx: Context, org: OrganisationId, length: int) -> Upload:
    """Begin an upload of so many sealed bytes.

    Raises UploadTooLarge, FormatError (no sealed file is as long as that), NoRoom.
    """
    if length > largest(ctx):
        raise UploadTooLarge
    if not _is_possible(length):
        raise FormatError
    ctx.staging.require_room(length)
    quota.require_room(ctx, length)
    return _upload(begin(ctx, org, length), 0)


def begin(ctx: Context, org: OrganisationId, length: int) -> UploadRow:
    """A row and an empty file under a new id; `length` is 0 where it is not known yet. Raises NoRoom."""
    row = UploadRow(AttachmentId(new_id()), length, ctx.today(), None)
    with ctx.database.write() as session:
        uploads.add(session, org, row.id, row.length, row.day)
    try:
        ctx.staging.create(org, row.id, row.day)
    except BaseException:
        discard(ctx, org, [row.id])
        raise
    return row


def status(ctx: Context, org: OrganisationId, upload: AttachmentId) -> Upload:
    """Where an upload stands; what a crash kept from being finished is finished now.

    Raises UnknownUpload; UploadBusy while another request is finishing it, UploadRefused as `write`.
    """
    row = _row(ctx, org, upload)
    return _upload(row, _settled(ctx, org, row))


def write(
    ctx: Context,
    org: OrganisationId,
    upload: AttachmentId,
    offset: int,
    chunks: Iterable[bytes],
    declared: int | None,
    checksum: Checksum | None = None,
) -> Upload:
    """Add the chunks at `offset`; `declared` is how many bytes they promise to be, where that is known. On the disk when it returns.

    What came before an error of `chunks` is kept, unless a checksum was given, and the error is raised. UploadTooLarge and
    ChecksumMismatch leave the upload at `offset`; NoRoom leaves what could be written. UploadRefused, as soon as what has come cannot be
    a sealed attachment, deletes it, and so does QuotaReached: halves of files must not keep whole ones out. Raises also UnknownUpload
    (then or meanwhile), OffsetConflict, UploadBusy, ChecksumUnknown.
    """
    require_known(checksum)
    row = _row(ctx, org, upload)
    try:
        with ctx.staging.open(org, upload) as partial:
            _require_place(partial.size, offset, declared, row.length)
            _write(ctx, org, row, partial, chunks, checksum)
            return _upload(row, partial.size)
    except FileNotFoundError:  # it is whole, perhaps since a moment ago
        at = _settled(ctx, org, row)
        _require_place(at, offset, declared, row.length)
        return _upload(row, at)
    except (UploadRefused, QuotaReached):
        cancel(ctx, org, upload)  # UnknownUpload, where somebody else has deleted it while it was written to
        raise


def cancel(ctx: Context, org: OrganisationId, upload: AttachmentId) -> None:
    """Delete an upload and its bytes, whoever is writing to it. Raises UnknownUpload; a file that a message names is not touched."""
    if not is_id(upload):
        raise UnknownUpload
    with ctx.database.write() as session:
        if not uploads.drop(session, org, upload):
            raise UnknownUpload
    delete_bytes(ctx, org, upload)


def discard(ctx: Context, org: OrganisationId, unwanted: Iterable[AttachmentId]) -> None:
    """Cancel several, and say nothing of those that are gone, or cannot be reached: they are swept."""
    for upload in unwanted:
        with suppress(UnknownUpload, StorageBusy, CommitUnknown, OSError):
            cancel(ctx, org, upload)


def finish(ctx: Context, org: OrganisationId, upload: AttachmentId, partial: Partial, stanzas: int) -> None:
    """Put a whole staged file into the blob store, and then note that it is whole. Raises UnknownUpload when it was cancelled."""
    digest = partial.digest()
    try:
        ctx.blobs.put(org, upload, partial.path)
    except FileNotFoundError:
        raise UnknownUpload from None
    _note_whole(ctx, org, upload, partial.size, stanzas, digest)


def _is_possible(length: int) -> bool:
    return any(_is_sealed_to(stanzas, length) for stanzas in range(1, LIMITS.recipients + 1))


def _is_sealed_to(stanzas: int, length: int) -> bool:
    """Whether some attachment sealed to so many has this length."""
    header = attachment.sealed_length(0, stanzas) - NONCE_BYTES
    try:
        return is_attachment_class(plaintext_length(length - header))
    except FormatError:
        return False


def _row(ctx: Context, org: OrganisationId, upload: AttachmentId) -> UploadRow:
    """An upload that a client writes to, and that has not expired."""
    if not is_id(upload):
        raise UnknownUpload
    with ctx.database.read() as session:
        row = uploads.get(session, org, upload)
    if row is None or not row.length or row.day < oldest_upload(ctx.today()):
        raise UnknownUpload
    return row


def _upload(row: UploadRow, offset: int) -> Upload:
    return Upload(row.id, row.length, offset, upload_expires(row.day))


def _settled(ctx: Context, org: OrganisationId, row: UploadRow) -> int:
    """The offset of an upload, once what a crash kept from being finished is finished."""
    if row.stanzas is not None:
        return row.length
    size = ctx.staging.size(org, row.id)
    if size is not None and size < row.length:
        return size
    try:
        with ctx.staging.open(org, row.id) as partial:
            _finish(ctx, org, row, partial)
    except UploadRefused:
        cancel(ctx, org, row.id)
        raise
    except FileNotFoundError:  # it is not in staging any more
        head, digest = _stored(ctx, org, row)
        _note_whole(ctx, org, row.id, row.length, stanzas_of(head, row.length), digest)
    return row.length


def _stored(ctx: Context, org: OrganisationId, row: UploadRow) -> tuple[bytes, bytes]:
    """The first piece of a file in the blob store, and the SHA-256 of all of it."""
    try:
        length, pieces = ctx.blobs.read(org, row.id)
    except BlobMissing:
        raise UnknownUpload from None
    if length != row.length:
        raise UnknownUpload
    ctx.blobs.confirm(org, row.id)
    head = next(pieces, b"")
    digest = hashlib.sha256(head)
    for piece in pieces:
        digest.update(piece)
    return head, digest.digest()


def _require_place(size: int, offset: int, declared: int | None, length: int) -> None:
    if size != offset:
        raise OffsetConflict
    if offset + (declared or 0) > length:
        raise UploadTooLarge


def _write(ctx: Context, org: OrganisationId, row: UploadRow, partial: Partial, chunks: Iterable[bytes], checksum: Checksum | None) -> None:
    receive(ctx, row, partial, chunks, checksum)
    _still_there(ctx, org, row, partial)
    if partial.size == row.length:
        _finish(ctx, org, row, partial)


def _still_there(ctx: Context, org: OrganisationId, row: UploadRow, partial: Partial) -> None:
    """UnknownUpload when the upload was cancelled or swept while it was written to."""
    with ctx.database.read() as session:
        if uploads.get(session, org, row.id) is not None:
            return
    partial.forget()
    raise UnknownUpload


def _finish(ctx: Context, org: OrganisationId, row: UploadRow, partial: Partial) -> None:
    finish(ctx, org, row.id, partial, stanzas_of(partial.head(HEADER_BYTES), row.length))


def _note_whole(ctx: Context, org: OrganisationId, upload: AttachmentId, length: int, stanzas: int, digest: bytes) -> None:
    with ctx.database.write() as session:
        if uploads.finish(session, org, upload, length, stanzas, digest):
            return
        named = bool(uploads.known(session, org, [upload]))  # somebody else finished it, and a message names it already
    if not named:
        delete_bytes(ctx, org, upload)
    raise UnknownUpload
