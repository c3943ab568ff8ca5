"""Taking a server's workers away, as it happens when they have served for long."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

from tests.faults.sweep.target import Target

_SECONDS: Final = 60


def recycle(target: Target) -> None:
    """Each worker of the application ends as it ends itself, and another takes its place."""
    master = target.stack.quietline.pid
    old = _children(master)
    for pid in old:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _SECONDS
    while len(_children(master) - old) < len(old) or _children(master) & old:
        if time.monotonic() > deadline:
            raise RuntimeError("the workers did not come back")
        time.sleep(0.05)


def _children(pid: int) -> set[int]:
    return {int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()}
