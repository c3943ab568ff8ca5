"""What a tree of processes has used so far, from /proc."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def _fields(pid: int) -> list[str]:
    # The command's name stands in brackets and may hold spaces.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system seconds of the process and all its living descendants."""
    return _cpu(tree(pid))


def _cpu(processes: Iterable[int]) -> float:
    total = 0
    for each in processes:
        fields = _fields(each)
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


@dataclass(frozen=True)
class Use:
    """What a tree of processes used while something was done: seconds by the clock and of the processor, the highest resident memory above
    what it was before anything of this kind (bytes, summed over the processes), and the bytes that it had the kernel write to disks."""

    seconds: float
    cpu: float
    memory: int
    disk: int


def resident(pid: int) -> dict[int, int]:
    """Resident memory in bytes of each process of the tree."""
    return {each: _bytes(each, "VmRSS") for each in tree(pid)}


def watch(idle: dict[int, int], action: Callable[[], object]) -> Use:
    """Do it and tell what the processes used whose `resident` memory, when idle, this is."""
    for each in idle:
        Path(f"/proc/{each}/clear_refs").write_text("5")  # the high-water mark begins anew
    disk, cpu, began = _written(idle), _cpu(idle), time.perf_counter()
    action()
    seconds = time.perf_counter() - began
    memory = sum(max(0, _bytes(each, "VmHWM") - before) for each, before in idle.items())
    return Use(seconds, _cpu(idle) - cpu, memory, _written(idle) - disk)


def _bytes(pid: int, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def _written(processes: Iterable[int]) -> int:
    lines = (line for each in processes for line in Path(f"/proc/{each}/io").read_text().splitlines())
    return sum(int(line.partition(": ")[2]) for line in lines if line.startswith("write_bytes:"))
