"""Run in a mount namespace of its own: `python -m tests.faults.full_side FOLDER WHAT`, where FOLDER/small is a tmpfs.

`database`: the data folder is on it, and it fills up: with reports, and with something else that leaves so much and no more.
`files`: only sealed files are on it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from app.domain import LIMITS
from tests.faults.house import House, opened, peak
from tests.faults.senders import Plain, Sealed, Sender

LEFT: Final = (0, 4096, 8192, 20_000, 40_000, 70_000)
"""Bytes that are left when something else has filled the disk: for nothing, for the journal's head, for a part of a transaction."""

_REFUSALS: Final = {503, 507}


def fill(small: Path, left: int) -> Path:
    """A file that takes all the room but so much."""
    path = small / "in the way"
    with path.open("wb", buffering=0) as file:
        while (room := _room(small) - left) > 0:
            file.write(bytes(min(room, 1 << 16)))
    return path


def _room(small: Path) -> int:
    found = os.statvfs(small)
    return found.f_bavail * found.f_frsize


def refused(house: House, sender: Sender) -> None:
    """Not acknowledged, and told that it may be later."""
    assert not house.attempt(sender)
    said = sender.refusals
    assert said and set(said) <= _REFUSALS, said


def database(folder: Path, small: Path) -> None:
    with opened(folder / "house", data=small / "data") as house:
        kept: list[Sender] = [Plain(), Sealed(house.keys)]
        for sender in kept:
            house.send(sender)
        for left in LEFT:
            waiting: list[Sender] = [Plain(), Sealed(house.keys), Plain(5000)]
            path = fill(small, left)
            for sender in waiting[:2]:
                if not house.attempt(sender):
                    assert set(sender.refusals) <= _REFUSALS, sender.refusals
            refused(house, waiting[2])  # files leave a reserve, which is more than there is
            assert all(map(house.opens, house.promises)), "a conversation cannot be read"
            path.unlink()
            for sender in waiting[:2]:
                house.send(sender)
            del house.promises[-2:]
            house.promises += [promise for sender in waiting[:2] if (promise := sender.attempt(house.portal))]
            forget_twice(house)
            house.check()
        until_full(house, small)
        worker = house.only_worker()
        assert peak(worker) < 400 << 20
        house.kill()  # it starts on a full disk too
        assert all(map(house.opens, house.promises[:20]))
        subprocess.run(["mount", "-o", "remount,size=12m", str(small)], check=True)
        for sender in (Plain(), Sealed(house.keys)):
            house.send(sender)
        house.check()


def forget_twice(house: House) -> None:
    """A report that was acknowledged twice is one promise."""
    house.promises[:] = {promise.receipt.mailbox_key: promise for promise in house.promises}.values()


def until_full(house: House, small: Path) -> None:
    """Reports until there is no room for one more; each is taken, or refused as a whole."""
    waiting: list[Sender] = []
    while len(waiting) < 3:
        sender: Sender = Sealed(house.keys) if len(house.promises) % 2 else Plain()
        if not house.attempt(sender):
            refused(house, sender)
            waiting.append(sender)
    assert _room(small) < 1 << 16, "it was not full"
    house.check()


def files(folder: Path, small: Path) -> None:
    with opened(folder / "house", BLOBS=str(small / "blobs")) as house:
        seen: Counter[int] = Counter()
        while seen[507] < 4:
            sender: Sender = Sealed(house.keys, 300_000) if sum(seen.values()) % 2 else Plain(300_000)
            seen[200 if house.attempt(sender) else sender.refusals[-1]] += 1
        assert set(seen) == {200, 507} and seen[200] > 3, seen
        house.check()
        path = fill(small, 0)
        for each in (Plain(), Sealed(house.keys)):
            assert house.attempt(each), "text needs no room there"
        for late in (Plain(1000), Sealed(house.keys, 1000)):
            refused(house, late)
        path.unlink()
        subprocess.run(["mount", "-o", f"remount,size={LIMITS.reserve_bytes + (8 << 20)}", str(small)], check=True)
        for late in (Plain(1000), Sealed(house.keys, 1000)):
            house.send(late)
        house.check()


if __name__ == "__main__":
    told: dict[str, Callable[[Path, Path], None]] = {"database": database, "files": files}
    told[sys.argv[2]](Path(sys.argv[1]), Path(sys.argv[1]) / "small")
    print("all held")
