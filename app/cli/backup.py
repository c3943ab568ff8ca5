"""quietline backup and restore: everything an installation needs to go on elsewhere, as one sealed file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TextIO, TypeVar

import click

from app.cli import tombstones as tombstone_lines
from app.cli.age import identities_in, recipients_in
from app.cli.common import choose_organisation, working_context
from app.cli.desk_files import sync_folder
from app.cli.secretfiles import read_secret, secret_key_file, write_private
from app.crypto import age, recovery
from app.crypto.hybrid import HybridIdentity, HybridRecipient
from app.domain import OrganisationId
from app.errors import CommandError, FormatError, HeaderError, NoMatch
from app.services import backup as service
from app.services import backup_read, checkup
from app.services import restore as restoring
from app.services.backup_format import Head, Manifest
from app.services.context import Context
from app.services.restore import Restored
from app.settings import from_env
from app.storage import organisations
from app.storage.engine import open_database

CHUNK: Final = 256 * 1024
FLAWED: Final = 1
NOT_IN_IT: Final = """
NOT in the backup, so keep them elsewhere:
  - what opens it: the backup identity, or the recovery words. Without one of them it is lost;
  - officers' passwords: nobody here has them. Without the recovery words, reports stay closed to whoever forgot theirs;
  - the settings (QUIETLINE_...), keys to a blob store or database, certificates and onion keys;
  - the secret-key file (restoring makes a new one), sessions of the desk, invitations, files that no message names yet."""

STILL_NEEDED: Final = """
Before quietline serve:
  - QUIETLINE_SECRET_KEY_FILE={key}
  - the other settings, and keys to a blob store or database, as they were: they are in no backup;
  - where the old database is still at hand: quietline tombstones there, and quietline tombstones --apply here. Without it, what was deleted
    since the backup is back: tell the officers.
Officers log in with their own passwords. Who forgot theirs needs the 24 recovery words; nothing here opens a report."""
Result = TypeVar("Result")


@click.command(short_help="Write everything into one sealed file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--to", metavar="RECIPIENT", help="The backup recipient: age1pq1..., or a file with it.  [default: QUIETLINE_BACKUP_RECIPIENT]"
)
@click.option("--organisation", metavar="ID", help="Only this one, by id or host name; all otherwise.")
@click.option("--force", is_flag=True, help="Replace the file when it is there.")
@click.pass_context
def backup(command: click.Context, file: Path, to: str | None, organisation: str | None, force: bool) -> None:
    """Write a consistent backup of rows and sealed files into FILE, while the portal runs. It is sealed to the backup recipient and to
    the recovery recipients; make the backup's own key with quietline recovery new, on another machine.

    Ends with 1 when the store had lost or altered files; then the backup is complete but for these, and quietline check names them.
    """
    with working_context() as ctx:
        _refuse_existing(file, force)
        extra = _recipient(to or ctx.settings.backup_recipient)
        chosen = _chosen(ctx, organisation)
        recipients = service.recipients(ctx, chosen, extra)
        made = service.Backup(ctx, chosen)
        write_private(file, age.seal(made.pieces(), recipients), force=force)
        sync_folder(file.absolute().parent)
    assert made.manifest is not None
    click.echo(f"{file}: {_summary((made.head, made.manifest))}")
    _say_who_opens(len(recipients), len(chosen))
    click.echo(NOT_IN_IT)
    if made.manifest.flawed:
        click.echo(f"quietline: {len(made.manifest.flawed)} sealed files were missing or altered: run quietline check.", err=True)
        command.exit(FLAWED)


@click.command(short_help="Put a backup into a fresh, empty place.")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option(
    "--identity",
    "files",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Lines with AGE-SECRET-KEY-PQ-1... Repeatable; the 24 words are asked for otherwise.",
)
@click.option("--words-file", metavar="FILE", help="A file with the 24 words, - for standard input.")
@click.option(
    "--tombstones",
    "stones",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help="What quietline tombstones printed last: deletes again what was deleted since the backup.",
)
@click.option("--beside", is_flag=True, help="Other organisations may be there already.")
@click.option("--verify", is_flag=True, help="Only say whether the file is whole, and what is in it; no database is needed.")
@click.pass_context
def restore(
    command: click.Context,
    file: Path,
    files: tuple[Path, ...],
    words_file: str | None,
    stones: TextIO | None,
    beside: bool,
    verify: bool,
) -> None:
    """Restore FILE into the data folder, database and blob store that the settings name. They must be fresh: nothing is replaced.

    All of FILE is verified before anything is put in place, and everything is read back and compared before the command says success.
    """
    identities = _identities(files, words_file)
    deleted = [] if stones is None else list(tombstone_lines.read(stones))
    with file.open("rb") as opened:
        verified = _explained(lambda: backup_read.verify(_opened(opened, identities)))
        if verify:
            click.echo(f"{file} is whole: {_summary(verified)}")
            return
        with _fresh_context() as ctx:
            done = _explained(lambda: restoring.restore(ctx, lambda: _opened(opened, identities), verified, beside=beside, stones=deleted))
            key = secret_key_file(ctx.settings.data)
            sync_folder(ctx.settings.data)
            flaws = [each for each in checkup.contents(ctx) if not each.harmless]
    _report(file, done, key)
    for each in flaws:
        click.echo(each.line, err=True)
    command.exit(FLAWED if flaws else 0)


@contextlib.contextmanager
def _fresh_context() -> Iterator[Context]:
    """On a database that is made where it is missing, and not migrated: its schema is the backup's."""
    settings = from_env(os.environ, serving=False)
    database = open_database(settings.database_url, create_folder=True)
    try:
        yield Context(database=database, settings=settings)
    finally:
        database.dispose()


def _refuse_existing(file: Path, force: bool) -> None:
    """At the beginning too: writing it may take long."""
    if not force and os.path.lexists(file):
        raise CommandError(f"{file} is there already: choose another name, or add --force to replace it.")


def _recipient(given: str) -> HybridRecipient:
    if not given:
        raise CommandError(
            "Say who may open the backup: --to age1pq1..., or QUIETLINE_BACKUP_RECIPIENT (quietline recovery new makes one)."
        )
    found = recipients_in(given)
    if len(found) != 1:
        raise CommandError("One backup recipient is needed: name a file that holds one line with age1pq1...")
    return HybridRecipient.parse(found[0])


def _chosen(ctx: Context, given: str | None) -> Sequence[OrganisationId]:
    if given is not None:
        return [choose_organisation(ctx, given)]
    with ctx.database.read() as session:
        found = [each.id for each in organisations.all_of_them(session)]
    if not found:
        raise CommandError("There is no organisation yet: run quietline init first.")
    return found


def _identities(files: Sequence[Path], words_file: str | None) -> list[HybridIdentity]:
    if files:
        return [identity for file in files for identity in identities_in(file)]
    return [recovery.read(read_secret("The 24 words", words_file, hidden=False))]


def _opened(file: BinaryIO, identities: Sequence[HybridIdentity]) -> Iterator[bytes]:
    file.seek(0)
    return age.unseal(iter(lambda: file.read(CHUNK), b""), identities)


def _explained(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except (HeaderError, NoMatch):
        raise
    except FormatError:
        raise CommandError("The backup is cut short or altered, or no backup of ours: nothing was restored.") from None


def _summary(made: tuple[Head, Manifest]) -> str:
    head, manifest = made
    rows = {name: total.count for name, total in manifest.tables.items()}
    return (
        f"{len(head.organisations)} organisations, {rows.get('cases', 0)} cases, {rows.get('messages', 0)} messages, "
        f"{manifest.files.count} sealed files of {manifest.file_bytes // 1024} KiB, {head.made_on.isoformat()}."
    )


def _say_who_opens(recipients: int, chosen: int) -> None:
    if recipients > 1:
        click.echo(f"The backup identity opens it, and so does each of {recipients - 1} recovery keys.")
    elif chosen > 1:
        click.echo(
            "Only the backup identity opens it: the organisations have no recovery key in common. --organisation makes one for each."
        )


def _report(file: Path, done: Restored, key: Path) -> None:
    click.echo(f"{file} is restored, and was read back and compared: {_summary((done.head, done.manifest))}")
    click.echo(f"Deleted again: {done.applied.cases} cases, and {done.applied.messages} messages of others.")
    click.echo(STILL_NEEDED.format(key=key))
