"""The monitor beside a real server: what it says when a worker hangs, the database is gone, the disk is full, every thread is busy."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.crypto.hybrid import HybridIdentity
from app.storage.engine import open_database
from tests.cli.runner import environment, quietline, refused, worked
from tests.databases import databases
from tests.portal import Portal, free_port
from tests.support import SECRET_KEY

pytestmark = pytest.mark.usefixtures("database_kind")
PATIENCE = 40


class Monitored(Portal):
    """A portal with a monitor."""

    def __init__(self, data: Path, log: Path, **settings: str) -> None:
        worked(quietline(data, "init", "--recovery", str(HybridIdentity.generate().recipient)))
        self.monitor = free_port()
        more = {"SECRET_KEY_FILE": str(data / "secret-key"), "MONITOR": f"127.0.0.1:{self.monitor}", "THREADS": "2", **settings}
        super().__init__(environment(data, **more), log)

    def __enter__(self) -> Monitored:
        self.start()
        return self

    def ask(self, path: str, host: str | None = None, method: str = "GET") -> tuple[int, str]:
        """0 where nobody answers."""
        connection = HTTPConnection("127.0.0.1", self.monitor, timeout=10)
        try:
            connection.request(method, path, headers={} if host is None else {"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, HTTPException):
            return 0, ""
        finally:
            connection.close()

    def until(self, path: str, status: int, patience: float = PATIENCE) -> str:
        """What it says once it answers with this status."""
        end = time.monotonic() + patience
        while (found := self.ask(path))[0] != status:
            assert time.monotonic() < end, found
            time.sleep(0.1)
        return found[1]

    def children(self) -> list[int]:
        """The workers and the monitor."""
        return [int(each) for each in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def workers(self) -> list[int]:
        """Processes that hold the portal's socket open: the monitor does not."""
        return [pid for pid in self.children() if pid != self.monitor_pid]

    @property
    def monitor_pid(self) -> int:
        """The first that was forked."""
        return min(self.children())


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Monitored]:
    with Monitored(tmp_path / "data", tmp_path / "log.txt") as served:
        served.until("/healthz", 200)
        yield served


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_it_says_that_the_server_lives_and_is_ready_and_prometheus_can_read_the_rest(portal: Monitored) -> None:
    assert portal.ask("/healthz") == (200, "live: 2 workers\n")
    assert portal.ask("/readyz") == (200, "ready\ndatabase: ok\nschema: ok\nblob store: ok\ndisk space: ok\n")
    names = {family.name for family in text_string_to_metric_families(portal.ask("/metrics")[1])}
    assert {"quietline_workers", "quietline_ready", "quietline_last_day_reports", "quietline_disk_free_bytes"} <= names
    assert portal.ask("/healthz", method="HEAD") == (200, "")


def test_other_pages_and_names_are_told_nothing_and_nothing_is_logged(portal: Monitored) -> None:
    assert portal.ask("/canary-3301")[0] == 404
    assert portal.ask("/metrics", host="evil.example")[0] == 421
    assert portal.ask("/metrics", host="evil.example:80")[0] == 421
    assert portal.ask("/metrics", host="localhost:1")[0] == 200
    status, text = portal.ask("/metrics", method="CANARY")
    assert (status, "CANARY" in text) == (501, False)
    with socket.create_connection(("127.0.0.1", portal.monitor), timeout=10) as connection:
        connection.sendall(b"canary-3302\r\n\r\n")
        assert b"canary" not in connection.recv(1000)
    log = portal.log.read_text()
    assert log == f"Serving at {portal.url}/\n"


def test_a_worker_that_hangs_is_noticed_and_one_that_was_replaced_too(portal: Monitored) -> None:
    stopped = portal.workers()[0]
    os.kill(stopped, signal.SIGSTOP)
    assert portal.until("/healthz", 503) == "not live: 1 of 2 workers not heard of for 10 seconds\n"
    os.kill(stopped, signal.SIGKILL)
    assert portal.until("/healthz", 200) == "live: 2 workers\n"


def test_a_database_that_is_gone_is_noticed(portal: Monitored, tmp_path: Path) -> None:
    if databases.kind == "sqlite":
        (tmp_path / "data/quietline.db").rename(tmp_path / "data/away.db")
    else:
        database = open_database(databases.url(tmp_path / "data"))
        with database.write() as session:
            session.connection().exec_driver_sql("ALTER TABLE alembic_version RENAME TO away")
    text = portal.until("/readyz", 503)
    assert text.startswith("not ready\ndatabase: ")
    assert "\nschema: not ok, " in text
    assert "\nblob store: ok\n" in text
    if databases.kind == "sqlite":
        assert "database: not ok, its file is missing, or another one lies in its place\n" in text
        assert portal.ask("/metrics")[0] == 200
        assert not (tmp_path / "data/quietline.db").exists()
        (tmp_path / "data/away.db").rename(tmp_path / "data/quietline.db")
        portal.until("/readyz", 200)
    else:
        with database.write() as session:
            session.connection().exec_driver_sql("ALTER TABLE away RENAME TO alembic_version")
        database.dispose()
        portal.until("/readyz", 200)
    assert portal.ask("/healthz")[0] == 200


def test_a_store_that_is_gone_is_noticed(portal: Monitored, tmp_path: Path) -> None:
    (tmp_path / "data/staging").rename(tmp_path / "data/away")
    assert "\nblob store: not ok, " in portal.until("/readyz", 503)
    (tmp_path / "data/away").rename(tmp_path / "data/staging")
    portal.until("/readyz", 200)


def test_looking_changes_no_file(portal: Monitored, tmp_path: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        found = [path.stat() for path in sorted((tmp_path / "data").rglob("*"))]
        return {str(each.st_ino): (each.st_size, each.st_mtime_ns) for each in found}

    portal.ask("/readyz")
    before = state()
    for path in ("/readyz", "/metrics", "/healthz"):
        assert portal.ask(path)[0] == 200
    assert state() == before


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="mounting a small file system takes root")
def test_a_full_disk_is_noticed(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", disk]).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with Monitored(disk / "data", tmp_path / "log.txt") as portal:
            portal.until("/readyz", 200)
            with (disk / "filling").open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, 60 * 1024 * 1024)
            assert "\ndisk space: not ok, less than 256 MiB are free" in portal.until("/readyz", 503)
            (disk / "filling").unlink()
            portal.until("/readyz", 200)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_it_answers_while_no_thread_of_the_portal_does(portal: Monitored) -> None:
    workers = [pid for pid in portal.children() if pid != portal.monitor_pid]
    assert len(workers) == 2
    try:
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        with socket.create_connection(("127.0.0.1", portal.port), timeout=1) as visitor:
            visitor.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            with pytest.raises(TimeoutError):
                visitor.recv(1)
        started = time.monotonic()
        for path in ("/readyz", "/metrics"):
            assert portal.ask(path)[0] == 200
        assert time.monotonic() - started < 5
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


def test_a_monitor_that_was_killed_is_started_again(portal: Monitored) -> None:
    before = portal.monitor_pid
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: before not in portal.children())
    portal.until("/readyz", 200)
    assert portal.ask("/healthz") == (200, "live: 2 workers\n")
    assert len(portal.children()) == 3


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_master(portal: Monitored, how: signal.Signals) -> None:
    processes = portal.children()
    os.kill(portal.pid, how)
    wait_for(lambda: not any(_runs(pid) for pid in processes))
    assert portal.ask("/healthz")[0] == 0


def _runs(pid: int) -> bool:
    """Whether a process does anything still; one that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_socket_for_its_owner_is_taken_over_from_a_server_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "monitor"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with Monitored(tmp_path / "data", tmp_path / "log.txt", MONITOR=f"unix:{path}") as portal:
        assert path.stat().st_mode & 0o777 == 0o600
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(path))
            connection.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.0 200 OK\r\n")
        other = {"SECRET_KEY_FILE": str(tmp_path / "data/secret-key"), "BIND": f"127.0.0.1:{free_port()}", "MONITOR": f"unix:{path}"}
        done = quietline(tmp_path / "data", "serve", **other)
        assert b"QUIETLINE_MONITOR" in done.stderr
        assert done.returncode == 1
        assert portal.pid


def test_a_port_in_use_is_said_in_one_sentence(portal: Monitored, tmp_path: Path) -> None:
    settings = {"SECRET_KEY_FILE": str(tmp_path / "data/secret-key"), "BIND": f"127.0.0.1:{free_port()}"}
    done = quietline(tmp_path / "data", "serve", MONITOR=f"127.0.0.1:{portal.monitor}", **settings)
    assert b"QUIETLINE_MONITOR" in done.stderr
    assert b"Traceback" not in done.stderr


def test_it_is_for_this_machine_only(tmp_path: Path) -> None:
    done = quietline(tmp_path, "serve", SECRET_KEY=SECRET_KEY, MONITOR="0.0.0.0:9100")
    assert "address of this machine" in refused(done)
