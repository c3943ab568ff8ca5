"""The SHA-256 that is noted of a file is that of its sealed bytes, however they came."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from app.crypto.receipt import Receipt
from app.domain import AttachmentId
from app.errors import ChecksumMismatch
from app.services import files, followup, uploads
from app.storage.models import Attachment, Upload
from tests.services.letters import addition, send
from tests.services.sealed_files import pieces, readers, seal_for, upload
from tests.support import Place


def noted(place: Place, file: AttachmentId, table: type[Upload] | type[Attachment] = Upload) -> bytes | None:
    with place.ctx.database.read() as session:
        return session.scalars(select(table.digest).where(table.id == file)).one()


def in_pieces(place: Place, sealed: bytes) -> AttachmentId:
    """In several requests."""
    made = uploads.create(place.ctx, place.id, len(sealed))
    for start in range(0, len(sealed), 70_000):
        uploads.write(place.ctx, place.id, made.id, start, [sealed[start : start + 70_000]], None)
    return made.id


def with_damage_on_the_way(place: Place, sealed: bytes) -> AttachmentId:
    """What does not fit its checksum is thrown away, and sent again."""
    made = uploads.create(place.ctx, place.id, len(sealed))
    checksum = ("sha256", hashlib.sha256(sealed).digest())
    with pytest.raises(ChecksumMismatch):
        uploads.write(place.ctx, place.id, made.id, 0, [sealed[:-1] + b"x"], len(sealed), checksum)
    uploads.write(place.ctx, place.id, made.id, 0, pieces(sealed), len(sealed), checksum)
    return made.id


def finished_after_a_crash(place: Place, sealed: bytes) -> AttachmentId:
    """It is in the store, and its row does not know."""
    file = upload(place, sealed)
    with place.ctx.database.write() as session:
        session.execute(update(Upload).where(Upload.id == file).values(stanzas=None, digest=None))
    uploads.status(place.ctx, place.id, file)
    return file


@pytest.mark.parametrize("way", [upload, in_pieces, with_damage_on_the_way, finished_after_a_crash])
def test_of_a_file_that_was_sent(place: Place, way: Callable[[Place, bytes], AttachmentId]) -> None:
    receipt = Receipt.generate()
    send(place, receipt)
    sealed = seal_for(readers(place, receipt), os.urandom(200_000))
    file = way(place, sealed)
    assert noted(place, file) == hashlib.sha256(sealed).digest()
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, *addition(place, receipt, "See the file."), [file])
    assert noted(place, file, Attachment) == hashlib.sha256(sealed).digest()


def test_of_a_file_that_the_server_sealed(place: Place) -> None:
    made = files.seal_file(place.ctx, place.id, [place.keyring.recipient], "a.bin", "", pieces(os.urandom(300_000)), 1 << 20)
    file = AttachmentId(made.id)
    stored = b"".join(place.ctx.blobs.read(place.id, file)[1])
    assert noted(place, file) == hashlib.sha256(stored).digest()
