from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BIGINT,
    BLOB,
    BOOLEAN,
    DATE,
    INTEGER,
    TEXT,
    VARCHAR,
    Boolean,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.schema import CreateTable

from app.errors import SettingsError
from app.storage import migrate
from app.storage.engine import Database, open_database
from app.storage.models import Attachment, Base, Upload
from tests.atonce import at_once
from tests.databases import databases

COUNTS = {
    "organisations.revision",
    "configurations.version",
    "recovery_recipients.position",
    "channels.epoch",
    "keyrings.version",
    "messages.number",
    "messages.size_class",
    "read_marks.number",
    "uploads.length",
    "uploads.stanzas",
    "attachments.length",
}
CATALOGUE = (
    """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attcollation
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
       WHERE c.relkind = 'r' AND a.attnum > 0 AND c.relnamespace = current_schema()::text::regnamespace""",
    """SELECT c.relname, x.conname, pg_get_constraintdef(x.oid) FROM pg_constraint x JOIN pg_class c ON c.oid = x.conrelid
       WHERE x.connamespace = current_schema()::text::regnamespace""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
)
OFFICERS_SECONDS = {"desk_sessions.started_at", "desk_sessions.seen_at"}


def differences(database: Database) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    with database.connection() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def normal(sql: str) -> str:
    return re.sub(r"\W+", " ", sql).strip().lower()


def test_migrating_an_empty_database_gives_the_models(empty: Database) -> None:
    migrate.upgrade(empty)
    assert differences(empty) == []


def test_a_difference_would_be_found(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.write() as session:
        session.execute(text("ALTER TABLE cases ADD COLUMN ip_address TEXT"))
    assert differences(empty)


@pytest.mark.only_sqlite
def test_every_table_is_declared_as_in_the_models_to_the_last_word(empty: Database) -> None:
    """What the comparison above does not see: WITHOUT ROWID, ON DELETE, the order of columns and keys."""
    migrate.upgrade(empty)
    with empty.read() as session:
        rows = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'"))
        found: dict[str, str] = dict(rows.all())
        wanted = {table.name: str(CreateTable(table).compile(session.connection())) for table in Base.metadata.sorted_tables}
    assert {name: sorted(normal(sql).split()) for name, sql in found.items()} == {
        name: sorted(normal(sql).split()) for name, sql in wanted.items()
    }


@pytest.mark.only_postgresql
def test_every_column_key_and_index_is_the_one_of_the_models(empty: Database, tmp_path: Path) -> None:
    """The same for PostgreSQL, by what it says of both."""
    migrate.upgrade(empty)
    made = open_database(databases.url(tmp_path / "made"))
    with made.write() as session:
        Base.metadata.create_all(session.connection())
    assert described(empty) == described(made)
    assert len(described(made)) > 100
    made.dispose()


def described(database: Database) -> set[tuple[object, ...]]:
    """Every column, constraint and index of a schema, in PostgreSQL's own words."""
    with database.read() as session:
        found = [tuple(row) for query in CATALOGUE for row in session.execute(text(query))]
        schema = session.scalar(text("SELECT current_schema()"))
    return {tuple(str(word).replace(f"{schema}.", "") for word in row) for row in found if row[0] != "alembic_version"}


@pytest.mark.only_sqlite
def test_no_table_keeps_the_order_of_arrival(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.read() as session:
        tables = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'")).all()
    assert [name for name, sql in tables if "WITHOUT ROWID" not in sql] == []


def test_the_key_of_every_table_carries_the_organisation() -> None:
    keys = {name: set(table.primary_key.columns.keys()) for name, table in Base.metadata.tables.items()}
    assert keys.pop("organisations") == {"id"}
    assert [name for name, key in keys.items() if "organisation_id" not in key] == []


def test_no_column_is_finer_than_a_day_but_for_officers(empty: Database) -> None:
    """By type, whatever a column is called: times have no type here, and every number is one that cannot be a time of a reporter's."""
    migrate.upgrade(empty)
    with empty.read() as session:
        schema = inspect(session.connection())
        types = {f"{table}.{column['name']}": column["type"] for table in schema.get_table_names() for column in schema.get_columns(table)}
    assert {type(kind) for kind in types.values()} <= {INTEGER, BIGINT, BOOLEAN, DATE, TEXT, VARCHAR, BLOB, BYTEA}
    assert {name for name, kind in types.items() if isinstance(kind, Integer)} == COUNTS | OFFICERS_SECONDS


def test_the_head_is_the_newest_script() -> None:
    assert ScriptDirectory(str(migrate.SCRIPTS)).get_current_head() == migrate.HEAD


def test_migrating_twice_changes_nothing(empty: Database) -> None:
    assert migrate.current(empty) is None
    migrate.upgrade(empty)
    migrate.upgrade(empty)
    assert migrate.current(empty) == migrate.HEAD


def test_a_migration_that_fails_leaves_no_half_of_itself(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with empty.write() as session:
        session.execute(text("CREATE TABLE tombstones (in_the_way INTEGER)"))
    with pytest.raises(Exception, match="tombstones"):
        migrate.upgrade(empty)
    with empty.read() as session:
        assert inspect(session.connection()).get_table_names() == ["tombstones"]


def test_a_database_from_a_newer_version_is_left_alone(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="newer version"):
        migrate.upgrade(empty)


def test_many_who_start_at_once_migrate_once(database_kind: str, tmp_path: Path) -> None:
    address = databases.url(tmp_path / "shared")

    def start() -> str | None:
        opened = open_database(address, create_folder=True)
        try:
            migrate.upgrade(opened)
            return migrate.current(opened)
        finally:
            opened.dispose()

    assert at_once(start, 12) == [migrate.HEAD] * 12


def test_rows_of_the_first_schema_stay_through_every_later_one(empty: Database) -> None:
    first = first_tables(empty)
    with empty.write() as session:
        for table in first:
            session.execute(table.insert(), row_of(table))
    before = {table.name: contents(empty, table) for table in first}
    migrate.upgrade(empty)
    assert {table.name: contents(empty, table) for table in first} == before
    assert {len(rows) for rows in before.values()} == {1}
    assert len(before) == 14


def test_files_from_before_digests_stay_as_they_are_without_one(empty: Database) -> None:
    second = first_tables(empty, "0002")
    with empty.write() as session:
        for table in second:
            session.execute(table.insert(), row_of(table))
    before = {table.name: contents(empty, table) for table in second}
    migrate.upgrade(empty)
    assert {table.name: contents(empty, table) for table in second} == before
    assert {"uploads", "attachments"} < before.keys()
    with empty.read() as session:
        assert [session.scalars(select(table.digest)).all() for table in (Attachment, Upload)] == [[None], [None]]


def test_a_version_that_knows_no_digests_goes_on_beside_this_one(empty: Database) -> None:
    """Its statements name the columns that it knows."""
    second = {table.name: table for table in first_tables(empty, "0002")}
    migrate.upgrade(empty)
    with empty.write() as session:
        for table in second.values():
            session.execute(table.insert(), row_of(table))
    assert len(contents(empty, second["attachments"])) == 1


def first_tables(database: Database, revision: str = "0001") -> list[Table]:
    """The tables of a schema as the database has them, which is all that there is after this."""
    with database.connection() as connection:
        migrate.run(connection, revision)
        found = MetaData()
        found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def row_of(table: Table) -> dict[str, Any]:
    """A row with something in every column; what refers to another table's row finds the one made like it."""
    return {column.name: value_of(column.name, column.type) for column in table.columns}


def value_of(name: str, kind: Any) -> Any:
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Integer):
        return 7
    if isinstance(kind, Date):
        return date(2026, 11, 21)
    if isinstance(kind, LargeBinary):
        return b"h" * 32
    return {"state": "closed", "outcome": "referred", "kind": "note"}.get(name, "a" * 26 if name.endswith("id") else "text")


def contents(database: Database, table: Table) -> list[tuple[Any, ...]]:
    with database.read() as session:
        return [tuple(row) for row in session.execute(select(table))]
