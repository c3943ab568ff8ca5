"""What a reporter's browser writes before it signs and seals it. A test that wants it otherwise replaces fields."""

from __future__ import annotations

from datetime import UTC, date, datetime

from app.crypto.encoding import new_id
from app.crypto.message import EMPTY_SEEN, REPORTER, ChannelKeys, Payload, Seen
from app.crypto.receipt import Receipt
from app.domain import Kind, MessageId, SealedBy


def report(receipt: Receipt, keys: ChannelKeys, body: str, day: date | None = None) -> Payload:
    """A report to a channel's team; `day` is today by the system's clock unless it is given."""
    return Payload(
        id=MessageId(new_id()),
        case=receipt.case_id,
        kind=Kind.REPORT,
        author=REPORTER,
        sealed_by=SealedBy.BROWSER,
        written_on=day or datetime.now(UTC).date(),
        seen=EMPTY_SEEN,
        body=body,
        reply_to=str(receipt.identity.recipient),
        channel=keys,
        readers="team",
    )


def addition(receipt: Receipt, body: str, seen: Seen = EMPTY_SEEN, day: date | None = None) -> Payload:
    """What is added to a conversation by somebody who was shown `seen` of it."""
    return Payload(
        id=MessageId(new_id()),
        case=receipt.case_id,
        kind=Kind.MESSAGE,
        author=REPORTER,
        sealed_by=SealedBy.BROWSER,
        written_on=day or datetime.now(UTC).date(),
        seen=seen,
        body=body,
    )
