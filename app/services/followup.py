"""A reporter comes back: reads the conversation, adds to it, or takes everything away.

Wrong, unknown and withdrawn receipts all end in NoConversation after the same one hash and one query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.orm import Session

from app.crypto import message as messages_format
from app.crypto.age import seal_bytes
from app.crypto.conversation import Checked, seen_after
from app.crypto.hybrid import HybridRecipient
from app.crypto.message import REPORTER, Attachment, Payload
from app.crypto.receipt import Receipt, mailbox_hash
from app.domain import (
    LIMITS,
    AttachmentId,
    CaseId,
    Kind,
    MailboxHash,
    MessageId,
    OrganisationId,
    Outcome,
    Problem,
    SealedBy,
    SealedMessage,
    State,
)
from app.errors import CommitUnknown, NoConversation, SealedRefused, StorageBusy, UnknownChannel
from app.services import dates, organisations, removal
from app.services.context import Context
from app.services.drafts import check_answer
from app.services.opening import CHECKS, CheckedMessage, open_all, report_of, shown
from app.services.organisations import Channel
from app.services.storing import TEAM_STANZAS, Posted, append, framed, ids_of, require_ids, require_list, says_the_same
from app.services.uploads import discard
from app.storage import cases, messages
from app.storage.models import Case

__all__ = ["CheckedMessage", "OpenedCase", "Posted", "SealedCase", "open_plain", "open_sealed", "post_plain", "post_sealed", "withdraw"]


_Facts = tuple[CaseId, Channel, State, Outcome | None, date, date | None, date | None, date, date]


@dataclass(frozen=True, slots=True)
class _CaseOfReporter:
    case: CaseId
    channel: Channel
    state: State
    outcome: Outcome | None
    received_on: date
    acknowledged_on: date | None
    closed_on: date | None
    acknowledge_by: date
    feedback_by: date


@dataclass(frozen=True, slots=True)
class SealedCase(_CaseOfReporter):
    """A case as its reporter's client gets it: everything but the team's notes, sealed."""

    messages: tuple[SealedMessage, ...]


@dataclass(frozen=True, slots=True)
class OpenedCase(_CaseOfReporter):
    """A case opened in memory with the receipt."""

    checked: tuple[CheckedMessage, ...] = field(repr=False)

    @property
    def answerable(self) -> bool:
        """Whether the reporter's own report checks; without it nobody can tell whom an answer may be sealed to."""
        return bool(self.checked) and self.checked[0].mark in CHECKS


def open_sealed(ctx: Context, org: OrganisationId, mailbox_key: bytes) -> SealedCase:
    """The conversation as stored. Raises NoConversation; FormatError for a key that is none."""
    case, listed = _read(ctx, org, mailbox_hash(mailbox_key))
    return SealedCase(*_facts(ctx, org, case), listed)


def open_plain(ctx: Context, org: OrganisationId, receipt: Receipt) -> OpenedCase:
    """The conversation, opened and checked with the receipt. Raises NoConversation."""
    case, listed = _read(ctx, org, mailbox_hash(receipt.mailbox_key))
    return OpenedCase(*_facts(ctx, org, case), shown(open_all(receipt, listed), listed))


def post_sealed(
    ctx: Context, org: OrganisationId, mailbox_key: bytes, message: MessageId, sealed: bytes, attachments: Sequence[AttachmentId] = ()
) -> Posted:
    """Add what the reporter's browser sealed, and the files it names. Identical bytes under the same id get the first answer again.

    Raises NoConversation, SealedRefused or FormatError (framing, lengths, ids), AttachmentsRefused, Conflict (the id is in use with
    other bytes or other files).
    """
    _require_room(ctx)
    mailbox = mailbox_hash(mailbox_key)
    require_ids(message)
    letter = framed(sealed, TEAM_STANZAS, attachments)
    with ctx.database.read() as session:
        _case(session, org, mailbox)  # before the write lock, which nobody without a conversation should be able to take
    return append(ctx, org, lambda session: _case(session, org, mailbox, lock=True), message, Kind.MESSAGE, letter)


def post_plain(
    ctx: Context,
    org: OrganisationId,
    receipt: Receipt,
    message: MessageId,
    body: str,
    seen_count: int,
    attachments: Sequence[Attachment] = (),
) -> Posted:
    """Check, sign and seal an answer in memory with the receipt's keys, and add it. `seen_count`: how many messages the person was shown.

    It is sealed to the readers that the reporter's own report names, never to what the server offers now. The same body with the same
    files under the same id gets the first answer again, and files sealed for the repeat are discarded. Raises NoConversation,
    DraftRefused, AttachmentsRefused, Conflict, FormatError (the id), and SealedRefused with `reason` "own_report" when the stored report
    is not the one that this receipt signed.
    """
    _require_room(ctx)
    mailbox = mailbox_hash(receipt.mailbox_key)
    require_ids(message)
    require_list(ids_of(attachments))
    _, listed = _read(ctx, org, mailbox)
    cleaned = check_answer(body, receipt)
    checked = open_all(receipt, listed)
    report = report_of(checked)
    if report is None or report.channel is None or report.readers != "team":
        raise SealedRefused(reason="own_report")
    payload = replace(_payload(ctx, receipt, message, cleaned, checked, seen_count), attachments=tuple(attachments))
    readers = [HybridRecipient.parse(report.channel.recipient), receipt.identity.recipient]
    letter = framed(seal_bytes(messages_format.write(payload, receipt.signing), readers), TEAM_STANZAS, ids_of(attachments))

    def same(stored: SealedMessage) -> bool:
        # Sealing draws new randomness each time, so a retry is told by what it says.
        return _says(stored, payload, receipt, listed[0])

    posted = append(ctx, org, lambda session: _case(session, org, mailbox, lock=True), message, Kind.MESSAGE, letter, same=same)
    if posted.repeated:
        discard(ctx, org, letter.attachments)
    return posted


def readers(ctx: Context, org: OrganisationId, receipt: Receipt) -> tuple[str, ...]:
    """Whom an answer and its files are sealed to, as text: those whom the reporter's own report names, then the reporter.

    Raises NoConversation, and SealedRefused as `post_plain`.
    """
    _, listed = _read(ctx, org, mailbox_hash(receipt.mailbox_key))
    report = report_of(open_all(receipt, listed[:1]))
    if report is None or report.channel is None or report.readers != "team":
        raise SealedRefused(reason="own_report")
    return report.channel.recipient, str(receipt.identity.recipient)


def withdraw(ctx: Context, org: OrganisationId, mailbox_key: bytes) -> None:
    """Delete the case with its messages, files and read marks, from the database, its journal and the blob store.

    Raises NoConversation; FormatError (the key).

    What stays is a hash that recognises a retry of this report, and the day.
    """
    mailbox = mailbox_hash(mailbox_key)
    with ctx.database.read() as session:
        _case(session, org, mailbox)
    try:
        with ctx.database.write() as session:
            case = _case(session, org, mailbox, lock=True)
            files = removal.drop_case(session, case, ctx.today())
    except (StorageBusy, CommitUnknown):
        ctx.swept.ask()  # the connection may have been lost after the commit
        raise
    removal.forget(ctx, org, files)


def _require_room(ctx: Context) -> None:
    """StorageBusy where an answer would take of the room that is kept for new reports."""
    free = ctx.database.free()
    if free is not None and free < LIMITS.reports_reserve_bytes:
        raise StorageBusy


def _read(ctx: Context, org: OrganisationId, mailbox: MailboxHash) -> tuple[Case, tuple[SealedMessage, ...]]:
    with ctx.database.read() as session:
        case = _case(session, org, mailbox)
        listed = messages.of_case(session, org, case.id, notes=False)
    # Counted anew: gaps in the stored numbers would tell the reporter how many notes the team has taken, and when.
    return case, tuple(replace(message, number=number) for number, message in enumerate(listed, 1))


def _case(session: Session, org: OrganisationId, mailbox: MailboxHash, *, lock: bool = False) -> Case:
    case = cases.by_mailbox(session, org, mailbox, lock=lock)
    if case is None:
        raise NoConversation
    return case


def _facts(ctx: Context, org: OrganisationId, case: Case) -> _Facts:
    channel = organisations.portal(ctx, org).by_id(case.channel_id)
    if channel is None:
        raise UnknownChannel
    days = (case.received_on, case.acknowledged_on, case.closed_on)
    deadlines = (dates.acknowledge_by(case.received_on), dates.feedback_by(case.received_on, case.acknowledged_on))
    return case.id, channel, case.state, case.outcome, *days, *deadlines


def _payload(ctx: Context, receipt: Receipt, message: MessageId, body: str, checked: tuple[Checked, ...], seen_count: int) -> Payload:
    return Payload(
        id=message,
        case=receipt.case_id,
        kind=Kind.MESSAGE,
        author=REPORTER,
        sealed_by=SealedBy.SERVER,
        written_on=ctx.today(),
        seen=seen_after(checked, max(0, min(seen_count, len(checked)))),
        body=body,
    )


def _says(stored: SealedMessage, written: Payload, receipt: Receipt, report: SealedMessage) -> bool:
    """Whether a stored message is this receipt's and says the same."""
    found = open_all(receipt, (report, stored))[-1]
    if found.payload is None or Problem.SIGNATURE in found.problems:
        return False
    return found.payload.author.role == "reporter" and says_the_same(found.payload, written)
