"""Signs of life, shared by processes: what hangs, and what is counted of days."""

from __future__ import annotations

import os
import time
from datetime import date, timedelta

import pytest

from app.services.vitals import EVENTS, HANGS_AFTER, SLOTS, Vitals, Workers

DAY = date(2026, 11, 21)
NEXT = DAY + timedelta(days=1)
NOTHING = dict.fromkeys(EVENTS, 0)


@pytest.fixture
def found() -> Vitals:
    made = Vitals()
    made.began(DAY - timedelta(days=1))
    return made


def in_a_fork(found: Vitals, work: str) -> None:
    child = os.fork()
    if child == 0:
        found.count(work, DAY)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_events_of_several_processes_are_counted_together(found: Vitals) -> None:
    for _ in range(3):
        in_a_fork(found, "storage_busy")
    found.count("no_room", DAY)
    assert found.counted(DAY) == {**NOTHING, "storage_busy": 3, "no_room": 1}


def test_what_has_no_name_of_its_own_is_internal(found: Vitals) -> None:
    found.count("ledger of the north office", DAY)
    assert found.counted(DAY) == {**NOTHING, "internal": 1}


def test_each_day_is_counted_by_itself_and_forgotten_after_the_next_but_one(found: Vitals) -> None:
    found.count("internal", DAY)
    found.count("no_room", NEXT)
    assert found.counted(DAY) == {**NOTHING, "internal": 1}
    assert found.counted(NEXT) == {**NOTHING, "no_room": 1}
    assert found.counted(NEXT + timedelta(days=1)) == NOTHING
    found.count("internal", DAY + timedelta(days=3))
    assert found.counted(DAY) is None


@pytest.mark.parametrize("began", [DAY, NEXT])
def test_a_day_on_which_the_server_started_is_not_told_as_if_it_were_whole(found: Vitals, began: date) -> None:
    found.began(began)
    found.count("internal", DAY)
    assert found.counted(DAY) is None


def test_nothing_is_told_before_the_server_says_that_it_began() -> None:
    assert Vitals().counted(DAY) is None


def test_a_worker_that_is_not_heard_of_hangs_until_it_is_heard_of_again(found: Vitals, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    first, second = found.take_place(), found.take_place()
    assert first is not None
    assert second is not None
    now += HANGS_AFTER
    found.beat(first)
    assert found.workers() == Workers(2, 0)
    now += 1
    assert found.workers() == Workers(2, 1)
    found.beat(second)
    assert found.workers() == Workers(2, 0)
    found.give_back(second)
    assert found.workers() == Workers(1, 0)


def test_places_are_as_many_as_there_may_be_workers(found: Vitals) -> None:
    assert [found.take_place() for _ in range(SLOTS + 1)] == [*range(SLOTS), None]
    found.give_back(7)
    assert found.take_place() == 7


def test_housekeeping_is_known_by_its_day(found: Vitals) -> None:
    assert found.last_tidied() is None
    found.tidied(DAY)
    assert found.last_tidied() == DAY
    found.count("internal", DAY)
    assert found.counted(DAY) == {**NOTHING, "internal": 1}
