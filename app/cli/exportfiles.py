"""quietline export --files: the sealed files that an export names, copied beside it as they are stored."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from app.cli.desk_files import sync_folder
from app.cli.secretfiles import write_private
from app.domain import AttachmentId, OrganisationId
from app.errors import BlobMissing, CommandError
from app.storage.blobs import BlobStore


def noting(lines: Iterable[bytes], named: list[AttachmentId]) -> Iterator[bytes]:
    """The lines of an export as they are; the ids of the files that they name are added to `named`."""
    for line in lines:
        values = json.loads(line)
        named += [each for message in values.get("messages", ()) for each in message.get("attachments", ())]
        yield line


def refusing(lines: Iterable[bytes], named: Sequence[AttachmentId], folder: Path) -> Iterator[bytes]:
    """The lines of an export, then CommandError when a file that they name is in the folder already. An export that is not finished
    gets no name, so nothing is written then."""
    yield from lines
    for each in named:
        if os.path.lexists(folder / sealed_name(each)):
            raise CommandError(f"{folder / sealed_name(each)} is there already: choose another folder, or add --force to replace it.")


def copy(blobs: BlobStore, organisation: OrganisationId, named: Sequence[AttachmentId], folder: Path, *, force: bool) -> list[AttachmentId]:
    """Copy each file into the folder, which is made where it is missing, for its owner only. The ids of those that are not in the store."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    missing = [each for each in named if not _copied(blobs, organisation, each, folder, force)]
    sync_folder(folder)
    return missing


def _copied(blobs: BlobStore, organisation: OrganisationId, name: AttachmentId, folder: Path, force: bool) -> bool:
    try:
        _, chunks = blobs.read(organisation, name)
        write_private(folder / sealed_name(name), chunks, force=force)
    except BlobMissing:
        return False
    return True


def sealed_name(name: AttachmentId) -> str:
    """What a file is called beside an export (FORMATS.md section 13)."""
    return f"{name}.age"
