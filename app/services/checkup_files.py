"""Files against rows: each that is named is there, with its length, digest and framing; and each that is there is named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from sqlalchemy.orm import Session

from app.crypto.attachment import inspect_attachment
from app.crypto.header import HEADER_BYTES
from app.domain import AttachmentId, OrganisationId
from app.errors import BlobMissing, FormatError
from app.services.checkup_findings import Finding
from app.services.checkup_rows import expected_stanzas
from app.services.context import Context
from app.storage import attachments, checks, uploads
from app.storage.checks import FileRow

_BATCH: Final = 200
_Pages = Callable[[Session, OrganisationId, str, int], Sequence[FileRow]]


def look(ctx: Context, organisation: OrganisationId, *, note_digests: bool) -> Iterator[Finding]:
    """Every file, read to its end."""
    unknown = 0
    for row in _rows(ctx, organisation, checks.named_files):
        if row.kind is None and _named(ctx, organisation, row.id):
            yield Finding("file", f"{organisation}/{row.id}: the message that names it is gone")
        digest, flaw = _looked_at(ctx, organisation, row)
        if flaw and _named(ctx, organisation, row.id):  # or it was deleted while it was looked at
            yield Finding("file", f"{organisation}/{row.id}: {flaw}")
        elif row.digest is None and digest is not None:
            unknown += not _noted(ctx, organisation, row.id, digest, note_digests)
    for row in _rows(ctx, organisation, checks.whole_uploads):
        flaw = _looked_at(ctx, organisation, row)[1]
        if flaw and _named(ctx, organisation, row.id):
            yield Finding("file", f"{organisation}/{row.id}: {flaw}; no message names it yet")
    yield from _left_over(ctx, organisation)
    if unknown:
        text = f"{organisation}: {unknown} were stored by an older version, which noted no SHA-256: --note-digests does, as they are now"
        yield Finding("files", text, harmless=True)


def _rows(ctx: Context, organisation: OrganisationId, pages: _Pages) -> Iterator[FileRow]:
    after = ""
    while True:
        with ctx.database.read() as session:
            batch = pages(session, organisation, after, _BATCH)
        yield from batch
        if len(batch) < _BATCH:
            return
        after = batch[-1].id


def _looked_at(ctx: Context, organisation: OrganisationId, row: FileRow) -> tuple[bytes | None, str | None]:
    """The SHA-256 of a file where there is one, and what is wrong with it."""
    try:
        size, pieces = ctx.blobs.read(organisation, row.id)
        head, digest = bytearray(), hashlib.sha256()
        for piece in pieces:
            head += piece[: HEADER_BYTES - len(head)]
            digest.update(piece)
    except BlobMissing:
        return None, "it is missing"
    if size != row.length:
        return None, f"it has {size} bytes, and {row.length} are noted"
    if row.digest is not None and digest.digest() != row.digest:
        return None, "it was altered: its SHA-256 is not the one that was noted when it came"
    return digest.digest(), _framing(bytes(head), size, row)


def _framing(head: bytes, size: int, row: FileRow) -> str | None:
    try:
        stanzas = inspect_attachment(head, size)
    except FormatError:
        return "it is no sealed file"
    if row.kind is not None and stanzas not in expected_stanzas(row.kind, team=row.team):
        return f"it is sealed to {stanzas}, which no file of this channel is"
    return None


def _named(ctx: Context, organisation: OrganisationId, file: AttachmentId) -> bool:
    with ctx.database.read() as session:
        return bool(uploads.known(session, organisation, [file]))


def _noted(ctx: Context, organisation: OrganisationId, file: AttachmentId, digest: bytes, wanted: bool) -> bool:
    if wanted:
        with ctx.database.write() as session:
            attachments.note_digest(session, organisation, file, digest)
    return wanted


def _left_over(ctx: Context, organisation: OrganisationId) -> Iterator[Finding]:
    """Names first, then rows: a file is made after its row, so one without a row is nobody's."""
    for names in _batches(ctx.blobs.names(organisation)):
        with ctx.database.read() as session:
            nobodys = set(names) - uploads.known(session, organisation, names)
        for name in sorted(nobodys):
            if ctx.blobs.has(organisation, name):
                yield Finding("file", f"{organisation}/{name}: nothing names it (the server deletes it within a day)")
    for names in _batches(ctx.staging.names(organisation)):
        with ctx.database.read() as session:
            nobodys = set(names) - uploads.known(session, organisation, names)
        for name in sorted(nobodys):
            if ctx.staging.size(organisation, name) is not None:
                yield Finding(
                    "file", f"{organisation}/{name}: it was on its way, and nothing knows it (the server deletes it within minutes)"
                )


def _batches(names: Iterator[AttachmentId]) -> Iterator[Sequence[AttachmentId]]:
    while batch := tuple(islice(names, _BATCH)):
        yield batch
