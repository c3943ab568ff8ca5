"""One program of the stack: started, waited for, ended by its process id."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

START_SECONDS: Final = 60
STOP_SECONDS: Final = 20


class Part:
    """A program that runs until it is stopped. What it says goes through a pipe, as it would to the journal, and into the file `log`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        environment: Mapping[str, str],
        answers: Callable[[], bool],
        stop_signal: int = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = log
        self.command = list(command)
        self._folder = folder
        self._environment = dict(environment)
        self._answers = answers
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the program itself (nginx's and gunicorn's master, PostgreSQL's postmaster)."""
        assert self._process is not None
        return self._process.pid

    def pids(self) -> list[int]:
        """It and all that it has started."""
        return [] if self._process is None or self._process.poll() is not None else [self.pid, *_below(self.pid)]

    def start(self) -> None:
        """Start it, and return once it answers. RuntimeError with the end of its log."""
        with self.log.open("ab") as log:
            self._writer = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log, start_new_session=True)
        assert self._writer.stdin is not None
        told = {"cwd": self._folder, "env": self._environment, "start_new_session": True}
        said = self._writer.stdin
        self._process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **told)  # type: ignore[call-overload]
        said.close()
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.name} did not start: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as its unit would, and what is left after a while by force."""
        self.end(self._stop_signal)

    def kill(self) -> None:
        """As the machine's memory running out would, with all it has started."""
        for each in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self.end(signal.SIGKILL)

    def end(self, how: int) -> None:
        """Send a signal, and wait until it and its log's writer are gone."""
        if self._process is None:
            return
        family = self.pids()
        self._process.send_signal(how)
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for each in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self._process.wait()
        self._process = None
        self._end_writer()

    def _end_writer(self) -> None:
        """It ends by itself once nobody holds the pipe any more."""
        assert self._writer is not None
        try:
            self._writer.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._writer.kill()
            self._writer.wait()
        self._writer = None


def _below(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, thread.read_text().split()):
                found += [child, *_below(child)]
    return found
