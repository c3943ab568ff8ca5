"""Proof of work, for scripts whose report waits in a flood: what they are asked to find, and whether what comes back was found.

The protocol is ALTCHA's second version, by its own library, with one round of SHA-256. Its costlier functions would slow an attacker's
graphics card more, but also this server, which makes a challenge for whoever waits, and pages, which compute in plain JavaScript. All of
a challenge is signed under a key that lies in memory only: this server's workers share it, and to another server a proof is worth nothing.
"""

from __future__ import annotations

import secrets
import time
from typing import Any, Final

from altcha import Payload, create_challenge, verify_solution

MOST: Final = 100_000
"""The highest number that is looked for, so on average half as many tries: about a second on a cheap phone."""

MINUTES: Final = 3
"""A challenge ends at a full minute, the third to come: it is good for two to three minutes, and tells no second."""

REMEMBERED: Final = 10_000
"""Used proofs of each such minute, about a megabyte."""


class Proofs:
    """Makes challenges, and takes each proof once in a process. Made before the workers are forked; called by their loops only."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._used: dict[int, set[bytes]] = {}

    def challenge(self) -> dict[str, Any]:
        """A new one, as JSON."""
        until = (int(time.time()) // 60 + MINUTES) * 60
        counter = secrets.randbelow(MOST + 1)
        made: dict[str, Any] = create_challenge(
            "SHA-256", 1, counter=counter, expires_at=until, data={"most": MOST}, hmac_secret=self._key
        ).to_dict()
        return made

    def take(self, proof: bytes) -> bool:
        """Whether it is one, in its time, and was not taken before. Some 150 microseconds at most, whatever it holds."""
        try:
            payload = Payload.from_base64(proof.decode("ascii"))
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        if not verify_solution(payload, self._key).verified:
            return False
        # From here on all that a challenge says is what we said.
        parameters = payload.challenge.parameters
        return self._use(parameters.expires_at or 0, bytes.fromhex(parameters.nonce))

    def _use(self, until: int, nonce: bytes) -> bool:
        now = time.time()
        # A minute later than it could be taken, whatever the clock says between two lines.
        for past in [each for each in self._used if each < now - 60]:
            del self._used[past]
        used = self._used.setdefault(until, set())
        if nonce in used:
            return False
        if len(used) >= REMEMBERED:
            # Any one, which could then be used again. To take no more instead would let those who work a lot shut out all others.
            used.pop()
        used.add(nonce)
        return True
