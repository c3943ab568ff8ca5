"""What reporters' and officers' browsers do in the tests: sign, seal and open, with keys the server never has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import insert

from app.crypto import conversation, message
from app.crypto.age import seal_bytes, unseal_bytes
from app.crypto.conversation import Checked, Listed, seen_after
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridIdentity, HybridRecipient
from app.crypto.message import Answer, Attachment, Author, ChannelKeys, Payload
from app.crypto.receipt import Receipt
from app.domain import CaseId, ChannelId, Kind, MessageId, Outcome, SealedBy, SealedMessage, State
from app.services import followup, intake, officers, sessions, triage
from app.services.drafts import PlainReport
from app.services.intake import Accepted
from app.services.sessions import Officer
from app.storage.models import Case, Message
from tests import payloads
from tests.support import Person, Place

DAY = date(2026, 11, 21)
BODY = "The ledger of the north office was changed on a Sunday."
DRAFT = PlainReport("About the ledger", BODY, {"category": "Fraud", "place": "North office", "known": ("A manager", "Nobody")})


def report(
    place: Place, receipt: Receipt, body: str = BODY, message_id: str | None = None, files: Sequence[Attachment] = ()
) -> tuple[MessageId, bytes]:
    """A report as the browser seals it."""
    payload = replace(
        payloads.report(receipt, ChannelKeys(place.keyring.recipient, place.keyring.verify), body, DAY),
        id=MessageId(message_id or new_id()),
        answers=(Answer("category", "What is it about?", "Fraud"),),
        attachments=tuple(files),
    )
    return payload.id, seal(message.write(payload, receipt.signing), team(place), receipt.identity.recipient)


def send(place: Place, receipt: Receipt, body: str = BODY) -> Accepted:
    """Report it."""
    message_id, sealed = report(place, receipt, body)
    return intake.accept_sealed(place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key, message_id, sealed)


def addition(place: Place, receipt: Receipt, body: str, message_id: str | None = None) -> tuple[MessageId, bytes]:
    """What a reporter's browser adds, having shown everything that is there."""
    found = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key)
    written = payloads.addition(receipt, body, seen_after(as_reporter(receipt, found.messages)), DAY)
    payload = replace(written, id=MessageId(message_id or written.id))
    return payload.id, seal(message.write(payload, receipt.signing), team(place), receipt.identity.recipient)


def letter(
    place: Place,
    person: Person,
    receipt: Receipt,
    body: str,
    kind: Kind = Kind.MESSAGE,
    *,
    removes: MessageId | None = None,
    files: Sequence[Attachment] = (),
) -> tuple[MessageId, bytes]:
    """A message, note or notice as an officer's browser seals it, having shown everything that is there."""
    found = triage.case(place.ctx, officer(place, person), receipt.case_id)
    checked = as_officer(place, receipt, found.messages)
    payload = Payload(
        id=MessageId(new_id()),
        case=receipt.case_id,
        kind=kind,
        author=Author("officer", person.id, person.name),
        sealed_by=SealedBy.BROWSER,
        written_on=DAY,
        seen=seen_after(checked),
        body=body,
        attachments=tuple(files),
        removed=next((conversation.removal_of(each) for each in checked if each.id == removes), None),
    )
    recipients = [team(place)] if kind is Kind.NOTE else [team(place), receipt.identity.recipient]
    return payload.id, seal(message.write(payload, place.keyring.current.signing), *recipients)


def reply(
    place: Place, person: Person, receipt: Receipt, body: str, kind: Kind = Kind.MESSAGE, *, acknowledge: bool = False
) -> triage.Posted:
    """Seal and post it."""
    message_id, sealed = letter(place, person, receipt, body, kind)
    return triage.post(place.ctx, officer(place, person), receipt.case_id, message_id, kind, sealed, acknowledge=acknowledge)


def remove(
    place: Place, person: Person, receipt: Receipt, target: MessageId, kind: Kind = Kind.REMOVED, body: str = "It named a person."
) -> triage.Posted:
    """Take a message away with a notice, or a note with a note."""
    message_id, sealed = letter(place, person, receipt, body, kind, removes=target)
    return triage.post(place.ctx, officer(place, person), receipt.case_id, message_id, kind, sealed, removes=target)


def as_reporter(receipt: Receipt, messages: Sequence[SealedMessage]) -> tuple[Checked, ...]:
    """Open and check with the receipt."""
    listed = [_listed(each, [receipt.identity]) for each in messages]
    return conversation.check_as_reporter(receipt.case_id, listed, receipt.signing.verify)


def as_officer(place: Place, receipt: Receipt, messages: Sequence[SealedMessage]) -> tuple[Checked, ...]:
    """Open and check with the keyring."""
    listed = [_listed(each, place.keyring.identities) for each in messages]
    ring = place.keyring
    return conversation.check(receipt.case_id, listed, reporter_key=None, channel_keys=ring.verify_keys, recipients=ring.recipients)


def _listed(row: SealedMessage, identities: Sequence[HybridIdentity]) -> Listed:
    document = None if row.removed else unseal_bytes(row.sealed, identities)
    return Listed(row.number, row.id, row.kind, document, row.removed)


def officer(place: Place, person: Person) -> Officer:
    """The officer as a request knows them."""
    logged_in = officers.login(place.ctx, place.id, person.user, person.secrets.login)
    session = sessions.load(place.ctx, place.id, logged_in.session_token)
    assert session is not None
    return session.officer


def team(place: Place) -> HybridRecipient:
    return HybridRecipient.parse(place.keyring.recipient)


def seal(document: bytes, *recipients: HybridRecipient) -> bytes:
    return seal_bytes(document, recipients)


def plant(
    place: Place, count: int, *, state: State = State.NEW, received: date | None = None, channel: ChannelId | None = None, size: int = 4096
) -> list[CaseId]:
    """Cases straight into the database, for what would take too long to send."""
    cases = [CaseId(new_id()) for _ in range(count)]
    day = received or place.ctx.today()
    with place.ctx.database.write() as session:
        own = {"organisation_id": place.id, "channel_id": channel or place.ethics_id, "state": state, "received_on": day}
        acknowledged = None if state is State.NEW else day
        rows = [{**own, "id": case, "mailbox_hash": case.encode() + bytes(6), "acknowledged_on": acknowledged} for case in cases]
        session.execute(insert(Case), rows)
        report = {"organisation_id": place.id, "number": 1, "kind": Kind.REPORT, "day": day, "size_class": size}
        session.execute(insert(Message), [{**report, "case_id": case, "id": new_id(), "sealed": bytes(size)} for case in cases])
    return cases


def close(place: Place, person: Person, receipt: Receipt, outcome: Outcome) -> None:
    """Close a case with its outcome."""
    triage.change_state(place.ctx, officer(place, person), receipt.case_id, State.CLOSED, outcome)
