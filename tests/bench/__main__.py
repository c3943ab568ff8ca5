"""`make bench`: every row of the table in RESULTS.md, as ratios to floors measured in the same run. Two runs are not to be compared.

`python -m tests.bench posts inbox` measures only these.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from tests.bench import cases, checking, inbox, posts, servers, starting, uploads
from tests.bench.serving import machine

Part = Callable[[Path, argparse.Namespace], Iterable[str]]

PARTS: Final[dict[str, Part]] = {
    "posts": lambda folder, chosen: posts.run(folder, chosen.posts, chosen.rounds, chosen.clients),
    "receipts": lambda folder, _: checking.run(folder / "data"),
    "cases": lambda folder, _: cases.run(folder),
    "desk": lambda folder, _: inbox.run(folder),
    "start": lambda folder, _: starting.run(folder),
    "servers": lambda folder, _: servers.run(folder),
    "uploads": lambda folder, chosen: uploads.run(folder, uploads.MEGABYTES, chosen.upload_rounds, with_big=chosen.with_big),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="what to measure; everything by default")
    parser.add_argument("--posts", type=int, default=800, help="posts of each kind in a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of posts, in turn")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--upload-rounds", type=int, default=uploads.ROUNDS)
    parser.add_argument("--with-big", action="store_true", help="files of 1 GiB, too")
    chosen = parser.parse_args()
    unknown = set(chosen.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}: take {', '.join(PARTS)}")
    print(f"machine: {machine()}", flush=True)
    for name in chosen.parts or PARTS:
        print(f"\n{name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for line in PARTS[name](Path(folder), chosen):
                print(line, flush=True)


if __name__ == "__main__":
    main()
