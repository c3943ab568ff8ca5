"""Who may read the data folder: its owner, and nobody else."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from app.services.checkup_findings import Finding
from app.settings import Settings

OTHERS: Final = 0o077
_EVERYBODY: Final = 0o027
"""A secret that lies elsewhere may be readable for a group (a service manager's), and for no more."""


def look(settings: Settings, secrets: Collection[Path]) -> Iterator[Finding]:
    """The data folder, the folders of sealed files, and files with secrets that lie elsewhere. Look before the database is opened: that
    narrows the mode of its file."""
    folders = [settings.data, settings.staging, *([settings.blobs] if isinstance(settings.blobs, Path) else [])]
    if not settings.data.is_dir():
        yield Finding("folder", f"{settings.data} is not there")
        return
    owner = settings.data.stat().st_uid
    for path in _every(folders):
        yield from _flaws(path, owner)
    for path in secrets:
        if not any(path.is_relative_to(folder) for folder in folders):
            yield from _secret(path)


def _every(folders: Collection[Path]) -> Iterator[Path]:
    """Each of these folders, and everything in them, once; of links, what they are of is not looked at."""
    for folder in folders:
        above = [other for other in folders if other != folder and folder.is_relative_to(other)]
        if above or not folder.is_dir():
            continue
        yield folder
        for inside, names, files in os.walk(folder):
            yield from (Path(inside) / name for name in [*names, *files])


def _flaws(path: Path, owner: int) -> Iterator[Finding]:
    try:
        found = path.lstat()
    except FileNotFoundError:  # deleted while it was looked for
        return
    if stat.S_ISLNK(found.st_mode):
        return
    if found.st_mode & OTHERS:
        right = "700" if stat.S_ISDIR(found.st_mode) else "600"
        yield Finding("permissions", f"{path} is open to others ({stat.S_IMODE(found.st_mode):04o}): chmod {right} {path}")
    if found.st_uid != owner:
        yield Finding("permissions", f"{path} belongs to another user than the data folder")


def _secret(path: Path) -> Iterator[Finding]:
    try:
        mode = path.stat().st_mode
    except OSError:
        yield Finding("permissions", f"{path} cannot be looked at, and a setting names it")
        return
    if mode & _EVERYBODY:
        yield Finding("permissions", f"{path} holds a secret and is open to others ({stat.S_IMODE(mode):04o}): chmod 600 {path}")
