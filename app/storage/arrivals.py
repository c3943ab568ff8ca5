"""The insert of a report: the one statement that every reporter waits for, so it is built once and asks everything it needs itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, exists, literal, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is SQLite's too

from app.domain import CaseId, ChannelId, Kind, MailboxHash, MessageId, OrganisationId, SealedBlob, State
from app.errors import ReportWithdrawn
from app.storage.models import Case, Channel, Message, Organisation, Tombstone


@dataclass(frozen=True, slots=True)
class Arrival:
    """A report with its case. `mark`: what a tombstone of this mailbox would be. `revision`: the organisation's, where the report was made
    for what that said."""

    case: CaseId
    channel: ChannelId
    mailbox: MailboxHash
    mark: bytes
    message: MessageId
    size_class: int
    sealed: SealedBlob
    revision: int | None = None


_CASES: Final = Case.__table__
_MESSAGES: Final = Message.__table__
_COUNTED: Final = {"preserve_rowcount": True}  # SQLAlchemy counts only what updates and deletes touch, unless it is asked
_IS_OPEN: Final = exists().where(
    Channel.organisation_id == bindparam("organisation"),
    Channel.id == bindparam("channel"),
    Channel.retired.is_(False),
    Channel.recipient.is_not(None),
    Channel.verify.is_not(None),
)
_IS_CURRENT: Final = exists().where(Organisation.id == bindparam("organisation"), Organisation.revision == bindparam("revision"))
_IS_BURIED: Final = exists().where(Tombstone.organisation_id == bindparam("organisation"), Tombstone.mark == bindparam("mark"))
# The unique constraints decide, and what they refuse is no error: PostgreSQL writes errors into its log, with the time and the key.
_COLUMNS: Final = ["organisation_id", "id", "channel_id", "mailbox_hash", "state", "received_on"]
_CASE: Final = select(
    bindparam("organisation", type_=_CASES.c.organisation_id.type),
    bindparam("case", type_=_CASES.c.id.type),
    bindparam("channel", type_=_CASES.c.channel_id.type),
    bindparam("mailbox", type_=_CASES.c.mailbox_hash.type),
    literal(State.NEW, _CASES.c.state.type),
    bindparam("day", type_=_CASES.c.received_on.type),
).where(_IS_OPEN, ~_IS_BURIED)
_ADD_CASE: Final = insert(_CASES).from_select(_COLUMNS, _CASE).on_conflict_do_nothing()  # type: ignore[arg-type]
_ADD_CASE_AT: Final = insert(_CASES).from_select(_COLUMNS, _CASE.where(_IS_CURRENT)).on_conflict_do_nothing()  # type: ignore[arg-type]
_ADD_REPORT: Final = insert(_MESSAGES).from_select(  # type: ignore[arg-type]
    ["organisation_id", "case_id", "number", "id", "kind", "day", "size_class", "sealed"],
    select(
        bindparam("organisation", type_=_CASES.c.organisation_id.type),
        bindparam("case", type_=_CASES.c.id.type),
        literal(1, _MESSAGES.c.number.type),
        bindparam("message", type_=_MESSAGES.c.id.type),
        literal(Kind.REPORT, _MESSAGES.c.kind.type),
        bindparam("day", type_=_MESSAGES.c.day.type),
        bindparam("size_class", type_=_MESSAGES.c.size_class.type),
        bindparam("sealed", type_=_MESSAGES.c.sealed.type),
    ).where(~_IS_BURIED),
)


def add(connection: Connection, organisation: OrganisationId, arrival: Arrival, day: date) -> bool:
    """Insert a case and its report. False when the case id or the mailbox hash is taken, the channel is not open, the organisation is at
    another revision, or the report was withdrawn, and then nothing is inserted. ReportWithdrawn when it was withdrawn at this very
    moment; the transaction has to end then.
    """
    values: dict[str, object] = {
        "organisation": organisation,
        "case": arrival.case,
        "channel": arrival.channel,
        "mailbox": arrival.mailbox,
        "mark": arrival.mark,
        "day": day,
        "message": arrival.message,
        "size_class": arrival.size_class,
        "sealed": arrival.sealed,
    }
    if arrival.revision is not None:
        values["revision"] = arrival.revision
    statement = _ADD_CASE if arrival.revision is None else _ADD_CASE_AT
    if connection.execute(statement, values, execution_options=_COUNTED).rowcount != 1:
        return False
    # A withdrawal that the unique constraint waited for leaves its tombstone where the first statement did not look yet.
    if connection.execute(_ADD_REPORT, values, execution_options=_COUNTED).rowcount != 1:
        raise ReportWithdrawn
    return True
