"""The files of a case, away from the server: looked for beside the export, opened in a stream, compared, and saved.

The manifest inside the seal says what a file is. Its names come from strangers, and the folder from a server that is not trusted.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from app.crypto import attachment
from app.crypto.age import Identity
from app.crypto.conversation import Checked
from app.crypto.filenames import clean_name, clean_type
from app.crypto.message import Attachment
from app.errors import FormatError

CHUNK: Final = 1 << 18
NAME_BYTES: Final = 255
ENDING: Final = range(2, 13)


class FileState(StrEnum):
    """What looking for a file came to."""

    THERE = "there"
    MISSING = "missing"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file as its message names it, its name and type made clean. `state` is None where nobody looked; `saved` is the name it was
    given in the folder where it was saved."""

    id: str
    name: str
    type: str
    size: int
    sha256: bytes
    state: FileState | None = None
    saved: str | None = None


class _Unreadable(Exception):
    """The sealed file cannot be read: not there, not a plain file, or its disk is broken."""


def look(
    checked: Sequence[Checked], identities: Sequence[Identity], folder: Path | None, save: Path | None
) -> tuple[tuple[ShownFile, ...], ...]:
    """The files of each of these messages, looked for in `folder` (each opened to its end) and saved in `save`, where these are given.
    OSError when a file cannot be saved."""
    named = (message.payload.attachments if message.payload else () for message in checked)
    return tuple(tuple(_look(each, identities, folder, save) for each in files) for files in named)


def _look(named: Attachment, identities: Sequence[Identity], folder: Path | None, save: Path | None) -> ShownFile:
    name, kind = clean_name(named.name), clean_type(named.type)
    state, saved = None, None
    if folder is not None:
        state, saved = _open(named, identities, folder / f"{named.id}.age", save, name)
    return ShownFile(named.id, name, kind, named.size, named.sha256, state, saved)


def _open(named: Attachment, identities: Sequence[Identity], path: Path, save: Path | None, name: str) -> tuple[FileState, str | None]:
    try:
        chunks = attachment.open(_sealed(path), identities, named.size, named.sha256)
        if save is not None:
            return FileState.THERE, save_new(chunks, save, name)
        for _ in chunks:
            pass
    except _Unreadable:
        return FileState.MISSING, None
    except FormatError:
        return FileState.ALTERED, None
    return FileState.THERE, None


def _sealed(path: Path) -> Iterator[bytes]:
    """The bytes of a plain file. A link would lead out of the folder, and a pipe or device would never end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _Unreadable
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError:
        raise _Unreadable from None


def save_new(chunks: Iterator[bytes], folder: Path, name: str) -> str:
    """Write the chunks to a file in `folder` that is not there yet, and give its name: `name`, or one with a number.
    It has its name only once every chunk has come; whatever ends this earlier leaves nothing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f".{secrets.token_hex(8)}.part"
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        saved = _reserve(folder, name)
        part.replace(folder / saved)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(folder)
    return saved


def _reserve(folder: Path, name: str) -> str:
    return next(each for each in _candidates(name) if _made(folder / each))


def _made(path: Path) -> bool:
    # An empty file of our own, which the rename replaces. Hard links never replace anything, but many sticks' file systems have none.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True


def _candidates(name: str) -> Iterator[str]:
    """The name, then the name with 2, 3 ... before its ending; each short enough for a file system."""
    if name.startswith((".", "-")):
        name = f"_{name}"  # programs take such files for their settings, and such names for options
    dot = name.rfind(".")
    stem, ending = (name[:dot], name[dot:]) if dot > 0 and len(name) - dot in ENDING else (name, "")
    number = 1
    while True:
        tail = f" ({number}){ending}" if number > 1 else ending
        yield stem.encode()[: NAME_BYTES - len(tail.encode())].decode(errors="ignore") + tail
        number += 1


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
