"""Sealed files that no message names yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, union_all, update
from sqlalchemy.orm import Session

from app.domain import AttachmentId, OrganisationId
from app.storage.models import Attachment, Upload


@dataclass(frozen=True, slots=True)
class UploadRow:
    """One upload. `length` is 0 until it is known, `stanzas` and `digest` (SHA-256 of the sealed file) None until the file is whole."""

    id: AttachmentId
    length: int
    day: date
    stanzas: int | None
    digest: bytes | None = None


def add(session: Session, organisation: OrganisationId, upload: AttachmentId, length: int, day: date) -> None:
    session.execute(insert(Upload).values(organisation_id=organisation, id=upload, length=length, day=day))


def get(session: Session, organisation: OrganisationId, upload: AttachmentId) -> UploadRow | None:
    row = session.execute(_columns().where(*_this(organisation, upload))).first()
    return None if row is None else UploadRow(*row)


def finish(session: Session, organisation: OrganisationId, upload: AttachmentId, length: int, stanzas: int, digest: bytes) -> bool:
    """Note that a file is whole. False when the upload is gone."""
    values = {"length": length, "stanzas": stanzas, "digest": digest}
    return session.connection().execute(update(Upload).where(*_this(organisation, upload)).values(**values)).rowcount == 1


def drop(session: Session, organisation: OrganisationId, upload: AttachmentId) -> bool:
    """Delete an upload. False when it is gone already, or a message names it."""
    return session.connection().execute(delete(Upload).where(*_this(organisation, upload))).rowcount == 1


def drop_expired(session: Session, organisation: OrganisationId, before: date) -> Sequence[AttachmentId]:
    """Delete those begun before a day, and give their ids."""
    old = select(Upload.id).where(Upload.organisation_id == organisation, Upload.day < before).with_for_update(skip_locked=True)
    gone = delete(Upload).where(Upload.organisation_id == organisation, Upload.id.in_(old)).returning(Upload.id)
    return session.scalars(gone, execution_options={"synchronize_session": False}).all()


def held(session: Session, organisation: OrganisationId, wanted: Collection[AttachmentId]) -> Sequence[UploadRow]:
    """Those of these ids that are there, in order of id; nobody else changes them before this transaction ends."""
    query = _columns().where(Upload.organisation_id == organisation, Upload.id.in_(wanted)).order_by(Upload.id)
    return [UploadRow(*row) for row in session.execute(query.with_for_update())]


def drop_all(session: Session, organisation: OrganisationId, wanted: Collection[AttachmentId]) -> int:
    """Delete these, and say how many there were."""
    statement = delete(Upload).where(Upload.organisation_id == organisation, Upload.id.in_(wanted))
    return session.connection().execute(statement).rowcount


def unfinished(session: Session, organisation: OrganisationId, names: Collection[AttachmentId]) -> set[AttachmentId]:
    """Those of these staged files that are still wanted there."""
    query = select(Upload.id).where(Upload.organisation_id == organisation, Upload.id.in_(names), Upload.stanzas.is_(None))
    return set(session.scalars(query))


def known(session: Session, organisation: OrganisationId, names: Collection[AttachmentId]) -> set[AttachmentId]:
    """Those of these files that have a row of either kind. One statement, so that none is missed while it becomes a message's."""
    uploads = select(Upload.id).where(Upload.organisation_id == organisation, Upload.id.in_(names))
    attachments = select(Attachment.id).where(Attachment.organisation_id == organisation, Attachment.id.in_(names))
    return set(session.scalars(union_all(uploads, attachments)))


def stored_bytes(session: Session, staged: Mapping[tuple[OrganisationId, AttachmentId], int]) -> int:
    """Bytes of the sealed files of all organisations: whole ones by their rows, the others as they are staged.

    One that is neither whole nor staged is being moved at this moment, or about to begin: it counts with its length.
    """
    whole = int(session.scalars(select(func.coalesce(func.sum(Attachment.length), 0))).one())
    rest = dict(staged)
    for organisation, upload, length, stanzas in session.execute(_lengths()):
        size = rest.pop((organisation, upload), None)
        whole += length if stanzas is not None or size is None else size
    return whole + sum(rest.values())


def _lengths() -> Select[OrganisationId, AttachmentId, int, int | None]:
    return select(Upload.organisation_id, Upload.id, Upload.length, Upload.stanzas)


def _columns() -> Select[AttachmentId, int, date, int | None, bytes | None]:
    return select(Upload.id, Upload.length, Upload.day, Upload.stanzas, Upload.digest)


def _this(organisation: OrganisationId, upload: AttachmentId) -> tuple[ColumnElement[bool], ...]:
    return (Upload.organisation_id == organisation, Upload.id == upload)
