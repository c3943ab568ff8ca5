"""A configuration as a value, and its stored form."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from app.services.portal import OutsideHelp, Question

NEUTRAL_URL: Final = "https://www.wikipedia.org/"


@dataclass(frozen=True, slots=True)
class ChannelText:
    """One channel as configured."""

    slug: str
    name: str
    description: str = ""
    readers: str = ""
    questions: tuple[Question, ...] = ()
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that `quietline configure` sets."""

    name: str
    channels: tuple[ChannelText, ...]
    language: str = "en"
    intro: str | None = None
    emergency: str | None = None
    neutral_url: str = NEUTRAL_URL
    hosts: tuple[str, ...] = ()
    onion: str | None = None
    outside_help: tuple[OutsideHelp, ...] = ()

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """The hosts, and the onion address's."""
        onion = urlsplit(self.onion).hostname if self.onion else None
        return self.hosts + ((onion,) if onion and onion not in self.hosts else ())


def starter(name: str) -> Configuration:
    """What `quietline init` begins with: one channel."""
    text = "Concerns about conduct, safety, fraud or the law."
    channel = ChannelText("ethics", "Ethics team", text, "The officers of the ethics team, and nobody else.")
    return Configuration(name=name, channels=(channel,))


def to_json(configuration: Configuration) -> str:
    """The stored form; equal configurations have equal texts."""
    return json.dumps(asdict(configuration), ensure_ascii=False, separators=(",", ":"))


def from_json(document: str) -> Configuration:
    """What `to_json` wrote."""
    values: dict[str, Any] = json.loads(document)
    values["channels"] = tuple(_channel_from(each) for each in values["channels"])
    values["outside_help"] = tuple(OutsideHelp(**each) for each in values["outside_help"])
    values["hosts"] = tuple(values["hosts"])
    return Configuration(**values)


def _channel_from(values: dict[str, Any]) -> ChannelText:
    questions = tuple(Question(**{**each, "options": tuple(each["options"])}) for each in values["questions"])
    return ChannelText(**{**values, "questions": questions})
