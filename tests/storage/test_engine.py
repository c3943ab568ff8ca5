"""What holds for a database, whichever it is."""

from __future__ import annotations

import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from app.errors import SettingsError
from app.storage import organisations
from app.storage.database import Database
from app.storage.engine import open_database
from app.storage.models import Host, Organisation
from tests.atonce import at_once
from tests.storage.rows import ORG, add_organisation, names


def test_what_a_block_wrote_is_there_after_it(database: Database) -> None:
    with database.write() as session:
        add_organisation(session)
    assert names(database) == ["Northwind"]


def test_a_block_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        add_organisation(session)
        raise RuntimeError
    assert names(database) == []


def test_tables_too_are_rolled_back(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        session.execute(text("CREATE TABLE half_done (id INTEGER)"))
        raise RuntimeError
    with database.read() as session:
        assert not inspect(session.connection()).has_table("half_done")


def test_a_reading_block_commits_nothing(database: Database) -> None:
    with suppress(DBAPIError), database.read() as session:  # PostgreSQL is told that it only reads, and refuses
        add_organisation(session)
    assert names(database) == []


def test_a_reading_block_sees_one_snapshot(database: Database) -> None:
    with database.read() as reader:
        assert organisations.all_of_them(reader) == []
        with database.write() as writer:
            add_organisation(writer)
        assert organisations.all_of_them(reader) == []
    assert names(database) == ["Northwind"]


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as session:
        add_organisation(session)
        assert names(database) == []


def test_writers_take_turns_and_none_is_lost(database: Database) -> None:
    with database.write() as session:
        add_organisation(session)

    def touch() -> None:
        for _ in range(5):
            with database.write() as session:
                organisations.touch(session, ORG)

    at_once(touch, 20)
    with database.read() as session:
        assert organisations.revision(session.connection(), ORG) == 101


def test_a_savepoint_lets_a_block_go_on_after_a_conflict(database: Database) -> None:
    with database.write() as session:
        add_organisation(session)
        with pytest.raises(IntegrityError), session.begin_nested():
            add_organisation(session, name="Again")
        organisations.rename(session, ORG, "Northwind Works")
    assert names(database) == ["Northwind Works"]


def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(insert(Host).values(organisation_id="b" * 26, host="example.org"))


def test_errors_never_show_parameters(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught, database.write() as session:
        add_organisation(session, name="canary-0")
        add_organisation(session, name="canary-1")
    assert "canary" not in str(caught.value)
    with pytest.raises(StatementError) as wrong, database.write() as session:
        session.execute(insert(Organisation).values(id=ORG, name="Other", demo=False, created_on="canary-2", revision=1))
    assert "canary" not in str(wrong.value)


def test_errors_never_show_keys_or_rows_either(database: Database) -> None:
    """PostgreSQL quotes them in the text of the error."""
    secret = "".join(("can", "ary"))  # not as one word here, since a traceback shows the source
    with database.write() as session:
        add_organisation(session)
        organisations.set_hosts(session, ORG, [secret])
    with pytest.raises(IntegrityError) as taken, database.write() as session:
        session.execute(insert(Host).values(organisation_id=ORG, host=secret))
    with pytest.raises(IntegrityError) as incomplete, database.write() as session:
        session.execute(insert(Organisation).values(id="b" * 26, name=secret))
    for caught in (taken.value, incomplete.value):
        assert secret not in f"{caught} {caught.orig} {caught!r} {caught.orig!r} {''.join(traceback.format_exception(caught))}"


def test_a_commit_survives_the_death_of_the_process(database: Database) -> None:
    address = database.url.render_as_string(hide_password=False)
    code = f"""
import os
from tests.storage.rows import add_organisation
from app.storage.engine import open_database
with open_database({address!r}).write() as session:
    add_organisation(session)
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 9
    assert names(database) == ["Northwind"]


def test_a_forked_process_opens_connections_of_its_own(database: Database) -> None:
    address = database.url.render_as_string(hide_password=False)
    code = f"""
import os
from tests.storage.rows import add_organisation, names
from app.storage.engine import open_database
database = open_database({address!r})
assert names(database) == []
child = os.fork()
if child == 0:
    database.after_fork()
    with database.write() as session:
        add_organisation(session)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert names(database) == ["Northwind"]  # over the connection that it had before
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


UNUSABLE = ["sqlite://", "sqlite:///:memory:", "mysql://u:canary@example.org/x", "nonsense", "", "postgresql://h:canary/x"]


@pytest.mark.parametrize("url", UNUSABLE)
def test_an_address_of_nothing_that_we_use_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match=r"SQLite file|cannot be read") as refused:
        open_database(url)
    assert "canary" not in str(refused.value)
