"""Two servers for one comparison: the portal, and the floor under the portal's own server settings."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from app.factory import make_context
from app.services import demo
from app.settings import from_env
from app.storage import migrate
from app.storage.engine import open_database
from tests.portal import Portal, clean_environment, free_port

SECRET_KEY = "only-for-the-bench-0123456789abcdefghij"


def environment(data: Path) -> dict[str, str]:
    """Settings of the portal that is measured."""
    settings = {"DATA": str(data), "MODE": "testing", "KDF_PROFILE": "testing", "SECRET_KEY": SECRET_KEY}
    return {f"QUIETLINE_{name}": value for name, value in settings.items()}


def prepare(data: Path) -> None:
    """A data folder with the demo's two open channels."""
    settings = from_env(environment(data))
    database = open_database(settings.database_url, create_folder=True)
    migrate.upgrade(database)
    database.dispose()
    context = make_context(settings)
    demo.prepare(context)
    context.database.dispose()


@contextlib.contextmanager
def portal(folder: Path) -> Iterator[Portal]:
    """A portal with the demo's two open channels."""
    prepare(folder / "data")
    with Portal(clean_environment(**environment(folder / "data")), folder / "portal.log") as running:
        yield running


@contextlib.contextmanager
def floor(folder: Path, kind: str = "reports", place: str = "floor.db") -> Iterator[tuple[int, int]]:
    """The bare application of floor.py, or of uploads_floor.py; gives its port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.serve_floor", kind, str(port), str(folder / place)]
    with (folder / "floor.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=clean_environment(**environment(folder / "data")))
    try:
        wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait(port: int) -> None:
    """Until a server on this port answers, whatever it answers. RuntimeError when it does not."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("the server did not start")


def machine() -> str:
    """One line on what this ran on."""
    versions = {"python": sys.version.split()[0]}
    return json.dumps({"cpus": os.cpu_count(), "system": os.uname().release, **versions})
