"""How an organisation stands, in numbers only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain import ChannelId, OrganisationId, State
from app.services import dates, organisations, quota
from app.services.context import Context
from app.services.organisations import Channel
from app.storage import attachments, cases, officers
from app.storage.cases import CaseDays

ANSWERING = frozenset({State.ACKNOWLEDGED, State.IN_PROGRESS})


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """The cases of one channel by state, and how many of them are past a day that the law sets."""

    slug: str
    name: str
    open: bool
    retired: bool
    cases: Mapping[State, int]
    overdue_to_acknowledge: int
    overdue_to_answer: int


@dataclass(frozen=True, slots=True)
class Storage:
    """What all sealed files of the installation take, those on their way included, and what they may take; in bytes."""

    used: int
    limit: int

    @property
    def filling(self) -> bool:
        """Whether somebody has to see to it."""
        return 100 * self.used >= quota.NOTICE_PERCENT * self.limit


@dataclass(frozen=True, slots=True)
class Status:
    """One organisation, its sealed files (how many, and their bytes), and the size of the database it is in."""

    organisation: OrganisationId
    name: str
    day: date
    officers: int
    channels: tuple[ChannelStatus, ...]
    files: int
    files_bytes: int
    database_bytes: int
    storage: Storage | None

    @property
    def overdue(self) -> int:
        """Cases past a deadline, in all channels."""
        return sum(each.overdue_to_acknowledge + each.overdue_to_answer for each in self.channels)


def status(ctx: Context, organisation: OrganisationId) -> Status:
    """Counts without content, for people and for cron."""
    portal = organisations.portal(ctx, organisation)
    channels = portal.channels + portal.retired
    with ctx.database.read() as session:
        found = cases.days(session, organisation, [each.id for each in channels], list(State))
        people = len(officers.all_of(session, organisation))
        files = attachments.totals(session, organisation)
    today = ctx.today()
    rows = tuple(_channel(each, _of(found, each.id), today) for each in channels)
    return Status(organisation, portal.name, today, people, rows, *files, ctx.database.size(), _storage(ctx))


def _storage(ctx: Context) -> Storage | None:
    limit = ctx.settings.storage_bytes
    return None if limit is None else Storage(quota.used(ctx), limit)


def _of(found: Sequence[CaseDays], channel: ChannelId) -> list[CaseDays]:
    return [case for case in found if case.channel == channel]


def _channel(channel: Channel, found: Sequence[CaseDays], today: date) -> ChannelStatus:
    counts = Counter(case.state for case in found)
    return ChannelStatus(
        slug=channel.slug,
        name=channel.name,
        open=channel.open,
        retired=channel.retired,
        cases={state: counts[state] for state in State},
        overdue_to_acknowledge=sum(case.state is State.NEW and today > dates.acknowledge_by(case.received_on) for case in found),
        overdue_to_answer=sum(
            case.state in ANSWERING and today > dates.feedback_by(case.received_on, case.acknowledged_on) for case in found
        ),
    )
