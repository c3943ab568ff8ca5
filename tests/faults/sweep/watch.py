"""Every write that a program makes, as strace sees it: what was written, to what, and by which way."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.sweep.searcher import Looked, Searcher
from tests.faults.sweep.sources import WINDOW

_WRITES: Final = ("write", "writev", "pwrite64", "pwritev", "pwritev2")
_NAMES: Final = (
    *("open", "openat", "openat2", "creat", "memfd_create", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"),
    *("mkdir", "mkdirat", "mknodat", "setxattr", "lsetxattr", "fsetxattr", "connect"),
)
_AROUND: Final = ("sendfile", "splice", "tee", "vmsplice", "copy_file_range")
_UNSEEN: Final = ("io_uring_setup", "process_vm_writev", "add_key")
"""Ways to write that strace would not show."""

_CALLS: Final = ",".join((*_WRITES, *_NAMES, *_AROUND, *_UNSEEN, "mmap"))
_LINE: Final = re.compile(r"\d+ +(\w+)\(")
_DESCRIPTOR: Final = re.compile(r"\d+<(.*?)>(?:\(deleted\))?(?:, |\)| )")
_OUT: Final = {"sendfile": 0, "splice": 1, "tee": 1, "vmsplice": 0, "copy_file_range": 1}
"""Which of its descriptors such a call writes to."""

_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(\.\.\.)?')
_SHARED: Final = re.compile(r"PROT_WRITE[^,]*, MAP_SHARED[^,]*, \d+<(/[^>]*)>")
_SOCKETS: Final = ("TCP", "UDP", "UNIX", "NETLINK", "socket:")
_PIPES: Final = ("pipe:", "anon_inode:", *_SOCKETS)
_JOURNAL: Final = re.compile(r"/dev/log|/run/systemd/journal")
_LONGEST: Final = 8 << 20


@dataclass
class Watched:
    """What was seen. `where`: what was found in the writes to each file, pipe or device; `mapped`: files that were written as memory.

    `amiss`: why it cannot be said that everything was seen.
    """

    calls: int = 0
    where: dict[str, Looked] = field(default_factory=dict)
    names: Looked = field(default_factory=Looked)
    mapped: set[str] = field(default_factory=set)
    amiss: list[str] = field(default_factory=list)

    @property
    def total(self) -> Looked:
        """Everything together."""
        total = Looked()
        for each in (*self.where.values(), self.names):
            total.add(each)
        return total


@contextmanager
def watching(pids: Iterable[int], log: Path) -> Iterator[None]:
    """Watch processes, their threads and whatever they start, until this ends. RuntimeError where that is not allowed."""
    wanted = list(pids)
    command = ["strace", "-f", "-yy", "-s", str(_LONGEST), "-e", f"trace={_CALLS}", "-e", "signal=none", "-o", str(log)]
    said = log.with_suffix(".said")
    with said.open("wb") as file:
        tracer = subprocess.Popen([*command, *(f"--attach={pid}" for pid in wanted)], stdout=file, stderr=file, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not all(_traced(pid) for pid in wanted):
            if tracer.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"strace cannot watch here: {said.read_text(errors='replace')[-300:]}")
            time.sleep(0.02)
        yield
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)
        tracer.wait(timeout=60)


def _traced(pid: int) -> bool:
    """Whether each thread of a process has a tracer; one that is gone counts."""
    states = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return not any("TracerPid:\t0\n" in state for state in states)


def read(log: Path, searcher: Searcher) -> Watched:
    """Go through what strace wrote."""
    watched = Watched()
    writes = _Writes(searcher, watched)
    with log.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            match = _LINE.match(line)
            if match is not None:
                watched.calls += 1
                _line(match[1], line, match.end(), writes, watched)
    writes.flush()
    return watched


def _line(name: str, line: str, at: int, writes: _Writes, watched: Watched) -> None:
    if name in _WRITES:
        where = _DESCRIPTOR.match(line, at)
        if where is None:
            watched.amiss.append(f"{name} to nothing known")
        elif not where[1].startswith(_SOCKETS):
            writes.add(where[1], _strings(line, where.end(), watched))
    elif name in _NAMES:
        writes.add("", _strings(line, at, watched))
        if name == "connect" and _JOURNAL.search(line):
            watched.amiss.append("something speaks to the journal")
    elif name in _AROUND:
        _around(name, line, at, watched)
    elif name == "mmap":
        watched.mapped.update(match[1] for match in [_SHARED.search(line)] if match is not None)
    else:
        watched.amiss.append(f"{name}: what it writes is not seen")


def _around(name: str, line: str, at: int, watched: Watched) -> None:
    descriptors = [match[1] for match in _DESCRIPTOR.finditer(line, at)]
    if not (len(descriptors) > _OUT[name] and descriptors[_OUT[name]].startswith(_PIPES)):
        watched.amiss.append(f"{name} to {descriptors[_OUT[name] :]}: what it writes is not seen")


def _strings(line: str, at: int, watched: Watched) -> bytes:
    found = []
    for match in _STRING.finditer(line, at):
        if match[2]:
            watched.amiss.append("a write was longer than what strace keeps")
        found.append(match[1].encode().decode("unicode_escape").encode("latin-1"))
    return b"".join(found)


class _Writes:
    """Puts together what was written to one place, so that a canary across two writes is found, and searches it a window at a time."""

    def __init__(self, searcher: Searcher, watched: Watched) -> None:
        self._searcher = searcher
        self._watched = watched
        self._waiting: dict[str, bytearray] = {}

    def add(self, where: str, data: bytes) -> None:
        waiting = self._waiting.setdefault(where, bytearray())
        waiting += data
        if len(waiting) > WINDOW:
            self._search(where)
            del waiting[: -self._searcher.overlap]

    def flush(self) -> None:
        for where in self._waiting:
            self._search(where)
        self._waiting.clear()

    def _search(self, where: str) -> None:
        looked = self._watched.names if not where else self._watched.where.setdefault(where, Looked())
        looked.add(self._searcher.data(bytes(self._waiting[where])))
