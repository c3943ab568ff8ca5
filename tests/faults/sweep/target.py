"""The stack that is swept: what is watched, where its database is, and how its database is made to fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.stack import Stack

_TAKEN_AWAY: Final = ("messages", "uploads")


@dataclass(frozen=True)
class Target:
    """A running stack."""

    stack: Stack

    @property
    def pids(self) -> list[int]:
        """Every process of it."""
        return [pid for pids in self.stack.pids().values() for pid in pids]

    @property
    def address(self) -> Path | str:
        """Its database, for `places.rows`."""
        if self.stack.database == "sqlite":
            return self.stack.data / "quietline.db"
        return self.stack.environment["QUIETLINE_DATABASE_URL"]

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Two tables are away for a while."""
        self._execute(*(f"ALTER TABLE {name} RENAME TO {name}_away" for name in _TAKEN_AWAY))
        try:
            yield
        finally:
            self._execute(*(f"ALTER TABLE {name}_away RENAME TO {name}" for name in _TAKEN_AWAY))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody writes and does not come to an end."""
        if isinstance(self.address, Path):
            with closing(sqlite3.connect(self.address, isolation_level=None)) as database:
                database.execute("BEGIN IMMEDIATE")
                yield
                database.execute("ROLLBACK")
        else:
            with psycopg.connect(self.address) as connection:
                connection.execute("LOCK TABLE messages, cases IN ACCESS EXCLUSIVE MODE")
                yield
                connection.rollback()

    def _execute(self, *statements: str) -> None:
        if isinstance(self.address, Path):
            with closing(sqlite3.connect(self.address, isolation_level=None, timeout=10)) as database:
                database.execute("PRAGMA legacy_alter_table=ON")  # what refers to a table goes on naming it as before
                for each in statements:
                    database.execute(each)
        else:
            with psycopg.connect(self.address, autocommit=True) as connection:
                for each in statements:
                    connection.execute(each.encode())
