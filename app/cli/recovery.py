"""quietline recovery: makes a recovery key, and writes one as a file, on a machine without a network."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

import click

from app.cli.secretfiles import read_secret, write_private
from app.crypto import fingerprint
from app.crypto import recovery as keys
from app.crypto.hybrid import HybridIdentity
from app.errors import CommandError

ASKED = 4
TRIES = 3
COLUMNS = 4


@click.group()
def recovery() -> None:
    """Make and use a recovery key (offline)."""


@recovery.command()
def new() -> None:
    """Make 24 words, check them back, and print their recipient.

    Run it on a machine without a network, write the words on paper, and give the server the recipient only. Whoever has the words can
    open every keyring that is sealed to it, and with it every report.
    """
    seed = keys.new_seed()
    words = keys.words(seed)
    _show(words)
    _check_back(words)
    recipient = str(HybridIdentity.from_seed(seed).recipient)
    click.echo("\nRecipient (give this to quietline init --recovery):\n")
    click.echo(recipient)
    click.echo("\nFingerprint (write it beside the words; officers compare it with what their desk shows):\n")
    click.echo(fingerprint.recovery(recipient))


@recovery.command(short_help="Write the words as an age identity file.")
@click.option("--words-file", metavar="FILE", help="A file with the 24 words, - for standard input; asked for otherwise.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@click.option("--force", is_flag=True, help="Replace the file when it is there.")
def identity(words_file: str | None, output: Path, force: bool) -> None:
    """Write the 24 words as an identity file for quietline open, age and other age programs (offline).

    It opens the keyrings of an export, and they open everything else, without Quietline. Keep the file no longer than it is needed.
    """
    key = keys.read(read_secret("The 24 words", words_file, hidden=False))
    write_private(output, [f"{key}\n".encode()], force=force)


def _show(words: Sequence[str]) -> None:
    click.echo("Write these 24 words on paper, with their numbers. They are not kept anywhere.\n")
    rows = len(words) // COLUMNS
    for row in range(rows):
        cells = [f"{number + 1:2}. {words[number]:<10}" for number in range(row, len(words), rows)]
        click.echo("  ".join(cells).rstrip())


def _check_back(words: Sequence[str]) -> None:
    """Ask for some of the words, so that a paper nobody wrote on is noticed now."""
    click.echo("\nFrom the paper, please:")
    for number in sorted(secrets.SystemRandom().sample(range(len(words)), ASKED)):
        _ask(number + 1, words[number])


def _ask(number: int, word: str) -> None:
    for _ in range(TRIES):
        typed: str = click.prompt(f"Word {number}", default="", show_default=False)
        if typed.strip().lower() in {word, word[:4]}:
            return
        click.echo("That is not the word. Look at the paper, and correct it if it is wrong.")
    raise CommandError(
        "The words were not checked back, so this key is not to be used: run the command again and write the new words down."
    )
