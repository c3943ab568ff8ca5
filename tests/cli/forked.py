"""The command in a process of its own that has its modules already: importing them takes longer than what most commands do.

`python -m app.cli` itself is run where a test is about starting it (test_serve.py, test_recovery.py, flows/test_life.py).
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from app.cli import cli

SECONDS = 60

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.cli.forked"])


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    """`quietline ARGUMENTS` with nothing but this environment. subprocess.TimeoutExpired after a minute."""
    with tempfile.TemporaryDirectory(prefix="quietline-run-") as made:
        streams = [Path(made) / name for name in ("in", "out", "err")]
        streams[0].write_bytes(given)
        process = _context.Process(target=_command, args=(list(arguments), folder, dict(environment), streams))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(arguments), SECONDS)
        return subprocess.CompletedProcess(list(arguments), process.exitcode, streams[1].read_bytes(), streams[2].read_bytes())


def _command(arguments: list[str], folder: Path, environment: Mapping[str, str], streams: Sequence[Path]) -> None:
    """In the new process."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, (path, flags) in enumerate(zip(streams, (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT), strict=True)):
        descriptor = os.open(path, flags, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.argv = ["quietline", *arguments]
    cli(prog_name="quietline")


def _preload() -> None:
    """Every command's module, and what they import only when it is needed."""
    for place in cli.modules.values():
        import_module(place.split(":")[0])
    for name in ("alembic.command", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite"):
        import_module(name)


_preload()
