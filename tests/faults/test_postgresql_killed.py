"""PostgreSQL is killed and started again while reports are being committed: what was acknowledged is there, the rest can be sent again."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest

from tests.faults.house import House, opened, until
from tests.faults.senders import FORM, Plain, Sealed, Sender, ask
from tests.postgres import Server

pytestmark = pytest.mark.only_postgresql
KILLS = 4
LOSING = """
    CREATE FUNCTION losing() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER losing AFTER INSERT ON cases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION losing();
"""
"""Ends the connection while it commits a new case."""

CLIENTS = 4


class Mortal(Server):
    """A server of the test's own, which syncs what it commits and can be killed."""

    def __init__(self) -> None:
        super().__init__("fsync=on", "full_page_writes=on", "max_connections=60")

    @property
    def processes(self) -> list[int]:
        """The postmaster and its backends."""
        assert self._process is not None
        pid = self._process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def kill(self) -> None:
        """All of it, at once and without a word."""
        for each in (processes := self.processes):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        until(lambda: not any(Path(f"/proc/{each}").exists() for each in processes) or None, "a backend does not end")

    def immediate(self) -> None:
        """As `pg_ctl stop -m immediate`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=20)

    def again(self) -> None:
        """Start it; it recovers."""
        (self.folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        self._start(("fsync=on", "full_page_writes=on", "max_connections=60"))


@pytest.fixture
def server() -> Iterator[Mortal]:
    mortal = Mortal()
    yield mortal
    mortal.stop()


class Reporters:
    """Several at once: each sends reports of its own, each until it is acknowledged, until they are told to stop."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._over = threading.Event()
        self.failed: list[BaseException] = []
        self.refusals: list[int] = []
        self.tries = 0
        self._threads = [threading.Thread(target=self._report, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Reporters:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=120)

    def _report(self, number: int) -> None:
        try:
            while not self._over.is_set():
                size = 1000 if number % 2 else 0
                sender: Sender = Sealed(self._house.keys, size) if number < CLIENTS // 2 else Plain(size)
                while not self._house.attempt(sender):
                    self.tries += 1
                    time.sleep(0.02)
                self.refusals += sender.refusals
        except BaseException as error:  # told by the test
            self.failed.append(error)


def test_reports_go_on_through_kills_of_the_database_and_none_is_lost_or_twice(tmp_path: Path, server: Mortal) -> None:
    with opened(tmp_path, DATABASE_URL=server.address, THREADS="4", WORKERS="2") as house:
        with Reporters(house) as reporters:
            for number in range(KILLS):
                before = len(house.promises)
                until(lambda before=before: len(house.promises) > before + 5 or reporters.failed or None, "no report goes through")  # type: ignore[misc]
                time.sleep(random.uniform(0, 0.05))  # somewhere in a commit
                (server.immediate if number % 2 else server.kill)()
                server.again()
            before = len(house.promises)
            until(lambda: len(house.promises) > before + 5 or reporters.failed or None, "the portal does not recover by itself")
        assert reporters.failed == []
        assert reporters.tries > 0, "no report met the fault"
        assert set(reporters.refusals) <= {500, 503}, reporters.refusals
        house.check()


def test_a_connection_that_is_lost_in_the_commit_is_told_as_unknown_and_the_same_again_is_one_case(tmp_path: Path, server: Mortal) -> None:
    with opened(tmp_path, DATABASE_URL=server.address) as house, psycopg.connect(server.address, autocommit=True) as owner:
        house.send(Plain())
        plain, sealed = Plain(), Sealed(house.keys)
        owner.execute(LOSING)
        assert not house.attempt(plain) and not house.attempt(sealed)
        assert (plain.refusals, sealed.refusals) == ([500], [500])
        answer = ask(house.portal, "POST", "/report/ethics/send", urlencode(plain._form or {}, doseq=True).encode(), FORM)
        assert answer is not None and "We do not know whether it arrived" in answer.page.text
        assert "CommitUnknown" in house.said()
        owner.execute("DROP TRIGGER losing ON cases")
        assert house.send(plain) == house.send(sealed) == 1
        house.check()


def test_while_the_database_is_gone_nothing_is_claimed_and_the_text_is_kept(tmp_path: Path, server: Mortal) -> None:
    with opened(tmp_path, DATABASE_URL=server.address) as house:
        senders: list[Sender] = [Plain(), Plain(1000), Sealed(house.keys), Sealed(house.keys, 1000)]
        for sender in senders:
            house.send(sender)
        late: list[Sender] = [Plain(), Plain(1000), Sealed(house.keys), Sealed(house.keys, 1000)]
        server.kill()
        for sender in late:
            assert not house.attempt(sender)
            assert set(sender.refusals) <= {500, 503}, sender.refusals
        server.again()
        for sender in late:
            house.send(sender)
        house.check()
