"""A real portal for tests: the `quietline` command on a free port, a data folder of its own, stopped by its process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.databases import databases

COMMAND = Path(sys.executable).parent / "quietline"
START_SECONDS = 90


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without any setting of ours, and with those given; with the database of the data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUIETLINE_")}
    data = settings.get("QUIETLINE_DATA")
    database = {} if data is None else {f"QUIETLINE_{name}": value for name, value in databases.settings(Path(data)).items()}
    return {**kept, **database, **settings}


class Portal:
    """`quietline serve` (or another serving command) running, `under` another program if need be. Use as a context manager."""

    def __init__(self, environment: Mapping[str, str], log: Path, *, command: str = "serve", under: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._environment = {**environment, "QUIETLINE_BIND": f"127.0.0.1:{self.port}"}
        self._command = [*under, str(COMMAND), command]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the master."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Portal:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and return once it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the portal did not start: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it at once, and wait. (With SIGTERM kept connections have two seconds more; test_serve.py is about that.)"""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGQUIT)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/static/css/quietline.css", timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
