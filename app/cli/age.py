"""quietline seal and open: standard age files, standard input to standard output, in constant memory."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import click

from app.crypto import age, armor
from app.crypto.hybrid import HybridIdentity, HybridRecipient
from app.errors import CommandError

CHUNK: Final = 65536
FILE_MOST: Final = 1 << 20
MOST_SIZE: Final = (1 << 53) - 1


@click.command(short_help="Seal standard input to recipients.")
@click.option(
    "--to", "recipients", multiple=True, required=True, metavar="RECIPIENT", help="age1pq1..., or a file with one a line. Repeatable."
)
@click.option("--armor", "armored", is_flag=True, help="As text.")
def seal(recipients: tuple[str, ...], armored: bool) -> None:
    """Seal standard input to recipients, as an age file on standard output."""
    parsed = [HybridRecipient.parse(text) for given in recipients for text in recipients_in(given)]
    sealed = age.seal(_chunks(sys.stdin.buffer), parsed)
    if not armored and sys.stdout.isatty():
        raise CommandError("An age file is not text: send it to a file, or add --armor.")
    _write(armor.encode(sealed) if armored else sealed)


@click.command("open", short_help="Open an age file.")
@click.option(
    "--identity",
    "files",
    multiple=True,
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Lines with AGE-SECRET-KEY-PQ-1... Repeatable.",
)
@click.option(
    "--size",
    type=click.IntRange(0, MOST_SIZE),
    metavar="BYTES",
    help="Of a sealed attachment: its true size, where the padding is cut off.",
)
def open_file(files: tuple[Path, ...], size: int | None) -> None:
    """Open an age file on standard input. Only what has been authenticated is written.

    When the file was altered or cut short the command fails; what stands on standard output is then genuine, but not complete.
    With --size it fails also when the file is shorter, or when what follows is not zeros: then the size is not this file's.
    """
    identities = [identity for file in files for identity in identities_in(file)]
    chunks = _chunks(sys.stdin.buffer)
    first = next(chunks, b"")
    whole = itertools.chain((first,), chunks)
    opened = age.unseal(armor.decode(whole) if armor.is_armored(first) else whole, identities)
    _write(opened if size is None else _cut(opened, size))


def _cut(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    left = size
    for chunk in chunks:
        kept = chunk[:left]
        if chunk.count(0, len(kept)) != len(chunk) - len(kept):
            raise CommandError("What follows this size is not padding: take the size from the message that names the file.")
        yield kept
        left -= len(kept)
    if left:
        raise CommandError("The file is shorter than this size: take the size from the message that names the file.")


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _write(chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def recipients_in(given: str) -> list[str]:
    """A recipient, or those of the file that is named, one a line."""
    if given.startswith("age1") or not Path(given).is_file():
        return [given]
    return list(_lines(Path(given)))


def identities_in(file: Path) -> list[HybridIdentity]:
    """The identities of a file, one a line. CommandError where there is none."""
    found = [HybridIdentity.parse(line) for line in _lines(file)]
    if not found:
        raise CommandError(f"{file} holds no identity: it needs a line that begins with AGE-SECRET-KEY-PQ-1.")
    return found


def _lines(file: Path) -> Iterator[str]:
    with file.open("rb") as opened:
        text = opened.read(FILE_MOST).decode("utf-8", "replace")
    return (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
