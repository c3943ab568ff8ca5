"""Which database an address means: SQLite where nothing is said, PostgreSQL to scale."""

from __future__ import annotations

from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.errors import SettingsError
from app.storage.database import Database
from app.storage.postgresql import open_postgresql
from app.storage.sqlite import open_sqlite

__all__ = ["Database", "open_database"]

_SQLITE: Final = frozenset({"sqlite", "sqlite+pysqlite"})
_POSTGRESQL: Final = frozenset({"postgresql", "postgresql+psycopg"})


def open_database(url: str, *, create_folder: bool = False, connections: int = 16) -> Database:
    """Open the database. Raises SettingsError, which never repeats the address: there may be a password in it.

    SQLite: with `create_folder` a missing folder (0700) and file (0600) are made; without, they must be there.
    PostgreSQL: it must answer, and be new enough. `connections`: how many a process keeps; as many as it has threads is enough.
    """
    parsed = _parse(url)
    if parsed.drivername in _SQLITE:
        return open_sqlite(parsed, create_folder=create_folder)
    return open_postgresql(parsed, connections=connections)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsError("The database address cannot be read: use sqlite:////folder/quietline.db or postgresql://HOST/NAME.") from None
    if parsed.drivername not in _SQLITE | _POSTGRESQL:
        raise SettingsError("The database address must name an SQLite file or a PostgreSQL database.")
    return parsed
