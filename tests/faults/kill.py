"""`kill -9` at every write, fsync, rename, commit and answer in turn: `python -m tests.faults.kill`.

A journey is run once undisturbed, and its calls are counted; then once for each of them, with the worker killed as it makes that call.
The reporter tries again with the same bytes until it is acknowledged, and once more after that. The invariants are in house.py.
"""

from __future__ import annotations

import os
import random
import re
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
from tests.faults.injecting import KINDS, attached
from tests.faults.senders import JSON, Plain, Promise, Sealed, Sender, ask
from tests.portal import Portal

FILE_BYTES: Final = 200_000
Point = tuple[str, int]
"""The kind of a call, and which of them it is in its thread, counted from one."""

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


def points(house: House, journey: str, log: Path) -> list[Point]:
    """Every call of an undisturbed journey, as the thread that answers makes them."""
    worker, sender = house.only_worker(), JOURNEYS[journey](house)
    empty_staging(house)
    with attached(worker, log):
        assert house.attempt(sender)
    if isinstance(sender, Withdrawal):
        house.promises.pop()
    lines = [found.groups() for line in log.read_text(errors="replace").splitlines() if (found := _LINE.match(line))]
    counts = Counter(name for thread, name in lines if int(thread) != worker)
    return [(kind, number) for kind in KINDS for number in range(1, counts[kind] + 1)]


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
    """How many of these kills struck."""
    return sum(strike(house, journey, point, log) for point in chosen)


def sample(every: Sequence[Point], few: int, seed: int) -> list[Point]:
    """Some of them: the first and the last of each kind that syncs, names or answers, and others by chance."""
    edges = [next(iter(each)) for kind in ("fsync", "fdatasync", "rename", "sendto") if (each := [p for p in reversed(every) if p[0] == kind])]
    rest = [point for point in every if point not in edges]
    return edges[:few] + random.Random(seed).sample(rest, min(len(rest), max(0, few - len(edges))))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="quietline-faults-") as folder:
        for position, journey in enumerate(JOURNEYS):
            began = time.monotonic()
            with opened(Path(folder) / str(position)) as house:
                every = points(house, journey, Path(folder) / "trace")
                struck = strikes(house, journey, every, Path(folder) / "trace")
                house.check()
            kinds = ", ".join(f"{kind} {count}" for kind, count in Counter(kind for kind, _ in every).items())
            print(f"{journey}: killed at {struck} of {len(every)} calls ({kinds}) in {time.monotonic() - began:.0f} s; all held")
            assert struck >= 0.9 * len(every), "too many kills missed"


if __name__ == "__main__":
    if os.geteuid():
        sys.exit("Attaching strace to a process that runs needs root.")
    main()
