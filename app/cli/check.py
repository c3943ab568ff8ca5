"""quietline check: whether what is stored is whole, and who may read it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from app.errors import SettingsError
from app.services import checkup, checkup_places
from app.services.checkup_findings import Finding
from app.services.context import Context
from app.settings import SECRETS, from_env
from app.storage.engine import open_database

FOUND = 1


@click.command(short_help="Look for what is damaged, missing or open to others.")
@click.option("--note-digests", is_flag=True, help="Of files that an older version stored: note their SHA-256, as they are now.")
@click.pass_context
def check(command: click.Context, note_digests: bool) -> None:
    """Look at everything that is stored, while the portal runs or not: tables and rows, the framing of every seal, every sealed file
    against its SHA-256, and the modes of files and folders. Prints a line for each finding, and ends with 1 where there is any.

    No seal is opened, and nothing is said of a case: ids are those of messages and files.
    """
    found = _print(_findings(note_digests))
    if not found:
        click.echo("Nothing found.")
    command.exit(FOUND if found else 0)


def _findings(note_digests: bool) -> Iterator[Finding]:
    settings = from_env(os.environ, serving=False)
    named = (os.environ.get(f"{name}_FILE") for name in SECRETS)
    yield from checkup_places.look(settings, [Path(each).absolute() for each in named if each])
    try:
        database = open_database(settings.database_url)
    except SettingsError as error:
        yield Finding("database", error.sentence)
        return
    ctx = Context(database=database, settings=settings)
    try:
        outdated = False
        for each in checkup.schema(ctx):
            outdated = True
            yield each
        if not outdated:
            yield from checkup.contents(ctx, note_digests=note_digests)
    finally:
        database.dispose()


def _print(findings: Iterable[Finding]) -> int:
    """How many there are that somebody has to do something about."""
    count = 0
    for each in findings:
        click.echo(each.line, err=each.harmless)
        count += not each.harmless
    return count
