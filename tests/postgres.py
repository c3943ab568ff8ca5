"""A PostgreSQL server for one run of the tests: started as an ordinary user in a folder of its own, and gone with it.

It listens on a socket in that folder only. Nothing of it is synced to the disk unless a test says so: what a crash of the machine would
do to it is not what the tests are about, and the settings that are ours (synchronous_commit) are asked for, not timed.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

LEAST_VERSION: Final = 15
START_SECONDS: Final = 60
STALE_SECONDS: Final = 600
PREFIX: Final = "quietline-pg-"
USER: Final = "quietline"
GUARDED: Final = "guarded"
"""Whoever connects under this name needs its password; a test makes it."""

MISSING: Final = (
    "The tests run on PostgreSQL too, and there is no PostgreSQL 15 or newer here. "
    "Run .ci/postgresql, or leave it out with: pytest --database sqlite"
)
SETTINGS: Final = (
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=400",
    "autovacuum=off",
    "log_statement=none",
    "max_wal_size=4GB",
    "shared_buffers=64MB",
)


class Server:
    """One running server. `folder` holds everything of it: data, socket, log."""

    def __init__(self, *settings: str) -> None:
        self.binaries = binaries()
        _clear_away_what_others_left()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self._user = None if os.getuid() else _ordinary_user()
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._initialise()
            self._start(settings)
        except BaseException:
            self.stop()
            raise

    @property
    def address(self) -> str:
        """The address of its database, to which a search path can be added."""
        return f"postgresql://{USER}@/postgres?host={self.folder}"

    def stop(self) -> None:
        """End it, and take its folder away."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing of it is wanted any more
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _initialise(self) -> None:
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        how = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={USER}", "-D", str(self.data)]
        done = subprocess.run(self._as_ordinary_user("initdb", *how), capture_output=True, cwd=self.folder)
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr.decode(errors='replace')}")
        (self.data / "pg_hba.conf").write_text(f"local all {GUARDED} scram-sha-256\nlocal all all trust\n")

    def _start(self, settings: tuple[str, ...]) -> None:
        told = [part for each in (*SETTINGS, *settings) for part in ("-c", each)]
        command = self._as_ordinary_user("postgres", "-D", str(self.data), "-k", str(self.folder), *told)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while b"ready to accept connections" not in self.log.read_bytes():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def _as_ordinary_user(self, program: str, *arguments: str) -> list[str]:
        """PostgreSQL refuses to run as root. Where this process dies without a word, the kernel ends the server."""
        command = ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []
        if self._user is not None:
            command += [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups"]
        return [*command, str(self.binaries / program), *arguments]


def _clear_away_what_others_left() -> None:
    """Folders of runs that were killed: the kernel has ended their servers, nobody has taken their files away."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            note = folder / "data" / "postmaster.pid"
            abandoned = not note.exists() and folder.stat().st_mtime < time.time() - STALE_SECONDS
            if abandoned or (note.exists() and not _alive(int(note.read_text().split()[0]))):
                shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def binaries() -> Path:
    """Where initdb and postgres of a new enough version are. RuntimeError that says what to do."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    usable = [(version, place) for place in places if (version := _version(place)) >= LEAST_VERSION]
    if not usable:
        raise RuntimeError(MISSING)
    return max(usable)[1]


def _version(place: Path) -> int:
    if not (place / "postgres").is_file():
        return 0
    said = subprocess.run([place / "postgres", "--version"], capture_output=True, text=True).stdout
    number = re.search(r"\) (\d+)", said)
    return int(number.group(1)) if number else 0


def _ordinary_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody.")
