"""Reads what `quietline export` wrote. The file comes from a server that is not trusted, so nothing in it is taken as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from app.crypto.encoding import b64u_decode, is_id
from app.domain import LIMITS, AttachmentId, CaseId, ChannelId, Kind, MessageId, OrganisationId, Outcome, State
from app.errors import CommandError, FormatError

LINE_MOST: Final = 1 << 30
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExportedChannel:
    """A channel; `keyring` is sealed, and None while the channel is not open."""

    id: ChannelId
    slug: str
    name: str
    verify: str | None
    keyring: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """A sealed message as the server listed it; `sealed` is empty once it has been removed. `attachments`: the files it is said to have."""

    number: int
    id: MessageId
    kind: Kind
    day: date
    sealed: bytes = field(repr=False)
    attachments: tuple[AttachmentId, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportedCase:
    """A case; its state and days are what the server says."""

    id: CaseId
    channel: ChannelId
    state: State
    outcome: Outcome | None
    received_on: date
    acknowledged_on: date | None
    closed_on: date | None
    messages: tuple[ExportedMessage, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A whole export."""

    organisation: OrganisationId
    name: str
    made_on: date
    channels: tuple[ExportedChannel, ...]
    cases: tuple[ExportedCase, ...]

    def channel(self, channel: ChannelId) -> ExportedChannel | None:
        return next((each for each in self.channels if each.id == channel), None)


def is_export(path: Path) -> bool:
    """Whether a file begins like an export."""
    with path.open("rb") as file:
        return file.read(1) == b"{"


def read_export(path: Path) -> Export:
    """The export in a file. CommandError names the line that cannot be read."""
    channels: list[ExportedChannel] = []
    cases: list[ExportedCase] = []
    lines = _lines(path)
    head = next(lines, (1, {}))
    organisation, name, made_on = _parse(head, _head)
    for line in lines:
        if line[1].get("type") == "channel":
            channels.append(_parse(line, _channel))
        elif line[1].get("type") == "case":
            cases.append(_parse(line, _case))
    return Export(organisation, name, made_on, tuple(channels), tuple(cases))


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_MOST):
            number += 1
            yield number, _parse((number, {"line": line}), lambda values: _object(values["line"]))


def _object(line: bytes) -> dict[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise FormatError
    return value


def _parse(line: tuple[int, dict[str, Any]], read: Callable[[dict[str, Any]], T]) -> T:
    try:
        return read(line[1])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, FormatError):
        raise CommandError(f"Line {line[0]} is not what quietline export writes: make the export again.") from None


def _head(values: dict[str, Any]) -> tuple[OrganisationId, str, date]:
    if values["type"] != "quietline/export" or values["v"] != 1:
        raise FormatError
    return OrganisationId(_id(values["organisation"])), _text(values["name"]), _day(values["made_on"])


def _channel(values: dict[str, Any]) -> ExportedChannel:
    ring = values["keyring"]
    sealed = None if ring is None else b64u_decode(_text(ring["sealed"]))
    verify = None if values["verify"] is None else _text(values["verify"])
    if (verify is None) != (sealed is None):
        raise FormatError
    return ExportedChannel(ChannelId(_id(values["id"])), _text(values["slug"]), _text(values["name"]), verify, sealed)


def _case(values: dict[str, Any]) -> ExportedCase:
    return ExportedCase(
        id=CaseId(_id(values["id"])),
        channel=ChannelId(_id(values["channel"])),
        state=State(values["state"]),
        outcome=None if values["outcome"] is None else Outcome(values["outcome"]),
        received_on=_day(values["received_on"]),
        acknowledged_on=_day_or_none(values["acknowledged_on"]),
        closed_on=_day_or_none(values["closed_on"]),
        messages=tuple(_message(each) for each in values["messages"]),
    )


def _message(values: dict[str, Any]) -> ExportedMessage:
    number = values["number"]
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise FormatError
    kind, day = Kind(values["kind"]), _day(values["day"])
    files = tuple(AttachmentId(_id(each)) for each in _list(values.get("attachments", [])))
    return ExportedMessage(number, MessageId(_id(values["id"])), kind, day, b64u_decode(_text(values["sealed"])), files)


def _list(value: object) -> list[object]:
    if not isinstance(value, list) or len(value) > LIMITS.attachments:
        raise FormatError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FormatError
    return value


def _id(value: object) -> str:
    text = _text(value)
    if not is_id(text):
        raise FormatError
    return text


def _day(value: object) -> date:
    return date.fromisoformat(_text(value))


def _day_or_none(value: object) -> date | None:
    return None if value is None else _day(value)
