"""Officers work on their cases: read, answer, note, and move them on. The case of another channel looks like one that does not exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from app.domain import LIMITS, AttachmentId, CaseId, Kind, ListedMessage, MessageId, Outcome, SealedBlob, SealedMessage, State
from app.errors import AttachmentsRefused, NotRemovable, SealedRefused, StateRefused, UnknownCase
from app.services import inbox as inboxes
from app.services import organisations, removal
from app.services.context import Context
from app.services.inbox import InboxPage, InboxRow, inbox
from app.services.portal import Portal
from app.services.sessions import Officer
from app.services.storing import NOTE_STANZAS, TEAM_STANZAS, Posted, append, framed, require_ids
from app.storage import access, cases, messages
from app.storage.models import Case

__all__ = [
    "NEXT_STATES",
    "DeskCase",
    "InboxPage",
    "InboxRow",
    "ListedCase",
    "Posted",
    "SealedReport",
    "case",
    "change_state",
    "inbox",
    "listed",
    "mark_read",
    "post",
    "reports",
]

REPORTS_BYTES: Final = 2 * 1024 * 1024
"""How much one answer of `reports` carries at most; the rest is asked for again."""

_STANZAS: Final = {Kind.MESSAGE: TEAM_STANZAS, Kind.NOTE: NOTE_STANZAS, Kind.REMOVED: TEAM_STANZAS}
NEXT_STATES: Final[Mapping[State, tuple[State, ...]]] = MappingProxyType(
    {
        State.NEW: (State.CLOSED,),
        State.ACKNOWLEDGED: (State.IN_PROGRESS, State.CLOSED),
        State.IN_PROGRESS: (State.CLOSED,),
        State.CLOSED: (State.IN_PROGRESS,),
    }
)
"""Where `change_state` leads to; new ones are acknowledged by `post` only."""


@dataclass(frozen=True, slots=True)
class SealedReport:
    """The first message of a case, for the inbox to open."""

    case: CaseId
    message: MessageId
    sealed: SealedBlob


@dataclass(frozen=True, slots=True)
class DeskCase:
    """A case as its officers see it: all messages, notes too."""

    row: InboxRow
    messages: tuple[SealedMessage, ...]


@dataclass(frozen=True, slots=True)
class ListedCase:
    """The same without what is sealed."""

    row: InboxRow
    messages: tuple[ListedMessage, ...]


def reports(ctx: Context, officer: Officer, asked: Sequence[CaseId]) -> tuple[SealedReport, ...]:
    """The sealed reports of these cases, in this order: as many from the front as fit into one answer, and at least one.

    Cases that are not the officer's are left out, like those that do not exist.
    """
    wanted = list(dict.fromkeys(asked))[: LIMITS.inbox_rows]
    with ctx.database.read() as session:
        sizes = access.report_sizes(session, officer.organisation, officer.id, wanted)
        fitting: list[CaseId] = []
        total = 0
        for case_id in (each for each in wanted if each in sizes):
            total += sizes[case_id]
            if fitting and total > REPORTS_BYTES:
                break
            fitting.append(case_id)
        found = {row[0]: SealedReport(*row) for row in messages.reports(session, officer.organisation, fitting)}
    return tuple(found[case_id] for case_id in fitting if case_id in found)


def case(ctx: Context, officer: Officer, case: CaseId) -> DeskCase:
    """One case with its whole conversation. Raises UnknownCase."""
    portal = organisations.portal(ctx, officer.organisation)
    with ctx.database.read() as session:
        row = _row(ctx, session, officer, portal, case)
        return DeskCase(row, messages.of_case(session, officer.organisation, case, notes=True))


def listed(ctx: Context, officer: Officer, case: CaseId) -> ListedCase:
    """One case with what is listed of its messages. Raises UnknownCase."""
    portal = organisations.portal(ctx, officer.organisation)
    with ctx.database.read() as session:
        row = _row(ctx, session, officer, portal, case)
        return ListedCase(row, messages.listed(session, officer.organisation, case))


def post(
    ctx: Context,
    officer: Officer,
    case: CaseId,
    message: MessageId,
    kind: Kind,
    sealed: bytes,
    *,
    acknowledge: bool = False,
    attachments: Sequence[AttachmentId] = (),
    removes: MessageId | None = None,
) -> Posted:
    """Add a message to the reporter, a note for the team or a notice of removal, with the files it names. Acknowledging is part of the
    same transaction; so is taking away the message that a notice or a note `removes`, with its files.

    Identical bytes under the same id get the first answer again. Raises UnknownCase, SealedRefused or FormatError (framing, ids),
    AttachmentsRefused, Conflict (the id is in use with other bytes or other files), StateRefused (to acknowledge with a note, or what
    is no longer new), NotRemovable.
    """
    _require_sense(kind, acknowledge, attachments, removes)
    require_ids(case, message)
    letter = framed(sealed, _STANZAS[kind], attachments)
    gone: list[AttachmentId] = []

    def also(session: Session, found: Case, number: int) -> None:
        if acknowledge:
            if found.state is not State.NEW:
                raise StateRefused
            found.state, found.acknowledged_on = State.ACKNOWLEDGED, ctx.today()
        if removes is not None:
            gone.extend(removal.take_away(ctx, session, found, kind, number, removes))
        # Only who had read everything before has read everything now.
        if access.read_number(session, officer.organisation, officer.id, case) == number - 1:
            cases.mark_read(session, officer.organisation, officer.id, case, number)

    posted = append(ctx, officer.organisation, lambda session: _mine(session, officer, case, lock=True), message, kind, letter, also=also)
    if removes is not None:
        if posted.repeated:
            ctx.swept.ask()  # the first time may have been cut short after its commit
        removal.forget(ctx, officer.organisation, gone)
    return posted


def _require_sense(kind: Kind, acknowledge: bool, attachments: Sequence[AttachmentId], removes: MessageId | None) -> None:
    if kind not in _STANZAS or (kind is Kind.REMOVED and removes is None):
        raise SealedRefused(reason="kind")
    if acknowledge and kind is not Kind.MESSAGE:
        raise StateRefused
    if removes is not None and kind not in removal.TAKEN_BY:
        raise NotRemovable
    if attachments and kind is Kind.REMOVED:
        raise AttachmentsRefused(reason="count")


def change_state(ctx: Context, officer: Officer, case: CaseId, to: State, outcome: Outcome | None) -> None:
    """Move a case on: in progress, closed (with an outcome), or open again.

    Raises UnknownCase, StateRefused.
    """
    with ctx.database.write() as session:
        found = _mine(session, officer, case, lock=True)
        if to not in NEXT_STATES[found.state] or (to is State.CLOSED) != (outcome is not None):
            raise StateRefused
        found.state, found.outcome = to, outcome
        found.closed_on = ctx.today() if to is State.CLOSED else None


def mark_read(ctx: Context, officer: Officer, case: CaseId, number: int) -> None:
    """Note that the officer has read up to a message; it never falls, and never counts what is not there yet. Raises UnknownCase."""
    with ctx.database.write() as session:
        _mine(session, officer, case, lock=True)
        last = messages.last_number(session, officer.organisation, case)
        cases.mark_read(session, officer.organisation, officer.id, case, max(0, min(number, last)))


def _row(ctx: Context, session: Session, officer: Officer, portal: Portal, case: CaseId) -> InboxRow:
    _mine(session, officer, case)
    return inboxes.row(portal, cases.inbox(session, officer.organisation, officer.id, [case])[case], ctx.today())


def _mine(session: Session, officer: Officer, case: CaseId, *, lock: bool = False) -> Case:
    """The case, if it is in a channel that the officer is in at this moment. Raises UnknownCase."""
    found = access.case_of(session, officer.organisation, officer.id, case, lock=lock)
    if found is None:
        raise UnknownCase
    return found
