"""A reporter's conversation opened in memory, for the pages that work without JavaScript. Nothing here is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from app.crypto import conversation
from app.crypto.age import unseal_bytes
from app.crypto.conversation import Checked, Listed
from app.crypto.hybrid import HybridIdentity
from app.crypto.message import Payload
from app.crypto.receipt import Receipt
from app.domain import AttachmentId, Kind, Mark, MessageId, Problem, SealedMessage
from app.errors import FormatError

CHECKS = frozenset({Mark.VERIFIED, Mark.SERVER})
"""Marks of a message that is what its writer signed."""


@dataclass(frozen=True, slots=True)
class CheckedMessage:
    """One message as it is shown: what was listed, what checking it came to, and what it says (None where it does not open).
    `notice`: of a removed one, what the notice says that took it away. `files`: those of its files that the server has."""

    number: int
    id: MessageId
    kind: Kind
    day: date
    mark: Mark
    problems: tuple[Problem, ...]
    payload: Payload | None = field(repr=False)
    notice: Payload | None = field(default=None, repr=False)
    files: tuple[AttachmentId, ...] = ()


def open_all(receipt: Receipt, listed: Sequence[SealedMessage]) -> tuple[Checked, ...]:
    """Open and check a conversation with nothing but the receipt.

    Officers' keys are those that the reporter's own report names, and only once that report has checked.
    """
    identity = receipt.identity
    opened = [Listed(row.number, row.id, row.kind, _document(row, identity), row.removed) for row in listed]
    return conversation.check_as_reporter(receipt.case_id, opened, receipt.signing.verify)


def open_report(receipt: Receipt, stored: SealedMessage) -> Payload | None:
    """The stored report, or None when it is not the one that the holder of this receipt signed."""
    return report_of(open_all(receipt, (stored,)))


def report_of(checked: Sequence[Checked]) -> Payload | None:
    """What the report of a checked conversation says; None when it is missing or does not check."""
    if not checked or checked[0].mark not in CHECKS:
        return None
    return checked[0].payload


def shown(checked: Sequence[Checked], listed: Sequence[SealedMessage]) -> tuple[CheckedMessage, ...]:
    """Checked messages with the day that the server lists for each."""
    return tuple(
        CheckedMessage(row.number, row.id, row.kind, row.day, found.mark, found.problems, found.payload, found.notice, row.attachments)
        for found, row in zip(checked, listed, strict=True)
    )


def _document(message: SealedMessage, identity: HybridIdentity) -> bytes | None:
    try:
        return unseal_bytes(message.sealed, [identity])
    except FormatError:
        return None
