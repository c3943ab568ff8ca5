"""A database, whichever it is: the two ways to a transaction, and what housekeeping asks of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import ClassVar, Final

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session

from app.errors import CommitUnknown, StorageBusy

BUSY_MILLISECONDS: Final = 5000
"""How long a writer waits for another before it gives up."""


class Database(ABC):
    """One engine. Reads see one snapshot. Writers lock what they read and then change, so that no check inside a transaction goes stale:
    SQLite the whole file at once, PostgreSQL the rows that a query function was asked to lock.
    """

    kind: ClassVar[str]
    rewritten_below: ClassVar[int]
    """Bytes from which on `vacuum` is not to be asked for: it stops writers for its duration."""

    def __init__(self, engine: Engine, readers: Engine, writers: Engine, lookers: Engine) -> None:
        self._engine, self._readers, self._writers, self._lookers = engine, readers, writers, lookers

    @property
    def url(self) -> URL:
        return self._engine.url

    @property
    def path(self) -> Path:
        """The database file. Only SQLite has one."""
        raise NotImplementedError(f"a {self.kind} database is not a file of ours")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads; it is always rolled back. `StorageBusy` when there is no connection to be had."""
        with self._busy_named(), Session(self._readers, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that writes: committed when the block ends well, else rolled back. `StorageBusy` when a lock is not to be had,
        and `CommitUnknown` when nobody can say whether it was committed."""
        with self._busy_named(), Session(self._writers, expire_on_commit=False) as session, session.begin() as transaction:
            session.connection()
            yield session
            session.flush()
            with self._unknown_named():
                transaction.commit()

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """`read` without a session, for one statement that many requests wait for: a snapshot of its own."""
        with self._busy_named(), self._lookers.connect() as connection:
            yield connection

    @contextmanager
    def store(self) -> Iterator[Connection]:
        """`write` without a session, for the statements that every reporter waits for."""
        with self._busy_named(), self._writers.connect() as connection, connection.begin() as transaction:
            yield connection
            with self._unknown_named():
                transaction.commit()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A bare connection in a writing transaction, for migrations: one at a time, however many processes start at once."""
        with self._busy_named(), self._writers.begin() as connection:
            self._keep_others_out(connection)
            yield connection

    def present(self) -> bool:
        """Whether what was opened is still there. Connections to a file go on working when it has been deleted or replaced."""
        return True

    @abstractmethod
    def size(self) -> int:
        """Bytes that the database takes."""

    def free(self) -> int | None:
        """Bytes that may still be written where it lies; None where that is not ours to know."""
        return None

    @abstractmethod
    def truncate_journal(self) -> bool:
        """Cut what still holds deleted rows, as far as that is ours to cut. False when somebody held it open for too long."""

    @abstractmethod
    def vacuum(self) -> bool:
        """Write everything anew, every table in the order of its keys; then cut the journal, and say so as above."""

    @abstractmethod
    def flaws(self) -> int:
        """How many flaws the database finds in its own files and keys; without what is in them."""

    @abstractmethod
    def mark_day(self, day: date) -> bool:
        """Note a day in the database. False when just this day is noted already, so that one process of several is told True."""

    @abstractmethod
    def note_days(self, change: Callable[[int], int]) -> tuple[int, int]:
        """Change the one number (0 to 2**31 - 1) that is noted beside the rows; 0 where none is. Gives it as it was, and as it is now."""

    @abstractmethod
    def _is_busy(self, error: Exception) -> bool:
        """Whether trying again later may help: a lock or a connection was not to be had."""

    @abstractmethod
    def _keep_others_out(self, connection: Connection) -> None:
        """Wait until nobody else migrates, and keep others waiting until the transaction ends."""

    @abstractmethod
    def after_migration(self, connection: Connection) -> None:
        """What a schema needs beside its tables."""

    def dispose(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def after_fork(self) -> None:
        """In a forked process: forget the parent's connections without closing them (closing would end what the parent has open)."""
        self._engine.dispose(close=False)

    def _is_lost(self, error: Exception) -> bool:  # noqa: ARG002
        """Whether this, while committing, says nothing of how it ended."""
        return False

    @contextmanager
    def _unknown_named(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if self._is_lost(error):
                raise CommitUnknown() from None
            raise

    @contextmanager
    def _busy_named(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if isinstance(error, PoolExhausted) or self._is_busy(error):
                raise StorageBusy() from None
            raise
