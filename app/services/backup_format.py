"""What a backup says of itself, before and after its rows and files (FORMATS.md section 15)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from app.crypto import jsontext
from app.crypto.encoding import b64u_encode
from app.crypto.jsontext import Fields, Json
from app.domain import AttachmentId, OrganisationId
from app.errors import FormatError
from app.storage.dump import TABLES

HEAD: Final = "backup.json"
END: Final = "manifest.json"
HEAD_MOST: Final = 4 * 1024 * 1024
END_MOST: Final = 64 * 1024 * 1024
TYPE: Final = "quietline/backup"
_SCHEMA: Final = re.compile(r"[0-9]{4}")
_DIGEST_BYTES: Final = 32

Named = tuple[OrganisationId, AttachmentId]
"""A sealed file by whom it belongs to, and its id."""


@dataclass(frozen=True, slots=True)
class Head:
    """The day of a backup, the schema of its rows, and whose rows they are (in order of id)."""

    made_on: date
    schema: str
    organisations: tuple[OrganisationId, ...]


class Running:
    """A count of lines, and the SHA-256 over all of them."""

    def __init__(self) -> None:
        self.count = 0
        self._digest = hashlib.sha256()

    def add(self, line: bytes) -> None:
        self.count += 1
        self._digest.update(line)

    def total(self) -> Total:
        return Total(self.count, self._digest.digest())


@dataclass(frozen=True, slots=True)
class Total:
    """How many lines, and their digest."""

    count: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands at the end. `gone`: files whose case or message was deleted while the backup was made; `flawed`: files that the store had
    lost or altered before."""

    tables: dict[str, Total]
    files: Total
    file_bytes: int
    tombstones: Total
    gone: frozenset[Named] = field(default=frozenset())
    flawed: frozenset[Named] = field(default=frozenset())


def rows_name(table: str, number: int) -> str:
    return f"rows/{table}/{number:06}.jsonl"


def stones_name(number: int) -> str:
    return f"tombstones/{number:06}.jsonl"


def file_name(organisation: OrganisationId, file: AttachmentId) -> str:
    return f"blobs/{organisation}/{file}"


def file_line(organisation: OrganisationId, file: AttachmentId, length: int, sha256: bytes) -> bytes:
    """What a file enters the digest of all files with."""
    return _line({"organisation": organisation, "id": file, "length": length, "sha256": b64u_encode(sha256)})


def head_text(head: Head) -> bytes:
    facts: Json = {
        "type": TYPE,
        "v": 1,
        "made_on": head.made_on.isoformat(),
        "schema": head.schema,
        "organisations": list(head.organisations),
    }
    return _line(facts)


def read_head(text: bytes) -> Head:
    """FormatError for anything but the head of a backup of this version."""
    fields = _fields(text)
    fields.version()
    if fields.text("type") != TYPE or not _SCHEMA.fullmatch(fields.text("schema")):
        raise FormatError
    found = tuple(OrganisationId(each) for each in fields.texts("organisations", 1))
    if list(found) != sorted(set(found)):
        raise FormatError
    return Head(fields.day("made_on"), fields.text("schema"), found)


def manifest_text(manifest: Manifest) -> bytes:
    files = {**_total(manifest.files), "bytes": manifest.file_bytes}
    facts: Json = {
        "v": 1,
        "tables": {name: _total(total) for name, total in manifest.tables.items()},
        "files": files,
        "tombstones": _total(manifest.tombstones),
        "gone": _named(manifest.gone),
        "flawed": _named(manifest.flawed),
    }
    return _line(facts)


def read_manifest(text: bytes) -> Manifest:
    """FormatError for anything but a manifest."""
    fields = _fields(text)
    fields.version()
    tables, files = fields.child("tables"), fields.child("files")
    return Manifest(
        tables={name: _read_total(tables.child(name)) for name in TABLES if tables.has(name)},
        files=_read_total(files),
        file_bytes=files.integer("bytes"),
        tombstones=_read_total(fields.child("tombstones")),
        gone=_read_named(fields, "gone"),
        flawed=_read_named(fields, "flawed"),
    )


def _line(value: Json) -> bytes:
    return jsontext.dump(value).encode() + b"\n"


def _fields(text: bytes) -> Fields:
    try:
        return jsontext.load(text.decode())
    except UnicodeDecodeError:
        raise FormatError from None


def _total(total: Total) -> dict[str, Json]:
    return {"count": total.count, "sha256": b64u_encode(total.sha256)}


def _read_total(fields: Fields) -> Total:
    return Total(fields.integer("count"), fields.raw("sha256", _DIGEST_BYTES))


def _named(files: frozenset[Named]) -> list[Json]:
    return [{"organisation": organisation, "id": file} for organisation, file in sorted(files)]


def _read_named(fields: Fields, key: str) -> frozenset[Named]:
    return frozenset((OrganisationId(each.ident("organisation")), AttachmentId(each.ident("id"))) for each in fields.children(key))
