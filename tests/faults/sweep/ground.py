"""Where a stack lies while it is swept: a file system of its own, whose every block can be read afterwards; or a plain folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

IMAGE_BYTES: Final = 3 << 30  # sparse: an installation keeps a reserve free
_SCRIPT: Final = 'mkfs.ext4 -q -F "$0" && mount -o loop "$0" "$1" && chmod 755 "$1" && shift && exec "$@"'
REPOSITORY: Final = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Ground:
    """A folder, and the image that is mounted there, if any."""

    folder: Path
    image: Path | None

    def write_through(self) -> None:
        """From now on each write reaches the image at once: what is deleted a moment later has been there too."""
        if self.image is not None:
            subprocess.run(["mount", "-o", "remount,sync", str(self.folder)], check=True)


def mountable(folder: Path) -> bool:
    """Whether an image can be mounted here. `folder` is for a try, and emptied again."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("mkfs.ext4", "unshare", "mount"))):
        return False
    image, there = folder / "try", folder / "there"
    there.mkdir()
    with image.open("wb") as file:
        file.truncate(8 << 20)
    done = subprocess.run(_mounted(image, there, ["true"]), capture_output=True, check=False)
    image.unlink()
    there.rmdir()
    return done.returncode == 0


def _mounted(image: Path, there: Path, command: Sequence[str]) -> list[str]:
    """In a mount namespace of its own, which takes the mount with it whatever happens."""
    return ["unshare", "-m", "sh", "-c", _SCRIPT, str(image), str(there), *command]


def run(folder: Path, part: str, *, on_image: bool) -> str:
    """Run a part of the sweep (`tests.faults.sweep.part`) on a ground of its own below `folder`; what it printed. RuntimeError."""
    there = folder / part
    there.mkdir()
    image = folder / f"{part}.image"
    command = [sys.executable, "-m", "tests.faults.sweep.part", part, str(there)]
    if on_image:
        with image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        command = _mounted(image, there, [*command, str(image)])
    with (folder / f"{part}.errors").open("w+b") as errors:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, cwd=REPOSITORY)
        errors.seek(0)
        if done.returncode != 0:
            raise RuntimeError(f"{part}: {errors.read().decode(errors='replace')[-4000:]}")
    image.unlink(missing_ok=True)
    return done.stdout.decode()
