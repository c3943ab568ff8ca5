"""What several servers count together, in a Redis: the buckets, and wrong passwords by name.

A key names the kind, or one of 65,536 places that names are spread over; a value is a number; both are gone within a quarter of an hour.
While Redis does not answer, each server counts by itself, in what it is given for that.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from app.services.buckets import RATES, Bucket, Buckets, Rate
from app.services.redis_link import RedisLink
from app.services.slowdown import FORGET_SECONDS, Failures, Name

_MOST_COUNTED: Final = 2**31

# app/services/buckets.py (place) says what the number is. Redis's clock is the one that all servers share.
_TAKE: Final = """
local places, grain, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(redis.call('TIME')[1])
local grains = math.floor(now / grain)
local free = grains * places
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
if not (taken and taken >= free and taken <= free + burst) then
  taken = free
end
if taken >= free + burst then
  return (grains + 1) * grain - now
end
redis.call('SET', KEYS[1], string.format('%.0f', taken + 1))
redis.call('EXPIREAT', KEYS[1], (math.floor(taken / places) + 1) * grain)
return 0
"""

# A value that is no number is somebody else's, and begins anew.
_ADD: Final = """
local count = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
redis.call('SET', KEYS[1], string.format('%.0f', math.min(count + 1, 1000)), 'EX', ARGV[1])
return 0
"""
_COUNT: Final = "return tonumber(redis.call('GET', KEYS[1]) or '0') or 0"
_FORGET: Final = "return redis.call('DEL', KEYS[1])"


class RedisBuckets:
    """Shared by all servers with this Redis; it keeps nothing finer than a grain of the rate."""

    def __init__(self, link: RedisLink, meanwhile: Buckets, rates: Mapping[Bucket, Rate] = RATES) -> None:
        self._link = link
        self._meanwhile = meanwhile
        self._rates = rates

    def take(self, bucket: Bucket) -> float:
        """See Buckets."""
        rate = self._rates[bucket]
        seconds = self._link.run(_TAKE, f"quietline:bucket:{bucket}", rate.places, rate.grain, rate.burst, most=rate.grain)
        return self._meanwhile.take(bucket) if seconds is None else float(seconds)


class RedisFailures:
    """Wrong passwords by name, counted by all servers together.

    A name is hashed with the secret key, which the servers share and Redis does not know, and of the hash 16 bits are kept: no list of
    names can be tried on them, a flood of names takes no more room, and two names that meet cost somebody four seconds.
    """

    def __init__(self, link: RedisLink, meanwhile: Failures, secret_key: str) -> None:
        self._link = link
        self._meanwhile = meanwhile
        self._secret = secret_key.encode()

    def count(self, name: Name) -> int:
        """See Failures."""
        counted = self._link.run(_COUNT, self._key(name), most=_MOST_COUNTED)
        return self._meanwhile.count(name) if counted is None else counted

    def add(self, name: Name) -> None:
        """See Failures."""
        if self._link.run(_ADD, self._key(name), FORGET_SECONDS, most=0) is None:
            self._meanwhile.add(name)

    def forget(self, name: Name) -> None:
        """See Failures."""
        self._meanwhile.forget(name)
        self._link.run(_FORGET, self._key(name), most=1)

    def _key(self, name: Name) -> str:
        said = b"\0".join((b"quietline/slowdown/v1", *(part.encode() for part in name)))
        return f"quietline:wrong:{hmac.new(self._secret, said, hashlib.sha256).hexdigest()[:4]}"
