"""Secrets never stand in arguments: they are typed, read from standard input, or from a file. Files that hold them are for their owner."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from app.errors import CommandError

TYPED_MOST: Final = 4096
KEY_FILE: Final = "secret-key"


def read_secret(label: str, file: str | None, *, hidden: bool) -> str:
    """From `file` ("-" is standard input), else asked for on the terminal, else one line of standard input."""
    if file == "-":
        return sys.stdin.read(TYPED_MOST).strip()
    if file is not None:
        return _read(Path(file))
    if sys.stdin.isatty():
        typed: str = click.prompt(label, hide_input=hidden, err=True)
        return typed
    return sys.stdin.readline(TYPED_MOST).strip()


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(TYPED_MOST).strip()
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not a text file: name the file that holds the secret.") from None


def write_private(path: Path, data: Iterable[bytes], *, force: bool = False) -> None:
    """Write a file that only its owner can read, at once or not at all. An existing one is kept unless `force`."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())
        _put(new, path, force)
    finally:
        new.unlink(missing_ok=True)


def _put(new: Path, path: Path, force: bool) -> None:
    if force:
        new.replace(path)
        return
    try:
        path.hardlink_to(new)  # unlike a rename, this never replaces
    except FileExistsError:
        raise CommandError(f"{path} is there already: choose another name, or add --force to replace it.") from None


def secret_key_file(data: Path) -> Path:
    """The file of the secret that signs the desk's forms; made when it is missing."""
    path = data / KEY_FILE
    if not path.exists():
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, [secrets.token_urlsafe(48).encode() + b"\n"])
    return path
