"""Sealed files on their way: always local, whatever store they end in. The size of a file is the offset of its upload.

Several servers that share a database must share this folder too, or each upload must reach the server where it began.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from app.domain import LIMITS, AttachmentId, OrganisationId
from app.errors import NoRoom, UploadBusy
from app.storage import files

_MARKER: Final = ".boot"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def boot() -> str:
    """What tells one start of the machine from another; where the system does not say, something new each time."""
    return _BOOT.read_text(encoding="ascii").strip() if _BOOT.exists() else secrets.token_hex(16)


class Staging:
    """`<folder>/<organisation>/<id>`. A file is made only after its row is committed, so one without a row is left over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, organisation: OrganisationId, name: AttachmentId, day: date) -> None:
        """An empty file, durable. FileExistsError where there is one."""
        path = files.place(self.folder, organisation, name)
        with files.room():
            files.make_folder(path.parent)
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                files.blur(descriptor, day)
            finally:
                os.close(descriptor)
            files.sync_folder(path.parent)

    def size(self, organisation: OrganisationId, name: AttachmentId) -> int | None:
        """How many bytes there are; None where there is no file."""
        try:
            return files.place(self.folder, organisation, name).stat().st_size
        except FileNotFoundError:
            return None

    def sizes(self) -> dict[tuple[OrganisationId, AttachmentId], int]:
        """Every file of every organisation, and how many bytes have come of it."""
        found: dict[tuple[OrganisationId, AttachmentId], int] = {}
        for folder in self._organisations():
            for name in files.names(folder):
                with suppress(FileNotFoundError):
                    found[OrganisationId(folder.name), name] = (folder / name).stat().st_size
        return found

    def _organisations(self) -> list[Path]:
        with suppress(FileNotFoundError):
            return [each for each in self.folder.iterdir() if files.is_name(each.name)]
        return []

    def usable(self) -> bool:
        """Whether the folder that the server found at its start is still there, and can be written to."""
        return (self.folder / _MARKER).exists() and os.access(self.folder, os.W_OK | os.X_OK)

    def distrust(self, since: str) -> None:
        """At the start of a server: where the machine was started since the last time (see `boot`), cut every file to nothing.

        A file's size may then be ahead of what reached the disk, and an upload would go on behind a hole. Its client begins again.
        """
        marker = self.folder / _MARKER
        if marker.exists() and marker.read_text(encoding="ascii") == since:
            return
        for path in self.folder.glob("*/*"):
            with suppress(FileNotFoundError, UploadBusy), self.open(OrganisationId(path.parent.name), AttachmentId(path.name)) as partial:
                times = os.fstat(partial.descriptor)
                partial.cut(0)
                os.utime(partial.descriptor, ns=(times.st_atime_ns, times.st_mtime_ns))
                os.fsync(partial.descriptor)
        files.make_folder(self.folder)
        marker.touch(mode=0o600)
        marker.chmod(0o600)  # an older version made it with the umask's mode
        marker.write_text(since, encoding="ascii")

    @contextmanager
    def open(self, organisation: OrganisationId, name: AttachmentId) -> Iterator[Partial]:
        """A file to write to, for one caller at a time: the lock goes when this ends, or with the process.

        UploadBusy when somebody else has it, FileNotFoundError when it is not there.
        """
        path = files.place(self.folder, organisation, name)
        descriptor = files.open_quietly(path, os.O_RDWR)
        try:
            _lock(descriptor)
            _require_still(path, descriptor)
            yield Partial(path, descriptor)
        finally:
            os.close(descriptor)

    def require_room(self, length: int) -> None:
        """NoRoom when a file of so many bytes would leave less than the reserve, which belongs to reports without files."""
        if _free(_existing(self.folder)) - length < LIMITS.reserve_bytes:
            raise NoRoom

    def delete(self, organisation: OrganisationId, name: AttachmentId) -> None:
        """Delete it durably; no error when it is not there. Whoever is writing to it goes on writing to nothing."""
        files.erase(files.place(self.folder, organisation, name))

    def blur(self, organisation: OrganisationId, name: AttachmentId) -> None:
        """Date a file to its day, where whoever wrote to it last did not come to it. No error when it is not there."""
        path = files.place(self.folder, organisation, name)
        with suppress(FileNotFoundError):
            files.blur(path, datetime.fromtimestamp(path.stat().st_mtime, UTC).date())

    def names(self, organisation: OrganisationId) -> Iterator[AttachmentId]:
        """Every file of an organisation, in no order."""
        files.require_name(organisation)
        return files.names(self.folder / organisation)


class Partial:
    """A locked file of the staging folder. Nothing counts as kept before `keep`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self._running = None if self.size else hashlib.sha256()

    def append(self, piece: bytes) -> None:
        """Write at the end. NoRoom when the disk is full, or would hold less than the reserve; `size` is then what was written."""
        if _free(self.descriptor) - len(piece) < LIMITS.reserve_bytes:
            raise NoRoom
        view = memoryview(piece)
        with files.room():
            while view:
                written = os.pwrite(self.descriptor, view, self.size)
                self.size += written
                if self._running is not None:
                    self._running.update(view[:written])
                view = view[written:]

    def head(self, length: int) -> bytes:
        """The first bytes, as many as there are."""
        return os.pread(self.descriptor, length, 0)

    def digest(self) -> bytes:
        """The SHA-256 of all of it: of what was appended, where that is all, and else read back from the file."""
        if self._running is not None:
            return self._running.digest()
        found, position = hashlib.sha256(), 0
        while piece := os.pread(self.descriptor, files.PIECE, position):
            found.update(piece)
            position += len(piece)
        return found.digest()

    def cut(self, size: int) -> None:
        """Take away what follows."""
        os.ftruncate(self.descriptor, size)
        self.size = size
        self._running = None

    def keep(self, day: date) -> None:
        """Date what was written to the day, and make it durable. NoRoom when there turns out to be no room for it.

        When the disk fails nothing of the file is believed any more, and it is cut to nothing (see blobs_local).
        """
        with files.room():
            files.blur(self.descriptor, day)
            try:
                os.fsync(self.descriptor)
            except OSError as error:
                if not files.is_full(error):
                    self.cut(0)
                raise

    def forget(self) -> None:
        """Overwrite what was written, where the name is gone already."""
        files.overwrite(self.descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UploadBusy from None


def _require_still(path: Path, descriptor: int) -> None:
    """FileNotFoundError when the locked file has been finished or deleted since it was opened."""
    if not os.path.samestat(path.stat(follow_symlinks=False), os.fstat(descriptor)):
        raise FileNotFoundError


def free(folder: Path) -> int:
    """Bytes that this user may still write into a folder, or where it will be made. OSError when nobody can tell."""
    return _free(_existing(folder))


def _free(place: Path | int) -> int:
    """Bytes that this user may still write where a file or folder (or an open file's descriptor) lies."""
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def _existing(path: Path) -> Path:
    """The folder, or the nearest one above it that is there already."""
    while not path.exists():
        path = path.parent
    return path


def grouped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in as few pieces as make sense for a write: each a little more than 256 KiB at most."""
    held: list[bytes] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= files.PIECE:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)
