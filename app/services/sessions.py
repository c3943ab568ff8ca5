"""Officers' sessions: 30 minutes idle, 8 hours at most. The row holds the server's half of what unlocks a tab, until lock, idle or end."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session as Transaction

from app.crypto import fingerprint
from app.crypto.encoding import b64u_decode, b64u_encode
from app.domain import LIMITS, ChannelId, OfficerId, OfficerRole, OrganisationId
from app.errors import FormatError, StorageBusy
from app.services.context import Context
from app.storage import officers as officer_rows
from app.storage import sessions as rows
from app.storage.models import DeskSession
from app.storage.models import Officer as OfficerRow

TOKEN_BYTES: Final = 32
IDLE_SECONDS: Final = LIMITS.idle_minutes * 60
MOST_SECONDS: Final = LIMITS.session_hours * 3600
TOUCH_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer as the desk knows them: public keys and channels, nothing secret."""

    id: OfficerId
    organisation: OrganisationId
    user_name: str
    name: str
    role: str
    recipient: str
    verify: str
    fingerprint: str
    channels: tuple[ChannelId, ...]

    @property
    def administers(self) -> bool:
        """Whether this is an administrator."""
        return self.role == OfficerRole.ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is good at this moment. `unlocked`: the server's half of the tab's key is still there."""

    officer: Officer
    unlocked: bool
    token_hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Started:
    """A new session, as it is handed to the browser once."""

    token: str = field(repr=False)
    wrapping_key: bytes = field(repr=False)


def start(ctx: Context, transaction: Transaction, org: OrganisationId, officer: OfficerId) -> Started:
    """A new session inside an open transaction, which also clears away everybody's expired ones."""
    now = ctx.seconds()
    token, key = secrets.token_bytes(TOKEN_BYTES), secrets.token_bytes(32)
    _drop_expired(transaction, org, now)
    row = DeskSession(organisation_id=org, token_hash=_hash(token), officer_id=officer, started_at=now, seen_at=now, wrapping_key=key)
    rows.add(transaction, row)
    return Started(b64u_encode(token), key)


def load(ctx: Context, org: OrganisationId, token: str) -> Session | None:
    """The session of a token, or None when there is none or it has ended; an expired one is deleted, its key with it."""
    try:
        token_hash = _hash(b64u_decode(token, TOKEN_BYTES))
    except FormatError:
        return None
    with ctx.database.read() as transaction:
        row = rows.get(transaction, org, token_hash)
        if row is None:
            return None
        officer = officer_rows.get(transaction, org, row.officer_id)
        if officer is None:
            return None
        found = Session(public(transaction, officer), row.wrapping_key is not None, token_hash)
    now = ctx.seconds()
    if abs(now - row.seen_at) > IDLE_SECONDS or now - row.started_at > MOST_SECONDS:
        end(ctx, found)
        return None
    if now - row.seen_at >= TOUCH_SECONDS:
        _touch(ctx, org, token_hash, now)
    return found


def unlock_key(ctx: Context, session: Session) -> bytes | None:
    """The server's half of what unlocks the tab; None once it is destroyed."""
    with ctx.database.read() as transaction:
        row = rows.get(transaction, session.officer.organisation, session.token_hash)
        return None if row is None else row.wrapping_key


def lock(ctx: Context, session: Session) -> None:
    """Destroy the server's half of what unlocks the tab; the officer stays logged in."""
    with ctx.database.write() as transaction:
        rows.drop_key(transaction, session.officer.organisation, session.token_hash)
    ctx.cut_journal()  # which still holds the page with the key on it


def end(ctx: Context, session: Session) -> None:
    """Log out: delete the session and what it holds."""
    with ctx.database.write() as transaction:
        rows.drop(transaction, session.officer.organisation, session.token_hash)
    ctx.cut_journal()


def sweep(ctx: Context, org: OrganisationId) -> None:
    """Delete what has expired and was never asked for again."""
    now = ctx.seconds()
    with ctx.database.write() as transaction:
        _drop_expired(transaction, org, now)
    ctx.cut_journal()


def public(transaction: Transaction, row: OfficerRow) -> Officer:
    """An officer's row as services hand it out, with the channels of this moment."""
    return Officer(
        id=row.id,
        organisation=row.organisation_id,
        user_name=row.user_name,
        name=row.name,
        role=row.role,
        recipient=row.recipient,
        verify=row.verify,
        fingerprint=fingerprint.officer(row.recipient, row.verify),
        channels=tuple(officer_rows.channels_of(transaction, row.organisation_id, row.id)),
    )


def _drop_expired(transaction: Transaction, org: OrganisationId, now: int) -> None:
    """Those of a clock that was ahead, and was set right since, would else live until it is as late as that."""
    rows.drop_expired(transaction, org, seen_before=now - IDLE_SECONDS, seen_after=now + IDLE_SECONDS, started_before=now - MOST_SECONDS)


def _touch(ctx: Context, org: OrganisationId, token_hash: bytes, now: int) -> None:
    # A full queue of writers is no reason to send an officer away; the next request tries again.
    with contextlib.suppress(StorageBusy), ctx.database.write() as transaction:
        rows.touch(transaction, org, token_hash, now)


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
