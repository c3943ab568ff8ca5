"""Whole requests wait here for a thread: a queue for each lane (web/lanes.py), from which threads take in turn."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from app.web.lanes import REPORTS, Group, Lane

Job = TypeVar("Job")

CALM_SECONDS: Final = 1.0
"""As long as nobody in a lane has waited for longer, the first comes first."""


class Dispatcher(Generic[Job]):
    """Runs jobs in threads, which begin when they are first needed and live as long as the process.

    Where that would take long, who is next of the reports is drawn by lot, so that a flood cannot put itself in front. In the other lanes
    it is the newest and the oldest in turn: a burst that is over is no wall before those who come after it, and who is not among them
    waits no longer than twice as long as in a row.
    """

    def __init__(self, groups: Sequence[Group], run: Callable[[Lane, Job], None]) -> None:
        self._run = run
        self._groups = groups
        # gunicorn says in a signal's handler that it is over, which may run while the loop has the lock.
        self._lock = threading.RLock()
        self._work = [threading.Condition(self._lock) for _ in groups]
        self._idle = [0] * len(groups)
        self._begun = [0] * len(groups)
        self._turn = [0] * len(groups)
        self._queues: dict[Lane, list[tuple[float, Job]]] = {lane: [] for lane in Lane}
        self._newest = False
        self._lots = random.SystemRandom()
        self._over = False

    def put(self, lane: Lane, job: Job) -> None:
        """Have it run as soon as a thread is free for its lane."""
        with self._lock:
            self._queues[lane].append((time.monotonic(), job))
            self._wake(lane)

    def waiting(self, lane: Lane) -> int:
        """How many wait."""
        return len(self._queues[lane])

    def take_any(self, lanes: Sequence[Lane]) -> Job | None:
        """One that waits in one of these lanes, drawn by lot, which is then not run; None where none does."""
        with self._lock:
            queues = [self._queues[lane] for lane in lanes if self._queues[lane]]
            if not queues:
                return None
            queue = self._lots.choice(queues)
            return queue.pop(self._lots.randrange(len(queue)))[1]

    def take_all(self, lane: Lane, wanted: Callable[[Job], bool], most: int | None = None) -> list[Job]:
        """Those of a lane that wait and are wanted elsewhere, drawn by lot where there are more than `most`; they are then not run."""
        with self._lock:
            queue = self._queues[lane]
            found = [each for each in queue if wanted(each[1])]
            if most is not None and len(found) > most:
                found = self._lots.sample(found, most)
            if found:
                gone = set(map(id, found))
                queue[:] = [each for each in queue if id(each) not in gone]
            return [job for _, job in found]

    def shutdown(self, wait: bool = False) -> None:  # noqa: ARG002 - gunicorn says so
        """Let the threads end once nothing waits."""
        with self._lock:
            self._over = True
            for work in self._work:
                work.notify_all()

    def _wake(self, lane: Lane) -> None:
        serving = [number for number, group in enumerate(self._groups) if lane in group.lanes]
        for number in serving:
            if self._idle[number]:
                self._idle[number] -= 1  # before it is awake, so that the next one wakes another
                self._work[number].notify()
                return
        for number in serving:
            if self._begun[number] < self._groups[number].threads:
                self._begun[number] += 1
                threading.Thread(target=self._serve, args=(number,), daemon=True).start()
                return

    def _serve(self, number: int) -> None:
        while (drawn := self._next(number)) is not None:
            self._run(*drawn)

    def _next(self, number: int) -> tuple[Lane, Job] | None:
        with self._lock:
            while (drawn := self._drawn(number)) is None:
                if self._over:
                    return None
                self._idle[number] += 1
                self._work[number].wait()
            return drawn

    def _drawn(self, number: int) -> tuple[Lane, Job] | None:
        lanes = self._groups[number].lanes
        for step in range(len(lanes)):
            place = (self._turn[number] + step) % len(lanes)
            lane = lanes[place]
            if queue := self._queues[lane]:
                self._turn[number] = place + 1
                return lane, queue.pop(self._choose(queue, by_lot=lane in REPORTS))[1]
        return None

    def _choose(self, queue: list[tuple[float, Job]], *, by_lot: bool) -> int:
        if time.monotonic() - queue[0][0] < CALM_SECONDS:
            return 0
        if by_lot:
            return self._lots.randrange(len(queue))
        self._newest = not self._newest
        return -1 if self._newest else 0
