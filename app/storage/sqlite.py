"""SQLite: a file of ours, its pragmas, its journal."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app.errors import SettingsError, StorageBusy
from app.storage.database import BUSY_MILLISECONDS, Database
from app.storage.sqlite_erase import Eraser, Unknown

PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a receipt means it is safe: every commit is on the disk
    "secure_delete=ON",  # deleted means gone: freed pages are overwritten with zeros
    "foreign_keys=ON",
    f"busy_timeout={BUSY_MILLISECONDS}",
    "temp_store=MEMORY",  # nothing spills into a temporary file
)
_BEGIN: Final = "quietline_begin"
_CHECKPOINT_PAGES: Final = 1000  # SQLite's own default
_TRIES: Final = 3
_CLOSING_MILLISECONDS: Final = 200
# A lock that is not to be had, and a full disk: nothing was stored, and later it may be.
_BUSY_CODES: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL})


class SqliteDatabase(Database):
    """Writers take the one write lock at BEGIN."""

    kind = "sqlite"
    rewritten_below = 128 * 1024 * 1024  # writing it anew takes that much memory

    def __init__(self, engine: Engine) -> None:
        readers, writers, lookers = (engine.execution_options(**{_BEGIN: words}) for words in ("BEGIN", "BEGIN IMMEDIATE", ""))
        super().__init__(engine, readers, writers, lookers)
        self._eraser = Eraser(self.path)
        self._opened = self._file()

    @property
    def path(self) -> Path:
        return Path(str(self.url.database))

    def present(self) -> bool:
        return self._opened is not None and self._file() == self._opened

    def _file(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def size(self) -> int:
        return self.path.stat().st_size

    def free(self) -> int | None:
        found = os.statvfs(self.path.parent)
        return found.f_bavail * found.f_frsize

    def truncate_journal(self) -> bool:
        """Move the write-ahead log into the database, overwrite it and cut it to nothing. StorageBusy where the disk is full."""
        with self._busy_named(), self._bare() as connection:
            return self._empty_log(connection)

    def _empty_log(self, connection: sqlite3.Connection) -> bool:
        for _ in range(_TRIES):
            if not _checkpoint(connection, "RESTART"):
                return False
            try:
                if self._eraser.empty_log():
                    return True
            except Unknown:  # an SQLite that we do not know: it is cut all the same
                return _checkpoint(connection, "TRUNCATE")
        return False

    def vacuum(self) -> bool:
        """As in the base class. Whoever writes waits until it is done; StorageBusy when others write for too long."""
        with self._busy_named(), self._bare() as connection:
            connection.execute("PRAGMA wal_autocheckpoint=0")  # or pages would be cut off before they are overwritten
            try:
                connection.execute("VACUUM")
                with suppress(Unknown):
                    self._eraser.cut_off()
            finally:
                connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        return self.truncate_journal()

    def flaws(self) -> int:
        """By `integrity_check` and `foreign_key_check`. One, where the file is too damaged for them to go on."""
        try:
            with self._bare() as connection:
                found = connection.execute("PRAGMA integrity_check").fetchall()
                return len([each for each in found if each != ("ok",)]) + len(connection.execute("PRAGMA foreign_key_check").fetchall())
        except (sqlite3.DatabaseError, SQLAlchemyError) as error:
            if self._is_busy(error):
                raise StorageBusy from None
            return 1

    def mark_day(self, day: date) -> bool:
        """In the file's header."""
        with self.write() as session:
            if session.execute(text("PRAGMA user_version")).scalar() == day.toordinal():
                return False
            session.execute(text(f"PRAGMA user_version = {day.toordinal()}"))
            return True

    def note_days(self, change: Callable[[int], int]) -> tuple[int, int]:
        """In the file's header too."""
        with self.write() as session:
            before = int(session.execute(text("PRAGMA application_id")).scalar_one())
            after = change(before)
            if after != before:
                session.execute(text(f"PRAGMA application_id = {after:d}"))
            return before, after

    def _keep_others_out(self, connection: Connection) -> None:
        """BEGIN has done that."""

    def after_migration(self, connection: Connection) -> None:
        """Nothing."""

    def dispose(self) -> None:
        """As in the base class; the log first, because the last connection deletes it as it is."""
        log = self.path.with_name(self.path.name + "-wal")
        with suppress(OSError, sqlite3.Error, SQLAlchemyError), self._bare() as connection:
            if log.stat().st_size:
                connection.execute(f"PRAGMA busy_timeout={_CLOSING_MILLISECONDS}")
                self._empty_log(connection)
        super().dispose()

    @contextmanager
    def _bare(self) -> Iterator[sqlite3.Connection]:
        """A connection of the driver's, outside transactions."""
        raw = self._engine.raw_connection()
        try:
            connection = raw.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            yield connection
        finally:
            raw.close()

    def _is_busy(self, error: Exception) -> bool:
        original = error.orig if isinstance(error, OperationalError) else error
        if isinstance(original, OSError):  # from the overwriting, which is ours
            return original.errno == errno.ENOSPC
        return isinstance(original, sqlite3.OperationalError) and getattr(original, "sqlite_errorcode", 0) & 0xFF in _BUSY_CODES


def open_sqlite(url: URL, *, create_folder: bool) -> SqliteDatabase:
    """See open_database."""
    if not url.database or url.database == ":memory:":
        raise SettingsError("The database address must name an SQLite file: use the form sqlite:////folder/quietline.db.")
    _prepare_file(Path(url.database), create_folder)
    engine = create_engine(url, hide_parameters=True, pool_size=16, max_overflow=48, connect_args={"timeout": BUSY_MILLISECONDS / 1000})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return SqliteDatabase(engine)


def _prepare_file(path: Path, create: bool) -> None:
    """SQLite makes files with the umask's mode, and the journal copies the database's: it is made, or narrowed, before it is opened."""
    if not path.exists() and not create:
        raise SettingsError(f"There is no database at {path}: run quietline init first, or point QUIETLINE_DATA at the right folder.")
    try:
        if create:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise SettingsError(f"The database at {path} cannot be opened ({error.strerror}): check who owns the folder.") from None


def _checkpoint(connection: sqlite3.Connection, mode: str) -> bool:
    """Move the log into the database; False when somebody had it in use for too long."""
    ((busy, _, _),) = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
    return not busy


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes late and is never IMMEDIATE; ours is in _on_begin
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    words = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if words:
        connection.exec_driver_sql(words)
