"""Sealed files in a folder. Ours, because the local store of the library for S3 does not sync what it writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.domain import AttachmentId, OrganisationId
from app.errors import BlobMissing
from app.storage import files


class LocalBlobs:
    """`<folder>/<organisation>/<id>`; staged files must be on the same file system. See BlobStore."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, organisation: OrganisationId, name: AttachmentId, staged: Path) -> None:
        target = files.place(self.folder, organisation, name)
        with files.room():
            _sync_or_cut(staged)
            files.make_folder(target.parent)
            staged.replace(target)
            try:
                files.sync_folder(target.parent)
            except OSError:
                with suppress(OSError):  # so that trying again moves it again, and does not just ask a second time
                    target.replace(staged)
                raise

    def confirm(self, organisation: OrganisationId, name: AttachmentId) -> None:
        target = files.place(self.folder, organisation, name)
        try:
            _sync_file(target)
        except FileNotFoundError:
            raise BlobMissing from None
        files.sync_folder(target.parent)

    def read(self, organisation: OrganisationId, name: AttachmentId) -> tuple[int, Iterator[bytes]]:
        try:
            pieces = FilePieces(files.open_quietly(files.place(self.folder, organisation, name)))
        except FileNotFoundError:
            raise BlobMissing from None
        return pieces.length, pieces

    def has(self, organisation: OrganisationId, name: AttachmentId) -> bool:
        return files.place(self.folder, organisation, name).is_file()

    def delete(self, organisation: OrganisationId, name: AttachmentId) -> None:
        files.erase(files.place(self.folder, organisation, name))

    def names(self, organisation: OrganisationId) -> Iterator[AttachmentId]:
        files.require_name(organisation)
        return files.names(self.folder / organisation)


class FilePieces(Iterator[bytes]):
    """An open file, piece by piece. It is closed at its end, by `close`, or when it is forgotten."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.length = os.fstat(descriptor).st_size

    def __next__(self) -> bytes:
        piece = os.read(self._descriptor, files.PIECE) if self._descriptor >= 0 else b""
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Give up; no more comes."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


def _sync_or_cut(path: Path) -> None:
    """The kernel tells of a write that failed once, and then takes the pages for clean: a second fsync would succeed over bytes that never
    reached the disk. So nothing of such a file is believed any more; its upload begins again."""
    try:
        _sync_file(path)
    except FileNotFoundError:
        raise
    except OSError:
        os.truncate(path, 0)
        raise


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
