"""Faults that the kernel's calls meet: strace is attached to a worker, and kills it, or fails a call, at just one of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.house import until

WRITES = ("write", "pwrite64", "writev")
SYNCS = ("fsync", "fdatasync")
NAMES = ("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "ftruncate", "utimensat")
ANSWERS = ("sendto", "sendmsg")
OPENS = ("openat",)
KINDS = (*WRITES, *SYNCS, *NAMES, *ANSWERS, *OPENS)


def missing() -> str:
    """Why this cannot be done here; empty where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    return "" if os.geteuid() == 0 else "attaching strace to a process that runs needs root"


@contextmanager
def attached(pid: int, log: Path, *inject: str) -> Iterator[Path]:
    """Meanwhile a process with its threads is watched, and what strace is told to `inject` happens (its own words, as in
    `fsync:error=EIO:when=3`; calls are counted in each thread by itself, from here on)."""
    told = [part for each in inject for part in ("-e", f"inject={each}")]
    command = ["strace", "-f", "-y", "-s", "16", "-e", f"trace={','.join(KINDS)}", *told, "-o", str(log), "-p", str(pid)]
    said = log.with_suffix(".said")
    with said.open("wb") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
    try:
        until(lambda: "attached" in said.read_text() or None, "strace does not attach")
        yield log
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """It lets go of what it watches; one that is told to while what it watches is dying may wait for ever."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
