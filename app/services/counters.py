"""Where what all processes count together is counted, as the settings say."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Protocol

from app.services.buckets import Buckets, MemoryBuckets
from app.services.slowdown import Failures, MemoryFailures
from app.settings import Settings


class Shared(Protocol):
    """Something that several servers share."""

    def answers(self) -> bool:
        """Whether it does, asked now."""
        ...


@dataclass(frozen=True)
class Counters:
    """To be made before the processes are forked. `shared`: the Redis, where there is one."""

    buckets: Buckets = field(default_factory=MemoryBuckets)
    failures: Failures = field(default_factory=MemoryFailures)
    shared: Shared | None = None


def open_counters(settings: Settings) -> Counters:
    """In memory; with QUIETLINE_REDIS_URL in Redis, and in memory only while that does not answer. Nothing is asked of it yet."""
    own = Counters()
    if not settings.redis_url:
        return own
    # Loaded only where it is asked for, as stores.py does.
    link = importlib.import_module("app.services.redis_link").RedisLink(settings.redis_url)
    ours = importlib.import_module("app.services.redis_counters")
    return Counters(ours.RedisBuckets(link, own.buckets), ours.RedisFailures(link, own.failures, settings.secret_key), link)
