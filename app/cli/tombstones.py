"""quietline tombstones: what is left of deleted cases and messages, for the day on which a backup has to be restored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO

import click

from app.cli.common import working_context
from app.errors import CommandError, FormatError
from app.services import tombstones as service
from app.services.tombstones import Stone


@click.command(short_help="List what was deleted, or delete it again.")
@click.option(
    "--apply",
    "file",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help="What this command printed before the backup was restored; - for standard input.",
)
def tombstones(file: TextIO | None) -> None:
    """Print what is left of deleted cases and messages: a hash and a day a line, from which nothing can be read.

    With --apply, delete from the database whatever the lines of FILE are of: a restored backup holds it again. Done twice, it does nothing.
    """
    with working_context() as ctx:
        if file is None:
            for stone in service.every(ctx):
                click.echo(service.line(stone))
            return
        applied = service.apply_tombstones(ctx, list(read(file)))
    click.echo(f"Deleted again: {applied.cases} cases, and {applied.messages} messages of others.")
    if applied.unknown:
        click.echo(f"{applied.unknown} lines are of organisations that are not in this database.", err=True)


def read(file: TextIO) -> Iterator[Stone]:
    """The lines of a file. CommandError where one is something else."""
    for number, line in enumerate(_lines(file), 1):
        try:
            yield service.parse(line)
        except FormatError:
            raise CommandError(f"Line {number} is not what quietline tombstones prints. Nothing was deleted.") from None


def _lines(file: Any) -> Iterator[str]:
    try:
        yield from file
    except UnicodeDecodeError:
        raise CommandError("The file is not text in UTF-8. Nothing was deleted.") from None
