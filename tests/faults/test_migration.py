"""A migration that is killed half-way, and one that runs while an older version serves."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Table, inspect, text

from app.storage import migrate
from app.storage.engine import Database, open_database
from tests.cli.runner import ROOT
from tests.databases import Kind, databases
from tests.faults.house import House, environment, opened, until
from tests.faults.injecting import missing
from tests.faults.senders import Plain, Sealed, Sender
from tests.portal import COMMAND, Portal, free_port
from tests.storage.test_migrate import contents, differences, first_tables, row_of

pytestmark = pytest.mark.both_databases
NEXT = f"{int(migrate.HEAD) + 1:04}"
ADDITIVE = f'''"""A table and a column that nobody asks for yet.

Revision: {NEXT}
"""

import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{migrate.HEAD}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("weather", sa.Column("day", sa.Date, primary_key=True))
    op.add_column("cases", sa.Column("weather", sa.String(20)))
'''
NEWER = """
import sys
from pathlib import Path
from app.storage import migrate
migrate.SCRIPTS, migrate.HEAD = Path(sys.argv.pop(1)), sys.argv.pop(1)
from app.cli import main
main()
"""


@dataclass
class Old:
    """A database of the first schema, with a row in every table."""

    folder: Path
    database: Database
    tables: list[Table]
    rows: dict[str, list[tuple[object, ...]]]

    def environment(self) -> dict[str, str]:
        return environment(self.folder, self.folder / "data", {})

    def start(self, *under: str) -> subprocess.Popen[bytes]:
        """`quietline serve`, which begins with the migrations."""
        env = {**self.environment(), "QUIETLINE_BIND": f"127.0.0.1:{free_port()}"}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen([*under, str(COMMAND), "serve"], env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def starts_and_is_whole(self) -> None:
        with Portal(self.environment(), self.folder / "log"):
            assert migrate.current(self.database) == migrate.HEAD
        assert {table.name: contents(self.database, table) for table in self.tables} == self.rows
        assert differences(self.database) == []


@pytest.fixture
def old(database_kind: Kind, tmp_path: Path) -> Iterator[Old]:
    database = open_database(databases.url(tmp_path / "data"), create_folder=True)
    tables = first_tables(database)
    for table in tables:
        with database.write() as session:
            session.execute(table.insert(), row_of(table))
    yield Old(tmp_path, database, tables, {table.name: contents(database, table) for table in tables})
    database.dispose()


@pytest.mark.only_sqlite
@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("point", ["pwrite64:signal=KILL:when=1", "pwrite64:signal=KILL:when=12", "fdatasync:signal=KILL:when=1"])
def test_a_migration_killed_at_a_write_or_its_commit_starts_again_and_is_whole(old: Old, point: str) -> None:
    old.database.dispose()
    trace = old.folder / "trace"
    calls = ("-P", str(old.folder / "data" / "quietline.db"), "-P", str(old.folder / "data" / "quietline.db-wal"))
    process = old.start("strace", "-f", *calls, "-e", "trace=pwrite64,fdatasync", "-e", f"inject={point}", "-o", str(trace))
    assert process.wait(timeout=90) != 0
    assert "killed by SIGKILL" in trace.read_text()
    assert migrate.current(old.database) == "0001"
    old.starts_and_is_whole()


@pytest.mark.only_postgresql
def test_a_migration_killed_in_its_transaction_leaves_nothing_and_keeps_nobody_out(old: Old) -> None:
    with old.database.write() as session:  # somebody whom the migration has to wait for
        session.execute(text("LOCK TABLE cases IN ROW EXCLUSIVE MODE"))
        process = old.start()
        until(lambda: _waits(old.database), "the migration does not come to wait")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert migrate.current(old.database) == "0001"
        with old.database.read() as other:
            assert not inspect(other.connection()).has_table("uploads")
    old.starts_and_is_whole()


def _waits(database: Database) -> bool | None:
    """Whether a transaction that has the migrations' lock waits for another."""
    query = """SELECT count(*) FROM pg_locks mine JOIN pg_locks theirs USING (pid) JOIN pg_stat_activity USING (pid)
               WHERE mine.locktype = 'advisory' AND mine.granted AND NOT theirs.granted AND datname = current_database()"""
    with database.read() as session:
        return bool(session.execute(text(query)).scalar()) or None


def newer(folder: Path) -> tuple[str, ...]:
    """The next version, as far as there can be one today: this program with one migration more."""
    scripts = folder / "migrations"
    (scripts / "versions").mkdir(parents=True)
    for path in migrate.SCRIPTS.rglob("*.py"):
        (scripts / path.relative_to(migrate.SCRIPTS)).write_bytes(path.read_bytes())
    (scripts / "versions" / f"{NEXT}_weather.py").write_text(ADDITIVE)
    return sys.executable, "-c", NEWER, str(scripts), NEXT


class NewerPortal(Portal):
    """A portal of the next version."""

    def __init__(self, house: House, command: tuple[str, ...]) -> None:
        super().__init__(house.environment, house.folder / "log")
        self._command = [*command, "serve"]


def test_while_the_next_version_migrates_and_serves_the_older_one_goes_on_taking_reports(tmp_path: Path, database_kind: Kind) -> None:
    # A place that nobody else is lent afterwards: its schema is of no version that there is.
    own = databases.empty_schema() if database_kind == "postgresql" else databases.url(tmp_path / "data")
    with opened(tmp_path, THREADS="2", DATABASE_URL=own) as house:
        older, over, taken = house.portal, threading.Event(), 0
        with NewerPortal(house, newer(tmp_path)) as new:  # it migrates as it starts
            thread = threading.Thread(target=_report, args=(house, over))
            thread.start()
            for _ in range(5):
                for sender in both(house):
                    promise = sender.attempt(new)
                    assert promise is not None, house.said()
                    house.canaries.update(sender.canaries)
                    house.promises.append(promise)
                    taken += 1
            until(lambda: len(house.promises) > taken + 3 or None, "the older version takes no reports")
            over.set()
            thread.join(timeout=60)
            assert migrate.current(house.place.ctx.database) == NEXT
            assert all(map(house.opens, house.promises))
            assert house.portal is older
            house.check()
        older.stop()
        command = [str(COMMAND), "serve"]
        done = subprocess.run(command, env=house.environment, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode != 0 and "newer version" in done.stderr  # once stopped, it does not begin on what it does not know


def both(house: House) -> list[Sender]:
    return [Plain(1000), Sealed(house.keys)]


def _report(house: House, over: threading.Event) -> None:
    """Reports to the older version until it is over."""
    while not over.is_set():
        for sender in both(house):
            house.send(sender)
