"""The inbox: what is due first. The server knows states and days; subjects are opened in the browser."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString

from app.domain import LIMITS, CaseId, State
from app.errors import FormatError
from app.services import triage, wire
from app.services.inbox import MOST, Sort
from app.services.triage import InboxPage, InboxRow
from app.web.context import services
from app.web.desk import guards, labels
from app.web.limits import answers_json
from app.web.roles import Role, needs

_SORTS: Final[dict[Sort, LazyString]] = {
    "due": lazy_gettext("Days left"),
    "received": lazy_gettext("Day received"),
    "state": lazy_gettext("State"),
}
_LONGEST: Final = 27 * (LIMITS.inbox_rows + 1)


class Choice(NamedTuple):
    """A link that filters or sorts."""

    label: LazyString | str
    url: str
    current: bool
    total: LazyString | str = ""


class Group(NamedTuple):
    """Rows under one heading; without one where they are not sorted by days left."""

    label: LazyString | str
    rows: tuple[InboxRow, ...]


@needs(Role.OFFICER)
def show() -> ResponseReturnValue:
    state, sort, number = _asked()
    states = None if state is None else frozenset({state})
    page = triage.inbox(services(), guards.officer(), states=states, sort=sort, page=number)
    return render_template(
        "desk/inbox.html",
        page=page,
        filtered=state is not None,
        groups=_groups(page, sort),
        filters=_filters(page, state, sort),
        sorts=[Choice(label, _url(state, name, 1), name == sort) for name, label in _SORTS.items()],
        previous_url=_url(state, sort, page.page - 1) if page.page > 1 else None,
        next_url=_url(state, sort, page.page + 1) if page.more else None,
    )


@needs(Role.OFFICER)
@answers_json()
def reports() -> ResponseReturnValue:
    """The sealed reports of the cases asked for: those that are the officer's, as many as fit into one answer."""
    asked = [CaseId(case) for case in request.args.get("cases", "")[:_LONGEST].split(",")]
    if len(asked) > LIMITS.inbox_rows or not all(wire.is_id(case) for case in asked):
        raise FormatError
    found = triage.reports(services(), guards.officer(), asked)
    return {"reports": [{"case": report.case, "message": report.message, "sealed": wire.text(report.sealed)} for report in found]}


def _asked() -> tuple[State | None, Sort, int]:
    """State, sort and page as the address asks for them; whatever it says that we do not know is as if it were not there."""
    states = {state.value: state for state in State}
    sort: Sort = next((name for name in _SORTS if name == request.args.get("sort")), "due")
    page = request.args.get("page", "1")
    return states.get(request.args.get("state", "")), sort, int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1


def _url(state: State | None, sort: Sort, page: int) -> str:
    wanted: dict[str, Any] = {"state": state, "sort": None if sort == "due" else sort, "page": page if page > 1 else None}
    return url_for("desk.inbox", **{name: value for name, value in wanted.items() if value is not None})


def _filters(page: InboxPage, current: State | None, sort: Sort) -> list[Choice]:
    all_counted = all(number <= MOST for number in page.counts.values())
    every = Choice(gettext("All"), _url(None, sort, 1), current is None, _number(sum(page.counts.values()) if all_counted else MOST + 1))
    each = (Choice(label, _url(state, sort, 1), state is current, _number(page.counts[state])) for state, label in labels.STATES.items())
    return [every, *each]


def _number(counted: int) -> str:
    return gettext("over %(number)s", number=MOST) if counted > MOST else str(counted)


def _groups(page: InboxPage, sort: Sort) -> list[Group]:
    if sort != "due":
        return [Group("", tuple(page.rows))]
    sorted_out = ((label, tuple(row for row in page.rows if labels.urgency(row) == name)) for name, label in labels.URGENCIES.items())
    return [Group(label, rows) for label, rows in sorted_out if rows]
