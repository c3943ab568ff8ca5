"""`python -m tests.faults.sweep`: the sweep on SQLite and PostgreSQL, with its negative control. Exit code 0 only where all holds."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.sweep import ground
from tests.faults.sweep.result import Result

PARTS = ("control", "sqlite", "postgresql")


def main() -> int:
    """Run the parts one after the other, and print what each found."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.sweep", description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part (may be given several times)")
    parser.add_argument("--plain", action="store_true", help="a plain folder in place of a mounted image")
    told = parser.parse_args()
    began, amiss = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="quietline-sweep-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the stack runs as an ordinary user
        on_image = not told.plain and ground.mountable(folder)
        print("On an ext4 file system in an image." if on_image else "In a plain folder: no image can be mounted here, or none is wanted.")
        for part in told.part or PARTS:
            result = Result.read(ground.run(folder, part, on_image=on_image))
            print(result.table(expected=part == "control"), flush=True)
            amiss += len(result.amiss)
    print(f"\n{'Nothing was found.' if not amiss else f'{amiss} THINGS ARE AMISS.'} {time.monotonic() - began:.0f} s")
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
