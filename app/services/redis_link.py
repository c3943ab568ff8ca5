"""A Redis that several servers share. Where it does not answer, nobody waits for it, and nobody hears of it but the log.

Only a portal that is told to imports this.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

SECONDS: Final = 0.2
"""How long one answer may take; a page waits for it."""

AGAIN_AFTER: Final = 3.0
"""Seconds from one try to the next while it does not answer."""

_AWAY: Final = "Redis does not answer as it should: this server counts by itself until it does"
_log = logging.getLogger("quietline.redis")


class RedisLink:
    """One process's way to it. Its address may hold a password: it is in no text of this class, and errors are not repeated."""

    def __init__(self, url: str, again_after: float = AGAIN_AFTER) -> None:
        self._client = Redis.from_url(
            url,
            socket_timeout=SECONDS,
            socket_connect_timeout=SECONDS,
            retry=Retry(NoBackoff(), 0),
            # Nothing is said on a connection but what is asked for here; a server of any version understands it.
            protocol=2,
            driver_info=None,
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self._again_after = again_after
        self._away = self._told = False
        self._not_before = 0.0
        self._trying = threading.Lock()

    def __repr__(self) -> str:
        return "RedisLink()"

    def run(self, script: str, key: str, *numbers: int, most: int) -> int | None:
        """What a script says of a key: a whole number from 0 to `most`. None where it does not, and for some seconds from then on."""
        if self._away:
            self._try_again()
            return None
        said = self._asked(lambda: self._client.register_script(script)(keys=[key], args=list(numbers)))
        if not isinstance(said, int) or not 0 <= said <= most:
            self._lost()
            return None
        self._tell(away=False)
        return said

    def answers(self) -> bool:
        """Whether it does, asked now. For the monitor."""
        return self._asked(self._client.ping) is True

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """What it says; None where it says nothing of use."""
        try:
            return ask()
        except Exception:  # whatever a server, the way to it and a reader of bytes that are no answer can do wrong
            return None

    def _lost(self) -> None:
        self._not_before = time.monotonic() + self._again_after
        self._away = True
        self._tell(away=True)

    def _tell(self, *, away: bool) -> None:
        """Say so once, and not each time it is tried."""
        if away != self._told:
            self._told = away
            _log.warning(_AWAY if away else "Redis answers again")

    def _try_again(self) -> None:
        """Beside the requests: a name that is looked up in vain can take longer than any page may wait."""
        if time.monotonic() >= self._not_before and self._trying.acquire(blocking=False):
            threading.Thread(target=self._try, daemon=True).start()

    def _try(self) -> None:
        try:
            self._not_before = time.monotonic() + self._again_after
            self._away = not self.answers()
        finally:
            self._trying.release()
