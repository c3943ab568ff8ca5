"""Many of the same at one moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def at_once(work: Callable[[], Result], times: int) -> list[Result]:
    """Call `work` in so many threads, which all begin when the last of them is ready. Raises what one of them raised."""
    return each_at_once([work] * times)


def each_at_once(works: list[Callable[[], Result]]) -> list[Result]:
    """The same with work of each one's own; results in their order."""
    ready = threading.Barrier(len(works))

    def begin(work: Callable[[], Result]) -> Result:
        ready.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(begin, work) for work in works]]
