"""An officer's inbox: what is due first. Names, states and days only; subjects are opened in the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final, Literal

from app.crypto.alias import alias
from app.domain import LIMITS, CaseId, ChannelId, Outcome, State
from app.services import dates, organisations
from app.services.context import Context
from app.services.portal import Channel, Portal
from app.services.sessions import Officer
from app.storage import access, cases
from app.storage.access import Group
from app.storage.cases import InboxDetails

Sort = Literal["due", "received", "state"]
DueKind = Literal["acknowledge", "answer"]

ROWS: Final = LIMITS.inbox_rows
_ORDER: Final = {state: position for position, state in enumerate(State)}
_NEVER: Final = date.max
_Key = Callable[[Group], tuple[Any, ...]]


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
    """One page of rows. `counts` is of every state, whatever the filter."""

    rows: tuple[InboxRow, ...]
    page: int
    pages: int
    counts: Mapping[State, int]


def inbox(ctx: Context, officer: Officer, *, states: frozenset[State] | None = None, sort: Sort = "due", page: int = 1) -> InboxPage:
    """A page of the cases of the officer's channels: by what is due first, by day received (newest first), or by state.

    A page past the last one is the last one. The number of queries does not depend on the number of cases.
    """
    org = officer.organisation
    portal = organisations.portal(ctx, org)
    with ctx.database.read() as session:
        every = access.groups(session, org, officer.id)
        wanted = [group for group in every if states is None or group.state in states]
        total = sum(group.cases for group in wanted)
        pages = max(1, -(-total // ROWS))
        page = max(1, min(page, pages))
        start = (page - 1) * ROWS
        tiers, skipped = _tiers(wanted, _KEYS[sort], start)
        shown = access.in_order(session, org, officer.id, tiers, skipped, min(ROWS, total - start)) if tiers else ()
        details = cases.inbox(session, org, officer.id, shown)
    rows = tuple(row(portal, details[case], ctx.today()) for case in shown)
    return InboxPage(rows, page, pages, MappingProxyType(_counts(every)))


def _tiers(groups: Sequence[Group], key: _Key, start: int) -> tuple[list[list[Group]], int]:
    """The groups that a page from `start` on takes its rows from, those that rank alike together; and how many rows of them to skip."""
    tiers: list[list[Group]] = []
    skipped = position = 0
    for _, ranked in groupby(sorted(groups, key=key), key):
        tier = list(ranked)
        begin, position = position, position + sum(group.cases for group in tier)
        if position > start and begin < start + ROWS:
            skipped = skipped if tiers else start - begin
            tiers.append(tier)
    return tiers, skipped


def _counts(groups: Sequence[Group]) -> dict[State, int]:
    counts = dict.fromkeys(State, 0)
    for group in groups:
        counts[group.state] += group.cases
    return counts


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


def _by_due(each: Group) -> tuple[Any, ...]:
    _, due_on = due(each.state, each.received_on, each.acknowledged_on)
    # Ids, being random, settle the rest without telling the order of arrival.
    return due_on or _NEVER, each.received_on


def _by_received(each: Group) -> tuple[Any, ...]:
    return (-each.received_on.toordinal(),)


def _by_state(each: Group) -> tuple[Any, ...]:
    return _ORDER[each.state], *_by_due(each)


_KEYS: Final[Mapping[Sort, _Key]] = MappingProxyType({"due": _by_due, "received": _by_received, "state": _by_state})
