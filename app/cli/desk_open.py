"""Opens and checks the cases of an export with an officer's keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.cli.desk_files import ShownFile, look
from app.cli.exportfile import Export, ExportedCase, ExportedChannel, ExportedMessage
from app.crypto import age, conversation, fingerprint
from app.crypto import keyring as keyrings
from app.crypto.alias import alias
from app.crypto.conversation import Checked, Listed
from app.crypto.identity_file import OfficerIdentity
from app.crypto.keyring import Keyring
from app.domain import ChannelId
from app.errors import CommandError, FormatError, NoMatch, SignatureError


@dataclass(frozen=True, slots=True)
class OpenedChannel:
    """A channel whose keyring opened. The fingerprint is of the keyring's own keys, which is all that is known of them: `name` and `slug`
    are what the server says."""

    id: ChannelId
    slug: str
    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ShownCase:
    """A case and what opening it came to; `checked` is None where the officer is not of its channel.
    `files`: those of each message in `checked`, once somebody has asked for them."""

    case: ExportedCase
    channel: str
    alias: str
    checked: tuple[Checked, ...] | None = field(repr=False)
    files: tuple[tuple[ShownFile, ...], ...] = field(default=(), repr=False)


def open_keyrings(exported: Export, keys: OfficerIdentity) -> dict[ChannelId, Keyring]:
    """The keyrings that this officer can open. CommandError when one is not what the server publishes."""
    opened = {each.id: _open(exported, each, keys) for each in exported.channels}
    return {channel: keyring for channel, keyring in opened.items() if keyring is not None}


def _open(exported: Export, channel: ExportedChannel, keys: OfficerIdentity) -> Keyring | None:
    if channel.keyring is None:
        return None
    try:
        keyring = keyrings.open(channel.keyring, [keys.identity], channel.verify)
    except NoMatch:
        return None
    except SignatureError:
        raise CommandError(
            f"ALARM: the keyring of {channel.slug} disagrees with the key that the server publishes. Do not go on; compare fingerprints."
        ) from None
    if (keyring.organisation, keyring.channel) != (exported.organisation, channel.id):
        raise CommandError(f"ALARM: the keyring that the server lists for {channel.slug} belongs to another channel. Do not go on.")
    return keyring


def opened_channels(exported: Export, opened: Mapping[ChannelId, Keyring]) -> tuple[OpenedChannel, ...]:
    """The channels of these keyrings, for people to compare."""
    rows = ((each, opened[each.id]) for each in exported.channels if each.id in opened)
    return tuple(OpenedChannel(row.id, row.slug, row.name, fingerprint.channel(ring.recipient, ring.verify)) for row, ring in rows)


def open_cases(exported: Export, opened: Mapping[ChannelId, Keyring]) -> tuple[ShownCase, ...]:
    """Every case of the export, oldest first."""
    ordered = sorted(exported.cases, key=lambda case: (case.received_on, case.id))
    return tuple(_case(exported, case, opened.get(case.channel)) for case in ordered)


def with_files(shown: ShownCase, opened: Mapping[ChannelId, Keyring], folder: Path | None, save: Path | None) -> ShownCase:
    """The same case with its files, looked for in `folder` and saved in `save` where these are given."""
    keyring = opened.get(shown.case.channel)
    if keyring is None or shown.checked is None:
        return shown
    return replace(shown, files=look(shown.checked, keyring.identities, folder, save))


def _case(exported: Export, case: ExportedCase, keyring: Keyring | None) -> ShownCase:
    channel = exported.channel(case.channel)
    name = channel.name if channel else case.channel
    return ShownCase(case, name, alias(case.id), None if keyring is None else _check(case, keyring))


def _check(case: ExportedCase, keyring: Keyring) -> tuple[Checked, ...]:
    listed = [Listed(each.number, each.id, each.kind, _document(each, keyring), not each.sealed) for each in case.messages]
    return conversation.check(case.id, listed, reporter_key=None, channel_keys=keyring.verify_keys, recipients=keyring.recipients)


def _document(message: ExportedMessage, keyring: Keyring) -> bytes | None:
    try:
        return age.unseal_bytes(message.sealed, keyring.identities)
    except FormatError:
        return None
