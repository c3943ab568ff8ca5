"""The part of the sweep that listens to Redis knows what may be said to it, and finds what may not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from redis import Redis

from app.services.buckets import Bucket, MemoryBuckets
from app.services.redis_counters import RedisBuckets, RedisFailures
from app.services.redis_link import RedisLink
from app.services.slowdown import MemoryFailures
from tests.faults.sweep.canaries import Canaries
from tests.faults.sweep.counting import Counting
from tests.faults.sweep.result import Result
from tests.faults.sweep.searcher import Searcher
from tests.redis_server import Server
from tests.support import SECRET_KEY


def everything(server: Server) -> None:
    """All that servers say to a Redis."""
    link = RedisLink(server.url)
    failures = RedisFailures(link, MemoryFailures(), SECRET_KEY)
    for bucket in Bucket:
        assert RedisBuckets(link, MemoryBuckets()).take(bucket) == 0.0
    for name in ("ada", "ada", "bob"):
        failures.add(("org", name))
    assert failures.count(("org", "ada")) == 2
    failures.forget(("org", "ada"))


def swept(canaries: Canaries, *strange: Callable[[Redis], object]) -> Result:
    """What the sweep says of a Redis to which this too was said."""
    result = Result("Redis alone")
    with Server(password="") as server:
        counting = Counting(server.socket)
        everything(server)
        with closing(server.client()) as client:
            for each in strange:
                each(client)
        counting.look(Searcher(canaries.needles()), result)
    return result


def test_what_servers_say_is_all_listed() -> None:
    result = swept(Canaries())
    assert result.amiss == []
    assert result.told == ["Redis was told of quietline:bucket:logins, quietline:bucket:uploads, quietline:wrong:XXXX, and holds 3 keys"]


def test_whatever_else_is_said_is_found() -> None:
    canaries = Canaries()
    word = canaries["body"]
    result = swept(
        canaries,
        lambda client: client.set("quietline:bucket:uploads", word),
        lambda client: client.set("quietline:wrong:0000", "1"),
        lambda client: client.set("quietline:olivia", "1", ex=60),
        lambda client: client.incrby("quietline:bucket:logins", 7),
    )
    assert [row.found for row in result.rows] == [{"body": "raw"}]
    assert [each for each in result.amiss if each.startswith("Redis holds")] == [
        "Redis holds what it should not, or for longer: quietline:bucket:uploads, -1 seconds",
        "Redis holds what it should not, or for longer: quietline:olivia, 60 seconds",
        "Redis holds what it should not, or for longer: quietline:wrong:0000, -1 seconds",
    ]
    said = {each.rpartition(" ")[2] for each in result.amiss if each.startswith("Redis was told")}
    assert said == {"INCRBY", "quietline:olivia", word}
