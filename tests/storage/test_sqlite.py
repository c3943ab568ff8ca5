"""SQLite: its pragmas, its file, its journal."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from app.errors import SettingsError, StorageBusy
from app.storage import migrate, organisations
from app.storage import sqlite as sqlite_module
from app.storage.database import Database
from app.storage.engine import open_database
from app.storage.models import Organisation
from tests.storage.rows import ORG, add_organisation, names

pytestmark = pytest.mark.only_sqlite
EXPECTED = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "busy_timeout": 5000, "temp_store": 2}


def journal(database: Database) -> Path:
    return database.path.with_name(database.path.name + "-wal")


@pytest.mark.parametrize(("pragma", "value"), EXPECTED.items())
def test_every_connection_has_the_pragma(database: Database, pragma: str, value: object) -> None:
    with ExitStack() as stack:  # several at once, so that they are different connections
        sessions = [stack.enter_context(database.read()) for _ in range(5)]
        assert [session.execute(text(f"PRAGMA {pragma}")).scalar() for session in sessions] == [value] * 5


def test_a_writing_block_holds_the_lock_from_its_first_line(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sqlite_module, "PRAGMAS", (*sqlite_module.PRAGMAS, "busy_timeout=50"))
    impatient = open_database(str(database.url))
    with database.write(), pytest.raises(StorageBusy), impatient.write():
        pass
    impatient.dispose()


def test_the_files_are_for_their_owner_only(database: Database) -> None:
    with database.write() as session:
        add_organisation(session)
        found = {each.name: stat.S_IMODE(each.stat().st_mode) for each in database.path.parent.iterdir()}
    assert found == {"quietline.db": 0o600, "quietline.db-wal": 0o600, "quietline.db-shm": 0o600}
    assert stat.S_IMODE(database.path.parent.stat().st_mode) == 0o700


def test_a_database_that_others_could_read_is_narrowed(database: Database) -> None:
    database.path.chmod(0o644)
    open_database(str(database.url)).dispose()
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600


def test_truncating_the_journal_empties_it_and_deleted_bytes_are_gone(database: Database) -> None:
    with database.write() as session:
        add_organisation(session, name="canary-name")
    assert b"canary-name" in journal(database).read_bytes()
    with database.write() as session:
        session.delete(session.get_one(Organisation, ORG))
    assert database.truncate_journal()
    assert journal(database).stat().st_size == 0
    assert b"canary-name" not in database.path.read_bytes()


def test_truncating_the_journal_says_when_a_reader_holds_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_module, "PRAGMAS", (*sqlite_module.PRAGMAS, "busy_timeout=50"))
    impatient = open_database(str(database.url))
    with database.read() as reader:
        organisations.all_of_them(reader)
        with database.write() as session:
            add_organisation(session)
        assert not impatient.truncate_journal()
    impatient.dispose()


def test_a_file_written_anew_keeps_what_it_holds_and_leaves_no_journal(database: Database) -> None:
    with database.write() as session:
        add_organisation(session)
    assert database.vacuum()
    assert names(database) == ["Northwind"]
    assert journal(database).stat().st_size == 0
    assert migrate.current(database) == migrate.HEAD


def test_writing_the_file_anew_waits_for_no_writer_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_module, "PRAGMAS", (*sqlite_module.PRAGMAS, "busy_timeout=50"))
    impatient = open_database(str(database.url))
    with database.write(), pytest.raises(StorageBusy):
        impatient.vacuum()
    impatient.dispose()


def test_of_several_who_mark_a_day_one_is_told_so(database: Database) -> None:
    day = date(2026, 11, 21)
    assert [database.mark_day(day), database.mark_day(day)] == [True, False]
    database.vacuum()
    assert [database.mark_day(day), database.mark_day(date(2026, 11, 22))] == [False, True]


def test_a_missing_database_is_not_made_in_passing(tmp_path: Path) -> None:
    path = tmp_path / "none" / "quietline.db"
    with pytest.raises(SettingsError, match="run quietline init first"):
        open_database(f"sqlite:///{path}")
    assert not path.parent.exists()


def test_a_folder_that_cannot_be_made_is_named_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="check who owns the folder"):
        open_database(f"sqlite:///{tmp_path / 'file' / 'quietline.db'}", create_folder=True)


def test_sqlite_is_new_enough_for_what_we_use() -> None:
    assert sqlite3.sqlite_version_info >= (3, 24)
