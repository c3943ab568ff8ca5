"""Writes the vectors beside this file: `python -m tests.vectors.generate`. sealed.json is random: only when named."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from .make import conversations, files, formats, keyrings, messages, receipts, sealed

FOLDER: Final = Path(__file__).parent
FIXED: Final[Mapping[str, Callable[[], Mapping[str, object]]]] = {
    "aliases.json": formats.aliases,
    "attachments.json": files.attachments,
    "conversations.json": conversations.conversations,
    "encodings.json": formats.encodings,
    "filenames.json": files.filenames,
    "fingerprints.json": formats.fingerprints,
    "json.json": formats.strict_json,
    "kdf.json": formats.officers,
    "keyrings.json": keyrings.keyrings,
    "messages.json": messages.messages,
    "padding.json": formats.sizes,
    "receipts.json": receipts.receipts,
    "signing.json": formats.signatures,
    "text.json": formats.text,
}
RANDOM: Final[Mapping[str, Callable[[], Mapping[str, object]]]] = {"sealed.json": sealed.sealed}


def render(content: Mapping[str, object]) -> str:
    """A vector file's text: one line a key of a case, ASCII, so that odd characters can be seen."""
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def main(names: list[str]) -> None:
    """Writes the deterministic files, and the random ones that are named."""
    for name, make in {**FIXED, **{name: RANDOM[name] for name in names}}.items():
        (FOLDER / name).write_text(render(make()), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1:])
