"""Keyrings: a channel's identities and signing keys, for its officers and the recovery recipients (FORMATS.md section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from app.crypto import age, jsontext, signing
from app.crypto.encoding import b64u_decode, b64u_encode
from app.crypto.hybrid import HybridIdentity, HybridRecipient, team_recipient_bytes
from app.crypto.jsontext import Fields, Json
from app.crypto.padding import pad
from app.crypto.signing import SEED_BYTES, VERIFY_BYTES, SigningKey, envelope_read, envelope_write
from app.domain import LIMITS, ChannelId, OfficerId, OrganisationId
from app.errors import FormatError, SignatureError

CONTEXT: Final = "quietline/keyring/v1"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One generation of a channel's keys. `until` is None for the current one."""

    epoch: int
    identity: HybridIdentity
    signing: SigningKey
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An officer of the channel, with their own two public keys."""

    id: OfficerId
    name: str
    recipient: str
    verify: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of a channel, oldest epoch first, and who holds them."""

    organisation: OrganisationId
    channel: ChannelId
    version: int
    made_on: date
    epochs: tuple[Epoch, ...]
    officers: tuple[Member, ...]
    recovery: tuple[str, ...]

    @property
    def current(self) -> Epoch:
        """The epoch in force."""
        return self.epochs[-1]

    @property
    def recipient(self) -> str:
        """The recipient that reports are sealed to now, as written."""
        return str(self.current.identity.recipient)

    @property
    def verify(self) -> str:
        """The verify key in force, as b64u."""
        return self.current.signing.verify

    @property
    def identities(self) -> tuple[HybridIdentity, ...]:
        """The identities of all epochs, the current one first."""
        return tuple(epoch.identity for epoch in reversed(self.epochs))

    @property
    def verify_keys(self) -> frozenset[str]:
        """The verify keys of all epochs."""
        return frozenset(epoch.signing.verify for epoch in self.epochs)

    @property
    def recipients(self) -> frozenset[str]:
        """The recipients of all epochs, as written."""
        return frozenset(str(epoch.identity.recipient) for epoch in self.epochs)


def new_keyring(
    organisation: OrganisationId, channel: ChannelId, made_on: date, members: Sequence[Member], recovery: Sequence[str]
) -> Keyring:
    """Version 1, with fresh keys. FormatError without a member or without a recovery recipient."""
    epoch = Epoch(1, HybridIdentity.generate(), SigningKey.generate(), made_on)
    return _checked(Keyring(organisation, channel, 1, made_on, (epoch,), tuple(members), tuple(recovery)))


def with_member(keyring: Keyring, member: Member, made_on: date) -> Keyring:
    """The next version, with one more officer; an officer of the same id is replaced."""
    others = tuple(officer for officer in keyring.officers if officer.id != member.id)
    return _checked(replace(keyring, version=keyring.version + 1, made_on=made_on, officers=(*others, member)))


def write(keyring: Keyring) -> bytes:
    """The document: signed with the current epoch's key and padded to its class. FormatError when a reader would refuse it."""
    text = jsontext.dump(_to_json(_checked(keyring)))
    _read_text(text)
    return pad(envelope_write(CONTEXT, text, keyring.current.signing))


def read(document: bytes, expected_verify: str | None = None) -> Keyring:
    """The keyring of a document. FormatError when malformed; SignatureError when not signed with its own current key, or when that key is
    not `expected_verify`, the one the reader knows from elsewhere."""
    envelope = envelope_read(document)
    keyring = _read_text(envelope.signed)
    if envelope.key != keyring.verify or expected_verify not in (None, keyring.verify):
        raise SignatureError
    signing.verify(keyring.verify, CONTEXT, envelope.signed, envelope.signature)
    return keyring


def seal(keyring: Keyring) -> bytes:
    """The keyring sealed to its officers, then its recovery recipients. RecipientError as `age.seal`."""
    written = (*(officer.recipient for officer in keyring.officers), *keyring.recovery)
    return age.seal_bytes(write(keyring), [HybridRecipient.parse(text) for text in written])


def open(sealed: bytes, identities: Sequence[age.Identity], expected_verify: str | None = None) -> Keyring:
    """The keyring of a sealed file. Raises as `age.unseal` and `read`."""
    return read(age.unseal_bytes(sealed, identities), expected_verify)


def _checked(keyring: Keyring) -> Keyring:
    numbers = [epoch.epoch for epoch in keyring.epochs]
    ends = [epoch.until is None for epoch in keyring.epochs]
    counted = keyring.version >= 1 and bool(numbers) and numbers == list(range(1, len(numbers) + 1))
    if not counted or not ends[-1] or any(ends[:-1]) or not keyring.officers or not keyring.recovery:
        raise FormatError
    if len(keyring.officers) + len(keyring.recovery) > LIMITS.recipients:
        raise FormatError
    return keyring


def _to_json(keyring: Keyring) -> Json:
    return {
        "v": 1,
        "organisation": keyring.organisation,
        "channel": keyring.channel,
        "version": keyring.version,
        "made_on": keyring.made_on.isoformat(),
        "epochs": [_epoch_json(epoch) for epoch in keyring.epochs],
        "officers": [{"id": m.id, "name": m.name, "recipient": m.recipient, "verify": m.verify} for m in keyring.officers],
        "recovery": list(keyring.recovery),
    }


def _epoch_json(epoch: Epoch) -> Json:
    seed = b64u_encode(epoch.signing.seed)
    until = None if epoch.until is None else epoch.until.isoformat()
    return {"epoch": epoch.epoch, "identity": str(epoch.identity), "signing": seed, "since": epoch.since.isoformat(), "until": until}


def _read_text(text: str) -> Keyring:
    fields = jsontext.load(text)
    fields.version()
    recovery = fields.texts("recovery", 1)
    for recipient in recovery:
        team_recipient_bytes(recipient)
    return _checked(
        Keyring(
            OrganisationId(fields.ident("organisation")),
            ChannelId(fields.ident("channel")),
            fields.integer("version", 1),
            fields.day("made_on"),
            tuple(map(_read_epoch, fields.children("epochs", 1))),
            tuple(map(_read_member, fields.children("officers", 1))),
            tuple(recovery),
        )
    )


def _read_epoch(fields: Fields) -> Epoch:
    identity = HybridIdentity.parse(fields.text("identity"))
    key = SigningKey.from_seed(fields.raw("signing", SEED_BYTES))
    if not fields.has("until"):
        raise FormatError
    until = None if fields.is_null("until") else fields.day("until")
    return Epoch(fields.integer("epoch", 1), identity, key, fields.day("since"), until)


def _read_member(fields: Fields) -> Member:
    recipient, verify = fields.text("recipient"), fields.text("verify")
    team_recipient_bytes(recipient)
    b64u_decode(verify, VERIFY_BYTES)
    return Member(OfficerId(fields.ident("id")), fields.text("name", 1, LIMITS.name_characters), recipient, verify)
