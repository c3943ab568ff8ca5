"""How many requests of a process may carry files at a time: half of its threads. The others stay for text, however slow files are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from app.errors import StorageBusy
from app.web.context import services


@contextmanager
def files() -> Iterator[None]:
    """While a file goes in. StorageBusy, at once, when too many do: a script tries again by itself, a person is told to."""
    with take():
        yield


def take() -> ExitStack:
    """The same for a file on its way out: the place is free again once what is given is closed. StorageBusy."""
    lane = services().files_lane
    if not lane.acquire(blocking=False):
        raise StorageBusy
    place = ExitStack()
    place.callback(lane.release)
    return place
