"""A disk that fills up: what there is no room for is refused as a whole and kept in its form, and nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain import LIMITS
from tests.cli.runner import ROOT

pytestmark = pytest.mark.only_sqlite  # PostgreSQL's disk is its own; that it is full is told like a lock that is not to be had


def missing() -> str:
    """Why this cannot be done here."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "mounting a file system needs root"
    done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return "" if done.returncode == 0 else "mounting is not allowed here"


@pytest.mark.parametrize(("what", "size"), [("database", 4 << 20), ("files", LIMITS.reserve_bytes + (4 << 20))])
def test_nothing_is_half_stored_on_a_disk_that_is_full(tmp_path: Path, what: str, size: int) -> None:
    if reason := missing():
        pytest.skip(reason)
    (tmp_path / "small").mkdir()
    script = 'mount -t tmpfs -o size="$1",mode=0700 none "$2/small" && exec "$0" -m tests.faults.full_side "$2" "$3"'
    command = ["unshare", "-m", "sh", "-c", script, sys.executable, str(size), str(tmp_path), what]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "all held"
