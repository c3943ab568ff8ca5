"""Channels and their keyrings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.domain import ChannelId, OrganisationId
from app.storage import organisations
from app.storage.models import Channel, Keyring


def add(session: Session, organisation: OrganisationId, channel: ChannelId, slug: str, name: str) -> None:
    """A new channel, not yet open."""
    session.execute(insert(Channel).values(organisation_id=organisation, id=channel, slug=slug, name=name, retired=False))
    organisations.touch(session, organisation)


def get(session: Session, organisation: OrganisationId, channel: ChannelId) -> Channel | None:
    return session.get(Channel, (organisation, channel))


def by_slug(session: Session, organisation: OrganisationId, slug: str) -> Channel | None:
    return session.scalar(select(Channel).where(Channel.organisation_id == organisation, Channel.slug == slug))


def all_of(session: Session, organisation: OrganisationId) -> Sequence[Channel]:
    """Every channel of an organisation, retired ones included, by slug."""
    return session.scalars(select(Channel).where(Channel.organisation_id == organisation).order_by(Channel.slug)).all()


def describe(session: Session, organisation: OrganisationId, channel: ChannelId, *, name: str, retired: bool) -> None:
    """Rename, retire or list again."""
    query = update(Channel).where(Channel.organisation_id == organisation, Channel.id == channel)
    session.execute(query.values(name=name, retired=retired))
    organisations.touch(session, organisation)


def set_keys(
    session: Session, organisation: OrganisationId, channel: ChannelId, *, recipient: str, verify: str, epoch: int, day: date
) -> None:
    """Publish a channel's keys; the day of the first time stays."""
    row = session.get_one(Channel, (organisation, channel))
    row.recipient, row.verify, row.epoch = recipient, verify, epoch
    row.opened_on = row.opened_on or day
    session.flush()
    organisations.touch(session, organisation)


def add_keyring(session: Session, organisation: OrganisationId, channel: ChannelId, version: int, sealed: bytes, made_on: date) -> None:
    """IntegrityError when this version is there already."""
    values = {"organisation_id": organisation, "channel_id": channel, "version": version, "sealed": sealed, "made_on": made_on}
    session.execute(insert(Keyring).values(**values))


def latest_keyring(session: Session, organisation: OrganisationId, channel: ChannelId) -> Keyring | None:
    query = select(Keyring).where(Keyring.organisation_id == organisation, Keyring.channel_id == channel)
    return session.scalar(query.order_by(Keyring.version.desc()).limit(1))
