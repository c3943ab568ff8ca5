"""Names and types of files (FORMATS.md section 6): one line, no path, nothing that makes an ending look like another."""

from __future__ import annotations

import re
from typing import Final

from app.crypto.message import clean_line
from app.domain import LIMITS

NAMELESS: Final = "file"
_DIRECTIONS: Final = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_ENDING: Final = re.compile(r"\.[^.]{1,11}\Z", re.DOTALL)
_PART: Final = "[a-z0-9][a-z0-9!#$&^_.+-]*"
_TYPE: Final = re.compile(f"{_PART}/{_PART}")


def clean_name(given: str) -> str:
    """The name (1 to 100 characters) of a file as its manifest has it and as it is shown and saved. A clean one stays as it is."""
    name = _shortened(clean_line(_DIRECTIONS.sub("", re.split(r"[/\\]", given)[-1])).lstrip())
    return NAMELESS if name in {"", ".", ".."} else name


def _shortened(name: str) -> str:
    most = LIMITS.file_name_characters
    if len(name) <= most:
        return name
    ending = _ENDING.search(name)
    if ending is None:
        return name[:most].rstrip()
    return name[: most - len(ending[0])] + ending[0]


def clean_type(given: str) -> str:
    """A media type in lower case, without parameters; empty when it is none, has any, or is longer than 100 characters."""
    kind = given.translate(_LOWER) if len(given) <= LIMITS.name_characters else ""
    return kind if _TYPE.fullmatch(kind) else ""


# Of ASCII only: lower() would make a K of the Kelvin sign.
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
