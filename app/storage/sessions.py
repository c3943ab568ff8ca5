"""Officers' sessions, by the hash of their token."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from app.domain import OrganisationId
from app.storage.models import DeskSession


def add(session: Session, row: DeskSession) -> None:
    session.add(row)
    session.flush()


def get(session: Session, organisation: OrganisationId, token_hash: bytes) -> DeskSession | None:
    return session.get(DeskSession, (organisation, token_hash))


def touch(session: Session, organisation: OrganisationId, token_hash: bytes, seen_at: int) -> None:
    session.execute(update(DeskSession).where(*_this(organisation, token_hash)).values(seen_at=seen_at))


def drop_key(session: Session, organisation: OrganisationId, token_hash: bytes) -> None:
    """Lock: the wrapping key is gone from the file with secure_delete."""
    session.execute(update(DeskSession).where(*_this(organisation, token_hash)).values(wrapping_key=None))


def drop(session: Session, organisation: OrganisationId, token_hash: bytes) -> None:
    session.execute(delete(DeskSession).where(*_this(organisation, token_hash)))


def drop_expired(session: Session, organisation: OrganisationId, *, seen_before: int, seen_after: int, started_before: int) -> None:
    """Delete what has been idle, or open, for too long, and what was seen at a time that is still to come."""
    old = or_(DeskSession.seen_at < seen_before, DeskSession.seen_at > seen_after, DeskSession.started_at < started_before)
    ours = DeskSession.organisation_id == organisation
    # Two who sweep at once must not wait for each other in a circle: what somebody else is at is left to them.
    swept = select(DeskSession.token_hash).where(ours, old).with_for_update(skip_locked=True)
    session.execute(delete(DeskSession).where(ours, DeskSession.token_hash.in_(swept)), execution_options={"synchronize_session": False})


def _this(organisation: OrganisationId, token_hash: bytes) -> tuple[ColumnElement[bool], ...]:
    return (DeskSession.organisation_id == organisation, DeskSession.token_hash == token_hash)
