"""Says of a stack in which places it keeps a time finer than a day, and which of those tell of a reporter."""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Final

from deploy.stack import programs
from tests.faults.sweep import days
from tests.faults.sweep.places import Rows
from tests.faults.sweep.result import Result
from tests.stack import Stack

_OURS_TO_SET: Final = {"content", "reading"}
_COMMITTED: Final = re.compile(rb"COMMIT \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+")


def logged(stack: Stack) -> dict[Path, int]:
    """How long each log is by now: starting may be logged with the time."""
    return {path: path.stat().st_size for path in stack.logs.iterdir()}


def in_logs(stack: Stack, before: dict[Path, int], result: Result) -> None:
    """Whatever was logged while people were there."""
    written = 0
    for path in stack.logs.iterdir():
        text = path.read_bytes()[before.get(path, 0) :].decode(errors="replace")
        written += len(text.splitlines())
        result.amiss += [f"{path.name} tells a time: {line}" for line in days.in_lines(text)]
    result.told.append(f"logged meanwhile: {written} lines, none with a time of day")


def in_tables(tables: Rows, result: Result) -> None:
    """Every value of every column, ids too."""
    looked, finer = days.in_rows(tables, time.time())
    result.told.append(f"days: {looked} values of {len(tables)} tables looked at")
    result.amiss += [f"finer than a day: {each}" for each in finer]


def in_files(stack: Stack, result: Result) -> None:
    """The times of files and their names. What the file system sets by itself is told; what programs can set must be a day."""
    kept: Counter[str] = Counter()
    blobs = [stack.data / "blobs", stack.data / "staging"]
    for path, found in days.of_files(stack.data):
        finer = days.finer_times(found)
        of_a_person = path.is_file() and any(path.is_relative_to(folder) for folder in blobs) and not path.name.startswith(".")
        if of_a_person:
            kept.update(finer - _OURS_TO_SET)
            result.amiss += [f"{path.relative_to(stack.data)}: time of its {which} is finer than a day" for which in finer & _OURS_TO_SET]
        else:
            kept.update(f"{which} of {_class(path, stack.data)}" for which in finer & _OURS_TO_SET)
    result.told.append(
        f"times finer than a day, by the file system: {', '.join(f'{name} ({count})' for name, count in sorted(kept.items()))}"
    )
    result.amiss += [f"a name tells a time: {name}" for name in days.in_names(stack.data)]
    if stack.database == "postgresql":
        result.told.append(f"PostgreSQL's write-ahead log holds the microsecond of {_commits(stack)} commits (SECURITY.md)")


def _class(path: Path, data: Path) -> str:
    inside = path.relative_to(data).parts
    return f"{inside[0]}/" if path.is_dir() else inside[-1]


def _commits(stack: Stack) -> int:
    first = min(path.name for path in (stack.cluster / "pg_wal").glob("0*"))
    told = subprocess.run([programs.postgresql() / "pg_waldump", "-p", stack.cluster / "pg_wal", first], capture_output=True, check=False)
    return len(_COMMITTED.findall(told.stdout))
