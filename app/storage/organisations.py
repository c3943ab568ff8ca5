"""Organisations, their hosts, configurations and recovery recipients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.domain import OrganisationId
from app.storage.models import Configuration, Host, Organisation, RecoveryRecipient

_TABLE: Final = Organisation.__table__
# Asked for by every request, so it is built once and goes past the mapper.
_REVISION: Final = select(_TABLE.c.revision).where(_TABLE.c.id == bindparam("organisation"))


def add(session: Session, organisation: OrganisationId, name: str, *, demo: bool, created_on: date) -> None:
    session.execute(insert(Organisation).values(id=organisation, name=name, demo=demo, created_on=created_on, revision=1))


def get(session: Session, organisation: OrganisationId) -> Organisation | None:
    return session.get(Organisation, organisation)


def all_of_them(session: Session) -> Sequence[Organisation]:
    """Every organisation of the installation."""
    return session.scalars(select(Organisation).order_by(Organisation.id)).all()


def lock(session: Session, organisation: OrganisationId) -> None:
    """Nobody else changes what its pages show, or its keys, until this transaction is over. Whoever locks more locks this first."""
    session.execute(select(_TABLE.c.id).where(_TABLE.c.id == organisation).with_for_update(key_share=True))


def rename(session: Session, organisation: OrganisationId, name: str) -> None:
    session.execute(update(Organisation).where(Organisation.id == organisation).values(name=name))


def revision(connection: Connection, organisation: OrganisationId) -> int | None:
    """The number that changes with everything a portal page shows."""
    found: int | None = connection.execute(_REVISION, {"organisation": organisation}).scalar()
    return found


def touch(session: Session, organisation: OrganisationId) -> None:
    """Say that something a portal page shows has changed."""
    session.execute(update(Organisation).where(Organisation.id == organisation).values(revision=Organisation.revision + 1))


def hosts(session: Session) -> dict[str, OrganisationId]:
    """Every configured host of the installation."""
    return dict(session.execute(select(Host.host, Host.organisation_id)).all())


def set_hosts(session: Session, organisation: OrganisationId, names: Iterable[str]) -> None:
    """Replace an organisation's hosts. IntegrityError when another organisation has one of them."""
    session.execute(delete(Host).where(Host.organisation_id == organisation))
    for name in names:
        session.execute(insert(Host).values(organisation_id=organisation, host=name))


def add_configuration(session: Session, organisation: OrganisationId, version: int, day: date, document: str) -> None:
    session.execute(insert(Configuration).values(organisation_id=organisation, version=version, day=day, document=document))


def latest_configuration(session: Session, organisation: OrganisationId) -> Configuration | None:
    newest = select(func.max(Configuration.version)).where(Configuration.organisation_id == organisation).scalar_subquery()
    return session.scalar(select(Configuration).where(Configuration.organisation_id == organisation, Configuration.version == newest))


def add_recovery_recipients(session: Session, organisation: OrganisationId, recipients: Iterable[str]) -> None:
    for position, recipient in enumerate(recipients, start=1):
        session.execute(insert(RecoveryRecipient).values(organisation_id=organisation, position=position, recipient=recipient))


def recovery_recipients(session: Session, organisation: OrganisationId) -> Sequence[str]:
    """In the order in which they were given."""
    query = (
        select(RecoveryRecipient.recipient).where(RecoveryRecipient.organisation_id == organisation).order_by(RecoveryRecipient.position)
    )
    return session.scalars(query).all()
