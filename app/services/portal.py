"""What the public pages of an organisation show, as frozen values, and the memory of one process for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from app.domain import ChannelId, OrganisationId

QuestionKind = Literal["text", "one", "several", "date"]
HOSTS_SECONDS: Final = 5.0
"""For how long a process may answer under hosts that another one has just changed."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a channel's questionnaire. `options` only for `one` and `several`."""

    id: str
    kind: QuestionKind
    label: str
    hint: str | None = None
    required: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelKeys:
    """The public keys of an open channel, as published now."""

    recipient: str
    verify: str
    fingerprint: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Channel:
    """Where one can report. Without keys it is not yet open; a retired one takes no new reports.
    `retention_days`: how long closed cases are kept; None for as long as nobody deletes them."""

    id: ChannelId
    slug: str
    name: str
    description: str
    readers_text: str
    questions: tuple[Question, ...]
    keys: ChannelKeys | None
    retired: bool = False
    retention_days: int | None = None

    @property
    def open(self) -> bool:
        return self.keys is not None and not self.retired


@dataclass(frozen=True, slots=True)
class OutsideHelp:
    """Somebody outside the organisation to turn to."""

    name: str
    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Portal:
    """An organisation as its pages show it. `channels` in the order of the configuration; `retired` are those that only old cases name.
    `revision`: rises with every change of what is here."""

    organisation: OrganisationId
    name: str
    demo: bool
    language: str
    intro: str | None
    emergency: str | None
    outside_help: tuple[OutsideHelp, ...]
    neutral_url: str
    onion: str | None
    channels: tuple[Channel, ...]
    retired: tuple[Channel, ...] = ()
    revision: int = 0

    def by_id(self, channel: ChannelId) -> Channel | None:
        """Also a retired one."""
        return next((each for each in self.channels + self.retired if each.id == channel), None)

    def by_slug(self, slug: str, *, retired: bool = False) -> Channel | None:
        """One that is listed; with `retired` also one that was."""
        return next((each for each in self.channels + (self.retired if retired else ()) if each.slug == slug), None)


@dataclass(frozen=True, slots=True)
class Hosts:
    """Every configured host, and the organisation that answers where none is (only when there is exactly one)."""

    names: Mapping[str, OrganisationId]
    default: OrganisationId | None


class PortalMemory:
    """What a process remembers: portals by revision, hosts for a few seconds. Holds nothing that is not on a public page."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._tick = tick
        self._portals: dict[OrganisationId, tuple[int, Portal]] = {}
        self._hosts: tuple[float, Hosts] | None = None

    def portal(self, organisation: OrganisationId, revision: int) -> Portal | None:
        """The portal at exactly this revision, if it is remembered."""
        found = self._portals.get(organisation)
        return found[1] if found is not None and found[0] == revision else None

    def at_any_revision(self, organisation: OrganisationId) -> Portal | None:
        """The portal as it was at whichever revision was read last: only for what no revision changes."""
        found = self._portals.get(organisation)
        return found[1] if found is not None else None

    def keep_portal(self, portal: Portal, revision: int) -> None:
        with self._lock:
            self._portals[portal.organisation] = (revision, portal)

    def hosts(self) -> Hosts | None:
        """The hosts, unless they were read too long ago."""
        found = self._hosts
        return found[1] if found is not None and self._tick() - found[0] < HOSTS_SECONDS else None

    def keep_hosts(self, hosts: Hosts) -> None:
        with self._lock:
            self._hosts = (self._tick(), hosts)

    def forget_hosts(self) -> None:
        with self._lock:
            self._hosts = None
