"""PostgreSQL: its transactions, what it says and does not say, what it keeps of deleted rows, and what happens when it is not there."""

from __future__ import annotations

import logging
import secrets
import threading
from datetime import date
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import LargeBinary, insert, make_url, text, update
from sqlalchemy.exc import DBAPIError

from app.domain import OrganisationId
from app.errors import SettingsError, StorageBusy
from app.storage import migrate, organisations
from app.storage import postgresql as postgresql_module
from app.storage.database import Database
from app.storage.engine import open_database
from app.storage.models import ID, Base, Host, Organisation, Tombstone
from tests.databases import databases
from tests.postgres import GUARDED, Server
from tests.storage.rows import ORG, add_organisation, names

pytestmark = pytest.mark.only_postgresql
OTHER = OrganisationId("b" * 26)


def address(database: Database, user: str | None = None, password: str | None = None) -> str:
    url = database.url if user is None else database.url.set(username=user, password=password)
    return url.render_as_string(hide_password=False)


@pytest.fixture
def guarded(database: Database) -> str:
    """A user of this schema who needs a password, and by default does not wait for the disk."""
    password = secrets.token_hex(12)
    schema = str(database.url.query["options"]).rpartition("=")[2]
    databases.execute(f"""
        DO $$ BEGIN CREATE ROLE {GUARDED} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
        ALTER ROLE {GUARDED} PASSWORD '{password}'; ALTER ROLE {GUARDED} SET synchronous_commit = off;
        GRANT USAGE ON SCHEMA {schema} TO {GUARDED}; GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {GUARDED}
    """)
    return password


@pytest.mark.parametrize("way", ["read", "write"])
def test_every_commit_waits_for_the_disk_whatever_the_server_or_the_role_says(database: Database, guarded: str, way: str) -> None:
    opened = open_database(address(database, GUARDED, guarded))
    with getattr(opened, way)() as session:
        assert session.scalar(text("SHOW synchronous_commit")) == "on"
        assert session.scalar(text("SELECT current_user")) == GUARDED
    opened.dispose()


def test_a_reading_block_is_one_snapshot_and_cannot_write(database: Database) -> None:
    with database.read() as session:
        assert session.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        assert session.scalar(text("SHOW transaction_read_only")) == "on"
        with pytest.raises(DBAPIError, match="ReadOnlySqlTransaction"):
            add_organisation(session)
    with database.write() as session:
        assert session.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert session.scalar(text("SHOW transaction_read_only")) == "off"


def test_a_password_is_in_nothing_that_is_shown(database: Database, guarded: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    opened = open_database(address(database, GUARDED, guarded))
    assert names(opened) == []
    wrong = "wrong-" + guarded
    with pytest.raises(SettingsError, match="refused the user name or password") as refused:
        open_database(address(database, GUARDED, wrong))
    for shown in (f"{opened.url} {opened.url!r} {opened!r} {vars(opened)}", f"{refused.value!r}", caplog.text):
        assert guarded not in shown
    assert refused.value.__suppress_context__
    opened.dispose()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"database": "no_such_database"}, "no database of this name"),
        ({"query": {"host": "/nonexistent"}}, "does not answer"),
        ({"query": {}, "host": "127.0.0.1", "port": 1}, "does not answer"),
    ],
)
def test_a_server_that_cannot_be_used_is_named_in_a_sentence(database: Database, change: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        open_database(database.url.set(**change).render_as_string(hide_password=False))  # type: ignore[arg-type]


def test_an_older_server_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_module, "LEAST_VERSION", 99)
    with pytest.raises(SettingsError, match="PostgreSQL 99 or newer is needed"):
        open_database(address(database))


def test_a_schema_that_is_not_there_is_named_as_the_reason(database: Database) -> None:
    with pytest.raises(SettingsError, match="has no schema"):
        open_database(address(database).replace("search_path%3D", "search_path%3Dnot_"))


def test_a_lock_that_is_not_to_be_had_is_busy(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_module, "SESSION", (*postgresql_module.SESSION, "lock_timeout = 50"))
    impatient = open_database(address(database))
    with database.write() as session:
        add_organisation(session)
    with database.write() as session:
        organisations.lock(session, ORG)
        with pytest.raises(StorageBusy), impatient.write() as other:
            organisations.touch(other, ORG)
        assert names(impatient) == ["Northwind"]  # readers wait for nobody
    impatient.dispose()


def test_of_two_who_wait_for_each_other_one_goes_on_and_one_is_busy(database: Database) -> None:
    with database.write() as session:
        add_organisation(session)
        add_organisation(session, OTHER, "Southwind")
    both_hold = threading.Barrier(2)
    outcomes: list[str] = []

    def take(first: OrganisationId, second: OrganisationId) -> None:
        try:
            with database.write() as session:
                organisations.touch(session, first)
                both_hold.wait(timeout=10)
                organisations.touch(session, second)
            outcomes.append("done")
        except StorageBusy:
            outcomes.append("busy")

    threads = [threading.Thread(target=take, args=pair) for pair in ((ORG, OTHER), (OTHER, ORG))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["busy", "done"]


def backends(database: Database) -> None:
    """End every connection of this database's pool from outside, as a restart of the server does."""
    with database.read() as session:
        own = session.scalar(text("SELECT pg_backend_pid()"))
    databases.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'quietline' AND pid = %s", [own])


def test_a_connection_that_ended_between_two_requests_costs_nobody_an_error(database: Database) -> None:
    with database.write() as session:
        add_organisation(session)
    backends(database)
    assert names(database) == ["Northwind"]


def test_a_connection_that_ends_on_the_way_is_busy_and_leaves_nothing(database: Database) -> None:
    with pytest.raises(StorageBusy), database.write() as session:
        add_organisation(session)
        own = session.scalar(text("SELECT pg_backend_pid()"))
        databases.execute("SELECT pg_terminate_backend(%s)", [own])
        organisations.touch(session, ORG)
    assert names(database) == []


def test_a_server_that_is_gone_is_busy_and_one_that_never_was_is_a_setting(tmp_path: Path) -> None:
    server = Server()
    try:
        opened = open_database(server.address)
        migrate.upgrade(opened)
    finally:
        server.stop()
    with pytest.raises(StorageBusy), opened.read() as session:
        organisations.all_of_them(session)
    with pytest.raises(StorageBusy), opened.write():
        pass
    opened.dispose()
    with pytest.raises(SettingsError, match="does not answer"):
        open_database(server.address)


def test_more_requests_than_connections_wait_and_then_are_busy(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_module, "BUSY_MILLISECONDS", 100)
    monkeypatch.setattr(postgresql_module, "OVERFLOW", 0)
    small = open_database(address(database), connections=1)
    with small.read() as session:
        organisations.all_of_them(session)
        with pytest.raises(StorageBusy), small.read() as other:
            organisations.all_of_them(other)
    small.dispose()


def test_no_column_of_bytes_or_of_a_reporters_ids_is_sampled(database: Database) -> None:
    with database.write() as session:
        add_organisation(session)
        for number in range(40):
            mark = f"canary-{number}".encode().ljust(32, b"x")
            session.execute(insert(Tombstone).values(organisation_id=ORG, mark=mark, day=date(2026, 11, 21)))
    with database.write() as session:
        session.execute(text("ANALYZE"))
    with database.read() as session:
        sampled = {
            tuple(row) for row in session.execute(text("SELECT tablename, attname FROM pg_stats WHERE schemaname = current_schema()"))
        }
    assert ("tombstones", "day") in sampled  # which is what ANALYZE does with a column it may look at
    secret = {(table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns if _is_secret(column.type)}
    assert len(secret) > 8
    ids = {("cases", "id"), ("messages", "case_id"), ("messages", "id"), ("attachments", "case_id"), ("uploads", "id")}
    with database.read() as session:
        off = {tuple(row) for row in session.execute(text(UNSAMPLED))}
    assert secret | ids <= off
    assert not sampled & off


UNSAMPLED = """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.attstattarget = 0 AND a.attnum > 0 AND c.relnamespace = current_schema()::text::regnamespace
"""


def _is_secret(kind: object) -> bool:
    return isinstance(kind, LargeBinary)


def test_deleted_rows_are_in_the_files_until_the_tables_are_written_anew(database: Database) -> None:
    with database.write() as session:
        add_organisation(session, name="canary-of-a-name")
        add_organisation(session, OTHER, "Southwind")
    assert b"canary-of-a-name" in databases.raw(database)
    with database.write() as session:
        session.delete(session.get_one(Organisation, ORG))
        session.execute(update(Organisation).where(Organisation.id == OTHER).values(name="Eastwind"))
    assert b"canary-of-a-name" in databases.raw(database)
    databases.settle()
    assert database.vacuum()
    left = databases.raw(database)
    assert b"canary-of-a-name" not in left
    assert b"Southwind" not in left
    assert b"Eastwind" in left
    assert migrate.current(database) == migrate.HEAD


def test_writing_anew_waits_for_no_reader_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_module, "REWRITE_MILLISECONDS", 50)
    with database.read() as reader:
        organisations.all_of_them(reader)
        with pytest.raises(StorageBusy):
            database.vacuum()
    assert database.vacuum()


def test_of_several_who_mark_a_day_one_is_told_so(database: Database) -> None:
    day = date(2026, 11, 21)
    assert [database.mark_day(day), database.mark_day(day)] == [True, False]
    database.vacuum()
    assert [database.mark_day(day), database.mark_day(date(2026, 11, 22))] == [False, True]


def test_the_size_is_that_of_the_tables(database: Database) -> None:
    before = database.size()
    with database.write() as session:
        add_organisation(session)
        session.execute(insert(Host).values(organisation_id=ORG, host="x" * 200))
    assert 0 < before < database.size() < 10_000_000


def test_a_file_is_what_it_does_not_have(database: Database) -> None:
    with pytest.raises(NotImplementedError):
        _ = database.path


def test_its_own_server_is_gone_with_the_process_that_started_it() -> None:
    server = Server()
    folder = server.folder
    try:
        with psycopg.connect(make_url(server.address).set(drivername="postgresql").render_as_string()) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    finally:
        server.stop()
    assert not folder.exists()


def test_ids_stand_in_the_same_order_as_in_python_whatever_the_servers_language(database: Database) -> None:
    ids = {(table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns if column.type is ID}
    assert len(ids) > 20
    with database.read() as session:
        found = {tuple(row) for row in session.execute(text(BYTEWISE))}
    assert found == ids


BYTEWISE = """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation l ON l.oid = a.attcollation
    WHERE l.collname = 'C' AND c.relkind = 'r' AND a.attnum > 0 AND c.relnamespace = current_schema()::text::regnamespace
"""
