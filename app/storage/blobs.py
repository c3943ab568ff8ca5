"""Where sealed files lie once they are whole. One contract for every store; tests/storage/test_blobs.py holds each of them to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from app.domain import AttachmentId, OrganisationId


class BlobStore(Protocol):
    """Sealed files by organisation and id. Names that are no ids raise FormatError everywhere: none is ever a path.

    A store that cannot be reached, or does not do what it was asked, raises StorageBusy; nothing of what it said is told.
    """

    def put(self, organisation: OrganisationId, name: AttachmentId, staged: Path) -> None:
        """Take over a whole file. It is durable under its name when this returns, and `staged` is gone.

        A file of that name is replaced in one step. FileNotFoundError where nothing is staged, NoRoom where there is no room. Where the
        disk fails, a local store leaves the file staged, or empty in its place when it cannot be known what of it is on the disk.
        """
        ...

    def confirm(self, organisation: OrganisationId, name: AttachmentId) -> None:
        """Make sure that a file which is there is durable: whoever put it may have been killed before it was. BlobMissing."""
        ...

    def read(self, organisation: OrganisationId, name: AttachmentId) -> tuple[int, Iterator[bytes]]:
        """The length in bytes, and the bytes in pieces of 256 KiB at most. BlobMissing, at the call."""
        ...

    def has(self, organisation: OrganisationId, name: AttachmentId) -> bool:
        """Whether there is such a file."""
        ...

    def delete(self, organisation: OrganisationId, name: AttachmentId) -> None:
        """Delete it durably; no error when it is not there."""
        ...

    def names(self, organisation: OrganisationId) -> Iterator[AttachmentId]:
        """Every file of an organisation, in no order; nothing where there is none."""
        ...
