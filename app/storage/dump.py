"""Every row of some organisations, table by table, for backups and restoring (FORMATS.md section 15)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, MetaData, Table, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_not  # its ON CONFLICT is SQLite's too
from sqlalchemy.orm import Session

from app.domain import OrganisationId
from app.storage.models import Base

LEFT_OUT: Final = frozenset({"desk_sessions", "invitations", "uploads"})
"""What must not come back to life: sessions, invitations that may be used up by then, files that no message names."""

TABLES: Final = tuple(table.name for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT)
"""In an order in which rows can be inserted: what others refer to comes first."""

_AT_ONCE: Final = 16
"""Rows that are fetched at a time: a row may hold a sealed message of 1 MiB."""


def rows(session: Session, name: str, organisations: Collection[OrganisationId]) -> Iterator[Mapping[str, Any]]:
    """The rows of a table that belong to these organisations, by column, in the order of the primary key; a few in memory at a time."""
    table = Base.metadata.tables[name]
    owner = table.c.id if name == "organisations" else table.c.organisation_id
    query = select(table).where(owner.in_(organisations)).order_by(*table.primary_key.columns)
    for row in session.execute(query, execution_options={"yield_per": _AT_ONCE}):
        yield row._asdict()


def tables_of(connection: Connection) -> dict[str, Table]:
    """The tables as the database has them, whichever schema that is."""
    found = MetaData()
    found.reflect(connection)
    return {name: found.tables[name] for name in TABLES if name in found.tables}


def add(connection: Connection, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns. IntegrityError and the like where they do not fit."""
    connection.execute(insert(table), [dict(each) for each in values])


def add_missing(connection: Connection, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
    """Insert those rows whose keys are not there."""
    for each in values:
        connection.execute(insert_or_not(table).values(**each).on_conflict_do_nothing())
