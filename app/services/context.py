"""What every verb is given first: the database, the clock, the settings, and what a process keeps in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from app.services.buckets import Buckets, MemoryBuckets
from app.services.counters import Shared
from app.services.dates import utc_now
from app.services.portal import PortalMemory
from app.services.quota import Quota
from app.services.slowdown import Slowdown
from app.services.stores import open_blobs
from app.services.tickets import TicketBox
from app.services.vitals import Vitals
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.storage.engine import Database
from app.storage.staging import Staging


class Swept:
    """When this process last did what is due at its start, once a day, and when it is asked: looking through the whole blob store for what
    no row names; deleting closed cases whose time is over."""

    def __init__(self) -> None:
        self._on: date | None = None

    def due(self, today: date) -> bool:
        """Whether it is time to look."""
        return self._on != today

    def done(self, today: date) -> None:
        """It has been done."""
        self._on = today

    def ask(self) -> None:
        """Something may have been left behind."""
        self._on = None


@dataclass(frozen=True)
class Context:
    """Made once a process by the factory, a command or a test. `clock` gives an aware UTC time; `shared` is the Redis, if there is one."""

    database: Database
    settings: Settings
    clock: Callable[[], datetime] = utc_now
    tickets: TicketBox = field(default_factory=TicketBox, repr=False)
    slowdown: Slowdown = field(default_factory=Slowdown, repr=False)
    buckets: Buckets = field(default_factory=MemoryBuckets, repr=False)
    shared: Shared | None = field(default=None, repr=False)
    vitals: Vitals = field(default_factory=Vitals, repr=False)
    quota: Quota = field(default_factory=Quota, repr=False)
    portals: PortalMemory = field(default_factory=PortalMemory, repr=False)
    journal_due: threading.Event = field(default_factory=threading.Event, repr=False)
    swept: Swept = field(default_factory=Swept, repr=False)
    retained: Swept = field(default_factory=Swept, repr=False)

    @cached_property
    def blobs(self) -> BlobStore:
        """Where sealed files lie."""
        return open_blobs(self.settings)

    @cached_property
    def files_lane(self) -> threading.BoundedSemaphore:
        """Places for requests that carry files, so that slow ones leave threads of this process to text."""
        return threading.BoundedSemaphore(max(1, self.settings.threads // 2))

    @cached_property
    def staging(self) -> Staging:
        """Where they lie while they arrive."""
        return Staging(self.settings.staging)

    def today(self) -> date:
        """The UTC day."""
        return self.clock().date()

    def seconds(self) -> int:
        """Seconds since 1970, for what concerns officers."""
        return int(self.clock().timestamp())

    def cut_journal(self) -> None:
        """Cut the journal, which still holds what was deleted; where a reader keeps it open, housekeeping does it within seconds."""
        self.journal_due.clear()  # first, so that somebody else's failure in the meantime is not forgotten
        with ExitStack() as failed:
            failed.callback(self.journal_due.set)
            if self.database.truncate_journal():
                failed.pop_all()
