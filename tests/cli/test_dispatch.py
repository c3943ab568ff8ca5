"""Who is next: threads are kept for text, a flood of one kind leaves the others their turn, and in one of reports the lot decides."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from app.cli import dispatch
from app.cli.dispatch import Dispatcher
from app.web.lanes import REPORTS, SLOWED, Group, Lane, groups

SECONDS = 10


class Work:
    """Jobs that are numbers; those that are held run until they are let go."""

    def __init__(self, *threads: Group) -> None:
        self.done: list[tuple[Lane, int]] = []
        self.begun = threading.Semaphore(0)
        self.held = threading.Event()
        self.over = threading.Semaphore(0)
        self.dispatcher = Dispatcher[int](threads, self._run)

    def _run(self, lane: Lane, job: int) -> None:
        self.begun.release()
        if job < 0:
            self.held.wait(SECONDS)
        self.done.append((lane, job))
        self.over.release()

    def finish(self, count: int) -> list[tuple[Lane, int]]:
        """Wait until so many are done."""
        for _ in range(count):
            assert self.over.acquire(timeout=SECONDS)
        return self.done


@pytest.fixture
def one_thread() -> Iterator[Work]:
    """A single thread for all lanes, which is busy until `held` is set."""
    work = Work(Group(tuple(Lane), 1))
    work.dispatcher.put(Lane.DESK, -1)
    assert work.begun.acquire(timeout=SECONDS)
    yield work
    work.held.set()
    work.dispatcher.shutdown()


def test_text_has_threads_of_its_own_whatever_all_others_do() -> None:
    work = Work(*groups(8))
    for lane in Lane:
        for _ in range(30 if lane not in REPORTS else 0):
            work.dispatcher.put(lane, -1)
    busy = sum(group.threads for group in groups(8) if group.lanes != REPORTS)
    for _ in range(busy):
        assert work.begun.acquire(timeout=SECONDS)
    for number in range(3):
        work.dispatcher.put(Lane.TEXT, number)
    assert {job for lane, job in work.finish(3) if lane is Lane.TEXT} == {0, 1, 2}
    assert len(work.done) == 3
    work.held.set()
    work.dispatcher.shutdown()


@pytest.mark.parametrize("threads", [1, 2, 4, 8, 64])
def test_every_lane_has_a_thread_and_logins_one_more_than_may_wait_on_purpose(threads: int) -> None:
    assert {lane for group in groups(threads) for lane in group.lanes} == set(Lane)
    assert min(group.threads for group in groups(threads)) >= 1
    assert next(group.threads for group in groups(threads) if Lane.LOGIN in group.lanes) > SLOWED


def test_a_flood_of_one_kind_leaves_the_others_their_turn(one_thread: Work) -> None:
    for number in range(1000):
        one_thread.dispatcher.put(Lane.OPENING, number)
    one_thread.dispatcher.put(Lane.PAGE, 1)
    one_thread.dispatcher.put(Lane.TEXT, 1)
    one_thread.held.set()
    done = one_thread.finish(6)
    assert {(Lane.PAGE, 1), (Lane.TEXT, 1)} <= set(done[:6])


def test_as_long_as_nobody_waits_long_the_first_comes_first(one_thread: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "CALM_SECONDS", 60.0)
    for number in range(200):
        one_thread.dispatcher.put(Lane.OPENING, number)
    one_thread.held.set()
    assert [job for _, job in one_thread.finish(201)][1:] == list(range(200))


@pytest.mark.parametrize("lane", REPORTS)
def test_in_a_flood_of_reports_the_lot_decides(one_thread: Work, lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "CALM_SECONDS", -1.0)
    for number in range(2000):
        one_thread.dispatcher.put(lane, number)
    one_thread.held.set()
    early = [job for _, job in one_thread.finish(501)][1:501]
    assert 700 < sum(early) / 500 < 1300  # 1000 expected; the mean of 500 of them strays by 22
    assert early != sorted(early)


def test_elsewhere_the_newest_and_the_oldest_come_in_turn(one_thread: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "CALM_SECONDS", -1.0)
    for number in range(2000):
        one_thread.dispatcher.put(Lane.OPENING, number)
    one_thread.held.set()
    assert [job for _, job in one_thread.finish(7)][1:7] in ([1999, 0, 1998, 1, 1997, 2], [0, 1999, 1, 1998, 2, 1997])


@pytest.mark.parametrize("threads", [group for group in groups(8) if Lane.TEXT in group.lanes])
def test_in_a_flood_without_proofs_those_with_one_are_soon_drawn_and_the_others_go_on(
    threads: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "CALM_SECONDS", -1.0)
    work = Work(Group(threads.lanes, 1))
    work.dispatcher.put(Lane.TEXT, -1)
    assert work.begun.acquire(timeout=SECONDS)
    for number in range(2000):
        work.dispatcher.put(Lane.TEXT, number)
    for number in range(10):
        work.dispatcher.put(Lane.PROVEN, number)
    work.held.set()
    lanes = [lane for lane, _ in work.finish(2011)[1:]]
    assert lanes[:20].count(Lane.PROVEN) == 10, "one of two places is theirs"
    assert lanes[:20].count(Lane.TEXT) == 10, "and the other needs no proof"
    assert lanes.count(Lane.TEXT) == 2000
    work.dispatcher.shutdown()


def test_no_more_are_taken_out_than_asked_for_and_those_by_lot(one_thread: Work) -> None:
    for number in range(2000):
        one_thread.dispatcher.put(Lane.TEXT, number)
    taken = one_thread.dispatcher.take_all(Lane.TEXT, lambda job: job >= 1000, 300)
    assert len(set(taken)) == 300
    assert 1350 < sum(taken) / 300 < 1650  # 1500 expected; the mean of 300 of them strays by 14
    assert one_thread.dispatcher.waiting(Lane.TEXT) == 1700
    assert len(one_thread.dispatcher.take_all(Lane.TEXT, lambda job: job < 3, 300)) == 3


def test_what_is_taken_out_is_not_run(one_thread: Work) -> None:
    for number in range(10):
        one_thread.dispatcher.put(Lane.TEXT, number)
    assert one_thread.dispatcher.take_all(Lane.TEXT, lambda job: job % 2 == 0) == [0, 2, 4, 6, 8]
    assert one_thread.dispatcher.waiting(Lane.TEXT) == 5
    one_thread.held.set()
    assert [job for _, job in one_thread.finish(6)][1:] == [1, 3, 5, 7, 9]


def test_a_signals_handler_can_end_it_whatever_the_loop_is_doing() -> None:
    """It runs in the loop's thread, between any two lines of it."""
    work = Work(Group(tuple(Lane), 1))

    def loop() -> None:
        with work.dispatcher._lock:
            work.dispatcher.shutdown()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive()
