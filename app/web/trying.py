"""Storage that is busy is asked again before anybody is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from app.errors import StorageBusy

Stored = TypeVar("Stored")

TRIES: Final = 3
"""Each waits for the lock for as long as the database is told to: five seconds."""


def persistently(store: Callable[[], Stored]) -> Stored:
    """What stores a report, tried again while the storage is busy: under a flood the lock goes to some late, and nobody is to be refused
    for that. StorageBusy in the end. Sending the same twice counts once, so trying does too."""
    for _ in range(TRIES - 1):
        with suppress(StorageBusy):
            return store()
    return store()
