"""Officers come in: by a one-time invitation, and from then on with a key derived from their password. No password gets here."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.exc import IntegrityError

from app.crypto import armor, kdf
from app.crypto.encoding import b64u_decode
from app.crypto.hybrid import HybridRecipient
from app.crypto.inspect import require_message
from app.crypto.message import clean_line
from app.domain import LIMITS, ChannelId, OfficerId, OrganisationId
from app.errors import Conflict, FormatError, InvitationInvalid, LoginFailed, NotAllowed, UserNameError, UserNameTaken
from app.services import sessions, setup
from app.services.buckets import Bucket
from app.services.context import Context
from app.services.sessions import Officer
from app.services.storing import require_ids
from app.storage import channels as channel_rows
from app.storage import officers as rows
from app.storage.models import Invitation
from app.storage.models import Officer as OfficerRow

__all__ = ["Enrolment", "Invited", "LoggedIn", "Officer", "enrol", "identity_blob", "identity_file", "invitation", "login"]

VERIFY_BYTES: Final = 32
_NOBODY: Final = bytes(32)
"""Compared with where there is no such user: no login key hashes to it."""


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation is for."""

    role: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a new officer's browser sends: public keys, the derived login key, and the sealed identity file."""

    officer: OfficerId
    user: str
    name: str
    login: bytes = field(repr=False)
    recipient: str
    verify: str
    identity: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A good login: who it is, their sealed identity file, and a session."""

    officer: Officer
    identity: bytes = field(repr=False)
    session_token: str = field(repr=False)
    wrapping_key: bytes = field(repr=False)


def invitation(ctx: Context, org: OrganisationId, token: str) -> Invited:
    """What an invitation is for, without using it up. Raises InvitationInvalid."""
    with ctx.database.read() as transaction:
        row = _valid(ctx, rows.invitation(transaction, org, setup.token_hash(token)))
        names = [found.name for channel in _channels(row) if (found := channel_rows.get(transaction, org, channel)) is not None]
        return Invited(row.role, tuple(names))


def enrol(ctx: Context, org: OrganisationId, token: str, enrolment: Enrolment) -> Officer:
    """Use an invitation up and make the officer it is for, in one transaction.

    The same enrolment again (its answer was lost) gives the same officer. Raises InvitationInvalid, UserNameTaken, Conflict (the id),
    UserNameError, FormatError (keys, name or identity file that cannot be used).
    """
    row = _row(ctx, org, enrolment)
    try:
        with ctx.database.write() as transaction:
            invited = _valid(ctx, rows.take_invitation(transaction, org, setup.token_hash(token)))
            row.role = invited.role
            rows.add(transaction, row)
            rows.join(transaction, org, row.id, _channels(invited))
            return sessions.public(transaction, row)
    except InvitationInvalid:
        return _enrolled_before(ctx, org, row)
    except IntegrityError:
        with ctx.database.read() as transaction:
            taken = rows.by_user_name(transaction, org, row.user_name) is not None
        raise (UserNameTaken() if taken else Conflict()) from None


def login(ctx: Context, org: OrganisationId, user: str, login: bytes) -> LoggedIn:
    """Start a session for whoever holds the login key.

    After wrong keys for a name the next one waits before it is checked, right or wrong, and so does each one where there are very many.
    An unknown name and a wrong key are the same answer after the same wait, query, hash and comparison. Raises LoginFailed; FormatError
    for a key of another length.
    """
    given = kdf.login_hash(login)
    name = _name(user)
    ctx.slowdown.wait((org, name), ctx.buckets.take(Bucket.LOGINS))
    with ctx.database.read() as transaction:
        found = rows.login_of(transaction, org, name)
    officer, stored = found or (None, _NOBODY)
    if not hmac.compare_digest(given, stored) or officer is None:
        ctx.slowdown.wrong((org, name))
        raise LoginFailed
    ctx.slowdown.right((org, name))
    return _logged_in(ctx, org, officer)


def _logged_in(ctx: Context, org: OrganisationId, officer: OfficerId) -> LoggedIn:
    with ctx.database.write() as transaction:
        row = rows.get(transaction, org, officer)
        if row is None:
            raise LoginFailed
        started = sessions.start(ctx, transaction, org, officer)
        return LoggedIn(sessions.public(transaction, row), row.identity, started.token, started.wrapping_key)


def identity_blob(ctx: Context, officer: Officer) -> bytes:
    """The officer's own sealed identity file, as stored."""
    with ctx.database.read() as transaction:
        row = rows.get(transaction, officer.organisation, officer.id)
    if row is None:
        raise NotAllowed
    return row.identity


def identity_file(ctx: Context, officer: Officer) -> bytes:
    """The same, armored for download."""
    return b"".join(armor.encode((identity_blob(ctx, officer),)))


def _row(ctx: Context, org: OrganisationId, enrolment: Enrolment) -> OfficerRow:
    """The row of an enrolment whose every part has been checked."""
    require_ids(enrolment.officer)
    name = clean_line(enrolment.name).strip()
    if not 1 <= len(name) <= LIMITS.name_characters:
        raise FormatError
    b64u_decode(enrolment.verify, VERIFY_BYTES)
    return OfficerRow(
        organisation_id=org,
        id=enrolment.officer,
        user_name=kdf.user_name(enrolment.user),
        name=name,
        login_hash=kdf.login_hash(enrolment.login),
        recipient=str(HybridRecipient.parse(enrolment.recipient)),
        verify=enrolment.verify,
        identity=require_message(enrolment.identity, 1),
        created_on=ctx.today(),
    )


def _enrolled_before(ctx: Context, org: OrganisationId, row: OfficerRow) -> Officer:
    with ctx.database.read() as transaction:
        stored = rows.get(transaction, org, row.id)
        if stored is None or not hmac.compare_digest(stored.login_hash, row.login_hash) or stored.identity != row.identity:
            raise InvitationInvalid
        return sessions.public(transaction, stored)


def _valid(ctx: Context, row: Invitation | None) -> Invitation:
    if row is None or row.expires_on < ctx.today():
        raise InvitationInvalid
    return row


def _channels(row: Invitation) -> tuple[ChannelId, ...]:
    return tuple(ChannelId(channel) for channel in json.loads(row.channels))


def _name(user: str) -> str:
    try:
        return kdf.user_name(user)
    except UserNameError:
        return ""  # which nobody has, so that a name that cannot be one costs what an unknown one does
