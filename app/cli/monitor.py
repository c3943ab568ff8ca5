"""The monitor: a small process beside the workers that says on a local port whether the server lives and is ready, and its metrics.

It is forked by the master before the workers, shares no thread with them, and ends with the master. So it answers while every worker is
busy, and it notices when one hangs.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from app.errors import CommandError
from app.services.context import Context
from app.settings import Settings

AGAIN_AFTER: Final = 5.0
"""Seconds between one start of the process and the next."""


def listen(settings: Settings) -> socket.socket | None:
    """The monitor's socket; None where the settings name none. CommandError when it cannot be used."""
    place = settings.monitor
    if place is None:
        return None
    try:
        return _unix_socket(place) if isinstance(place, Path) else _local_socket(place)
    except OSError as error:
        raise CommandError(f"The monitor cannot listen where QUIETLINE_MONITOR says ({error.strerror}): set it to another place.") from None


def _local_socket(place: tuple[str, int]) -> socket.socket:
    return socket.create_server(place, family=socket.AF_INET6 if ":" in place[0] else socket.AF_INET)


def _unix_socket(path: Path) -> socket.socket:
    """For its owner only. What an earlier server left there is taken away, but not from one that still listens, nor any other file."""
    listener = socket.socket(socket.AF_UNIX)
    if path.is_socket():
        with suppress(ConnectionRefusedError):
            listener.connect(str(path))
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        path.unlink()
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen()
    return listener


class Monitor:
    """The process, as its master sees it: started where it is not there."""

    def __init__(self, settings: Settings) -> None:
        self.listener = listen(settings)
        self._pid: int | None = None
        self._context: Context | None = None
        self._not_before = 0.0

    def keep_up(self, context: Context, listeners: Iterable[Any]) -> None:
        """Start it, unless it runs on this context. `listeners`: the master's own, which it must not hold open."""
        if self.listener is None or (self._lives() and context is self._context) or time.monotonic() < self._not_before:
            return
        self.stop()
        self._not_before = time.monotonic() + AGAIN_AFTER
        self._context, master = context, os.getpid()
        self._pid = os.fork()
        if self._pid:
            return
        try:
            for each in listeners:
                each.sock.close()
            # Only this process has a use for what that loads.
            importlib.import_module("app.cli.monitor_server").serve(context, self.listener, master)
        finally:
            os._exit(0)

    def stop(self) -> None:
        """End it."""
        pid, self._pid = self._pid, None
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def close(self) -> None:
        """In a worker: it has no business with the monitor."""
        self._pid = None
        if self.listener is not None:
            self.listener.close()

    def _lives(self) -> bool:
        if self._pid is None:
            return False
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:  # the master has reaped it
            return False
        return True
