"""Rows as lines of text and back (FORMATS.md section 15)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum
from typing import Any, Final

from sqlalchemy import Boolean, Column, Date, Integer, LargeBinary, String, Table

from app.crypto import jsontext
from app.crypto.encoding import b64u_decode, b64u_encode, is_id
from app.crypto.pull import Pull
from app.errors import FormatError

LINE_MOST: Final = 16 * 1024 * 1024
"""Bytes of a line: a sealed message of the largest class is a tenth of it."""

_ID_CHARACTERS: Final = 26
"""Columns of ids, and no others, have this length. Files are found by them, so none may be a path."""

_INTEGER_MOST: Final = 2**63 - 1


def line(row: Mapping[str, Any]) -> bytes:
    """A row as a line."""
    values = {name: _written(value) for name, value in row.items()}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The lines of a file, each with its end. FormatError for one that is too long, or has none."""
    source = Pull(pieces)
    while found := source.line(LINE_MOST):
        if not found.endswith(b"\n"):
            raise FormatError
        yield found


def read_object(text: bytes) -> dict[str, Any]:
    """The JSON object that a line is. FormatError for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise FormatError from None
    if not isinstance(found, dict):
        raise FormatError
    return found


def values(table: Table, text: bytes) -> dict[str, Any]:
    """The values of a line for this table: every column that its schema has, and no other. FormatError for anything else."""
    found = read_object(text)
    if found.keys() != set(table.columns.keys()):
        raise FormatError
    return {name: _read(table.columns[name], value) for name, value in found.items()}


def _written(value: Any) -> str | int | bool | None:
    match value:
        case bytes():
            return b64u_encode(value)
        case date():
            return value.isoformat()
        case Enum():
            return str(value.value)
        case None | bool() | int() | str():
            return value
        case _:
            raise TypeError(type(value).__name__)


def _read(column: Column[Any], value: object) -> Any:
    """The value for a column, by the column's type."""
    if value is None:
        return None
    kind = column.type
    if isinstance(kind, Boolean) and isinstance(value, bool):
        return value
    if isinstance(kind, Integer) and type(value) is int and abs(value) <= _INTEGER_MOST:
        return value
    if isinstance(value, str) and "\0" not in value:
        return _read_text(kind, value)
    raise FormatError


def _read_text(kind: object, value: str) -> Any:
    if isinstance(kind, LargeBinary):
        return b64u_decode(value)
    if isinstance(kind, Date):
        return jsontext.day(value)
    if isinstance(kind, String) and (kind.length != _ID_CHARACTERS or is_id(value)):
        return value
    raise FormatError
