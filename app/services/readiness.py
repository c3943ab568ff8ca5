"""Whether the server has what it needs: database, schema, blob store, disk. It only looks; nothing is written.

What is told is a fixed sentence for each, never an address, a path or what an error said.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.domain import LIMITS, AttachmentId, OrganisationId
from app.errors import QuietlineError, StorageBusy
from app.services import quota
from app.services.context import Context
from app.settings import S3Settings
from app.storage import migrate
from app.storage.staging import free

SECONDS: Final = 3.0
"""How long a look may take before it counts as failed."""

KEPT: Final = 2.0
"""Seconds that what was found is told again, however many ask."""

_NOBODY: Final = OrganisationId("a" * 26)
_NOTHING: Final = AttachmentId("a" * 26)
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing: its name, whether the server can work with it, and in words what is wrong where it cannot."""

    name: str
    ok: bool
    says: str = ""


@dataclass
class Check:
    """One thing to look at. A look that takes too long goes on in its thread, and no second one is begun beside it."""

    name: str
    look: Callable[[Context], str]
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _running: threading.Event | None = None
    _found: tuple[float, Finding] | None = None

    def find(self, ctx: Context) -> Finding:
        """What there is to say now, after SECONDS at most."""
        done = self._begin(ctx)
        if done is not None and not done.wait(SECONDS):
            return Finding(self.name, False, f"no answer within {SECONDS:.0f} seconds")
        assert self._found is not None
        return self._found[1]

    def _begin(self, ctx: Context) -> threading.Event | None:
        """Something to wait for; None where what was found is new enough."""
        with self._lock:
            if self._running is None:
                if self._found is not None and time.monotonic() - self._found[0] < KEPT:
                    return None
                self._running = threading.Event()
                threading.Thread(target=self._run, args=(ctx, self._running), daemon=True).start()
            return self._running

    def _run(self, ctx: Context, done: threading.Event) -> None:
        try:
            says = self.look(ctx)
        except Exception:  # whatever it is, the thing cannot be worked with
            says = "it does not answer"
        with self._lock:
            self._found = (time.monotonic(), Finding(self.name, not says, says))
            self._running = None
        done.set()


def checks() -> tuple[Check, ...]:
    """Everything without which the server is not ready."""
    looks = {"database": _database, "schema": _schema, "blob store": _blobs, "disk space": _disk}
    return tuple(Check(name, look) for name, look in looks.items())


def storage(ctx: Context) -> Finding | None:
    """The quota for sealed files, where there is one. It is never a reason not to be ready: reports without files are always taken."""
    try:
        found = quota.shown(ctx)
    except (QuietlineError, OSError):
        return Finding("storage quota", False, "it cannot be summed up now")
    if found is None:
        return None
    says = f"about {found.percent} % used: files are refused when it is full, reports without files never"
    return Finding("storage quota", not found.notice, says if found.notice else "")


def shared() -> Check:
    """The Redis, where there is one. It is never a reason not to be ready: without it each server counts by itself."""
    return Check("redis", lambda ctx: "" if ctx.shared is None or ctx.shared.answers() else "it does not answer")


def _database(ctx: Context) -> str:
    if not ctx.database.present():
        return "its file is missing, or another one lies in its place"
    migrate.current(ctx.database)
    return ""


def _schema(ctx: Context) -> str:
    if not ctx.database.present() or migrate.current(ctx.database) != migrate.HEAD:
        return "it is not the one that this version works with"
    return ""


def _blobs(ctx: Context) -> str:
    if not ctx.staging.usable():
        return "the folder for files on their way is missing, or cannot be written to"
    place = ctx.settings.blobs
    if isinstance(place, S3Settings):
        return _store(ctx)
    return "" if os.access(_existing(place), os.W_OK | os.X_OK) else "its folder cannot be written to"


def _store(ctx: Context) -> str:
    """One HEAD of a name that nothing has."""
    try:
        ctx.blobs.has(_NOBODY, _NOTHING)
    except StorageBusy:
        return "it does not answer, or refuses the keys it is given"
    return ""


def _disk(ctx: Context) -> str:
    if min(free(ctx.settings.staging), free(ctx.settings.data)) < LIMITS.reserve_bytes:
        return f"less than {LIMITS.reserve_bytes // _MIB} MiB are free: files are refused, and soon reports without files too"
    return ""


def _existing(folder: Path) -> Path:
    """A local store makes its folder with the first file."""
    return folder if folder.exists() else folder.parent
