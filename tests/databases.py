"""Which database the tests run on at this moment, and a place of its own in it for every data folder.

On SQLite the place is a file in the folder, as in life. On PostgreSQL it is a schema of the run's one server, found by the folder, so that
a test, a command and a served portal that are given the same folder meet in the same database.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

import psycopg
from sqlalchemy import text

from app.storage import migrate
from app.storage.database import Database
from app.storage.engine import open_database
from app.storage.models import Base
from tests.postgres import Server

Kind = Literal["sqlite", "postgresql"]
SETTLE_SECONDS: Final = 60
KINDS: Final[tuple[Kind, ...]] = ("sqlite", "postgresql")
_EMPTY: Final = "; ".join(f"DELETE FROM {table.name}" for table in reversed(Base.metadata.sorted_tables))

_FILES: Final = """
    WITH tables AS (SELECT oid, reltoastrelid FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'),
    heaps AS (SELECT oid FROM tables UNION SELECT reltoastrelid FROM tables WHERE reltoastrelid <> 0)
    SELECT pg_relation_filepath(oid) FROM heaps
    UNION SELECT pg_relation_filepath(indexrelid) FROM pg_index JOIN heaps ON indrelid = oid
"""


class Databases:
    """The one of this process. `address` is given by whoever started the server; without, the first who needs one starts it."""

    def __init__(self) -> None:
        self.kind: Kind = "sqlite"
        self.address: str | None = None
        self._server: Server | None = None
        self._admin: psycopg.Connection[Any] | None = None
        self._own: str | None = None
        self._places: dict[Path, str] = {}
        self._clean: list[str] = []
        self._migrated: bytes | None = None

    def start(self) -> str:
        """The address of the server, which is started when there is none."""
        if self.address is None:
            self._server = Server()
            self.address = self._server.address
        return self.address

    def stop(self) -> None:
        """End the server, where this process started it."""
        if self._admin is not None:
            self._admin.close()
        if self._server is not None:
            self._server.stop()
        self._admin = self._own = self._server = self.address = None

    def settings(self, folder: Path) -> dict[str, str]:
        """What has to be added to the settings of a data folder (names without QUIETLINE_)."""
        return {} if self.kind == "sqlite" else {"DATABASE_URL": self.url(folder)}

    def url(self, folder: Path) -> str:
        """The address of this folder's database."""
        if self.kind == "sqlite":
            return f"sqlite:///{folder.absolute() / 'quietline.db'}"
        found = self._places.get(folder.absolute())
        if found is None:
            found = self._places[folder.absolute()] = self.empty_schema()
        return found

    def empty_schema(self) -> str:
        """The address of a new schema without tables."""
        name = f"t_{secrets.token_hex(8)}"
        self.execute(f"CREATE SCHEMA {name}")
        return f"{self.own()}&options=-csearch_path%3D{name}"

    def own(self) -> str:
        """The address of this process's database: what other processes have open must not keep deleted rows from going away here."""
        if self._own is None:
            name = f"w_{secrets.token_hex(8)}"
            with psycopg.connect(self.start(), autocommit=True) as first:
                first.execute(f"CREATE DATABASE {name}".encode())
            self._own = self.start().replace("/postgres?", f"/{name}?")
        return self._own

    def raw(self, database: Database) -> bytes:
        """The bytes of a database as they lie on the disk: tables and indexes, and on SQLite the journal."""
        if database.kind == "sqlite":
            journal = database.path.with_name(database.path.name + "-wal")
            return b"".join(each.read_bytes() for each in (database.path, journal) if each.exists())
        with database.read() as session:
            schema = session.scalar(text("SELECT current_schema()"))
        self.execute("CHECKPOINT")
        files = self.execute(_FILES, [schema]).fetchall()
        return b"".join((self.folder / "data" / name).read_bytes() for (name,) in files)

    def in_journal(self, needles: Iterable[str]) -> set[str]:
        """Those that stand in PostgreSQL's write-ahead log, as they are. It is the whole server's, and large."""
        found: set[str] = set()
        for path in (self.folder / "data" / "pg_wal").glob("0*"):
            with suppress(FileNotFoundError):  # the server takes old ones away meanwhile
                data = path.read_bytes()
                found |= {needle for needle in needles if needle.encode() in data}
        return found

    def settle(self) -> None:
        """Wait until nobody on the server, in other tests too, could still see rows that are deleted by now: only then they can go."""
        if self.kind == "sqlite":
            return
        (now,) = self.execute("SELECT pg_current_xact_id()::text::bigint").fetchone() or (0,)
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            (oldest,) = self.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetchone() or (0,)
            if oldest > now:
                return
            assert time.monotonic() < deadline, "a transaction stays open on the server"
            time.sleep(0.02)

    @property
    def folder(self) -> Path:
        """Everything of the server: `data`, and its `log`."""
        return Path(self.start().partition("host=")[2])

    @contextmanager
    def lent(self, folder: Path) -> Iterator[None]:
        """For a test: this folder's database is one that was used before and is empty again, which is quicker than a new one."""
        if self.kind == "sqlite":
            self._copy_of_a_migrated_file(folder)
            yield
            return
        place = self._clean.pop() if self._clean else self._migrated_schema()
        self._places[folder.absolute()] = place
        try:
            yield
        finally:
            del self._places[folder.absolute()]
            if self._emptied(place):
                self._clean.append(place)

    def _copy_of_a_migrated_file(self, folder: Path) -> None:
        if self._migrated is None:
            with tempfile.TemporaryDirectory() as made:
                path = Path(made) / "data" / "quietline.db"
                database = open_database(f"sqlite:///{path}", create_folder=True)
                migrate.upgrade(database)
                database.truncate_journal()
                database.dispose()
                self._migrated = path.read_bytes()
        folder.mkdir(mode=0o700)
        path = folder / "quietline.db"
        path.touch(mode=0o600)
        path.write_bytes(self._migrated)

    def _migrated_schema(self) -> str:
        url = self.empty_schema()
        database = open_database(url)
        migrate.upgrade(database)
        database.dispose()
        return url

    def _emptied(self, url: str) -> bool:
        schema = url.rpartition("%3D")[2]
        try:
            self.execute(
                f"SET search_path = {schema}; {_EMPTY}; COMMENT ON TABLE alembic_version IS NULL; COMMENT ON TABLE tombstones IS NULL"
            )
        except psycopg.Error:  # somebody is still at it, or it has no such tables any more
            return False
        finally:
            self.execute("SET search_path = DEFAULT")
        return True

    def execute(self, statements: str, values: Sequence[object] | None = None) -> psycopg.Cursor[Any]:
        """As the server's owner."""
        if self._admin is None:
            self._admin = psycopg.connect(self.own(), autocommit=True, options="-c lock_timeout=2000")
        return self._admin.execute(statements.encode(), values)


databases: Final = Databases()
