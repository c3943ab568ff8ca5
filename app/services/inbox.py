"""An officer's inbox: what is due first. Names, states and days only; subjects are opened in the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Literal

from app.crypto.alias import alias
from app.domain import LIMITS, CaseId, ChannelId, Outcome, State
from app.services import dates, organisations
from app.services.context import Context
from app.services.portal import Channel, Portal
from app.services.sessions import Officer
from app.storage import access, cases
from app.storage.access import Place
from app.storage.cases import InboxDetails

Sort = Literal["due", "received", "state"]
DueKind = Literal["acknowledge", "answer"]

ROWS: Final = LIMITS.inbox_rows
_ORDER: Final = {state: position for position, state in enumerate(State)}
_NEVER: Final = date.max
_Key = Callable[[Place], tuple[Any, ...]]

MOST: Final = 999
"""Up to so many cases in a state are counted."""

FURTHEST: Final = 2000
"""The last page that is looked at where cases are not counted to the end."""


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One case. `days_left` is negative when the day has passed; a closed case is due nothing, and is deleted on `delete_on`
    where its channel keeps closed ones for so many days only."""

    case: CaseId
    alias: str
    channel: ChannelId
    channel_name: str
    state: State
    outcome: Outcome | None
    received_on: date
    due_on: date | None
    due_kind: DueKind | None
    days_left: int | None
    unread: bool
    size_class: int
    delete_on: date | None = None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of rows. `counts` is of every state, whatever the filter; `MOST` and one stands for more than `MOST`.
    `pages` is the number of the last page, where it is known; `more`: whether there is one after this."""

    rows: tuple[InboxRow, ...]
    page: int
    pages: int | None
    more: bool
    counts: Mapping[State, int]


def inbox(ctx: Context, officer: Officer, *, states: frozenset[State] | None = None, sort: Sort = "due", page: int = 1) -> InboxPage:
    """A page of the cases of the officer's channels: by what is due first, by day received (newest first), or by state.

    A page past the last one is the last one. Neither the number of queries nor what they read depends on the number of cases: the
    first page costs the same whatever lies behind it, and each further one what is before it.
    """
    org = officer.organisation
    portal = organisations.portal(ctx, org)
    wanted = [state for state in State if states is None or state in states]
    with ctx.database.read() as session:
        listed = access.channels(session, org, officer.id)
        counts = access.counts(session, org, listed, MOST)
        if any(counts[state] > MOST for state in wanted):
            pages, page = None, max(1, min(page, FURTHEST))
        else:
            pages = max(1, -(-sum(counts[state] for state in wanted) // ROWS))
            page = max(1, min(page, pages))
        read = access.newest if sort == "received" else access.oldest
        found = sorted(read(session, org, listed, wanted, page * ROWS + 1), key=_KEYS[sort])
        page = max(1, min(page, -(-len(found) // ROWS)))
        shown = [each.id for each in found[(page - 1) * ROWS : page * ROWS]]
        details = cases.inbox(session, org, officer.id, shown)
    rows = tuple(row(portal, details[case], ctx.today()) for case in shown)
    return InboxPage(rows, page, pages, len(found) > page * ROWS, MappingProxyType(counts))


def row(portal: Portal, found: InboxDetails, today: date) -> InboxRow:
    """A case as the inbox and its own page show it."""
    channel = portal.by_id(found.channel)
    kind, due_on = due(found.state, found.received_on, found.acknowledged_on)
    return InboxRow(
        case=found.id,
        alias=alias(found.id),
        channel=found.channel,
        channel_name="" if channel is None else channel.name,
        state=found.state,
        outcome=found.outcome,
        received_on=found.received_on,
        due_on=due_on,
        due_kind=kind,
        days_left=None if due_on is None else (due_on - today).days,
        unread=found.last_number > found.read_number,
        size_class=found.report_size_class,
        delete_on=_delete_on(channel, found.closed_on),
    )


def _delete_on(channel: Channel | None, closed_on: date | None) -> date | None:
    if channel is None or channel.retention_days is None or closed_on is None:
        return None
    return dates.delete_on(closed_on, channel.retention_days)


def due(state: State, received_on: date, acknowledged_on: date | None) -> tuple[DueKind | None, date | None]:
    """What the team owes the reporter next, and by when."""
    match state:
        case State.NEW:
            return "acknowledge", dates.acknowledge_by(received_on)
        case State.CLOSED:
            return None, None
        case _:
            return "answer", dates.feedback_by(received_on, acknowledged_on)


def _by_due(each: Place) -> tuple[Any, ...]:
    _, due_on = due(each.state, each.received_on, each.acknowledged_on)
    # Ids, being random, settle the rest without telling the order of arrival. A deadline never comes earlier for a later day, so what
    # `access.oldest` puts first comes first here.
    return due_on or _NEVER, each.lead, each.received_on, each.id


def _by_received(each: Place) -> tuple[Any, ...]:
    return -each.received_on.toordinal(), tuple(-ord(letter) for letter in each.id)


def _by_state(each: Place) -> tuple[Any, ...]:
    return _ORDER[each.state], *_by_due(each)


_KEYS: Final[Mapping[Sort, _Key]] = MappingProxyType({"due": _by_due, "received": _by_received, "state": _by_state})
