"""quietline fingerprint, status and export: what the database can say without a key."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from app.cli import exportfiles
from app.cli.common import choose_organisation, organisation_option, working_context
from app.cli.secretfiles import write_private
from app.crypto import fingerprint as prints
from app.domain import AttachmentId, OrganisationId
from app.errors import CommandError
from app.services import organisations
from app.services import status as status_service
from app.services.context import Context
from app.services.export import export as export_lines
from app.services.status import ChannelStatus, Status, Storage
from app.storage import officers as officer_rows
from app.storage import organisations as organisation_rows


@click.command(short_help="Print fingerprints, to compare with posters and paper.")
@click.option("--officer", metavar="USER", help="Of this officer instead; with --json this is the file that quietline recover reads.")
@click.option("--json", "as_json", is_flag=True, help="The keys too, for programs.")
@organisation_option
def fingerprint(officer: str | None, as_json: bool, organisation: str | None) -> None:
    """Print the fingerprints of channels and recovery recipients, to compare with posters and paper."""
    with working_context() as ctx:
        chosen = choose_organisation(ctx, organisation)
        found: Any = _officer(ctx, chosen, officer) if officer else _fingerprints(ctx, chosen)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for each in [found] if officer else found:
        click.echo(f"{each['fingerprint'] or 'not yet open'}  {each['name']}")


def _fingerprints(ctx: Context, organisation: OrganisationId) -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = []
    for channel in organisations.portal(ctx, organisation).channels:
        keys = channel.keys
        text, recipient, verify = (keys.fingerprint, keys.recipient, keys.verify) if keys else (None, None, None)
        found.append(
            {"kind": "channel", "slug": channel.slug, "name": channel.name, "fingerprint": text, "recipient": recipient, "verify": verify}
        )
    with ctx.database.read() as session:
        recovery = organisation_rows.recovery_recipients(session, organisation)
    for number, each in enumerate(recovery, 1):
        found.append({"kind": "recovery", "name": f"Recovery recipient {number}", "fingerprint": prints.recovery(each), "recipient": each})
    return found


def _officer(ctx: Context, organisation: OrganisationId, user: str) -> dict[str, str]:
    with ctx.database.read() as session:
        row = officer_rows.by_user_name(session, organisation, user.lower())
    if row is None:
        raise CommandError("There is no officer with this user name.")
    keys = {"recipient": row.recipient, "verify": row.verify, "fingerprint": prints.officer(row.recipient, row.verify)}
    return {"kind": "officer", "id": row.id, "user": row.user_name, "name": row.name, **keys}


@click.command(short_help="Print counts of cases, and what is overdue.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--quiet", is_flag=True, help="Say nothing unless a case is overdue or storage fills up; for cron.")
@organisation_option
def status(as_json: bool, quiet: bool, organisation: str | None) -> None:
    """Print counts of cases by channel and state, and what is overdue. No content, no case."""
    with working_context() as ctx:
        found = status_service.status(ctx, choose_organisation(ctx, organisation))
    if quiet and not found.overdue and not (found.storage and found.storage.filling):
        return
    click.echo(json.dumps(_status_json(found), ensure_ascii=False, indent=2) if as_json else _status_text(found))


def _status_json(found: Status) -> dict[str, Any]:
    channels = [
        {
            "slug": each.slug,
            "name": each.name,
            "open": each.open,
            "retired": each.retired,
            "cases": dict(each.cases),
            "overdue_to_acknowledge": each.overdue_to_acknowledge,
            "overdue_to_answer": each.overdue_to_answer,
        }
        for each in found.channels
    ]
    facts = {"organisation": found.organisation, "name": found.name, "day": found.day.isoformat(), "officers": found.officers}
    return {
        **facts,
        "overdue": found.overdue,
        "files": found.files,
        "files_bytes": found.files_bytes,
        "database_bytes": found.database_bytes,
        "storage": None if found.storage is None else {"used_bytes": found.storage.used, "limit_bytes": found.storage.limit},
        "channels": channels,
    }


def _status_text(found: Status) -> str:
    sizes = f"{found.database_bytes // 1024} KiB, {found.files} sealed files of {found.files_bytes // 1024} KiB"
    lines = [f"{found.name} ({found.organisation}), {found.day.isoformat()}, {found.officers} officers, {sizes}"]
    if found.storage is not None:
        lines.append(_storage_text(found.storage))
    return "\n".join(lines + [_channel_text(each) for each in found.channels])


def _storage_text(found: Storage) -> str:
    said = f"storage: {found.used // 1024} KiB of {found.limit // 1024} KiB (QUIETLINE_STORAGE_BYTES), all organisations together"
    return f"{said}; FILLING UP: files are refused when it is full, reports without files are not" if found.filling else said


def _channel_text(channel: ChannelStatus) -> str:
    cases = ", ".join(f"{number} {state.value.replace('_', ' ')}" for state, number in channel.cases.items())
    standing = "retired" if channel.retired else "open" if channel.open else "not yet open"
    late = f"{channel.overdue_to_acknowledge} overdue to acknowledge, {channel.overdue_to_answer} overdue to answer"
    return f"{channel.slug} ({channel.name}), {standing}: {cases}; {late}"


@click.command(short_help="Write everything sealed, as it is stored.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output otherwise.")
@click.option(
    "--files", "folder", type=click.Path(file_okay=False, path_type=Path), help="A folder for the sealed files; left out otherwise."
)
@click.option("--force", is_flag=True, help="Replace what is there already.")
@organisation_option
def export(output: Path | None, folder: Path | None, force: bool, organisation: str | None) -> None:
    """Write everything sealed with its numbers and days, as JSON Lines; with --files the sealed files beside it, each as ID.age.

    quietline desk and quietline recover read it on another machine; so can anybody with an age program and a key.
    """
    with working_context() as ctx:
        chosen = choose_organisation(ctx, organisation)
        named: list[AttachmentId] = []
        lines = exportfiles.noting(export_lines(ctx, chosen), named)
        _write_export(output, lines if folder is None or force else exportfiles.refusing(lines, named, folder), force)
        if folder is None:
            _say_left_out(len(named))
        else:
            _say_missing(exportfiles.copy(ctx.blobs, chosen, named, folder, force=force), len(named))


def _write_export(output: Path | None, lines: Iterable[bytes], force: bool) -> None:
    if output is not None:
        write_private(output, lines, force=force)
        return
    for line in lines:
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _say_left_out(count: int) -> None:
    if count:
        click.echo(f"quietline: sealed files left out: {count}. With --files FOLDER they are copied too.", err=True)


def _say_missing(missing: Sequence[AttachmentId], count: int) -> None:
    for each in missing:
        click.echo(f"quietline: MISSING: {exportfiles.sealed_name(each)} is named by a case and is not in the store.", err=True)
    if missing:
        raise CommandError(
            f"Files missing: {len(missing)} of {count}. Everything else was written. "
            "Unless their case was withdrawn just now, bring them back from a backup."
        )
