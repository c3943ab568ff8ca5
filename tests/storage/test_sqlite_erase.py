"""What SQLite gives back is overwritten first, and nothing that is needed ever is: whoever reads, writes, or is killed meanwhile."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from app.errors import StorageBusy
from app.storage.sqlite import PRAGMAS, SqliteDatabase, open_sqlite
from app.storage.sqlite_erase import Eraser, Unknown

ROW = 3000


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "test.db"
    with closing(connect(made)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, worker INTEGER, content BLOB)")
    return made


def log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


@pytest.fixture
def one(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(path)) as connection:
        yield connection


def insert(connection: sqlite3.Connection, content: bytes, worker: int = 0) -> None:
    connection.execute("INSERT INTO t (worker, content) VALUES (?, ?)", (worker, content))


def emptied(connection: sqlite3.Connection, eraser: Eraser) -> bool:
    connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    return eraser.empty_log()


def test_the_log_is_overwritten_before_it_is_cut(path: Path, one: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, seen, cut = os.urandom(ROW), list[bytes](), os.ftruncate

    def watched(descriptor: int, length: int) -> None:
        seen.append(os.pread(descriptor, 1 << 20, 0))
        cut(descriptor, length)

    insert(one, secret)
    one.execute("DELETE FROM t")
    before = log(path).read_bytes()
    assert secret[100:200] in before
    monkeypatch.setattr(os, "ftruncate", watched)
    assert emptied(one, Eraser(path))
    assert seen == [bytes(len(before))]
    assert log(path).stat().st_size == 0


def test_everything_stays_and_other_connections_see_what_comes(path: Path, one: sqlite3.Connection) -> None:
    eraser = Eraser(path)
    with closing(connect(path)) as other:
        for number in range(20):
            insert(one, os.urandom(ROW), number)
            assert other.execute("SELECT max(worker), count(*) FROM t").fetchone() == (number, number + 1)
            assert emptied(one if number % 2 else other, eraser)
            assert other.execute("SELECT max(worker), count(*) FROM t").fetchone() == (number, number + 1)
    assert one.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_is_not_in_the_database_yet_is_not_touched(path: Path, one: sqlite3.Connection) -> None:
    insert(one, b"x" * ROW)
    before = log(path).read_bytes()
    assert not Eraser(path).empty_log()
    assert log(path).read_bytes() == before


def test_a_reader_of_the_log_keeps_it(path: Path, one: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.storage.sqlite_erase.WAIT_SECONDS", 0.05)
    insert(one, b"first")
    one.execute("BEGIN")
    assert one.execute("SELECT count(*) FROM t").fetchone() == (1,)
    with closing(connect(path)) as other:
        other.execute("PRAGMA busy_timeout=50")
        insert(other, b"second")
        assert not emptied(other, Eraser(path))
        assert one.execute("SELECT count(*) FROM t").fetchone() == (1,)
        one.execute("COMMIT")
        assert emptied(other, Eraser(path))
    assert one.execute("SELECT count(*) FROM t").fetchone() == (2,)


def test_a_writer_keeps_it(path: Path, one: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.storage.sqlite_erase.WAIT_SECONDS", 0.05)
    insert(one, b"first")
    one.execute("PRAGMA wal_checkpoint(RESTART)")
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not Eraser(path).empty_log()
        insert(other, b"second")
        other.execute("COMMIT")
    assert one.execute("SELECT count(*) FROM t").fetchone() == (2,)


def test_the_locks_of_a_reader_in_this_process_outlive_it(path: Path, one: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.storage.sqlite_erase.WAIT_SECONDS", 0.05)
    insert(one, b"first")
    one.execute("BEGIN")
    one.execute("SELECT count(*) FROM t").fetchone()
    eraser = Eraser(path)
    assert not eraser.empty_log()
    assert not eraser.cut_off()
    code = (
        f"import sqlite3; c = sqlite3.connect({str(path)!r}, isolation_level=None); c.execute('PRAGMA busy_timeout=0');"
        "c.execute('INSERT INTO t (worker) VALUES (1)'); print(c.execute('PRAGMA wal_checkpoint(RESTART)').fetchone()[0])"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == "1"  # busy: it still sees our reader
    assert one.execute("SELECT count(*) FROM t").fetchone() == (1,)
    one.execute("COMMIT")


def test_an_index_of_another_form_is_not_touched(path: Path, one: sqlite3.Connection) -> None:
    insert(one, b"first")
    one.execute("PRAGMA wal_checkpoint(RESTART)")
    index = path.with_name(path.name + "-shm")
    whole = index.read_bytes()
    before = log(path).read_bytes()
    for offset, value in ((0, 7), (12, 0), (16, 99), (40, 1)):
        for copy in (0, 48):
            with index.open("r+b") as file:
                file.seek(offset + copy)
                file.write(bytes([value]))
        with pytest.raises(Unknown):
            Eraser(path).empty_log()
        assert log(path).read_bytes() == before
        with index.open("r+b") as file:
            file.write(whole[:136])


def test_without_an_index_the_log_is_cut_by_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = open_sqlite(make_url(f"sqlite:///{tmp_path / 'other.db'}"), create_folder=True)

    def unknown(_: Eraser) -> bool:
        raise Unknown

    monkeypatch.setattr(Eraser, "empty_log", unknown)
    with database.write() as session:
        session.execute(text("CREATE TABLE t (a)"))
    assert log(database.path).stat().st_size > 0
    assert database.truncate_journal()
    assert log(database.path).stat().st_size == 0
    database.dispose()


def test_after_a_crash_in_the_middle_everything_is_there(path: Path, one: sqlite3.Connection, tmp_path: Path) -> None:
    for number in range(5):
        insert(one, b"old" * ROW, number)
    one.execute("UPDATE t SET content = 'new'")
    one.execute("PRAGMA wal_checkpoint(RESTART)")
    whole = log(path).read_bytes()
    for done in (32, 4096, 20_000, len(whole)):
        crashed = tmp_path / f"crashed-{done}.db"
        shutil.copy(path, crashed)
        log(crashed).write_bytes(bytes(done) + whole[done:])
        with closing(connect(crashed)) as found:
            assert found.execute("SELECT count(*), min(content), max(content) FROM t").fetchone() == (5, "new", "new")
            assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_pages_that_will_be_cut_off_are_overwritten(path: Path, one: sqlite3.Connection) -> None:
    secrets = [os.urandom(ROW) for _ in range(200)]
    for secret in secrets:
        insert(one, secret)
    one.execute("DELETE FROM t WHERE id <= 150")
    one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    one.execute("PRAGMA wal_autocheckpoint=0")
    one.execute("VACUUM")
    assert path.read_bytes() == before
    pages = one.execute("PRAGMA page_count").fetchone()[0]
    assert any(secret[100:200] in before[pages * 4096 :] for secret in secrets)
    assert Eraser(path).cut_off()
    after = path.read_bytes()
    assert after[: pages * 4096] == before[: pages * 4096]
    assert after[pages * 4096 :] == bytes(len(before) - pages * 4096)
    one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size == pages * 4096
    assert one.execute("SELECT count(*) FROM t").fetchone() == (50,)
    assert one.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _patiently(work: Callable[[], object]) -> None:
    """A busy machine is no failure: nothing was changed, and it is tried again."""
    while True:
        try:
            work()
        except StorageBusy:
            continue
        return


def _work(url: str, worker: int, acknowledged: Path, stop: Event) -> None:
    database, chance = open_sqlite(make_url(url), create_folder=False), random.Random(worker)

    def run(statement: str, **values: object) -> None:
        with database.write() as session:
            session.execute(text(statement), {"w": worker, **values})

    def count() -> int:
        with database.read() as session:
            return int(session.execute(text("SELECT count(*) FROM t WHERE worker = :w"), {"w": worker}).scalar_one())

    odds: list[tuple[float, Callable[[], object]]] = [
        (0.2, partial(run, "UPDATE t SET content = zeroblob(length(content)) WHERE worker = :w AND id % 7 = 0")),
        (0.25, database.truncate_journal),
        (0.02, database.vacuum),
    ]
    with acknowledged.open("ab", buffering=0) as noted:
        for number in itertools.takewhile(lambda _: not stop.is_set(), itertools.count(1)):
            _patiently(partial(run, "INSERT INTO t (worker, content) VALUES (:w, :c)", c=chance.randbytes(chance.randrange(9000))))
            noted.write(b"x")
            assert chance.random() > 0.3 or count() == number
            for odd, work in odds:
                if chance.random() < odd:
                    _patiently(work)
    database.dispose()


@pytest.mark.parametrize("killed", [False, True], ids=["to the end", "killed"])
def test_processes_that_write_read_and_empty_the_log_at_once_lose_nothing(path: Path, tmp_path: Path, killed: bool) -> None:
    spawn = multiprocessing.get_context("spawn")
    stop = spawn.Event()
    notes = [tmp_path / f"acknowledged-{worker}" for worker in range(4)]
    arguments: list[tuple[Any, ...]] = [(f"sqlite:///{path}", worker, notes[worker], stop) for worker in range(4)]
    workers = [spawn.Process(target=_work, args=each) for each in arguments]
    for each in workers:
        each.start()
    until = time.monotonic() + 60
    while not all(note.exists() and note.stat().st_size > 20 for note in notes) and time.monotonic() < until:
        time.sleep(0.05)
    if killed:
        for each in workers:
            time.sleep(0.05)
            assert each.pid is not None
            os.kill(each.pid, signal.SIGKILL)
    stop.set()
    for each in workers:
        each.join(60)
        assert killed or each.exitcode == 0
    with closing(connect(path)) as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for worker, note in enumerate(notes):
            (stored,) = found.execute("SELECT count(*) FROM t WHERE worker = ?", (worker,)).fetchone()
            noted = note.stat().st_size
            assert noted > 20
            assert stored == noted or (killed and stored == noted + 1)  # killed between the commit and the note


def test_a_database_overwrites_its_log(tmp_path: Path) -> None:
    database = open_sqlite(make_url(f"sqlite:///{tmp_path / 'own.db'}"), create_folder=True)
    assert isinstance(database, SqliteDatabase)
    with database.write() as session:
        session.execute(text("CREATE TABLE t (a)"))
    assert database.truncate_journal()
    assert log(database.path).stat().st_size == 0
    assert database.vacuum()
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM t")).scalar() == 0
    database.dispose()
