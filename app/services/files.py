"""Files sealed on the server as they stream in, and read back: sealed for whoever has the key, or opened in memory with a receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Self

from app.crypto import attachment
from app.crypto.conversation import Checked
from app.crypto.encoding import is_id
from app.crypto.filenames import clean_name, clean_type
from app.crypto.hybrid import HybridRecipient, recipient_bytes
from app.crypto.message import Attachment
from app.crypto.receipt import Receipt, mailbox_hash
from app.domain import AttachmentId, CaseId, OrganisationId
from app.errors import NoConversation, UnknownAttachment, UnknownCase, UploadTooLarge
from app.services import quota, uploads
from app.services.context import Context
from app.services.opening import open_all
from app.services.sessions import Officer
from app.services.uploads import discard
from app.storage import access, attachments, cases, messages
from app.storage.attachments import AttachmentRow
from app.storage.staging import grouped

__all__ = ["OpenedFile", "SealedFile", "discard", "open_for_reporter", "seal_file", "sealed_for_officer", "sealed_for_reporter"]


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A sealed file on its way out: its length in bytes, and its bytes in pieces. No transaction and no lock is held."""

    length: int
    chunks: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file opened in memory, as it goes out: name and type as its manifest has them (cleaned), its true size, its bytes in pieces."""

    name: str = field(repr=False)
    type: str
    size: int
    chunks: Iterator[bytes] = field(repr=False)


def seal_file(
    ctx: Context,
    org: OrganisationId,
    readers: Sequence[str],
    name: str,
    type: str,  # noqa: A002 -- as everywhere else
    chunks: Iterable[bytes],
    most: int,
) -> Attachment:
    """Seal a file to these recipients, as text and in order, while it comes in: `most` bytes at most. On the disk when this returns.

    Raises UploadTooLarge, NoRoom, RecipientError, and what `chunks` raises; then nothing of it stays.
    """
    recipients = [HybridRecipient(recipient_bytes(each)) for each in readers]
    row = uploads.begin(ctx, org, 0)
    try:
        with ctx.staging.open(org, row.id) as partial, _Counted(chunks, most) as counted:
            for piece in quota.admitted(ctx, grouped(attachment.seal(counted, recipients))):
                partial.append(piece)
            partial.keep(row.day)
            uploads.finish(ctx, org, row.id, partial, len(recipients))
    except BaseException:
        discard(ctx, org, [row.id])
        raise
    return Attachment(row.id, clean_name(name), clean_type(type), counted.size, counted.sha256())


def sealed_for_reporter(ctx: Context, org: OrganisationId, mailbox_key: bytes, file: AttachmentId) -> SealedFile:
    """A file of the reporter's own conversation, as stored.

    Raises NoConversation, UnknownAttachment, BlobMissing; FormatError (the key).
    """
    mailbox = mailbox_hash(mailbox_key)
    with ctx.database.read() as session:
        case = cases.by_mailbox(session, org, mailbox)
        if case is None:
            raise NoConversation
        row = attachments.get(session, org, case.id, _known(file), notes=False)
    return _sealed(ctx, org, row)


def open_for_reporter(ctx: Context, org: OrganisationId, receipt: Receipt, file: AttachmentId) -> OpenedFile:
    """A file of the conversation, opened with the receipt while it goes out. Raises what `sealed_for_reporter` raises.

    FormatError, now or while it is read, when it is not the file that its message names; whoever got `size` bytes without one has it.
    """
    mailbox = mailbox_hash(receipt.mailbox_key)
    with ctx.database.read() as session:
        case = cases.by_mailbox(session, org, mailbox)
        if case is None:
            raise NoConversation
        row = attachments.get(session, org, case.id, _known(file), notes=False)
        listed = () if row is None else messages.of_case(session, org, case.id, notes=False)
    manifest = None if row is None else _manifest(open_all(receipt, listed), row)
    if manifest is None:
        raise UnknownAttachment
    sealed = _sealed(ctx, org, row)
    pieces = attachment.open(sealed.chunks, [receipt.identity], manifest.size, manifest.sha256)
    return OpenedFile(clean_name(manifest.name), clean_type(manifest.type), manifest.size, _begun(pieces))


def sealed_for_officer(ctx: Context, officer: Officer, case: CaseId, file: AttachmentId) -> SealedFile:
    """A file of a case, as stored. Raises UnknownCase, UnknownAttachment, BlobMissing."""
    with ctx.database.read() as session:
        if access.case_of(session, officer.organisation, officer.id, case) is None:
            raise UnknownCase
        row = attachments.get(session, officer.organisation, case, _known(file), notes=True)
    return _sealed(ctx, officer.organisation, row)


class _Counted:
    """Chunks with their number of bytes and their SHA-256, once they have gone through. UploadTooLarge as soon as there are too many.

    A thread of its own hashes a chunk while it is sealed and written here: all three let go of the interpreter.
    """

    def __init__(self, chunks: Iterable[bytes], most: int) -> None:
        self._chunks = chunks
        self._most = most
        self.size = 0
        self._digest = hashlib.sha256()
        self._hasher = ThreadPoolExecutor(1)
        self._hashing: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hasher.shutdown()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._most:
                raise UploadTooLarge
            self._settle()
            self._hashing = self._hasher.submit(self._digest.update, chunk)
            yield chunk

    def sha256(self) -> bytes:
        """Of all that has gone through."""
        self._settle()
        return self._digest.digest()

    def _settle(self) -> None:
        # One chunk at a time, so that no more of a file is held than without the thread.
        if self._hashing is not None:
            self._hashing.result()


def _known(file: AttachmentId) -> AttachmentId:
    if not is_id(file):
        raise UnknownAttachment
    return file


def _sealed(ctx: Context, org: OrganisationId, row: AttachmentRow | None) -> SealedFile:
    if row is None:
        raise UnknownAttachment
    return SealedFile(*ctx.blobs.read(org, row.id))


def _manifest(checked: Iterable[Checked], row: AttachmentRow) -> Attachment | None:
    """What the message that a file came with says of it; None where the message does not open, or does not name it."""
    payload = next((each.payload for each in checked if each.id == row.message), None)
    named = () if payload is None else payload.attachments
    return next((each for each in named if each.id == row.id), None)


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first one opened already: most flaws show there, while there is still time for an answer that says so."""
    return chain([next(pieces, b"")], pieces)
