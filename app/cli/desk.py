"""quietline desk: the desk without a server. An export and an officer's identity file are enough."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from app.cli import desk_text
from app.cli.desk_files import FileState
from app.cli.desk_open import OpenedChannel, ShownCase, open_cases, open_keyrings, opened_channels, with_files
from app.cli.exportfile import Export, read_export
from app.cli.sealedfiles import read_sealed
from app.cli.secretfiles import read_secret
from app.crypto import fingerprint, identity_file, kdf
from app.crypto.identity_file import OfficerIdentity
from app.errors import CommandError, NoMatch
from app.settings import from_env


@click.command(short_help="Show the cases of an export (offline).")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--identity", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Your identity file, from the desk."
)
@click.option("--user", prompt="User name", prompt_required=True, help="Your user name; asked for otherwise.")
@click.option("--password-file", metavar="FILE", help="A file with your password, - for standard input; asked for otherwise.")
@click.option("--case", "wanted", metavar="CASE", help="One case, by id or alias, in full.")
@click.option(
    "--fingerprint",
    "fingerprints",
    multiple=True,
    metavar="TEXT",
    help="A channel's fingerprint, from the poster or from paper: nothing is shown of an export with other keys. Repeatable.",
)
@click.option(
    "--files",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of sealed files beside the export; each is opened and compared.",
)
@click.option(
    "--save", type=click.Path(file_okay=False, path_type=Path), help="A folder to save opened files in; nothing in it is replaced."
)
@click.option("--json", "as_json", is_flag=True, help="All that was opened, for programs.")
def desk(
    file: Path,
    identity: Path,
    user: str,
    password_file: str | None,
    wanted: str | None,
    fingerprints: tuple[str, ...],
    folder: Path | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Open, check and show the cases of an export (offline).

    FILE is what quietline export wrote. Without --case or --json there is one line a case. With --files the command fails when a file
    is missing or altered, after it has shown the rest. A host that wants to deceive can make up
    a channel with all its cases: only the fingerprint, compared with the poster or paper, tells that it is yours.
    """
    _refuse_senseless(folder, save, in_full=as_json or wanted is not None)
    exported = read_export(file)
    keys = _unlock(exported, identity, user, read_secret("Password", password_file, hidden=True))
    keyrings = open_keyrings(exported, keys)
    opened = opened_channels(exported, keyrings)
    _require(opened, fingerprints)
    shown = _wanted(open_cases(exported, keyrings), wanted)
    if as_json or wanted is not None:
        shown = tuple(with_files(each, keyrings, folder, save) for each in shown)
    if as_json:
        click.echo(desk_text.safe_json(json.dumps(desk_text.as_json(opened, shown), ensure_ascii=False, indent=2)))
    elif wanted is not None:
        click.echo("\n\n".join([desk_text.fingerprints(opened), *(desk_text.in_full(each) for each in shown)]).lstrip())
    else:
        click.echo(desk_text.overview(exported, opened, shown))
    _require_files(shown)


def _refuse_senseless(folder: Path | None, save: Path | None, *, in_full: bool) -> None:
    if folder is not None and not in_full:
        raise click.UsageError("--files needs --case or --json.")
    if save is not None and folder is None:
        raise click.UsageError("--save needs --files, the folder of sealed files.")


def _require_files(shown: Sequence[ShownCase]) -> None:
    files = [each for case in shown for of_message in case.files for each in of_message]
    wrong = [each for each in files if each.state in (FileState.MISSING, FileState.ALTERED)]
    if wrong:
        raise CommandError(f"Files missing or altered: {len(wrong)} of {len(files)}. They are named above; nothing of them was saved.")


def _unlock(exported: Export, identity: Path, user: str, password: str) -> OfficerIdentity:
    profile = kdf.PROFILES[from_env(os.environ, serving=False).kdf_profile]
    secrets = kdf.derive(password, exported.organisation, user, profile)
    try:
        keys = identity_file.open(read_sealed(identity), secrets.unlock)
    except NoMatch:
        raise CommandError(
            "The identity file does not open: check the user name, the password, and that both files are of one organisation."
        ) from None
    if keys.organisation != exported.organisation:
        raise CommandError("The identity file is of another organisation than the export.")
    return keys


def _require(opened: Sequence[OpenedChannel], given: Sequence[str]) -> None:
    for channel in opened if given else ():
        if not any(fingerprint.same(channel.fingerprint, each) for each in given):
            raise CommandError(
                f"ALARM: the keys of {desk_text.one_line(channel.slug)} have the fingerprint {channel.fingerprint}, "
                "which is none of those given. Nothing was shown."
            )


def _wanted(cases: tuple[ShownCase, ...], wanted: str | None) -> tuple[ShownCase, ...]:
    if wanted is None:
        return cases
    name = " ".join(wanted.lower().split())
    found = tuple(each for each in cases if name in (each.case.id, each.alias))
    if not found:
        raise CommandError("There is no such case in this export: quietline desk without --case lists them.")
    return found
