"""Small sealed files: keyrings and identity files, armored or not."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from app.crypto import armor
from app.errors import CommandError

MOST: Final = 4 << 20


def read_sealed(path: Path) -> bytes:
    """The age file in a file, its armor taken off."""
    with path.open("rb") as file:
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise CommandError(f"{path} is too large for a keyring or an identity file: check that it is the right file.")
    return b"".join(armor.decode((data,))) if armor.is_armored(data) else data
