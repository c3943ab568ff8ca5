"""A report arrives: sealed by the browser, or as a form that is sealed here in memory. One store step for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from app.crypto import message as messages_format
from app.crypto.age import seal_bytes
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridRecipient
from app.crypto.message import EMPTY_SEEN, REPORTER, Attachment, Payload
from app.crypto.receipt import Receipt, mailbox_hash
from app.domain import AttachmentId, CaseId, ChannelId, Kind, MessageId, OrganisationId, SealedBlob, SealedBy, SealedMessage
from app.errors import ChannelNotOpen, Conflict, PortalChanged, QuietlineError, ReportWithdrawn, UnknownChannel
from app.services import dates, organisations
from app.services.context import Context
from app.services.drafts import CleanReport, PlainReport, check_report
from app.services.opening import open_report
from app.services.organisations import Channel, ChannelKeys
from app.services.storing import TEAM_STANZAS, Framed, claim, framed, ids_of, require_ids, require_list, says_the_same, tombstone
from app.services.uploads import discard
from app.storage import arrivals, cases, channels, messages
from app.storage import organisations as organisation_rows
from app.storage.arrivals import Arrival

_Same = Callable[[SealedMessage], bool]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A report that is safe on the disk, with the days its writer may count on. `repeated`: it was there already, and is the same."""

    case: CaseId
    received_on: date
    acknowledge_by: date
    feedback_by: date
    repeated: bool


def accept_sealed(
    ctx: Context,
    org: OrganisationId,
    channel: ChannelId,
    case: CaseId,
    mailbox_key: bytes,
    message: MessageId,
    sealed: bytes,
    attachments: Sequence[AttachmentId] = (),
) -> Accepted:
    """Store a report that a browser sealed, and the files it names. Identical bytes again get the first answer again.

    Raises SealedRefused or FormatError (framing, lengths, ids), AttachmentsRefused, UnknownChannel, ChannelNotOpen, ReportWithdrawn (a
    retry of a deleted one), Conflict (the mailbox key or case id is in use with something else, or with other files).
    """
    mailbox = mailbox_hash(mailbox_key)
    require_ids(case, message)
    letter = framed(sealed, TEAM_STANZAS, attachments)
    arrival = Arrival(case, channel, mailbox, tombstone(mailbox), message, letter.size_class, letter.sealed)
    return _store(ctx, org, arrival, letter, lambda stored: stored.id == message and letter.is_stored_as(stored))


def accept_plain(
    ctx: Context,
    org: OrganisationId,
    channel: ChannelId,
    receipt: Receipt,
    draft: PlainReport,
    shown: Channel | None = None,
    attachments: Sequence[Attachment] = (),
    revision: int | None = None,
) -> Accepted:
    """Check, sign and seal a report in memory with the receipt's keys, and store it with its files, which are sealed already.

    The same form with the same files again gets the first answer again, and files sealed for the repeat are discarded.
    `shown`: the channel, from a caller who has just read it, or who remembers it from this `revision` of the portal: then the store
    step itself looks whether that is still so. Raises DraftRefused, PortalChanged, and what accept_sealed raises but for framing.
    """
    offered, keys = _known(ctx, org, channel, shown)
    report = check_report(offered, draft, receipt)
    require_list(ids_of(attachments))
    own = receipt.identity.recipient
    payload = replace(_payload(report, receipt.case_id, str(own), keys, ctx.today()), attachments=tuple(attachments))
    document = messages_format.write(payload, receipt.signing, own)
    sealed = SealedBlob(seal_bytes(document, [HybridRecipient.parse(keys.recipient), own]))
    letter = Framed(sealed, len(document), TEAM_STANZAS, ids_of(attachments))
    mailbox = mailbox_hash(receipt.mailbox_key)
    arrival = Arrival(receipt.case_id, channel, mailbox, tombstone(mailbox), payload.id, letter.size_class, sealed, revision)
    accepted = _store(ctx, org, arrival, letter, lambda stored: _says(stored, receipt, payload, answers=not offered.retired))
    if accepted.repeated:
        discard(ctx, org, letter.attachments)
    return accepted


def _known(ctx: Context, org: OrganisationId, channel: ChannelId, shown: Channel | None) -> tuple[Channel, ChannelKeys]:
    """A channel that once took reports; whether it takes this one is decided by the store step, which first looks whether it is there."""
    known = shown or organisations.portal(ctx, org).by_id(channel)
    if known is None or (known.retired and known.keys is None):
        raise UnknownChannel
    if known.keys is None:
        raise ChannelNotOpen
    return known, known.keys


def _payload(report: CleanReport, case: CaseId, reply_to: str, keys: ChannelKeys, today: date) -> Payload:
    return Payload(
        id=MessageId(new_id()),
        case=case,
        kind=Kind.REPORT,
        author=REPORTER,
        sealed_by=SealedBy.SERVER,
        written_on=today,
        seen=EMPTY_SEEN,
        subject=report.subject,
        body=report.body,
        answers=report.answers,
        reply_to=reply_to,
        channel=messages_format.ChannelKeys(recipient=keys.recipient, verify=keys.verify),
        readers="team",
    )


def _store(ctx: Context, org: OrganisationId, arrival: Arrival, letter: Framed, same: _Same) -> Accepted:
    today = ctx.today()
    with ctx.database.store() as connection:
        stored = arrivals.add(connection, org, arrival, today)
        if stored and letter.attachments:
            with Session(connection) as session:
                claim(ctx, session, org, arrival.case, arrival.message, letter.attachments, letter.stanzas)
                session.flush()
    if not stored:
        return _again(ctx, org, arrival, same)
    return _accepted(arrival.case, today, None, repeated=False)


def _again(ctx: Context, org: OrganisationId, arrival: Arrival, same: _Same) -> Accepted:
    """Why a report was not inserted: it is there already, or was; or its channel takes none (which is no matter to a retry)."""
    with ctx.database.read() as session:
        if arrival.revision is not None and organisation_rows.revision(session.connection(), org) != arrival.revision:
            raise PortalChanged
        case = cases.by_mailbox(session, org, arrival.mailbox)
        report = None if case is None else messages.by_number(session, org, case.id, 1)
        if case is None or report is None:
            raise _refusal(session, org, arrival)
    if case.id != arrival.case or case.channel_id != arrival.channel or not same(report):
        raise Conflict
    return _accepted(case.id, case.received_on, case.acknowledged_on, repeated=True)


def _refusal(session: Session, org: OrganisationId, arrival: Arrival) -> QuietlineError:
    if cases.buried(session, org, arrival.mark):
        return ReportWithdrawn()
    channel = channels.get(session, org, arrival.channel)
    if channel is None or channel.retired:
        return UnknownChannel()
    if channel.recipient is None or channel.verify is None:
        return ChannelNotOpen()
    return Conflict()  # the case id is another mailbox's


def _accepted(case: CaseId, received_on: date, acknowledged_on: date | None, *, repeated: bool) -> Accepted:
    return Accepted(
        case=case,
        received_on=received_on,
        acknowledge_by=dates.acknowledge_by(received_on),
        feedback_by=dates.feedback_by(received_on, acknowledged_on),
        repeated=repeated,
    )


def _says(stored: SealedMessage, receipt: Receipt, written: Payload, *, answers: bool) -> bool:
    """Whether the stored report is this receipt's and says the same; without `answers` the questions are no longer known."""
    payload = open_report(receipt, stored)
    if payload is None or not says_the_same(payload, written):
        return False
    return not answers or [(a.question, a.value) for a in payload.answers] == [(a.question, a.value) for a in written.answers]
