"""`kill -9` at every write, fsync, rename, commit and answer in turn, and each of them failing: `python -m tests.faults.kill`.

A journey is run once undisturbed, and its calls are counted; then once for each of them, with the worker killed as it makes that call, or
with the call failing. The reporter tries again with the same bytes until it is acknowledged, and once more after that. The invariants are
in house.py.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.crypto.encoding import b64u_encode
from tests.faults.house import House, opened
from tests.faults.injecting import KINDS, OPENS, attached
from tests.faults.senders import JSON, Plain, Promise, Sealed, Sender, ask
from tests.portal import Portal

FILE_BYTES: Final = 200_000
Point = tuple[str, int]
"""The kind of a call, and which of them it is in its thread, counted from one. Of two threads the one that comes to it first is meant."""

FAILING: Final = ("pwrite64", "fsync", "fdatasync", "rename", "mkdir", "ftruncate")
"""Calls on files which, failing, leave nothing to acknowledge. (Times are also set on gunicorn's heartbeat, by another thread.)"""

KILL: Final = "kill -9"
KILLING: Final = tuple(kind for kind in KINDS if kind not in OPENS)
ERRORS: Final = {"EIO": FAILING, "ENOSPC": FAILING, "EMFILE": ("openat",)}
REFUSALS: Final = {("ENOSPC", kind): {503, 507} for kind in ("pwrite64", "rename", "mkdir")}
"""What a full disk is told as. Where it shows in a sync, nobody knows what of it is on the disk."""

_LINE: Final = re.compile(r"(\d+) +(\w+)\(")


@dataclass
class Withdrawal:
    """A report that is sent undisturbed, and withdrawn: it is there, or it is gone; and the journal is overwritten on the way."""

    report: Sealed
    canaries: tuple[str, ...] = ()
    refusals: list[int] = field(default_factory=list)

    def attempt(self, portal: Portal) -> Promise | None:
        body = f'{{"mailbox": "{b64u_encode(self.report.receipt.mailbox_key)}"}}'.encode()
        answer = ask(portal, "POST", "/conversation/sealed/withdraw", body, JSON)
        if answer is not None and answer.status_code not in {200, 404}:
            self.refusals.append(answer.status_code)
        return Promise(self.report.receipt, "", ()) if answer is not None and answer.status_code in {200, 404} else None


def withdrawal(house: House) -> Withdrawal:
    report = Sealed(house.keys, 1000)
    house.send(report)
    house.promises.pop()
    return Withdrawal(report, report.canaries)


JOURNEYS: Final[dict[str, Callable[[House], Sender]]] = {
    "plain with a file": lambda house: Plain(FILE_BYTES),
    "sealed text": lambda house: Sealed(house.keys),
    "sealed with a file": lambda house: Sealed(house.keys, FILE_BYTES),
    "withdrawal": withdrawal,
}


def points(house: House, journey: str, log: Path, fault: str = KILL) -> list[Point]:
    """Every call of an undisturbed journey that is to meet this fault, as the thread that answers makes them: of a worker that has just
    begun where each is killed, else of one that has done the same before."""
    house.only_worker()
    if fault == KILL:
        kill_worker(house)
    else:
        run(house, JOURNEYS[journey](house))
    worker, sender = house.only_worker(), JOURNEYS[journey](house)
    empty_staging(house)
    with attached(worker, log):
        assert house.attempt(sender)
    if isinstance(sender, Withdrawal):
        house.promises.pop()
    lines = [found.groups() for line in log.read_text(errors="replace").splitlines() if (found := _LINE.match(line))]
    threads = [Counter(name for thread, name in lines if thread == one) for one in {thread for thread, _ in lines} - {str(worker)}]
    most = {kind: max((counts[kind] for counts in threads), default=0) for kind in ERRORS.get(fault, KILLING)}
    return [(kind, number) for kind, count in most.items() for number in range(1, count + 1)]


def kill_worker(house: House) -> None:
    """And wait for the next one."""
    (worker,) = house.workers
    os.kill(worker, signal.SIGKILL)
    house.only_worker(but=worker)


def empty_staging(house: House) -> None:
    """Have the folder of files on their way made anew each time."""
    with suppress(OSError):
        (house.place.ctx.settings.staging / house.place.id).rmdir()


def strike(house: House, journey: str, point: Point, log: Path) -> bool:
    """One journey with a kill. Whether it struck: which calls there are may differ by one or two from run to run."""
    kind, number = point
    worker, sender = house.only_worker(), JOURNEYS[journey](house)
    empty_staging(house)
    with attached(worker, log, f"{kind}:signal=KILL:when={number}"):
        run(house, sender, most=1)
    struck = worker not in house.workers
    house.only_worker(but=worker if struck else 0)
    run(house, sender)
    return struck


def fail(house: House, journey: str, point: Point, log: Path, error: str) -> bool:
    """One journey with a call that fails. It is not acknowledged, and the same worker goes on. Whether it struck."""
    kind, number = point
    worker, sender = house.only_worker(), JOURNEYS[journey](house)
    empty_staging(house)
    # A disk that is full stays so: a busy storage is asked again, and would have room then.
    with attached(worker, log, f"{kind}:error={error}:when={number}{'+' if error == 'ENOSPC' else ''}"):
        acknowledged = house.attempt(sender)
    struck = "(INJECTED)" in log.read_text(errors="replace")
    if isinstance(sender, Withdrawal):
        del house.promises[len(house.promises) - acknowledged :]
    elif struck and kind in FAILING:
        assert not acknowledged, f"acknowledged over a {kind} that failed with {error}"
    assert worker in house.workers, f"the worker did not survive a {kind} that failed with {error}"
    expected = REFUSALS.get((error, kind))
    assert expected is None or set(sender.refusals) <= expected, f"{sender.refusals} over a {kind} that failed with {error}"
    run(house, sender)
    return struck


def run(house: House, sender: Sender, most: int = 5) -> None:
    """Until it is acknowledged, and then once more with the same bytes."""
    before = len(house.promises)
    for _ in range(most):
        if house.attempt(sender):
            break
    else:
        assert most == 1, f"not taken: {sender}, {house.said()}"
    if most > 1:
        house.attempt(sender)
        told = house.promises[before:]
        assert len({each.receipt.mailbox_key for each in told}) == 1
        del house.promises[before + 1 :]
        if isinstance(sender, Withdrawal):
            del house.promises[before:]
            assert sender.report.receipt.mailbox_key not in {each.receipt.mailbox_key for each in house.promises}
        else:
            assert house.opens(told[0]), "acknowledged, and not there"
    elif isinstance(sender, Withdrawal):
        del house.promises[before:]


def strikes(house: House, journey: str, chosen: Iterable[Point], log: Path) -> int:
    """How many of these kills struck. How often a database syncs depends on what its journal holds: where there was no such call this time,
    the one before it is struck."""
    return sum(any(strike(house, journey, (kind, number - less), log) for less in range(min(number, 3))) for kind, number in chosen)


def sample(every: Sequence[Point], few: int, seed: int) -> list[Point]:
    """Some of them: the first and the last of each kind that syncs, names or answers, and others by chance."""
    edges = [
        next(iter(each)) for kind in ("fsync", "fdatasync", "rename", "sendto") if (each := [p for p in reversed(every) if p[0] == kind])
    ]
    rest = [point for point in every if point not in edges]
    return edges[:few] + random.Random(seed).sample(rest, min(len(rest), max(0, few - len(edges))))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="quietline-faults-") as made:
        folder, position = Path(made), 0
        for fault in (KILL, *ERRORS):
            for journey in JOURNEYS:
                position += 1
                every_call(folder / str(position), folder / "trace", journey, fault)


def every_call(folder: Path, log: Path, journey: str, fault: str) -> None:
    began = time.monotonic()
    with opened(folder) as house:
        every = points(house, journey, log, fault)
        failing = fault in ERRORS
        struck = sum(fail(house, journey, each, log, fault) for each in every) if failing else strikes(house, journey, every, log)
        house.check()
    kinds = ", ".join(f"{kind} {count}" for kind, count in Counter(kind for kind, _ in every).items())
    print(f"{journey}, {fault}: {struck} of {len(every)} calls ({kinds}) in {time.monotonic() - began:.0f} s; all held", flush=True)
    assert struck >= 0.9 * len(every), "too many missed"


if __name__ == "__main__":
    if os.geteuid():
        sys.exit("Attaching strace to a process that runs needs root.")
    main()
