"""Rows by themselves: the framing of every seal, and whether what belongs together is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.crypto.inspect import inspect, inspect_message
from app.domain import LIMITS, Kind, OrganisationId
from app.errors import FormatError
from app.services.checkup_findings import Finding
from app.services.context import Context
from app.services.storing import NOTE_STANZAS, TEAM_STANZAS
from app.storage import checks
from app.storage.checks import MessageRow

_BATCH: Final = 50


def look(ctx: Context, organisation: OrganisationId) -> Iterator[Finding]:
    """Messages, keyrings, identity files."""
    yield from _messages(ctx, organisation)
    with ctx.database.read() as session:
        incomplete = checks.incomplete_cases(session, organisation)
        rings, identities = checks.keyrings(session, organisation), checks.identities(session, organisation)
        keyless = checks.open_without_keyring(session, organisation)
    if incomplete:
        yield Finding("cases", f"{organisation}: {incomplete} have lost their report or a message")
    for channel in keyless:
        yield Finding("keyring", f"{organisation}/{channel}: the channel is open and has none: what is sent to it could not be read")
    for channel, version, sealed in rings:
        if not _is_sealed(sealed):
            yield Finding("keyring", f"{organisation}/{channel}: version {version} is no sealed file any more")
    for officer, sealed in identities:
        if not _is_sealed(sealed):
            yield Finding("officer", f"{organisation}/{officer}: the identity file is no sealed file any more")


def expected_stanzas(kind: Kind, *, team: bool) -> range:
    """How many a message of this kind and its files are sealed to."""
    if not team:
        return range(1, LIMITS.recipients + 1)
    exactly = NOTE_STANZAS if kind is Kind.NOTE else TEAM_STANZAS
    return range(exactly, exactly + 1)


def _messages(ctx: Context, organisation: OrganisationId) -> Iterator[Finding]:
    after = ("", 0)
    while True:
        with ctx.database.read() as session:
            batch = checks.messages(session, organisation, after, _BATCH)
        for row in batch:
            flaw = _flaw(row)
            if flaw:
                yield Finding("message", f"{organisation}/{row.id}: {flaw}")
        if len(batch) < _BATCH:
            return
        after = (batch[-1].case, batch[-1].number)


def _flaw(row: MessageRow) -> str | None:
    if not row.sealed:
        return None if row.size_class == 0 else "its seal is empty, and it was not removed"
    wanted = expected_stanzas(row.kind, team=row.team)
    try:
        found = inspect(row.sealed)
        if found.stanzas not in wanted:
            return f"it is sealed to {found.stanzas}, which no {row.kind.value} of this channel is"
        size = inspect_message(row.sealed, found.stanzas).plaintext_length
    except FormatError:
        return "its seal is damaged"
    return None if size == row.size_class else "its seal has another size class than is noted"


def _is_sealed(data: bytes) -> bool:
    try:
        inspect(data)
    except FormatError:
        return False
    return True
