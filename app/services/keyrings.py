"""Channels' keyrings: handed to their officers sealed, made once by the first of them, and replaced after a recovery."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.crypto.encoding import b64u_decode
from app.crypto.hybrid import HybridRecipient
from app.crypto.inspect import inspect, require_message
from app.crypto.keyring import Member
from app.domain import LIMITS, ChannelId, OrganisationId
from app.errors import Conflict, FormatError, KeyringRefused, NotAllowed, UnknownChannel
from app.services.context import Context
from app.services.sessions import Officer
from app.storage import channels as rows
from app.storage import officers as officer_rows
from app.storage import organisations
from app.storage.models import Channel

VERIFY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class OfficerKeyring:
    """One of an officer's channels, with the newest keyring where it is open, and whom a keyring is to be sealed to."""

    channel: ChannelId
    name: str
    slug: str
    recipient: str | None
    verify: str | None
    version: int | None
    sealed: bytes | None = field(repr=False)
    members: tuple[Member, ...]
    recovery: tuple[str, ...]


def for_officer(ctx: Context, officer: Officer) -> tuple[OfficerKeyring, ...]:
    """The keyrings of the officer's channels, by slug."""
    org = officer.organisation
    with ctx.database.read() as session:
        recovery = tuple(organisations.recovery_recipients(session, org))
        mine = officer_rows.channels_of(session, org, officer.id)
        return tuple(_keyring(session, row, recovery) for row in rows.all_of(session, org) if row.id in mine)


def open_channel(ctx: Context, officer: Officer, channel: ChannelId, recipient: str, verify: str, sealed: bytes) -> None:
    """Publish a channel's first keys and store the keyring that its first officer's browser made. The same again is no error.

    Raises UnknownChannel, NotAllowed (not a member), FormatError (keys), KeyringRefused (not sealed to an officer and every recovery
    recipient), Conflict (the channel has another keyring already).
    """
    org = officer.organisation
    HybridRecipient.parse(recipient)
    b64u_decode(verify, VERIFY_BYTES)
    try:
        with ctx.database.write() as session:
            organisations.lock(session, org)
            _require_member(session, officer, channel)
            recovery = len(organisations.recovery_recipients(session, org))
            _require_framing(sealed, 1 + recovery, len(officer_rows.members_of(session, org, channel)) + recovery)
            rows.add_keyring(session, org, channel, 1, sealed, ctx.today())
            rows.set_keys(session, org, channel, recipient=recipient, verify=verify, epoch=1, day=ctx.today())
    except IntegrityError:
        if not _is_stored(ctx, org, channel, recipient, verify, sealed):
            raise Conflict from None


def install(ctx: Context, org: OrganisationId, slug: str, version: int, sealed: bytes) -> None:
    """Store the next version of a keyring, made offline with the recovery words. The channel's keys stay as published.

    Raises UnknownChannel, KeyringRefused (not the next version, or framing), Conflict (somebody else stored this version first).
    """
    try:
        with ctx.database.write() as session:
            organisations.lock(session, org)
            channel = rows.by_slug(session, org, slug)
            if channel is None:
                raise UnknownChannel
            stored = rows.latest_keyring(session, org, channel.id)
            if stored is None or version != stored.version + 1:
                raise KeyringRefused
            _require_framing(sealed, 1 + len(organisations.recovery_recipients(session, org)), LIMITS.recipients)
            rows.add_keyring(session, org, channel.id, version, sealed, ctx.today())
    except IntegrityError:
        raise Conflict from None


def _keyring(session: Session, row: Channel, recovery: tuple[str, ...]) -> OfficerKeyring:
    stored = rows.latest_keyring(session, row.organisation_id, row.id)
    members = officer_rows.members_of(session, row.organisation_id, row.id)
    return OfficerKeyring(
        channel=row.id,
        name=row.name,
        slug=row.slug,
        recipient=row.recipient,
        verify=row.verify,
        version=None if stored is None else stored.version,
        sealed=None if stored is None else stored.sealed,
        members=tuple(Member(member.id, member.name, member.recipient, member.verify) for member in members),
        recovery=recovery,
    )


def _require_member(session: Session, officer: Officer, channel: ChannelId) -> None:
    row = rows.get(session, officer.organisation, channel)
    if row is None or row.retired:
        raise UnknownChannel
    if channel not in officer_rows.channels_of(session, officer.organisation, officer.id):
        raise NotAllowed


def _require_framing(sealed: bytes, least: int, most: int) -> None:
    """Sealed to an officer at least, and to every recovery recipient; which of the officers, only the keyring says."""
    try:
        stanzas = inspect(sealed).stanzas
        require_message(sealed, stanzas)
    except FormatError:
        raise KeyringRefused from None
    if not least <= stanzas <= most:
        raise KeyringRefused


def _is_stored(ctx: Context, org: OrganisationId, channel: ChannelId, recipient: str, verify: str, sealed: bytes) -> bool:
    with ctx.database.read() as session:
        row = rows.get(session, org, channel)
        stored = rows.latest_keyring(session, org, channel)
    if row is None or stored is None:
        return False
    return (row.recipient, row.verify, stored.sealed) == (recipient, verify, sealed)
