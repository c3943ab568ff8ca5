"""How much of what is set aside for sealed files (QUIETLINE_STORAGE_BYTES) is used. Reports without files are never asked.

What counts is bytes that lie there: every whole file, and of the others what has arrived. A length that is only promised counts for
nothing, or a few empty uploads could keep everybody out. The sum is taken from the rows and from the staging folder, at most SECONDS old;
what arrives meanwhile is added to it in memory that the workers share. Nothing is refused without a fresh sum.

So at most one piece (256 KiB) for each thread that carries files can be taken beyond the limit, and where several servers share one
database, what the others receive in SECONDS.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from app.errors import QuotaReached
from app.services.shared import SharedPage
from app.storage import uploads

if TYPE_CHECKING:
    from app.services.context import Context

SECONDS: Final = 5
NOTICE_PERCENT: Final = 80
STEP_PERCENT: Final = 5
_FILES: Final = 4
"""So many of the largest files cannot move what is shown within a day."""

# The sum, how much had been let in when it was begun, its monotonic second (0: none yet); all that was let in; the day and bytes shown.
_STATE: Final = struct.Struct("<qqqqqq")


@dataclass(frozen=True, slots=True)
class Shown:
    """What people and machines are shown: the limit in bytes, and how much of it is used in per cent, in steps of five, downwards."""

    limit: int
    percent: int

    @property
    def notice(self) -> bool:
        """Whether administrators have to be told."""
        return self.percent >= NOTICE_PERCENT


@dataclass(slots=True)
class _Account:
    total: int = 0
    total_at: int = 0
    taken_at: int = 0
    let_in: int = 0
    shown_on: int = 0
    shown: int = 0

    @property
    def used(self) -> int:
        return self.total + self.let_in - self.total_at

    @property
    def fresh(self) -> bool:
        return self.taken_at > 0 and time.monotonic() - self.taken_at <= SECONDS


class Quota:
    """What the processes of a server know of it together."""

    def __init__(self) -> None:
        self._page = SharedPage("quietline-quota")

    def let_in(self, length: int, limit: int, *, sure: bool) -> bool:
        """Let so many bytes in if there is room. With `sure` False only where the sum is fresh enough to tell."""
        with self._page.locked() as memory:
            account = _Account(*_STATE.unpack_from(memory))
            if not (sure or account.fresh) or account.used + length > limit:
                return False
            account.let_in += length
            self._write(account)
            return True

    def used(self) -> int | None:
        """Bytes; None when the sum is too old."""
        account = self._read()
        return account.used if account.fresh else None

    def begin(self) -> int:
        """Before the sum is taken: what `end` has to be given."""
        return self._read().let_in

    def end(self, begun: int, total: int) -> None:
        """The sum has been taken. One that was begun earlier than another that is known already is forgotten."""
        with self._page.locked() as memory:
            account = _Account(*_STATE.unpack_from(memory))
            if begun >= account.total_at:
                account.total, account.total_at, account.taken_at = total, begun, int(time.monotonic())
                self._write(account)

    def shown(self, today: date, step: int) -> int:
        """The bytes to show: those of the first look on a day, and more only once at least `step` more are used."""
        with self._page.locked() as memory:
            account = _Account(*_STATE.unpack_from(memory))
            if account.shown_on != today.toordinal() or account.used - account.shown >= step:
                account.shown_on, account.shown = today.toordinal(), account.used
                self._write(account)
            return account.shown

    def _read(self) -> _Account:
        with self._page.locked() as memory:
            return _Account(*_STATE.unpack_from(memory))

    def _write(self, account: _Account) -> None:
        values = (account.total, account.total_at, account.taken_at, account.let_in, account.shown_on, account.shown)
        _STATE.pack_into(self._page.memory, 0, *values)


def require_room(ctx: Context, length: int) -> None:
    """QuotaReached when a file of so many bytes would not fit. Nothing is set aside for it."""
    limit = ctx.settings.storage_bytes
    if limit is None:
        return
    known = ctx.quota.used()
    if (known is None or known + length > limit) and _look(ctx) + length > limit:
        raise QuotaReached


def admitted(ctx: Context, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, as long as there is room for them. QuotaReached for the first one that does not fit; StorageBusy."""
    limit = ctx.settings.storage_bytes
    for piece in pieces:
        if limit is not None:
            _admit(ctx, len(piece), limit)
        yield piece


def used(ctx: Context) -> int:
    """Bytes of all sealed files of the installation, those on their way included, as of now. For the command line."""
    return _sum(ctx)


def shown(ctx: Context) -> Shown | None:
    """What the desk and the monitor tell; None where no limit is set. Raises StorageBusy.

    It is looked at once a UTC day, and moves within a day only when at least a tenth of the limit and more than four of the largest files
    have come since: nobody is to read from it when a file arrived.
    """
    limit = ctx.settings.storage_bytes
    if limit is None:
        return None
    if ctx.quota.used() is None:
        _look(ctx)
    step = max(limit // 10, _FILES * ctx.settings.upload_bytes)
    exact = 100 * ctx.quota.shown(ctx.today(), step) // limit
    return Shown(limit, min(100, exact - exact % STEP_PERCENT))


def _admit(ctx: Context, length: int, limit: int) -> None:
    if ctx.quota.let_in(length, limit, sure=False):
        return
    _look(ctx)
    if not ctx.quota.let_in(length, limit, sure=True):
        raise QuotaReached


def _look(ctx: Context) -> int:
    """Take the sum, and tell the other processes."""
    begun = ctx.quota.begin()
    total = _sum(ctx)
    ctx.quota.end(begun, total)
    return total


def _sum(ctx: Context) -> int:
    """First the folder, then the rows: what is finished in between is then in both, and counted once, never in neither."""
    staged = ctx.staging.sizes()
    with ctx.database.read() as session:
        return uploads.stored_bytes(session, staged)
