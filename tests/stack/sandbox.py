"""Runs a command under what a unit forbids, as far as a process can put it on itself without systemd:

    python -m tests.stack.sandbox UNIT COMMAND ...

Its filter of system calls, resolved by systemd's own lists; no memory both written and run; no new privileges.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from functools import cache
from typing import Final

from deploy.stack import units

PR_SET_NO_NEW_PRIVS: Final = 38
PR_SET_MDWE: Final = 65
PR_MDWE_REFUSE_EXEC_GAIN: Final = 1
ALLOW: Final = 0x7FFF0000
REFUSE: Final = 0x00050000 | 1
"""With EPERM, as the units say."""

UNKNOWN: Final = -1


def main(unit: str, *command: str) -> None:
    """Never returns."""
    said = units.values(unit)
    libc = ctypes.CDLL(None, use_errno=True)
    assert said["NoNewPrivileges"] == said["MemoryDenyWriteExecute"] == ["yes"]
    if libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
        print("no refusal of memory both written and run on this kernel", file=sys.stderr)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    _filter(allowed(tuple(said["SystemCallFilter"])))
    os.execvp(command[0], command)


def allowed(lists: tuple[str, ...]) -> set[str]:
    """The names of the calls that the assignments leave, in order: those of a first, without those of any that begins with ~."""
    left: set[str] = set()
    for each in lists:
        names = {name for word in each.removeprefix("~").split() for name in _names(word)}
        left = left - names if each.startswith("~") else left | names
    return left | _names("@default")


@cache
def _names(word: str) -> set[str]:
    if not word.startswith("@"):
        return {word}
    said = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True).stdout
    words = [line.strip() for line in said.splitlines() if line.startswith("    ")]
    return {name for each in words if not each.startswith("#") for name in _names(each)}


def _filter(names: set[str]) -> None:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    made = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(REFUSE)))
    for name in sorted(names):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number != UNKNOWN:
            library.seccomp_rule_add(made, ctypes.c_uint32(ALLOW), ctypes.c_int(number), ctypes.c_uint(0))
    if library.seccomp_load(made):
        raise OSError("the filter of system calls cannot be put in force")


if __name__ == "__main__":
    main(*sys.argv[1:])
