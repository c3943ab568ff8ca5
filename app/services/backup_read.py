"""Reading a backup: nothing in it is taken as it is, since whoever knows its recipients could have made it (FORMATS.md section 15)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from app.crypto.encoding import is_id
from app.crypto.pull import Pull
from app.domain import AttachmentId, OrganisationId
from app.errors import FormatError
from app.services import backup_format as form
from app.services import backup_tar as tar
from app.services import tombstones
from app.services.backup_format import Head, Manifest, Named, Running, Total
from app.services.backup_rows import lines
from app.services.backup_tar import Member
from app.services.tombstones import Stone
from app.storage.dump import TABLES

_ROWS: Final = re.compile(r"rows/([a-z_]+)/([0-9]{6,})\.jsonl")
_STONES: Final = re.compile(r"tombstones/([0-9]{6,})\.jsonl")
_FILE: Final = re.compile(r"blobs/([a-z2-7]{26})/([a-z2-7]{26})")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table."""

    table: str
    line: bytes


@dataclass(frozen=True, slots=True)
class File:
    """A sealed file. What is not taken of `pieces` is passed over when the next is asked for."""

    organisation: OrganisationId
    id: AttachmentId
    size: int
    pieces: Iterator[bytes] = field(repr=False)

    @property
    def named(self) -> Named:
        return self.organisation, self.id


Part = Head | Row | File | Stone | Manifest


class Reader:
    """One pass over an opened backup."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._members = tar.members(Pull(pieces))
        self._tables: dict[str, Running] = {}
        self._files, self._file_bytes, self._stones = Running(), 0, Running()
        self._last_rows = (-1, 0)
        self._last_file = ("", "")
        self._last_stones = 0

    def parts(self) -> Iterator[Part]:
        """The head, rows, files, tombstones, and the manifest, which is given only once all before it has been found to be what it says,
        and nothing follows. FormatError (PayloadError from the seal) as soon as something is not.
        """
        head = self._head()
        yield head
        manifest: Manifest | None = None
        for member in self._members:
            if manifest is not None:
                raise FormatError
            if member.name == form.END:
                manifest = form.read_manifest(tar.whole(member, form.END_MOST))
            else:
                yield from self._parts(head, member)
        if manifest is None or manifest != self._found(manifest):
            raise FormatError
        yield manifest

    def rows_total(self) -> dict[str, Total]:
        """What the rows have come to so far."""
        return {name: self._tables.get(name, Running()).total() for name in TABLES}

    def _head(self) -> Head:
        member = next(self._members, None)
        if member is None or member.name != form.HEAD:
            raise FormatError
        return form.read_head(tar.whole(member, form.HEAD_MOST))

    def _found(self, manifest: Manifest) -> Manifest:
        named = (manifest.gone, manifest.flawed)
        tables = {name: total for name, total in self.rows_total().items() if name in manifest.tables or total.count}
        return Manifest(tables, self._files.total(), self._file_bytes, self._stones.total(), *named)

    def _parts(self, head: Head, member: Member) -> Iterator[Part]:
        if rows := _ROWS.fullmatch(member.name):
            yield from self._rows(rows[1], int(rows[2]), member)
        elif file := _FILE.fullmatch(member.name):
            yield from self._file(head, member, file[1], file[2])
        elif stones := _STONES.fullmatch(member.name):
            yield from self._tombstones(head, int(stones[1]), member)
        else:
            raise FormatError

    def _rows(self, table: str, number: int, member: Member) -> Iterator[Part]:
        place = (TABLES.index(table) if table in TABLES else -1, number)
        if self._last_file[0] or self._last_stones or place[0] < 0 or place <= self._last_rows:
            raise FormatError
        self._last_rows = place
        running = self._tables.setdefault(table, Running())
        for text in lines(member.pieces):
            running.add(text)
            yield Row(table, text)

    def _file(self, head: Head, member: Member, organisation: str, file: str) -> Iterator[Part]:
        known = organisation in head.organisations and is_id(file)
        if not known or (organisation, file) <= self._last_file or self._last_stones:
            raise FormatError
        self._last_file = organisation, file
        digest = hashlib.sha256()
        pieces = _hashed(member.pieces, digest)
        yield File(OrganisationId(organisation), AttachmentId(file), member.size, pieces)
        for _ in pieces:
            pass
        self._files.add(form.file_line(OrganisationId(organisation), AttachmentId(file), member.size, digest.digest()))
        self._file_bytes += member.size

    def _tombstones(self, head: Head, number: int, member: Member) -> Iterator[Part]:
        if number <= self._last_stones:
            raise FormatError
        self._last_stones = number
        for text in lines(member.pieces):
            self._stones.add(text)
            stone = _stone(text)
            if stone.organisation not in head.organisations:
                raise FormatError
            yield stone


def verify(pieces: Iterable[bytes]) -> tuple[Head, Manifest]:
    """Read a whole backup, and give what stands at its two ends. FormatError unless it is whole and unchanged."""
    head: Head | None = None
    for part in Reader(pieces).parts():
        if isinstance(part, Head):
            head = part
        if isinstance(part, Manifest) and head is not None:
            return head, part
    raise FormatError


def _stone(text: bytes) -> Stone:
    try:
        return tombstones.parse(text.decode())
    except UnicodeDecodeError:
        raise FormatError from None


def _hashed(pieces: Iterator[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece
