"""The small types everybody shares. No behaviour beyond checking that a value is what its type says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final, NewType

OrganisationId = NewType("OrganisationId", str)
ChannelId = NewType("ChannelId", str)
CaseId = NewType("CaseId", str)
MessageId = NewType("MessageId", str)
OfficerId = NewType("OfficerId", str)
AttachmentId = NewType("AttachmentId", str)

SealedBlob = NewType("SealedBlob", bytes)
"""An age file whose framing has been inspected (recipient kinds, their number, size class); its content is unknown."""

MailboxHash = NewType("MailboxHash", bytes)
"""SHA-256 of a mailbox key: 32 bytes."""


class Limits:
    """The limits of FORMATS.md, read from the one file that the browser's client reads too."""

    def __init__(self, values: dict[str, int]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> int:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None


LIMITS: Final = Limits(json.loads((Path(__file__).parent / "limits.json").read_text(encoding="utf-8")))


class Kind(StrEnum):
    """What a message is."""

    REPORT = "report"
    MESSAGE = "message"
    NOTE = "note"
    REMOVED = "removed"


class OfficerRole(StrEnum):
    """What an officer may do at the desk. It opens nothing: what an officer can read, their channels and keys say."""

    OFFICER = "officer"
    ADMINISTRATOR = "administrator"


class SealedBy(StrEnum):
    """Where a message was sealed."""

    BROWSER = "browser"
    SERVER = "server"
    OFFLINE = "offline"


class State(StrEnum):
    """Where a case stands."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a case was closed."""

    SUBSTANTIATED = "substantiated"
    PARTLY = "partly"
    UNSUBSTANTIATED = "unsubstantiated"
    REFERRED = "referred"
    OUT_OF_SCOPE = "out_of_scope"
    NO_ANSWER = "no_answer"


class Mark(StrEnum):
    """What checking a message in its conversation came to (FORMATS.md section 6)."""

    VERIFIED = "verified"
    SERVER = "server"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    REMOVED = "removed"


class Problem(StrEnum):
    """Why a message is marked (FORMATS.md section 6), in the order of its table."""

    REMOVED = "removed"
    UNREADABLE = "unreadable"
    MALFORMED = "malformed"
    SIGNATURE = "signature"
    CASE = "case"
    ID = "id"
    DUPLICATE = "duplicate"
    KIND = "kind"
    SEEN = "seen"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """What is listed of a message beside its seal."""

    number: int
    id: MessageId
    kind: Kind
    day: date


@dataclass(frozen=True, slots=True)
class SealedMessage(ListedMessage):
    """One row of a case as the server keeps it: what is listed beside the seal, and the seal.

    `sealed` is empty once the message has been removed. `attachments`: the sealed files that the server keeps for it, by id.
    """

    sealed: SealedBlob
    attachments: tuple[AttachmentId, ...] = ()

    @property
    def removed(self) -> bool:
        """Whether only its place is left."""
        return not self.sealed
