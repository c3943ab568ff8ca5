"""What the desk calls things: states, outcomes, days; and how urgent a case is."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any, Final

from babel.dates import get_month_names
from flask_babel import format_decimal, lazy_gettext
from flask_babel.speaklater import LazyString

from app.domain import Outcome, State
from app.errors import StorageBusy
from app.services import quota
from app.services.quota import Shown
from app.services.triage import InboxRow
from app.web import i18n
from app.web.context import services
from app.web.desk.guards import cookie_can_be_kept, officer_if_known

STATES: Final[dict[State, LazyString]] = {
    State.NEW: lazy_gettext("New"),
    State.ACKNOWLEDGED: lazy_gettext("Acknowledged"),
    State.IN_PROGRESS: lazy_gettext("In progress"),
    State.CLOSED: lazy_gettext("Closed"),
}

OUTCOMES: Final[dict[Outcome, LazyString]] = {
    Outcome.SUBSTANTIATED: lazy_gettext("Substantiated"),
    Outcome.PARTLY: lazy_gettext("Substantiated in part"),
    Outcome.UNSUBSTANTIATED: lazy_gettext("Not substantiated"),
    Outcome.REFERRED: lazy_gettext("Passed on to somebody else"),
    Outcome.OUT_OF_SCOPE: lazy_gettext("Not a matter for this line"),
    Outcome.NO_ANSWER: lazy_gettext("The person did not answer our questions"),
}

URGENCIES: Final[dict[str, LazyString]] = {
    "overdue": lazy_gettext("Overdue"),
    "week": lazy_gettext("Due this week"),
    "later": lazy_gettext("Later"),
    "none": lazy_gettext("Nothing due"),
}

_UNITS: Final = ((1000**4, "TB"), (1000**3, "GB"), (1000**2, "MB"))
_WHOLE_DAYS: Final = {"acknowledge": 7, "answer": 92}
"""How long each step may take, for the bar; three months are at most 92 days."""


def state_label(state: State) -> LazyString:
    """A state in words."""
    return STATES[state]


def outcome_label(outcome: Outcome) -> LazyString:
    """An outcome in words."""
    return OUTCOMES[outcome]


def short_day(day: date) -> str:
    """ "21 Nov", with the year when it is not this one."""
    return i18n.written_day(day, "d MMM" if day.year == services().today().year else "d MMM y")


def short_months() -> str:
    """The short names of the months as they stand inside a date, for scripts: joined with a bar."""
    names = get_month_names("abbreviated", context="format", locale=i18n.locale())
    return "|".join(names[month] for month in range(1, 13))


def urgency(row: InboxRow) -> str:
    """Overdue, due within the next seven days, later, or nothing due."""
    if row.days_left is None:
        return "none"
    if row.days_left < 0:
        return "overdue"
    return "week" if row.days_left <= 7 else "later"


def time_used(row: InboxRow) -> int:
    """How much of the time for the next step is gone, in per cent."""
    if row.days_left is None or row.due_kind is None:
        return 0
    whole = _WHOLE_DAYS[row.due_kind]
    return min(100, max(2, round(100 * (whole - row.days_left) / whole)))


def file_size(size: int) -> str:
    """Bytes as people say them, rounded: "50 GB"."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{format_decimal(round(size / unit))} {name}"
    return f"{format_decimal(round(size / 1000))} kB"


def _storage() -> Shown | None:
    """What to tell an administrator of the room for files, once there is something to tell. A page comes out without it."""
    who = officer_if_known()
    if who is None or not who.administers:
        return None
    with suppress(StorageBusy, OSError):
        found = quota.shown(services())
        return found if found is not None and found.notice else None
    return None


FILTERS: Final = {
    "file_size": file_size,
    "state_label": state_label,
    "outcome_label": outcome_label,
    "short_day": short_day,
    "urgency": urgency,
    "time_used": time_used,
}


def for_templates() -> dict[str, Any]:
    """What the frame around every desk page needs."""
    return {
        "officer": officer_if_known(),
        "storage": _storage(),
        "can_log_in": cookie_can_be_kept(),
        "kdf_profile": services().settings.kdf_profile,
        "today": services().today(),
        "short_months": short_months(),
    }
