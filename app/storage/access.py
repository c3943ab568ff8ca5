"""What one officer may reach: every query here goes through their memberships, so a case of another channel is not found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from sqlalchemy import Select, Subquery, and_, func, literal, select, union_all
from sqlalchemy.orm import Session

from app.domain import CaseId, ChannelId, OfficerId, OrganisationId, State
from app.storage.models import Case, Membership, Message, ReadMark

_MEMBER = and_(Membership.organisation_id == Case.organisation_id, Membership.channel_id == Case.channel_id)


@dataclass(frozen=True, slots=True)
class Place:
    """A case, and what an inbox is sorted by."""

    id: CaseId
    state: State
    received_on: date
    acknowledged_on: date | None

    @property
    def lead(self) -> date:
        """The day from which its next deadline is counted."""
        return self.acknowledged_on or self.received_on


def channels(session: Session, organisation: OrganisationId, officer: OfficerId) -> Sequence[ChannelId]:
    """The officer's channels."""
    query = select(Membership.channel_id).where(Membership.organisation_id == organisation, Membership.officer_id == officer)
    return session.scalars(query.order_by(Membership.channel_id)).all()


def counts(session: Session, organisation: OrganisationId, listed: Collection[ChannelId], most: int) -> dict[State, int]:
    """How many cases of these channels are in each state; `most` and one for all that are more than `most`."""
    found = dict.fromkeys(State, 0)
    each = [select(literal(state.value), func.count()).select_from(_some(organisation, listed, state, most + 1)) for state in State]
    for name, number in session.execute(union_all(*each)):
        found[State(name)] = number
    return found


def oldest(
    session: Session, organisation: OrganisationId, listed: Collection[ChannelId], states: Collection[State], limit: int
) -> Sequence[Place]:
    """Of each of these channels and states, with and without an acknowledgement, the first `limit` cases by (lead, day received, id)."""
    heads = []
    for channel, state in product(listed, states):
        mine = _columns(organisation, channel, state)
        heads.append(mine.where(Case.acknowledged_on.is_(None)).order_by(Case.received_on, Case.id))
        heads.append(mine.where(Case.acknowledged_on.is_not(None)).order_by(Case.acknowledged_on, Case.received_on, Case.id))
    return _heads(session, heads, limit)


def newest(
    session: Session, organisation: OrganisationId, listed: Collection[ChannelId], states: Collection[State], limit: int
) -> Sequence[Place]:
    """Of each of these channels and states the first `limit` cases from the newest day backwards, by id from the last."""
    heads = [_columns(organisation, channel, state) for channel, state in product(listed, states)]
    return _heads(session, [each.order_by(Case.received_on.desc(), Case.id.desc()) for each in heads], limit)


def _some(organisation: OrganisationId, listed: Collection[ChannelId], state: State, most: int) -> Subquery:
    mine = select(Case.id).where(Case.organisation_id == organisation, Case.channel_id.in_(listed), Case.state == state)
    return mine.limit(most).subquery()


def _columns(organisation: OrganisationId, channel: ChannelId, state: State) -> Select[CaseId, State, date, date | None]:
    columns = select(Case.id, Case.state, Case.received_on, Case.acknowledged_on)
    return columns.where(Case.organisation_id == organisation, Case.channel_id == channel, Case.state == state)


def _heads(session: Session, heads: Sequence[Select[CaseId, State, date, date | None]], limit: int) -> Sequence[Place]:
    # One statement, however many there are: each head is read off an index, and none is read further than asked for.
    if not heads:
        return ()
    return [Place(*row) for row in session.execute(union_all(*(select(each.limit(limit).subquery()) for each in heads)))]


def case_of(session: Session, organisation: OrganisationId, officer: OfficerId, case_id: CaseId, *, lock: bool = False) -> Case | None:
    """The case, if it is in one of the officer's channels. With `lock` nobody else changes or adds to it until the transaction ends."""
    query = select(Case).join(Membership, _MEMBER).where(Membership.officer_id == officer)
    query = query.where(Case.organisation_id == organisation, Case.id == case_id)
    return session.scalar(query.with_for_update(of=Case, key_share=True) if lock else query)


def report_sizes(session: Session, organisation: OrganisationId, officer: OfficerId, cases: Collection[CaseId]) -> dict[CaseId, int]:
    """The size classes of the reports of these cases, without those of other channels."""
    report = and_(Message.organisation_id == Case.organisation_id, Message.case_id == Case.id, Message.number == 1)
    query = select(Case.id, Message.size_class).join(Message, report).join(Membership, _MEMBER)
    rows = session.execute(query.where(Membership.officer_id == officer, Case.organisation_id == organisation, Case.id.in_(cases)))
    return {row[0]: row[1] for row in rows}


def read_number(session: Session, organisation: OrganisationId, officer: OfficerId, case_id: CaseId) -> int:
    """How far the officer has read; 0 for nothing."""
    query = select(ReadMark.number).where(ReadMark.organisation_id == organisation, ReadMark.officer_id == officer)
    return session.scalar(query.where(ReadMark.case_id == case_id)) or 0
