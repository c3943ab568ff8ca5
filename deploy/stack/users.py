"""Who the stack runs as: whoever started it, or, where that is root, somebody who is not. PostgreSQL refuses root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_READING = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")


class User:
    """The one whose processes these are. `row` is nothing where no other is needed."""

    def __init__(self) -> None:
        self.row = None if os.getuid() else _ordinary()

    def own(self, *paths: Path) -> None:
        """Hand files over."""
        if self.row is not None:
            for path in paths:
                os.chown(path, self.row.pw_uid, self.row.pw_gid)

    def run(self, command: Sequence[str], *, reading: Path | None = None) -> list[str]:
        """A command as this user, which the kernel ends where this process dies without a word.

        `reading`: a file the command needs. Where an ordinary user cannot get at it, since it lies in root's own folder, the command may
        read past permissions, and nothing else.
        """
        how = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        if self.row is not None:
            how += [f"--reuid={self.row.pw_uid}", f"--regid={self.row.pw_gid}", "--clear-groups"]
            if reading is not None and not self._reaches(reading):
                how += _READING
        return [*how, *command]

    def _reaches(self, path: Path) -> bool:
        assert self.row is not None
        who = [f"--reuid={self.row.pw_uid}", f"--regid={self.row.pw_gid}", "--clear-groups"]
        return subprocess.run(["setpriv", *who, "test", "-r", str(path)]).returncode == 0


def _ordinary() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("The stack does not run as root, and this machine has neither a user postgres nor nobody.")
