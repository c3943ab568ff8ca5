"""System calls of a program, as strace saw them, in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = "openat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,sendto,sendmsg"
_LINE = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\((?P<arguments>.*)")
_RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<arguments>.*)")


@dataclass(frozen=True)
class Call:
    """One call, once it has returned: its name, and its arguments as strace writes them, with the path behind each descriptor."""

    name: str
    arguments: str


def strace(log: Path) -> list[str]:
    """What to put before a command, so that its calls, its threads' and its children's come into a file. The command stays our child."""
    return ["strace", "-D", "-f", "-y", "-s", "64", "-e", f"trace={CALLS}", "-o", str(log)]


def calls(log: Path) -> list[Call]:
    """Every call of the file, at the place where it returned."""
    found, begun = [], {}
    for line in log.read_text(errors="replace").splitlines():
        if line.endswith("<unfinished ...>") and (match := _LINE.match(line)):
            begun[match["thread"]] = match["arguments"].removesuffix("<unfinished ...>")
        elif match := _RESUMED.match(line):
            found.append(Call(match["name"], begun.pop(match["thread"], "") + match["arguments"]))
        elif match := _LINE.match(line):
            found.append(Call(match["name"], match["arguments"]))
    return found


def first(found: Sequence[Call], after: int, names: str, text: str) -> int:
    """The position of the first call after a position that is one of `names` (with spaces between) and has `text` in its arguments."""
    for position in range(after + 1, len(found)):
        if found[position].name in names.split() and text in found[position].arguments:
            return position
    raise AssertionError(f"no {names} with {text} after {after}: {found[after : after + 40]}")


def last(found: Sequence[Call], before: int, names: str, text: str) -> int:
    """The same for the last one before a position."""
    for position in range(before - 1, -1, -1):
        if found[position].name in names.split() and text in found[position].arguments:
            return position
    raise AssertionError(f"no {names} with {text} before {before}")
