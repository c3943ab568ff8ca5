"""Sealed files as a browser makes and sends them, for the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select

from app.crypto import attachment
from app.crypto.hybrid import HybridIdentity, HybridRecipient
from app.crypto.receipt import Receipt
from app.domain import AttachmentId
from app.services import uploads
from app.storage.models import Attachment, Upload
from tests.services.letters import team
from tests.support import Place

PIECE = 64 * 1024


def seal_for(recipients: Sequence[HybridRecipient], data: bytes) -> bytes:
    """One sealed file."""
    return b"".join(attachment.seal((data,), recipients))


def readers(place: Place, receipt: Receipt) -> list[HybridRecipient]:
    """Whom a file of this conversation is sealed to."""
    return [team(place), receipt.identity.recipient]


def strangers(count: int) -> list[HybridRecipient]:
    return [HybridIdentity.generate().recipient for _ in range(count)]


def some_sealed_file(size: int = 1000) -> bytes:
    """A file for two readers who do not matter."""
    return seal_for(strangers(2), os.urandom(size))


def pieces(data: bytes, size: int = PIECE) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def upload(place: Place, sealed: bytes) -> AttachmentId:
    """Send a whole file."""
    made = uploads.create(place.ctx, place.id, len(sealed))
    uploads.write(place.ctx, place.id, made.id, 0, pieces(sealed), len(sealed))
    return made.id


def upload_for(place: Place, receipt: Receipt, data: bytes = b"What the meeting decided.") -> AttachmentId:
    """Seal a file to the readers of this conversation, and send it."""
    return upload(place, seal_for(readers(place, receipt), data))


def rows(place: Place) -> tuple[set[AttachmentId], set[AttachmentId]]:
    """The files that are on their way, and those that messages name."""
    with place.ctx.database.read() as session:
        return set(session.scalars(select(Upload.id))), set(session.scalars(select(Attachment.id)))


def kept(place: Place) -> tuple[set[str], set[str]]:
    """What lies in staging, and in the blob store."""
    return set(place.ctx.staging.names(place.id)), set(place.ctx.blobs.names(place.id))


def staged(place: Place, file: AttachmentId) -> Path:
    return place.ctx.settings.staging / place.id / file
