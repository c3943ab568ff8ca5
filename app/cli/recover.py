"""quietline recover: the 24 words open a keyring, which is sealed anew with one more officer."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.cli.exportfile import ExportedChannel, is_export, read_export
from app.cli.sealedfiles import read_sealed
from app.cli.secretfiles import read_secret, write_private
from app.crypto import fingerprint, recovery
from app.crypto import keyring as keyrings
from app.crypto.encoding import b64u_decode, is_id
from app.crypto.hybrid import HybridRecipient
from app.crypto.keyring import Keyring, Member
from app.domain import LIMITS, OfficerId
from app.errors import CommandError, FormatError, NoMatch

FACTS = ("id", "name", "recipient", "verify")


@click.command(short_help="Give a new officer a channel's keys (offline).")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--channel", metavar="SLUG", help="Which channel of an export; needed only where several are open.")
@click.option(
    "--officer",
    "officer_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="From quietline fingerprint --officer USER --json, instead of the next four.",
)
@click.option("--officer-id", metavar="ID", help="The new officer's id.")
@click.option("--officer-name", metavar="NAME", help="The new officer's name.")
@click.option("--officer-recipient", metavar="RECIPIENT", help="The new officer's recipient.")
@click.option("--officer-verify", metavar="KEY", help="The new officer's verify key.")
@click.option(
    "--fingerprint", "compared", metavar="TEXT", help="The new officer's fingerprint, as they read it to you; asked for otherwise."
)
@click.option("--verify", metavar="KEY", help="The channel's verify key, when FILE is a keyring and not an export.")
@click.option("--words-file", metavar="FILE", help="A file with the 24 words, - for standard input; asked for otherwise.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the new keyring.  [default: keyring-CHANNEL-VERSION.age]",
)
@click.option("--force", is_flag=True, help="Replace the file when it is there.")
def recover(
    file: Path,
    channel: str | None,
    officer_file: Path | None,
    compared: str | None,
    verify: str | None,
    words_file: str | None,
    output: Path | None,
    force: bool,
    **officer: str | None,
) -> None:
    """Give a new officer a channel's keys with the 24 words (offline).

    FILE is an export, or one sealed keyring. The officer has enrolled already, so that they have keys. Take the new keyring back to the
    server and install it there with quietline keyring install.
    """
    sealed, slug, expected = _sealed_keyring(file, channel, verify)
    member = _member(_officer_facts(officer_file, officer))
    _compare(member, compared)
    opened = _open(sealed, read_secret("The 24 words", words_file, hidden=False), expected)
    added = keyrings.with_member(opened, member, datetime.now(UTC).date())
    target = output or Path(f"keyring-{slug}-{added.version}.age")
    write_private(target, [keyrings.seal(added)], force=force)
    click.echo(f"{target}: keyring version {added.version}, sealed to {', '.join(each.name for each in added.officers)}.")
    click.echo(f"Channel fingerprint: {fingerprint.channel(added.recipient, added.verify)}")
    click.echo(f"On the server: quietline keyring install --channel {slug} --version {added.version} {target.name}")


def _sealed_keyring(file: Path, slug: str | None, verify: str | None) -> tuple[bytes, str, str | None]:
    """The keyring, the channel's slug, and the verify key that it is expected to have."""
    if not is_export(file):
        return read_sealed(file), slug or "CHANNEL", verify
    found = _choose([each for each in read_export(file).channels if each.keyring is not None], slug)
    assert found.keyring is not None
    return found.keyring, found.slug, verify or found.verify


def _choose(channels: list[ExportedChannel], slug: str | None) -> ExportedChannel:
    wanted = [each for each in channels if slug in (None, each.slug)]
    if not channels:
        raise CommandError("No channel in this export is open, so there is no keyring to recover.")
    if len(wanted) != 1:
        raise CommandError(f"Say which channel with --channel, one of {', '.join(each.slug for each in channels)}.")
    return wanted[0]


def _officer_facts(file: Path | None, options: dict[str, str | None]) -> dict[str, Any]:
    facts: Any = {name: options[f"officer_{name}"] for name in FACTS}
    if file is not None:
        try:
            facts = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            facts = None
    if not isinstance(facts, dict) or not all(isinstance(facts.get(name), str) for name in FACTS):
        raise CommandError(
            "The new officer is not complete: give --officer FILE, from quietline fingerprint --officer USER --json, or all four facts."
        )
    return facts


def _member(facts: dict[str, Any]) -> Member:
    try:
        recipient = str(HybridRecipient.parse(facts["recipient"]))
        b64u_decode(facts["verify"], 32)
    except FormatError:
        raise CommandError("The new officer's recipient or verify key is not complete: copy them again.") from None
    if not is_id(facts["id"]) or not 1 <= len(facts["name"]) <= LIMITS.name_characters or not facts["name"].isprintable():
        raise CommandError("The new officer's id or name cannot be used: copy them again.")
    return Member(OfficerId(facts["id"]), facts["name"], recipient, facts["verify"])


def _compare(member: Member, compared: str | None) -> None:
    """Whoever is put into the keyring can read everything, so the person says their fingerprint, and it must be the same."""
    if compared is None and not sys.stdin.isatty():
        raise CommandError("Give the new officer's fingerprint with --fingerprint, as they read it to you from their desk.")
    if compared is None:
        compared = click.prompt(f"Fingerprint of {member.name}, as they read it to you", err=True)
    if not fingerprint.same(compared, fingerprint.officer(member.recipient, member.verify)):
        raise CommandError("The fingerprint is not that of these keys: nothing was opened. Find out which of the two was changed.")


def _open(sealed: bytes, words: str, expected: str | None) -> Keyring:
    try:
        return keyrings.open(sealed, [recovery.read(words)], expected)
    except NoMatch:
        raise CommandError("These words do not open this keyring: look for the paper of this organisation.") from None
