"""A backup while the portal runs: every row in one snapshot, then every file that they name, as one stream (FORMATS.md section 15).

The rows come first and quickly, because a snapshot of SQLite's keeps the journal from being cut. What is deleted while the files are
copied leaves a tombstone; those are read at the end, so that restoring deletes it again.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from app.crypto.hybrid import HybridRecipient
from app.domain import AttachmentId, OrganisationId
from app.errors import BlobMissing
from app.services import backup_format as form
from app.services import backup_tar as tar
from app.services import tombstones
from app.services.backup_format import Head, Manifest, Named, Running
from app.services.backup_rows import line
from app.services.context import Context
from app.storage import attachments, dump, migrate, organisations

_ROWS_BYTES: Final = 1024 * 1024
"""A file of rows is closed when it has become as large as this: its length stands before it, so it is made in memory."""

_FILE: Final = struct.Struct("26s26sQ?32s")


def recipients(ctx: Context, chosen: Sequence[OrganisationId], extra: HybridRecipient) -> list[HybridRecipient]:
    """Whom a backup is sealed to: the backup recipient, and the recovery recipients that all of these organisations have in common, since
    none of them is to open what belongs to another."""
    with ctx.database.read() as session:
        theirs = [organisations.recovery_recipients(session, each) for each in chosen]
    common = [each for each in theirs[0] if all(each in others for others in theirs)] if theirs else []
    return list(dict.fromkeys([extra, *map(HybridRecipient.parse, common)]))


class Backup:
    """One backup. Take all of `pieces`; then `manifest` says what is in it.

    In memory: one file of rows (about 1 MiB), one piece of a sealed file, and some 100 bytes for each sealed file.
    """

    def __init__(self, ctx: Context, chosen: Sequence[OrganisationId]) -> None:
        self.manifest: Manifest | None = None
        self._ctx = ctx
        self.head = Head(ctx.today(), migrate.HEAD, tuple(sorted(chosen)))
        self._tables = {name: Running() for name in dump.TABLES}
        self._named = bytearray()
        self._files, self._file_bytes, self._stones = Running(), 0, Running()
        self._gone: set[Named] = set()
        self._flawed: set[Named] = set()

    def pieces(self) -> Iterator[bytes]:
        """The container, not yet sealed. StorageBusy where the database or the blob store cannot be read."""
        position = 0
        for piece in self._pieces():
            position += len(piece)
            yield piece
        yield tar.end(position)

    def _pieces(self) -> Iterator[bytes]:
        yield from _small(form.HEAD, form.head_text(self.head))
        yield from self._rows()
        for each in _FILE.iter_unpack(self._named):
            yield from self._file(OrganisationId(each[0].decode()), AttachmentId(each[1].decode()), each[2], each[4] if each[3] else None)
        yield from self._tombstones()
        totals = {name: each.total() for name, each in self._tables.items()}
        gone, flawed = frozenset(self._gone), frozenset(self._flawed)
        self.manifest = Manifest(totals, self._files.total(), self._file_bytes, self._stones.total(), gone, flawed)
        yield from _small(form.END, form.manifest_text(self.manifest))

    def _rows(self) -> Iterator[bytes]:
        with self._ctx.database.read() as session:
            for table in dump.TABLES:
                for number, batch in enumerate(_batches(self._lines(table, dump.rows(session, table, self.head.organisations))), 1):
                    yield from _small(form.rows_name(table, number), batch)

    def _lines(self, table: str, rows: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
        for row in rows:
            text = line(row)
            self._tables[table].add(text)
            if table == "attachments":
                digest = row["digest"]
                known = (row["organisation_id"].encode(), row["id"].encode(), row["length"], digest is not None, digest or b"")
                self._named += _FILE.pack(*known)
            yield text

    def _file(self, organisation: OrganisationId, file: AttachmentId, length: int, digest: bytes | None) -> Iterator[bytes]:
        try:
            size, pieces = self._ctx.blobs.read(organisation, file)
        except BlobMissing:
            self._note(organisation, file)
            return
        yield tar.header(form.file_name(organisation, file), size)
        found = hashlib.sha256()
        for piece in tar.cut_to(_until_missing(pieces), size):
            found.update(piece)
            yield piece
        yield tar.padding(size)
        self._files.add(form.file_line(organisation, file, size, found.digest()))
        self._file_bytes += size
        if size != length or found.digest() != digest:
            self._note(organisation, file, unless=digest is None and size == length)

    def _note(self, organisation: OrganisationId, file: AttachmentId, *, unless: bool = False) -> None:
        """For a file that is not as its row says: deleted while it was copied, or lost or altered before (`unless` nothing says so)."""
        with self._ctx.database.read() as session:
            named = attachments.taken(session, organisation, [file])
        if not named:
            self._gone.add((organisation, file))
        elif not unless:
            self._flawed.add((organisation, file))

    def _tombstones(self) -> Iterator[bytes]:
        stones = (stone for stone in tombstones.every(self._ctx) if stone.organisation in self.head.organisations)
        for number, batch in enumerate(_batches(map(self._stone, stones)), 1):
            yield from _small(form.stones_name(number), batch)

    def _stone(self, stone: tombstones.Stone) -> bytes:
        text = tombstones.line(stone).encode() + b"\n"
        self._stones.add(text)
        return text


def _small(name: str, data: bytes) -> Iterator[bytes]:
    yield tar.header(name, len(data)) + data + tar.padding(len(data))


def _batches(lines: Iterator[bytes]) -> Iterator[bytes]:
    batch = bytearray()
    for each in lines:
        batch += each
        if len(batch) >= _ROWS_BYTES:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


def _until_missing(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a file that may be deleted while it is read."""
    with suppress(BlobMissing):
        yield from pieces
