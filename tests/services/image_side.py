"""Run on a file system of its own: `python -m tests.services.image_side IMAGE FOLDER`, where IMAGE is mounted at FOLDER.

Keeps an installation there, deletes in each way, and prints as JSON how many of the slices are found in the image's raw bytes: before and
after, of a case that stays, and of a file that was deleted by nothing but `unlink`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.crypto.receipt import Receipt
from app.errors import ClockJumped
from app.services import followup, housekeeping
from tests.services.deleting import WAYS, make_case, slices
from tests.services.letters import send
from tests.support import Clock, Place, make_context, make_place


def raw(image: Path) -> bytes:
    """Everything on the disk but what was never written."""
    os.sync()
    with image.open("rb") as file:
        return b"".join(_data(file.fileno()))


def _data(descriptor: int) -> Iterator[bytes]:
    at, end = 0, os.fstat(descriptor).st_size
    while at < end:
        try:
            at = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError:  # no more
            return
        hole = os.lseek(descriptor, at, os.SEEK_HOLE)
        yield os.pread(descriptor, hole - at, at)
        at = hole


def found(image: Path, wanted: list[bytes]) -> int:
    content = raw(image)
    return sum(piece in content for piece in wanted)


def traffic(place: Place, clock: Clock) -> None:
    """Other people come and go, and a day passes: pages move, the file is written anew and becomes shorter."""
    for number in range(20):
        receipt = Receipt.generate()
        send(place, receipt, "y" * 8000)
        if number % 2:
            followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    clock.move(days=1)
    with suppress(ClockJumped):  # the deletion before this may have waited for weeks
        housekeeping.tidy(place.ctx)


def main(image: Path, folder: Path) -> None:
    clock = Clock()
    place = make_place(make_context(folder / "data", clock))
    bystander = make_case(place)
    secret = os.urandom(300_000)
    (folder / "unlinked").write_bytes(secret)
    os.sync()
    (folder / "unlinked").unlink()
    results: dict[str, object] = {"unlinked": [found(image, slices(secret)), len(slices(secret))]}
    for way, delete in WAYS.items():
        case = make_case(place)
        traffic(place, clock)
        before = found(image, case.everything)
        gone = delete(place, clock, case)
        results[way] = {"before": [before, len(case.everything)], "after": [found(image, gone), len(gone)]}
    place.ctx.database.dispose()
    results["bystander"] = [found(image, bystander.everything), len(bystander.everything)]
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
