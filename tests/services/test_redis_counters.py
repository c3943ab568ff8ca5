"""Several servers count together in a real Redis; without it each counts by itself, at once and without a word of anybody."""

from __future__ import annotations

import logging
import multiprocessing
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from app.factory import make_context
from app.services import counters, redis_link
from app.services.buckets import Bucket, MemoryBuckets, Rate
from app.services.context import Context
from app.services.redis_counters import RedisBuckets, RedisFailures
from app.services.redis_link import RedisLink
from app.services.slowdown import MemoryFailures, Name, Slowdown
from tests.redis_server import PASSWORD, Server
from tests.support import SECRET_KEY, make_settings

SLOW = {bucket: Rate(places=1, grain=3600, burst=100) for bucket in Bucket}
"""No place comes free while a test runs (unless an hour of the clock ends just then, and then one does)."""

QUICK = {bucket: Rate(places=2, grain=1, burst=5) for bucket in Bucket}
KEYS = re.compile(r"quietline:(bucket:(uploads|logins)|wrong:[0-9a-f]{4})")
DOCUMENT = Path(__file__).parents[2] / "SECURITY.md"


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    with closing(running.client()) as client:
        client.flushall()
    return running


@pytest.fixture
def own() -> Iterator[Server]:
    """One that a test may end."""
    with Server() as server:
        yield server


def shared(url: str, rates: dict[Bucket, Rate] = SLOW) -> RedisBuckets:
    """The buckets of a further server; its own are empty, so that a place there can be told from one here."""
    return RedisBuckets(RedisLink(url, again_after=0.05), Full(), rates)


class Full:
    """No place at all."""

    def take(self, bucket: Bucket) -> float:
        return 4711.0


def taken(found: RedisBuckets, tries: int) -> int:
    return sum(found.take(Bucket.UPLOADS) == 0.0 for _ in range(tries))


def _take_many(url: str, said: object) -> None:
    said.put(taken(shared(url), 40))  # type: ignore[attr-defined]


def test_several_servers_never_get_more_than_the_burst_between_them(server: Server) -> None:
    fork = multiprocessing.get_context("fork")
    said = fork.SimpleQueue()
    servers = [fork.Process(target=_take_many, args=(server.url, said)) for _ in range(4)]
    for each in servers:
        each.start()
    assert sum(said.get() for _ in servers) in (100, 101)
    for each in servers:
        each.join(10)
    assert 0 < shared(server.url).take(Bucket.UPLOADS) <= 3600
    assert shared(server.url).take(Bucket.LOGINS) == 0.0


def test_threads_and_processes_that_are_forked_later_each_have_their_own_connection(server: Server) -> None:
    found = shared(server.url)
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: taken(found, 5), range(8))) == 40
    fork = multiprocessing.get_context("fork")
    said = fork.SimpleQueue()
    child = fork.Process(target=lambda: said.put(taken(found, 10)))
    child.start()
    assert said.get() + taken(found, 10) == 20
    child.join(10)


def test_places_come_free_by_the_clock_of_redis(server: Server) -> None:
    found = shared(server.url, QUICK)
    began = int(time.time())
    first = taken(found, 20)
    assert 5 <= first <= 5 + 2 * (int(time.time()) - began)
    assert found.take(Bucket.UPLOADS) in (0.0, 1.0)
    time.sleep(1)
    total = first + taken(found, 20)
    assert 7 <= total <= 5 + 2 * (int(time.time()) - began)


@pytest.mark.parametrize("value", ["5", "-1", "x", "9" * 30, "1e400", "nan"])
def test_a_number_that_is_none_is_an_empty_bucket(server: Server, value: str) -> None:
    with closing(server.client()) as client:
        client.set("quietline:bucket:uploads", value)
    assert taken(shared(server.url), 120) in (100, 101)


def test_wrong_passwords_count_for_all_servers_and_are_forgotten_by_all(server: Server) -> None:
    ada, bob = ("org", "ada"), ("org", "bob")
    waits: list[float] = []
    here, there = (Slowdown(waits.append, RedisFailures(RedisLink(server.url), MemoryFailures(), SECRET_KEY)) for _ in range(2))
    for slowdown in (here, there, here):
        slowdown.wait(ada)
        slowdown.wrong(ada)
    there.wait(bob)
    assert waits == [0.25, 0.5]
    there.right(ada)
    here.wait(ada)
    assert waits == [0.25, 0.5]


def test_redis_holds_numbers_for_minutes_and_no_name_and_no_time_finer_than_a_grain(server: Server) -> None:
    settings = make_settings(Path("unused"), REDIS_URL=server.url)
    found = counters.open_counters(settings)
    for bucket in Bucket:
        found.buckets.take(bucket)
    for number in range(50):
        found.failures.add(("a-canary-organisation", f"a-canary-name-{number}"))
    with closing(server.client()) as client:
        for key in client.scan_iter():
            assert KEYS.fullmatch(key), key
            assert client.type(key) == "string"
            assert str(client.get(key)).isdecimal()
            assert 0 < client.ttl(key) <= 15 * 60
        before = client.get("quietline:bucket:uploads"), client.expiretime("quietline:bucket:uploads")
        grain = 10
        assert int(str(before[0])) // 50 * grain <= time.time()
        assert before[1] % grain == 0
        assert len(client.keys("quietline:wrong:*")) > 45


def test_the_document_lists_what_redis_holds() -> None:
    listed = set(re.findall(r"^\| `(quietline:[^`]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == {"quietline:bucket:uploads", "quietline:bucket:logins", "quietline:wrong:XXXX"}


def test_nothing_of_it_is_on_a_disk(own: Server) -> None:
    assert taken(shared(own.url), 5) == 5
    with closing(own.client()) as client:
        said = client.config_get("save", "appendonly", "slowlog-max-len")
        assert said == {"save": "", "appendonly": "no", "slowlog-max-len": "0"}
        assert client.slowlog_get() == []
        client.shutdown()
    assert {path.name for path in own.folder.iterdir()} - {"socket"} == {"log"}
    assert "bucket" not in (own.folder / "log").read_text()


def test_while_redis_is_away_a_server_counts_by_itself_and_afterwards_with_the_others(
    own: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = RedisBuckets(RedisLink(own.url, again_after=0.05), MemoryBuckets(SLOW), SLOW)
    assert taken(found, 100) == 100
    assert found.take(Bucket.UPLOADS) > 0
    own.kill()
    began = time.monotonic()
    assert taken(found, 200) in (100, 101)
    assert time.monotonic() - began < 1.0
    own.start()
    deadline = time.monotonic() + 10
    while not taken(found, 1):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert 98 <= taken(found, 200) <= 100
    assert [record.getMessage() for record in caplog.records if record.name.startswith("quietline")] == [
        redis_link._AWAY,
        "Redis answers again",
    ]
    assert PASSWORD not in caplog.text


def test_wrong_passwords_are_counted_while_redis_is_away(own: Server) -> None:
    failures = RedisFailures(RedisLink(own.url), MemoryFailures(), SECRET_KEY)
    own.kill()
    name = ("org", "ada")
    failures.add(name)
    failures.add(name)
    assert failures.count(name) == 2
    failures.forget(name)
    assert failures.count(name) == 0


class Nonsense:
    """Something that listens where Redis should, and says this to whatever comes."""

    def __init__(self, says: bytes | None) -> None:
        self._says = says
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self._listener.getsockname()[1]}/0"
        self._held: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._held.append(client)
            if self._says is not None:
                threading.Thread(target=self._answer, args=(client, self._says), daemon=True).start()

    @staticmethod
    def _answer(client: socket.socket, says: bytes) -> None:
        try:
            while client.recv(65536):
                client.sendall(says)
        except OSError:
            return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._held:
            each.close()


@pytest.mark.parametrize(
    "says",
    [
        None,
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"+OK\r\n+OK\r\n",
        b":-5\r\n",
        b":99999999999\r\n",
        b"$3\r\nabc\r\n",
        b"*1000000\r\n",
        b"-OOM command not allowed\r\n",
        b"\xff\xfe\r\n",
        b":\r\n",
        b"-LOADING\r\n",
    ],
)
def test_whatever_it_says_that_is_no_answer_the_page_goes_on_within_a_moment(says: bytes | None) -> None:
    with closing(Nonsense(says)) as there:
        found = RedisBuckets(RedisLink(there.url), MemoryBuckets(SLOW), SLOW)
        began = time.monotonic()
        assert taken(found, 150) in (100, 101)
        assert time.monotonic() - began < 1.5


def test_a_server_that_refuses_the_password_or_runs_no_scripts_is_no_server(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    wrong = server.url.replace(PASSWORD, "another-canary")
    found = RedisBuckets(RedisLink(wrong), MemoryBuckets(SLOW), SLOW)
    assert taken(found, 3) == 3
    with closing(server.client()) as client:
        client.acl_setuser("mute", enabled=True, passwords=["+x"], commands=["+ping", "+get"], keys=["*"])
        found = RedisBuckets(RedisLink(server.url.replace(PASSWORD, "x") + "&username=mute"), MemoryBuckets(SLOW), SLOW)
        assert taken(found, 3) == 3
        client.acl_deluser("mute")
        assert client.get("quietline:bucket:uploads") is None
    assert "canary" not in caplog.text


def test_the_password_is_in_no_text(server: Server, ctx: Context) -> None:
    settings = make_settings(ctx.settings.data, REDIS_URL=server.url)
    ctx = make_context(settings)
    said = f"{settings!r} {ctx!r} {ctx.buckets!r} {ctx.slowdown!r} {ctx.shared!r} {ctx.shared} {vars(ctx.shared)!r}"
    assert PASSWORD not in said
    assert ctx.shared is not None
    assert ctx.shared.answers()
    ctx.database.dispose()


def test_without_the_setting_everything_is_in_memory_and_the_client_is_not_loaded(tmp_path: Path) -> None:
    found = counters.open_counters(make_settings(tmp_path))
    assert (type(found.buckets), type(found.failures), found.shared) == (MemoryBuckets, MemoryFailures, None)
    look = "import app.factory, sys; print([name for name in sys.modules if name.split('.')[0] == 'redis'])"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_the_guide_allows_the_user_is_enough_and_no_more_than_that(server: Server) -> None:
    found = re.search(r"`user quietline (on >PASSWORD [^`]+)`", (DOCUMENT.parent / "deploy" / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    client: Any = server.client()
    with closing(client):
        client.execute_command("ACL", "SETUSER", "quietline", "reset", *found[1].split())
        client.script_flush()
        link = RedisLink(f"unix://{server.socket}?username=quietline&password=PASSWORD&db=3")
        assert link.answers()
        assert taken(RedisBuckets(link, Full(), SLOW), 3) == 3
        failures = RedisFailures(link, Uncounted(), SECRET_KEY)
        failures.add(("org", "ada"))
        assert failures.count(("org", "ada")) == 1
        failures.forget(("org", "ada"))
        assert failures.count(("org", "ada")) == 0
        with closing(Redis(unix_socket_path=str(server.socket), username="quietline", password="PASSWORD")) as guest:
            for ask in (guest.keys, guest.config_get, guest.flushall, lambda: guest.get("elsewhere"), lambda: guest.eval("return 1", 0)):
                with pytest.raises(NoPermissionError):
                    ask()
        client.acl_deluser("quietline")


class Uncounted:
    """Nothing is counted by the server itself."""

    def count(self, name: Name) -> int:
        raise AssertionError

    def add(self, name: Name) -> None:
        raise AssertionError

    def forget(self, name: Name) -> None:
        """Done in both."""
