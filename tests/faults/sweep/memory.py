"""What the processes hold in memory: how much, and how many of the secrets. That is told, not judged: there they may be for a while."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.sweep.searcher import Searcher
from tests.faults.sweep.sources import Memory

_SIZE: Final = re.compile(r"^(Rss|Pss|Swap):\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Held:
    """One process: resident and proportional size in KiB, what of it was swapped out, and which secrets are in it."""

    program: str
    pid: int
    rss: int
    pss: int
    swap: int
    kinds: frozenset[str]

    @property
    def line(self) -> str:
        """For people."""
        sizes = f"{self.program:<11} {self.pid:>7}  {self.rss / 1024:7.1f} MiB resident {self.pss / 1024:7.1f} MiB its share"
        swapped = f", {self.swap} KiB SWAPPED" if self.swap else ""
        return f"{sizes}{swapped}  {len(self.kinds)} kinds of secret: {', '.join(sorted(self.kinds)) or 'none'}"


def held(pids: Mapping[str, Sequence[int]], searcher: Searcher) -> list[Held]:
    """Every process that is still there. What a program's processes share counts for its first one, which the search makes larger."""
    sizes = {pid: _sizes(pid) for numbers in pids.values() for pid in numbers}
    found = []
    for program, numbers in pids.items():
        for pid in numbers:
            size = sizes[pid]
            with suppress(FileNotFoundError, ProcessLookupError), Memory(pid, shared=pid == numbers[0]) as memory:
                kinds = frozenset(searcher.source(memory).kinds)
                found.append(Held(program, pid, size.get("Rss", 0), size.get("Pss", 0), size.get("Swap", 0), kinds))
    return found


def _sizes(pid: int) -> dict[str, int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        return {match[1]: int(match[2]) for match in _SIZE.finditer(Path(f"/proc/{pid}/smaps_rollup").read_text())}
    return {}


def may_dump(pids: Mapping[str, Sequence[int]]) -> set[str]:
    """Programs whose memory the kernel would write to a file when they die."""
    found = set()
    for program, numbers in pids.items():
        for pid in numbers:
            with suppress(FileNotFoundError, ProcessLookupError):
                (limit,) = [
                    line.split()[4]
                    for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
                    if line.startswith("Max core file size")
                ]
                found |= {program} if limit != "0" else set()
    return found
