"""Strict reading and compact writing of JSON (FORMATS.md section 1)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, NoReturn, TypeVar

from app.crypto.encoding import b64u_decode, is_id, scalar_text
from app.domain import LIMITS
from app.errors import FormatError

Json = None | bool | int | str | Sequence["Json"] | Mapping[str, "Json"]
T = TypeVar("T")

_LARGEST: Final = 2**53 - 1
# A string that never ends is taken to the end of the text: to try again at each later quote would take quadratic time.
_STRING_OR_BRACKET: Final = re.compile(r'"[^"\\]*(?:\\(?:.|\Z)[^"\\]*)*(?:"|\Z)|[\[\]{}]', re.DOTALL)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _number(literal: str) -> int:
    # By value and as a double, because that is what JSON.parse can know: 1.0 and 1e0 are 1.
    try:
        value = float(literal)
    except (ValueError, OverflowError):
        raise FormatError from None
    if not 0 <= value <= _LARGEST or not value.is_integer():
        raise FormatError
    return int(value)


def _no_constant(_: str) -> NoReturn:
    raise FormatError


def _bound_depth(text: str) -> None:
    # Before parsing, because the parser recurses. On text that is no JSON this may count too much, never too little.
    if text.count("{") + text.count("[") <= LIMITS.json_depth:
        return  # it cannot be deeper than that, and a long sealed text need not be walked through
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        first = match.group()[0]
        if first in "[{":
            depth += 1
            if depth > LIMITS.json_depth:
                raise FormatError
        elif first in "]}":
            depth -= 1


def dump(value: Json) -> str:
    """Compact JSON with non-ASCII characters as themselves; lone surrogates become U+FFFD."""
    return scalar_text(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def load(text: str) -> Fields:
    """The object this JSON text is. FormatError for anything section 1 refuses. Its size is the caller's to bound."""
    _bound_depth(text)
    try:
        value: object = json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_no_constant)
        if "\\u" in text:  # only an escape can bring a lone surrogate into text that was UTF-8
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise FormatError from None
    return Fields(value)


def load_document(document: bytes) -> Fields:
    """The object of a document: UTF-8 JSON with white space around it, at most the largest message class. FormatError otherwise."""
    if len(document) > LIMITS.message_class_largest:
        raise FormatError
    try:
        return load(document.decode("utf-8"))
    except UnicodeDecodeError:
        raise FormatError from None


def day(text: str) -> date:
    """The day written `YYYY-MM-DD`. FormatError otherwise."""
    if not _DAY.fullmatch(text):
        raise FormatError
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FormatError from None


class Fields:
    """A JSON object, read field by field. Every method raises FormatError for a missing key or a wrong type or length."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise FormatError
        self._values: dict[str, object] = value

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._values

    def is_null(self, key: str) -> bool:
        """Whether the key is there and null."""
        return self.has(key) and self._values[key] is None

    def text(self, key: str, least: int = 0, most: int | None = None) -> str:
        """A text of `least` to `most` code points."""
        value = self._values.get(key)
        if not isinstance(value, str) or len(value) < least or (most is not None and len(value) > most):
            raise FormatError
        return value

    def is_text(self, key: str) -> bool:
        """Whether the key is there and a text."""
        return isinstance(self._values.get(key), str)

    def one_of(self, key: str, values: Callable[[str], T]) -> T:
        """A text that `values` (an enumeration) knows."""
        try:
            return values(self.text(key))
        except ValueError:
            raise FormatError from None

    def integer(self, key: str, least: int = 0) -> int:
        """An integer from `least` to 2^53-1."""
        value = self._values.get(key)
        if type(value) is not int or value < least:
            raise FormatError
        return value

    def version(self) -> None:
        """Requires `v` to be 1."""
        if self.integer("v") != 1:
            raise FormatError

    def raw(self, key: str, length: int) -> bytes:
        """Exactly `length` bytes, from b64u."""
        return b64u_decode(self.text(key), length)

    def ident(self, key: str) -> str:
        """An id, as text."""
        value = self.text(key)
        if not is_id(value):
            raise FormatError
        return value

    def day(self, key: str) -> date:
        """A UTC day."""
        return day(self.text(key))

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._values.get(key)
        if not isinstance(value, bool):
            raise FormatError
        return value

    def child(self, key: str) -> Fields:
        """An object."""
        return Fields(self._values.get(key))

    def _list(self, key: str, least: int, most: int | None) -> list[object]:
        value = self._values.get(key)
        if not isinstance(value, list) or len(value) < least or (most is not None and len(value) > most):
            raise FormatError
        return value

    def children(self, key: str, least: int = 0, most: int | None = None) -> list[Fields]:
        """A list of `least` to `most` objects."""
        return [Fields(value) for value in self._list(key, least, most)]

    def texts(self, key: str, least: int = 0, most: int | None = None) -> list[str]:
        """A list of `least` to `most` texts."""
        values = self._list(key, least, most)
        if not all(isinstance(value, str) for value in values):
            raise FormatError
        return [str(value) for value in values]
