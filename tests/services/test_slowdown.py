"""After wrong passwords the next one waits before it is checked, a few at once; the owner is never refused, and nobody else waits."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from app.services.slowdown import FORGET_SECONDS, MemoryFailures, Slowdown

ADA, BOB = ("org", "ada"), ("org", "bob")


def guess(slowdown: Slowdown, name: tuple[str, str]) -> None:
    slowdown.wait(name)
    slowdown.wrong(name)


def test_the_first_waits_for_nothing_and_each_after_a_wrong_one_twice_as_long_up_to_four_seconds() -> None:
    waits: list[float] = []
    slowdown = Slowdown(waits.append)
    for _ in range(8):
        guess(slowdown, ADA)
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_names_are_counted_each_for_itself() -> None:
    waits: list[float] = []
    slowdown = Slowdown(waits.append)
    for name in (ADA, BOB, ("other org", "ada"), ADA, ADA, BOB):
        guess(slowdown, name)
    assert waits == [0.25, 0.5, 0.25]


def test_the_right_password_or_a_quarter_of_an_hour_starts_afresh() -> None:
    waits: list[float] = []
    now = [0.0]
    slowdown = Slowdown(waits.append, MemoryFailures(lambda: now[0]))
    slowdown.wrong(ADA)
    slowdown.right(ADA)
    guess(slowdown, ADA)
    now[0] += FORGET_SECONDS + 1
    guess(slowdown, ADA)
    assert waits == []
    guess(slowdown, ADA)
    assert waits == [0.25]


def test_at_most_four_wait_at_once_and_the_next_is_checked_at_once() -> None:
    waiting = threading.Barrier(5)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        waiting.wait(10)

    slowdown = Slowdown(sleep)
    for name in (*(("org", str(number)) for number in range(4)), BOB):
        slowdown.wrong(name)
    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(slowdown.wait, ("org", str(number))) for number in range(4)]
        while len(slept) < 4:
            time.sleep(0.001)
        slowdown.wait(BOB)  # would never come back if it waited: nobody else passes the barrier
        assert len(slept) == 4
        waiting.wait(10)
        for each in held:
            each.result(10)


def test_a_flood_of_names_does_not_grow_without_bound() -> None:
    failures = MemoryFailures()
    for number in range(5000):
        failures.add(("org", str(number)))
    assert len(failures._failures) == 4096


def test_a_wait_that_is_asked_for_is_one_of_the_four_and_no_longer_than_any() -> None:
    waits: list[float] = []
    slowdown = Slowdown(waits.append)
    slowdown.wait(ADA, 0.0)
    slowdown.wait(ADA, 3.5)
    slowdown.wait(ADA, 60.0)
    slowdown.wrong(ADA)
    slowdown.wait(ADA, 0.1)
    assert waits == [3.5, 4.0, 0.25]
