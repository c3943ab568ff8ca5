"""What one officer may reach: every query here goes through their memberships, so a case of another channel is not found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from app.domain import CaseId, OfficerId, OrganisationId, State
from app.storage.models import Case, Membership, Message, ReadMark

_MEMBER = and_(Membership.organisation_id == Case.organisation_id, Membership.channel_id == Case.channel_id)


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that are the same in everything an inbox is sorted by."""

    state: State
    received_on: date
    acknowledged_on: date | None
    cases: int


def groups(session: Session, organisation: OrganisationId, officer: OfficerId) -> Sequence[Group]:
    """All cases of the officer's channels, as groups: few, however many cases there are."""
    key = (Case.state, Case.received_on, Case.acknowledged_on)
    query = select(*key, func.count()).join(Membership, _MEMBER).where(Membership.officer_id == officer)
    return [Group(*row) for row in session.execute(query.where(Case.organisation_id == organisation).group_by(*key))]


def in_order(
    session: Session, organisation: OrganisationId, officer: OfficerId, tiers: Sequence[Sequence[Group]], offset: int, limit: int
) -> Sequence[CaseId]:
    """The cases of these tiers of groups, one tier after the other, by id within a tier. `offset` and `limit` must stay inside them."""
    rank = case(*((_in_group(group), position) for position, tier in enumerate(tiers) for group in tier), else_=len(tiers))
    query = select(Case.id).join(Membership, _MEMBER).where(Case.organisation_id == organisation, Membership.officer_id == officer)
    query = query.where(Case.received_on.in_({group.received_on for tier in tiers for group in tier}))
    return session.scalars(query.order_by(rank, Case.id).offset(offset).limit(limit)).all()


def _in_group(group: Group) -> ColumnElement[bool]:
    same_days = and_(Case.received_on == group.received_on, Case.acknowledged_on.is_not_distinct_from(group.acknowledged_on))
    return and_(Case.state == group.state, same_days)


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
