"""Files and folders as the sealed ones are kept: private, durable, dated to the day, and overwritten before they go."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final

from app.domain import AttachmentId, OrganisationId
from app.errors import FormatError, NoRoom

PIECE: Final = 256 * 1024
"""Bytes that are read at a time."""

_NAME: Final = re.compile(r"[a-z2-7]{26}")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SECONDS_OF_A_DAY: Final = 24 * 60 * 60
_ZEROS: Final = bytes(PIECE)
_durable: Final[set[Path]] = set()


def is_name(name: str) -> bool:
    """Whether this has the form of an id."""
    return _NAME.fullmatch(name) is not None


def require_name(*names: str) -> None:
    """FormatError unless each has the form of an id, so that none is a path."""
    if not all(map(is_name, names)):
        raise FormatError


@contextmanager
def room() -> Iterator[None]:
    """A full disk, or a used-up quota, as NoRoom."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise NoRoom from None
        raise


def is_full(error: OSError) -> bool:
    """Whether this says that there is no room."""
    return error.errno in _FULL


def make_folder(folder: Path) -> None:
    """A folder for the owner only, and durable: it, and every one that is missing on the way.

    One that is there may have been made a moment ago by a process that was killed before it synced it: each process does, once.
    """
    if folder in _durable and folder.is_dir():
        return
    if not folder.is_dir():
        make_folder(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
    sync_folder(folder.parent)
    _durable.add(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def blur(file: int | Path, day: date) -> None:
    """Set the times of a file (a descriptor or a path) to midnight UTC of a day: no finer time of a reporter's is kept."""
    midnight = (day.toordinal() - date(1970, 1, 1).toordinal()) * _SECONDS_OF_A_DAY
    os.utime(file, (midnight, midnight))


def open_quietly(path: Path, mode: int = os.O_RDONLY) -> int:
    """Open a file so that reading it leaves no time behind, where the system allows that. FileNotFoundError."""
    flags = mode | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags | os.O_NOATIME)
    except PermissionError:  # somebody else's file
        return os.open(path, flags)


def erase(path: Path) -> bool:
    """Overwrite a file with zeros, and delete it durably. False when it is not there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        overwrite(descriptor)
    finally:
        os.close(descriptor)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def overwrite(descriptor: int) -> None:
    """Zeros over every byte of an open file, on the disk. What a file system or a disk keeps of the old ones, SECURITY.md says."""
    length, done = os.fstat(descriptor).st_size, 0
    while done < length:
        done += os.pwrite(descriptor, _ZEROS[: length - done], done)
    os.fsync(descriptor)


def names(folder: Path) -> Iterator[AttachmentId]:
    """The files in a folder that are named by ids; none where there is no folder."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if is_name(entry.name):
                yield AttachmentId(entry.name)


def place(folder: Path, organisation: OrganisationId, name: AttachmentId) -> Path:
    """Where a file lies. FormatError for a name that is no id."""
    require_name(organisation, name)
    return folder / organisation / name
