"""Runs the real command in a process of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.cli import forked
from tests.databases import databases

ROOT = Path(__file__).parents[2]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """No setting from outside; data in `folder`, cheap passwords."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QUIETLINE_")}
    ours = {"DATA": str(folder), "MODE": "testing", "KDF_PROFILE": "testing", **databases.settings(folder), **settings}
    return {**clean, "PYTHONPATH": str(ROOT), **{f"QUIETLINE_{name}": value for name, value in ours.items()}}


def quietline(folder: Path, *arguments: str | Path, stdin: bytes | str = b"", **settings: str) -> subprocess.CompletedProcess[bytes]:
    """quietline ARGUMENTS, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    given = stdin.encode() if isinstance(stdin, str) else stdin
    return forked.run([*map(str, arguments)], folder, environment(folder, **settings), given)


def refused(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one sentence of a command that was refused: non-zero, nothing on standard output, no traceback."""
    text = done.stderr.decode()
    assert done.returncode == 1, text
    assert done.stdout == b""
    assert "Traceback" not in text
    assert text.startswith("quietline: ")
    assert text.count("\n") == 1
    return text


def worked(done: subprocess.CompletedProcess[bytes]) -> str:
    """Standard output of a command that went well and complained of nothing."""
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()
