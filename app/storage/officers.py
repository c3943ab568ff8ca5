"""Officers, their memberships, and invitations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.domain import ChannelId, OfficerId, OrganisationId
from app.storage.models import Invitation, Membership, Officer


def add(session: Session, officer: Officer) -> None:
    """IntegrityError when the id or the user name is taken."""
    session.add(officer)
    session.flush()


def get(session: Session, organisation: OrganisationId, officer: OfficerId) -> Officer | None:
    return session.get(Officer, (organisation, officer))


def by_user_name(session: Session, organisation: OrganisationId, user_name: str) -> Officer | None:
    return session.scalar(select(Officer).where(Officer.organisation_id == organisation, Officer.user_name == user_name))


def login_of(session: Session, organisation: OrganisationId, user_name: str) -> tuple[OfficerId, bytes] | None:
    """The id and login hash, and nothing else: reading a whole row takes longer than finding none, which tells that the name exists."""
    query = select(Officer.id, Officer.login_hash).where(Officer.organisation_id == organisation, Officer.user_name == user_name)
    row = session.execute(query).first()
    return None if row is None else (row.id, row.login_hash)


def join(session: Session, organisation: OrganisationId, officer: OfficerId, channels: Iterable[ChannelId]) -> None:
    for channel in channels:
        session.execute(insert(Membership).values(organisation_id=organisation, channel_id=channel, officer_id=officer))


def channels_of(session: Session, organisation: OrganisationId, officer: OfficerId) -> Sequence[ChannelId]:
    query = select(Membership.channel_id).where(Membership.organisation_id == organisation, Membership.officer_id == officer)
    return session.scalars(query.order_by(Membership.channel_id)).all()


def members_of(session: Session, organisation: OrganisationId, channel: ChannelId) -> Sequence[Officer]:
    same = (Membership.organisation_id == Officer.organisation_id) & (Membership.officer_id == Officer.id)
    query = select(Officer).join(Membership, same).where(Membership.organisation_id == organisation, Membership.channel_id == channel)
    return session.scalars(query.order_by(Officer.user_name)).all()


def all_of(session: Session, organisation: OrganisationId) -> Sequence[Officer]:
    return session.scalars(select(Officer).where(Officer.organisation_id == organisation).order_by(Officer.user_name)).all()


def add_invitation(session: Session, invitation: Invitation) -> None:
    session.add(invitation)
    session.flush()


def invitation(session: Session, organisation: OrganisationId, token_hash: bytes) -> Invitation | None:
    return session.get(Invitation, (organisation, token_hash))


def take_invitation(session: Session, organisation: OrganisationId, token_hash: bytes) -> Invitation | None:
    """Delete an invitation and give it back: it works once, also where two come with it at once. None when it is not there."""
    found = session.get(Invitation, (organisation, token_hash), with_for_update=True)
    if found is not None:
        session.delete(found)
        session.flush()
    return found


def drop_invitations_before(session: Session, organisation: OrganisationId, day: date) -> None:
    """Delete those whose last day is before `day`."""
    session.execute(delete(Invitation).where(Invitation.organisation_id == organisation, Invitation.expires_on < day))
