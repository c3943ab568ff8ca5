"""Backups as the commands make and restore them, for the tests."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.crypto import age
from app.crypto.hybrid import HybridIdentity
from app.domain import OrganisationId
from app.services import backup, backup_read, restore
from app.services.backup import Backup
from app.services.context import Context
from app.services.restore import Restored
from app.services.tombstones import Stone
from app.storage.dump import TABLES
from app.storage.engine import open_database
from app.storage.models import Base
from tests.support import Clock, make_settings

PIECE = 50_000


def back_up(ctx: Context, organisations: Sequence[OrganisationId], identity: HybridIdentity) -> tuple[bytes, Backup]:
    """A sealed backup, and what it says of itself."""
    made = Backup(ctx, organisations)
    recipients = backup.recipients(ctx, organisations, identity.recipient)
    return b"".join(age.seal(made.pieces(), recipients)), made


def opened(sealed: bytes, identity: HybridIdentity) -> Iterator[bytes]:
    file = io.BytesIO(sealed)
    return age.unseal(iter(lambda: file.read(PIECE), b""), [identity])


def put_back(ctx: Context, sealed: bytes, identity: HybridIdentity, *, beside: bool = False, stones: Iterable[Stone] = ()) -> Restored:
    """As the command does."""
    verified = backup_read.verify(opened(sealed, identity))
    return restore.restore(ctx, lambda: opened(sealed, identity), verified, beside=beside, stones=stones)


@contextmanager
def elsewhere(folder: Path, clock: Clock, **changes: str) -> Iterator[Context]:
    """A fresh place: no tables, no files."""
    settings = make_settings(folder, **changes)
    context = Context(database=open_database(settings.database_url, create_folder=True), settings=settings, clock=clock)
    try:
        yield context
    finally:
        context.database.dispose()


def rows(ctx: Context) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the tables that a backup holds."""
    with ctx.database.read() as session:
        tables = {name: Base.metadata.tables[name] for name in TABLES}
        return {
            name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))]
            for name, table in tables.items()
        }


def blobs(ctx: Context, organisation: OrganisationId) -> dict[str, bytes]:
    """Every file of the blob store."""
    return {name: b"".join(ctx.blobs.read(organisation, name)[1]) for name in ctx.blobs.names(organisation)}
