"""What can be proved of one message, whatever stands around it; and which notices of removal count (FORMATS.md section 6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.crypto import signing
from app.crypto.message import CONTEXT, Payload, payload_read
from app.crypto.signing import Envelope, envelope_read
from app.domain import CaseId, Kind, MessageId, Problem
from app.errors import FormatError, SignatureError

_TAKES_AWAY: Final = {Kind.REMOVED: Kind.MESSAGE, Kind.NOTE: Kind.NOTE}


@dataclass(frozen=True, slots=True)
class Listed:
    """A message as the server lists it; `document` is what its seal held, or None where it does not open or the message was `removed`."""

    number: int
    id: MessageId
    kind: Kind
    document: bytes | None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A listed message, read as far as it can be."""

    listed: Listed
    envelope: Envelope | None
    payload: Payload | None

    @property
    def signed(self) -> str | None:
        """The text of its envelope, where it has one."""
        return self.envelope.signed if self.envelope else None


@dataclass(frozen=True, slots=True)
class Reader:
    """What the one who reads knows beforehand."""

    case: CaseId
    reporter_key: str | None
    channel_keys: Collection[str]
    recipients: Collection[str] | None


def read_listed(listed: Listed) -> Opened:
    """The envelope and the payload, or None for each that is none."""
    envelope = payload = None
    try:
        if listed.document is not None and not listed.removed:
            envelope = envelope_read(listed.document)
            payload = payload_read(envelope.signed)
    except FormatError:
        pass  # what was read so far tells the rest: no payload means malformed
    return Opened(listed, envelope, payload)


def problems_of_itself(listed: Listed, envelope: Envelope, payload: Payload, reader: Reader) -> set[Problem]:
    """Those that do not depend on other messages."""
    found = {
        Problem.SIGNATURE: not _signature_holds(envelope, payload, reader),
        Problem.CASE: payload.case != reader.case,
        Problem.ID: payload.id != listed.id,
        Problem.KIND: not _kind_fits(listed, payload),
        Problem.CHANNEL: not _channel_known(payload, reader),
    }
    return {problem for problem, is_found in found.items() if is_found}


def notices(opened: Sequence[Opened], reader: Reader) -> Mapping[int, Payload]:
    """The notices of removal that count, by the position of the message that each takes away. `opened`: in order of number."""
    first: dict[MessageId, int] = {}
    found: dict[int, Payload] = {}
    for at, message in enumerate(opened):
        payload = message.payload
        if payload is not None and payload.removed is not None and _believed(message, reader):
            target = first.get(payload.removed.id)
            if target is not None and _takes_away(payload, opened[target].listed):
                found.setdefault(target, payload)
        first.setdefault(message.listed.id, at)
    return found


def _believed(message: Opened, reader: Reader) -> bool:
    if message.envelope is None or message.payload is None:
        return False
    return not problems_of_itself(message.listed, message.envelope, message.payload, reader)


def _takes_away(notice: Payload, target: Listed) -> bool:
    return target.removed and target.kind is _TAKES_AWAY.get(notice.kind)


def _signature_holds(envelope: Envelope, payload: Payload, reader: Reader) -> bool:
    expected = reader.channel_keys if payload.author.role == "officer" else (reader.reporter_key,)
    if envelope.key not in expected:
        return False
    try:
        signing.verify(envelope.key, CONTEXT, envelope.signed, envelope.signature)
    except SignatureError:
        return False
    return True


def _kind_fits(listed: Listed, payload: Payload) -> bool:
    is_report = payload.kind is Kind.REPORT
    if payload.kind is not listed.kind or is_report != (listed.number == 1):
        return False
    if payload.kind in _TAKES_AWAY:
        return payload.author.role == "officer"
    return not is_report or payload.author.role == "reporter"


def _channel_known(payload: Payload, reader: Reader) -> bool:
    if reader.recipients is None or payload.channel is None:
        return True
    return payload.channel.recipient in reader.recipients and payload.channel.verify in reader.channel_keys
