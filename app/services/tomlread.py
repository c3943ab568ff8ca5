"""Reads tables out of a TOML document; every refusal names the key and says what to write there."""

from __future__ import annotations

import tomllib
import unicodedata
from typing import Any

from app.errors import CommandError


class Table:
    """One table of the document. Each key is taken once; `done` refuses what nobody took."""

    def __init__(self, values: dict[str, Any], where: str = "") -> None:
        self._values = dict(values)
        self._where = where

    @classmethod
    def parse(cls, text: str) -> Table:
        """The whole document."""
        try:
            return cls(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise CommandError(f"The file is not TOML: {error}.") from None

    def refuse(self, key: str, sentence: str) -> CommandError:
        """The error for a key of this table, to be raised."""
        return CommandError(f"{self._where}{key} {sentence}")

    def text(self, key: str, most: int, *, lines: bool = False) -> str | None:
        """A text of 1 to `most` characters, or None where the key is missing. `lines` allows more than one line."""
        value = self._values.pop(key, None)
        return None if value is None else self._clean(key, value, most, lines=lines)

    def required(self, key: str, most: int) -> str:
        value = self.text(key, most)
        if value is None:
            raise self.refuse(key, "is missing: add it.")
        return value

    def flag(self, key: str) -> bool:
        """true or false; false where the key is missing."""
        value = self._values.pop(key, False)
        if not isinstance(value, bool):
            raise self.refuse(key, "must be true or false, without quotes.")
        return value

    def number(self, key: str, least: int, most: int) -> int | None:
        """A whole number, or None where the key is missing."""
        value = self._values.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.refuse(key, f"must be a whole number from {least} to {most}, without quotes.")
        return value

    def texts(self, key: str, most: int, count: int) -> tuple[str, ...]:
        """A list of up to `count` different one-line texts; empty where the key is missing."""
        values = self._list(key, count)
        texts = tuple(self._clean(f"{key}[{number}]", value, most, lines=False) for number, value in enumerate(values, 1))
        if len(set(texts)) != len(texts):
            raise self.refuse(key, "has the same entry twice: remove one.")
        return texts

    def tables(self, key: str, count: int) -> list[Table]:
        """Up to `count` tables written as [[key]]."""
        values = self._list(key, count)
        if not all(isinstance(value, dict) for value in values):
            raise self.refuse(key, f"must be written as tables: [[{self._where}{key}]].")
        return [Table(value, f"{self._where}{key}[{number}].") for number, value in enumerate(values, 1)]

    def done(self) -> None:
        """Refuse keys that mean nothing here, so that a misspelt one is not silently without effect."""
        for key in self._values:
            raise self.refuse(key, "is not a setting here: remove it, or correct its spelling.")

    def _list(self, key: str, count: int) -> list[Any]:
        values = self._values.pop(key, [])
        if not isinstance(values, list):
            raise self.refuse(key, "must be a list.")
        if len(values) > count:
            raise self.refuse(key, f"has {len(values)} entries: {count} are the most.")
        return values

    def _clean(self, key: str, value: object, most: int, *, lines: bool) -> str:
        if not isinstance(value, str):
            raise self.refuse(key, "must be a text in quotes.")
        text = value.replace("\r\n", "\n").strip()
        if not text:
            raise self.refuse(key, "is empty: write something, or remove the line.")
        if len(text) > most:
            raise self.refuse(key, f"has {len(text)} characters: {most} are the most.")
        if any(unicodedata.category(character) == "Cc" and not (lines and character == "\n") for character in text):
            raise self.refuse(key, "has a line break or another control character in it: remove it.")
        return text
