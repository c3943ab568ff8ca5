"""Everything sealed, as it is stored, with its numbers and days (FORMATS.md section 13). No key is needed, and none is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy.orm import Session

from app.crypto.encoding import b64u_encode
from app.domain import CaseId, OrganisationId, SealedMessage
from app.errors import UnknownHost
from app.services.context import Context
from app.storage import cases, channels, messages
from app.storage import organisations as rows
from app.storage.models import Case, Channel

VERSION = 1


def export(ctx: Context, organisation: OrganisationId) -> Iterator[bytes]:
    """The lines of an export. No transaction is held between them: a case withdrawn meanwhile is left out."""
    head, wanted = _begin(ctx, organisation)
    return _lines(ctx, organisation, head, wanted)


def _begin(ctx: Context, organisation: OrganisationId) -> tuple[list[bytes], Sequence[CaseId]]:
    with ctx.database.read() as session:
        row = rows.get(session, organisation)
        if row is None:
            raise UnknownHost()
        head = {"type": "quietline/export", "v": VERSION, "organisation": row.id, "name": row.name, "made_on": ctx.today().isoformat()}
        lines = [_line(head)] + [_channel(session, each) for each in channels.all_of(session, organisation)]
        return lines, cases.all_ids(session, organisation)


def _lines(ctx: Context, organisation: OrganisationId, head: list[bytes], wanted: Sequence[CaseId]) -> Iterator[bytes]:
    yield from head
    for each in wanted:
        with ctx.database.read() as session:
            case = cases.get(session, organisation, each)
            listed = messages.of_case(session, organisation, each, notes=True)
        if case is not None:
            yield _case(case, listed)


def _channel(session: Session, row: Channel) -> bytes:
    keyring = channels.latest_keyring(session, row.organisation_id, row.id)
    sealed = None if keyring is None else {"version": keyring.version, "sealed": b64u_encode(keyring.sealed)}
    names = {"type": "channel", "id": row.id, "slug": row.slug, "name": row.name}
    return _line({**names, "recipient": row.recipient, "verify": row.verify, "keyring": sealed})


def _case(case: Case, listed: Sequence[SealedMessage]) -> bytes:
    facts = {"type": "case", "id": case.id, "channel": case.channel_id, "state": case.state, "outcome": case.outcome}
    days = {name: _day(getattr(case, name)) for name in ("received_on", "acknowledged_on", "closed_on")}
    return _line({**facts, **days, "messages": [_message(each) for each in listed]})


def _message(message: SealedMessage) -> dict[str, object]:
    facts = {"number": message.number, "id": message.id, "kind": message.kind, "day": _day(message.day)}
    files = {"attachments": list(message.attachments)} if message.attachments else {}
    return {**facts, "sealed": b64u_encode(message.sealed), **files}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _line(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
