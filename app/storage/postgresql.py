"""PostgreSQL 15 or newer through psycopg 3: a schema of ours in somebody's server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, ExceptionContext, LargeBinary, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.errors import SettingsError
from app.storage.database import BUSY_MILLISECONDS, Database
from app.storage.models import Base

LEAST_VERSION: Final = 15
CONNECT_SECONDS: Final = 5
OVERFLOW: Final = 64
"""Connections that a process may open beyond those it keeps."""

SESSION: Final = (
    "synchronous_commit = on",  # a receipt means it is safe, whatever the server's or the role's default is
    f"lock_timeout = {BUSY_MILLISECONDS}",
    "idle_in_transaction_session_timeout = 60000",  # a process that hangs keeps no case locked
    "jit = off",  # no query of ours is long enough to gain by it
)
MIGRATION_MILLISECONDS: Final = 120_000
REWRITE_MILLISECONDS: Final = 2000
"""How long the daily rewriting waits for a table, while everybody who wants it waits behind."""

# Connection trouble, serialization and deadlock, out of something (disk, memory, connections), lock not to be had, idle in transaction,
# shutting down or starting.
_BUSY_CLASSES: Final = frozenset({"08", "40", "53"})
_BUSY_STATES: Final = frozenset({"55P03", "25P03", "57P01", "57P02", "57P03", "57P05"})
_LOST_CLASSES: Final = frozenset({"08", "57"})  # the connection, or the server
_NOTE: Final = "Quietline saw day "
_KEYS: Final = text("""
    SELECT quote_ident(t.relname), quote_ident(i.relname) FROM pg_index x
    JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indisprimary AND t.relnamespace = current_schema()::text::regnamespace ORDER BY t.relname
""")
_SIZE: Final = text("""
    SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::text::regnamespace
""")
_INVALID: Final = text("""
    SELECT (SELECT count(*) FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
            WHERE NOT x.indisvalid AND t.relnamespace = current_schema()::text::regnamespace)
         + (SELECT count(*) FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::text::regnamespace)
""")
# Ids that name a report, a message or a file, beside every hash and secret (those are all the columns of bytes).
_UNSAMPLED: Final = {
    "cases": ("id",),
    "messages": ("case_id", "id"),
    "read_marks": ("case_id",),
    "uploads": ("id",),
    "attachments": ("id", "case_id", "message_id"),
}


class PostgresqlDatabase(Database):
    """Writers lock rows; two that cannot both go on end one of them as StorageBusy."""

    kind = "postgresql"
    rewritten_below = 128 * 1024 * 1024  # writers wait for it, and give up after a few seconds

    def __init__(self, engine: Engine) -> None:
        readers = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        writers = engine.execution_options(isolation_level="READ COMMITTED")
        super().__init__(engine, readers, writers, engine.execution_options(isolation_level="AUTOCOMMIT"))

    def size(self) -> int:
        with self.read() as session:
            return int(session.scalars(_SIZE).one())

    def truncate_journal(self) -> bool:
        """The server's write-ahead log is not ours to cut: SECURITY.md says what stays in it, and until when."""
        return True

    def vacuum(self) -> bool:
        """As in the base class, table after table. StorageBusy when a table was in use for too long."""
        with self.read() as session:
            tables = list(session.execute(_KEYS).all())
        for table, key in tables:
            with self.write() as session:
                session.execute(text(f"SET LOCAL lock_timeout = {REWRITE_MILLISECONDS}"))
                session.execute(text(f"CLUSTER {table} USING {key}"))
                session.execute(text(f"ANALYZE {table}"))  # samples of deleted rows go too
        return True

    def flaws(self) -> int:
        """Keys and indexes that are not valid; the pages of its files are the server's to check (`pg_amcheck`, data checksums)."""
        with self.read() as session:
            return int(session.scalars(_INVALID).one())

    def mark_day(self, day: date) -> bool:
        """In a table's comment: a place that no other row depends on."""
        note = f"Quietline wrote the tables anew on {day.isoformat()}"
        with self.write() as session:
            _lock(session.connection(), "day")
            if session.scalar(text("SELECT obj_description('alembic_version'::regclass, 'pg_class')")) == note:
                return False
            session.execute(text(f"COMMENT ON TABLE alembic_version IS '{note}'"))
            return True

    def note_days(self, change: Callable[[int], int]) -> tuple[int, int]:
        """In another table's comment."""
        with self.write() as session:
            _lock(session.connection(), "days")
            said = session.scalar(text("SELECT obj_description('tombstones'::regclass, 'pg_class')")) or ""
            before = int(said.removeprefix(_NOTE)) if said.startswith(_NOTE) else 0
            after = change(before)
            if after != before:
                session.execute(text(f"COMMENT ON TABLE tombstones IS '{_NOTE}{after:d}'"))
            return before, after

    def _keep_others_out(self, connection: Connection) -> None:
        connection.execute(text(f"SET LOCAL lock_timeout = {MIGRATION_MILLISECONDS}"))
        _lock(connection, "migrate")

    def after_migration(self, connection: Connection) -> None:
        """ANALYZE keeps samples of columns in the server's catalogue, where nothing of ours could delete them: not of these."""
        for table in Base.metadata.sorted_tables:
            secret = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
            for column in (*secret, *_UNSAMPLED.get(table.name, ())):
                connection.execute(text(f'ALTER TABLE "{table.name}" ALTER COLUMN "{column}" SET STATISTICS 0'))

    def _is_lost(self, error: Exception) -> bool:
        if not isinstance(error, DBAPIError):
            return False
        state = getattr(error.orig, "sqlstate", None)
        return state is None or state[:2] in _LOST_CLASSES

    def _is_busy(self, error: Exception) -> bool:
        if not isinstance(error, DBAPIError):
            return False
        state = getattr(error.orig, "sqlstate", None)
        if state is None:
            return error.connection_invalidated or isinstance(error, OperationalError)
        return state[:2] in _BUSY_CLASSES or state in _BUSY_STATES


def open_postgresql(url: URL, *, connections: int) -> PostgresqlDatabase:
    """See open_database. The server has to answer now; later, one that does not is StorageBusy."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=connections,
        max_overflow=OVERFLOW,
        pool_timeout=BUSY_MILLISECONDS / 1000,
        pool_pre_ping=True,  # so that a server that was started anew costs nobody an error
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "quietline"},
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "handle_error", _say_no_values)
    _require_version(engine)
    return PostgresqlDatabase(engine)


def _require_version(engine: Engine) -> None:
    try:
        with engine.connect() as connection:
            row = connection.exec_driver_sql("SELECT current_setting('server_version_num')::int, current_schema()::text").one()
    except DBAPIError as error:
        engine.dispose()
        raise SettingsError(_unreachable(str(error.orig))) from None
    version, schema = row[0] // 10000, row[1]
    if version < LEAST_VERSION:
        engine.dispose()
        raise SettingsError(f"The database is PostgreSQL {version}: PostgreSQL {LEAST_VERSION} or newer is needed.")
    if schema is None:
        engine.dispose()
        raise SettingsError("PostgreSQL has no schema for the tables: create it, or check the search path of this user.")


def _unreachable(words: str) -> str:
    """The driver's own words (it gives no code for this) are not repeated: a part of a mistyped address may be a part of a password."""
    if "authentication failed" in words or "no password supplied" in words:
        return "PostgreSQL refused the user name or password: check QUIETLINE_DATABASE_URL."
    if "does not exist" in words and "database" in words:
        return "PostgreSQL has no database of this name: create it, or check QUIETLINE_DATABASE_URL."
    return "PostgreSQL does not answer: start it, or check QUIETLINE_DATABASE_URL."


def _on_connect(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute("; ".join(f"SET {each}" for each in SESSION))
    connection.autocommit = False


def _say_no_values(context: ExceptionContext) -> None:
    """An error of the server quotes keys and whole rows in its text: what is left is its kind and its place."""
    state = getattr(context.original_exception, "sqlstate", None)
    if state is None:
        return
    place = getattr(context.original_exception, "diag", None)
    names = [name for name in (getattr(place, "table_name", None), getattr(place, "constraint_name", None)) if name]
    said = " ".join([type(context.original_exception).__name__, f"({state})", *names])
    context.original_exception.args = (said,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(context.original_exception).__module__}) {said}",)


def _lock(connection: Connection, what: str) -> None:
    """Held until the transaction ends, by one in this schema."""
    query = text("SELECT pg_advisory_xact_lock(hashtext(:what), hashtext(current_schema()::text))")
    connection.execute(query, {"what": f"quietline {what}"})
