"""Buckets in memory: so many at once, so many from then on, whichever process asks; and what does not fit waits or comes again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import struct
import time

import pytest

from app.domain import LIMITS
from app.errors import ComesAgain, LoginFailed
from app.services import buckets, officers
from app.services.buckets import RATES, Bucket, MemoryBuckets, Rate, place
from app.services.slowdown import MOST_SECONDS, Slowdown
from tests.support import Place

SMALL = {bucket: Rate(places=2, grain=10, burst=5) for bucket in Bucket}


class Tick:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 12_345.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def tick() -> Tick:
    return Tick()


@pytest.fixture
def found(tick: Tick) -> MemoryBuckets:
    return MemoryBuckets(SMALL, tick)


def taken(found: buckets.Buckets, tries: int = 20) -> int:
    """How many of so many tries got a place."""
    return sum(found.take(Bucket.UPLOADS) == 0.0 for _ in range(tries))


def test_a_burst_has_places_and_then_so_many_come_free_with_each_grain(found: MemoryBuckets, tick: Tick) -> None:
    assert taken(found) == 5
    tick.now += 10
    assert taken(found) == 2
    tick.now += 1000
    assert taken(found) == 5


def test_whoever_finds_none_is_told_when_there_is_one_and_then_there_is(found: MemoryBuckets, tick: Tick) -> None:
    assert taken(found, 5) == 5
    seconds = found.take(Bucket.UPLOADS)
    assert seconds == 5.0  # 12345 is in the middle of a grain
    tick.now += seconds
    assert found.take(Bucket.UPLOADS) == 0.0


def test_the_kinds_have_a_bucket_each(found: MemoryBuckets) -> None:
    assert taken(found) == 5
    assert found.take(Bucket.LOGINS) == 0.0


def test_over_a_long_time_as_many_are_taken_as_the_rate_says(found: MemoryBuckets, tick: Tick) -> None:
    total = 0
    for step in (0.3, 7, 9.9, 0.1, 12, 3, 3, 3, 0.5) * 20:
        tick.now += step
        total += taken(found, 4)
    assert total == 5 + 2 * ((tick.now - 12_340) // 10)


@pytest.mark.parametrize("nonsense", [-1, 1, 10**15])
def test_a_number_from_another_clock_is_an_empty_bucket(nonsense: int) -> None:
    rate = Rate(places=2, grain=10, burst=5)
    assert place(rate, nonsense, 1000.0) == (201, 0.0)


def test_the_number_tells_no_time_finer_than_a_grain() -> None:
    rate = RATES[Bucket.UPLOADS]
    assert {place(rate, 0, now)[0] for now in (5000.0, 5003.21, 5009.999)} == {500 * rate.places + 1}


def _take_many(found: MemoryBuckets, said: object) -> None:
    said.put(taken(found, 40))  # type: ignore[attr-defined]


def test_processes_that_were_forked_share_one_exactly(tick: Tick) -> None:
    found = MemoryBuckets({bucket: Rate(places=1, grain=10, burst=100) for bucket in Bucket}, tick)
    fork = multiprocessing.get_context("fork")
    said = fork.SimpleQueue()
    workers = [fork.Process(target=_take_many, args=(found, said)) for _ in range(5)]
    for each in workers:
        each.start()
    assert sum(said.get() for _ in workers) == 100
    for each in workers:
        each.join(10)
    assert found.take(Bucket.UPLOADS) > 0


def test_a_process_that_dies_while_it_holds_the_lock_stops_nobody(found: MemoryBuckets) -> None:
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        with found._page.locked():
            os.write(told, b"x")
            time.sleep(60)
        os._exit(1)
    assert os.read(ready, 1) == b"x"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(told)
    assert taken(found) == 5


def test_nothing_is_kept_but_a_number_a_kind(found: MemoryBuckets) -> None:
    for bucket in Bucket:
        found.take(bucket)
    with found._page.locked() as memory:
        whole = bytes(memory)
    assert struct.unpack_from("<qq", whole) == (2 * 1234 + 1, 2 * 1234 + 1)
    assert not any(whole[16:])


def test_normal_use_meets_none() -> None:
    uploads, logins = RATES[Bucket.UPLOADS], RATES[Bucket.LOGINS]
    assert uploads.burst >= 10 * LIMITS.attachments
    assert logins.burst >= 100
    longest = {bucket: rate.burst / rate.places * rate.grain for bucket, rate in RATES.items()}
    assert max(longest.values()) <= 5 * 60  # then whatever was, is forgotten


def test_beyond_it_one_is_told_to_come_again(found: MemoryBuckets) -> None:
    for _ in range(5):
        buckets.require(found, Bucket.UPLOADS)
    with pytest.raises(ComesAgain) as refused:
        buckets.require(found, Bucket.UPLOADS)
    assert (refused.value.code, refused.value.seconds) == ("storage_busy", 5.0)


@pytest.fixture
def waits(place: Place, found: MemoryBuckets) -> list[float]:
    """The seconds that logins would have waited; the bucket of the place is small."""
    waited: list[float] = []
    object.__setattr__(place.ctx, "slowdown", Slowdown(waited.append))
    object.__setattr__(place.ctx, "buckets", found)
    return waited


def test_guesses_at_many_names_wait_and_so_does_a_right_password_but_it_gets_in(place: Place, waits: list[float]) -> None:
    for number in range(5):
        with pytest.raises(LoginFailed):
            officers.login(place.ctx, place.id, f"nobody{number}", bytes(32))
    assert waits == []
    assert officers.login(place.ctx, place.id, "olivia", place.olivia.secrets.login).officer.id == place.olivia.id
    for user in ("nobody", "nathan", ""):
        with pytest.raises(LoginFailed):
            officers.login(place.ctx, place.id, user, bytes(32))
    assert waits == [MOST_SECONDS] * 4


def test_a_wait_for_the_names_own_sake_is_not_added_to_it(place: Place, waits: list[float], tick: Tick) -> None:
    for _ in range(7):
        with pytest.raises(LoginFailed):
            officers.login(place.ctx, place.id, "olivia", bytes(32))
    assert waits == [0.25, 0.5, 1.0, 2.0, MOST_SECONDS, MOST_SECONDS]
    tick.now = 12_349.5  # half a second until there is a place
    with pytest.raises(LoginFailed):
        officers.login(place.ctx, place.id, "nathan", bytes(32))
    assert waits[-1] == 0.5
