"""A real portal on a data folder of its own, and the invariants: what has to hold after every fault.

Every acknowledged report is there and opens, by its receipt and by the officers' key, with its files; a receipt has at most one case; no
text is in any file; each file that a message names is there with its length.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from app.crypto import attachment
from app.crypto.message import ChannelKeys, Payload
from app.crypto.receipt import mailbox_hash
from app.domain import AttachmentId
from app.services import files, followup, uploads
from app.storage.models import Attachment, Case
from tests.canary import found_below
from tests.databases import databases
from tests.faults.senders import FORM, Promise, Sender, ask
from tests.portal import Portal, clean_environment
from tests.services.letters import as_officer
from tests.support import SECRET_KEY, Clock, Place, make_context, make_place

PATIENCE = 60
Found = TypeVar("Found")


@dataclass
class House:
    """The portal, the place whose data it serves, and what it has acknowledged so far."""

    folder: Path
    place: Place
    portal: Portal
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    promises: list[Promise] = field(default_factory=list)
    canaries: set[str] = field(default_factory=set)

    @property
    def keys(self) -> ChannelKeys:
        """What reports are sealed to."""
        return ChannelKeys(self.place.keyring.recipient, self.place.keyring.verify)

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers there are at this moment."""
        path = Path(f"/proc/{self.portal.pid}/task/{self.portal.pid}/children")
        return [int(each) for each in path.read_text().split() if _runs(int(each))]

    def only_worker(self, *, but: int = 0) -> int:
        """The one worker, once it answers; with `but` not that one, which was killed."""
        found = until(lambda: next((each for each in self.workers if each != but), None), "no worker comes back")
        until(lambda: ask(self.portal, "GET", "/report/ethics"), "the worker does not answer")
        return found

    def attempt(self, sender: Sender) -> bool:
        """One attempt. Whether it was acknowledged; then it is remembered."""
        self.canaries.update(sender.canaries)
        promise = sender.attempt(self.portal)
        if promise is not None:
            self.promises.append(promise)
        return promise is not None

    def send(self, sender: Sender, most: int = 5) -> int:
        """Attempts until it is acknowledged; how many it took."""
        for number in range(1, most + 1):
            if self.attempt(sender):
                return number
        raise AssertionError(f"not taken in {most} attempts: {getattr(sender, 'refusals', '')}, {self.said()}")

    def said(self) -> str:
        """The end of the portal's log."""
        return self.portal.log.read_text(errors="replace")[-1500:]

    def kill(self) -> None:
        """End the whole portal at once, and start it anew."""
        worker, master = self.workers, self.portal.pid
        os.kill(master, signal.SIGKILL)
        for each in worker:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self.portal.stop()
        until(lambda: not any(map(_runs, worker)) or None, "a worker does not end")
        self.portal.start()

    def opens(self, promise: Promise) -> bool:
        """Whether the words show the text, over HTTP."""
        answer = ask(self.portal, "POST", "/conversation", f"words={'+'.join(promise.receipt.words)}".encode(), FORM)
        return answer is not None and answer.status_code == 200 and promise.text in answer.page.text

    def check(self, *, cases: int | None = None) -> None:
        """The invariants. `cases`: how many there are, where that is known: one for every receipt that was acknowledged, as a rule."""
        receipts = {promise.receipt.mailbox_key: promise for promise in self.promises}
        for promise in receipts.values():
            self._opens_for_both(promise)
        with self.place.ctx.database.read() as session:
            stored = list(session.scalars(select(Case.mailbox_hash)))
            named = [(each.id, each.length) for each in session.scalars(select(Attachment))]
        assert {mailbox_hash(key) for key in receipts} <= set(stored)
        assert len(stored) == len(set(stored)) == (len(receipts) if cases is None else cases)
        for name, length in named:
            assert self.place.ctx.blobs.read(self.place.id, name)[0] == length, "a named file is not there as it was"
        uploads.sweep(self.place.ctx)
        assert {name for name, _ in named} <= set(self.place.ctx.blobs.names(self.place.id)), "a named file was swept"
        self.place.ctx.database.dispose()
        assert found_below(self.folder, self.canaries) == {}
        assert "Traceback" not in self.portal.log.read_text(errors="replace")

    def _opens_for_both(self, promise: Promise) -> None:
        ctx, org = self.place.ctx, self.place.id
        opened = followup.open_plain(ctx, org, promise.receipt)
        report = opened.checked[0].payload
        assert report is not None and report.body == promise.text
        assert [each.sha256 for each in report.attachments] == list(promise.files)
        sealed = followup.open_sealed(ctx, org, promise.receipt.mailbox_key)
        (seen, *_) = as_officer(self.place, promise.receipt, sealed.messages)
        assert seen.payload is not None and seen.payload.body == promise.text
        for each in report.attachments:
            mine = files.open_for_reporter(ctx, org, promise.receipt, AttachmentId(each.id))
            assert hashlib.sha256(b"".join(mine.chunks)).digest() == each.sha256
            assert self._officers_file(seen.payload, each.id) == each.sha256

    def _officers_file(self, report: Payload, file: str) -> bytes:
        (named,) = [each for each in report.attachments if each.id == file]
        _, pieces = self.place.ctx.blobs.read(self.place.id, AttachmentId(named.id))
        opened = attachment.open(pieces, self.place.keyring.identities, named.size, named.sha256)
        return hashlib.sha256(b"".join(opened)).digest()


@contextmanager
def opened(folder: Path, *, under: Sequence[str] = (), data: Path | None = None, **more: str) -> Iterator[House]:
    """A portal with one worker that has one thread, so that its calls come in one order. `more`: settings, without QUIETLINE_."""
    folder.mkdir(exist_ok=True)
    home = data or folder / "data"
    with databases.lent(home):
        place = make_place(make_context(home, _now(), **_of_storage(more)))
        place.ctx.database.dispose()
        env = environment(folder, home, more)
        with Portal(env, folder / "log", under=under) as portal:
            house = House(folder, place, portal, env)
            try:
                yield house
            finally:
                house.portal.stop()  # a test may have started another one in its place
        place.ctx.database.dispose()


def environment(folder: Path, data: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Of a portal on this data folder."""
    ours = {"DATA": str(data), "MODE": "testing", "KDF_PROFILE": "testing", "SECRET_KEY": SECRET_KEY, "WORKERS": "1", "THREADS": "1"}
    (folder / "tmp").mkdir(exist_ok=True)
    return {**clean_environment(**{f"QUIETLINE_{name}": value for name, value in {**ours, **more}.items()}), "TMPDIR": str(folder / "tmp")}


def until(condition: Callable[[], Found | None], what: str, seconds: float = PATIENCE) -> Found:
    """What the condition gives, once it gives anything."""
    deadline = time.monotonic() + seconds
    while (found := condition()) is None:
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


def peak(pid: int) -> int:
    """The most memory that a process has held so far, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _now() -> Clock:
    clock = Clock()
    clock.now = datetime.now(UTC)
    return clock


def _of_storage(more: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in more.items() if name in {"DATABASE_URL", "BLOBS"}}
