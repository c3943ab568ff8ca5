"""Whether anything that is kept of a reporter tells more than the day: rows, ids, names, times of files, lines of logs."""

from __future__ import annotations

import base64
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

from tests.faults.sweep.places import Rows

DAY: Final = 24 * 60 * 60
OF_OFFICERS: Final = frozenset({("desk_sessions", "started_at"), ("desk_sessions", "seen_at")})
"""Columns that hold a finer time and nothing of a reporter; SECURITY.md lists them."""

_SCALES: Final = (1, 10**3, 10**6, 10**9)
_NEAR: Final = 400 * DAY
_CLOCK: Final = re.compile(r"\b[0-2]?\d:[0-5]\d(?::[0-5]\d)?\b|\d{4}-\d\d-\d\dT\d\d|\b1[6-9]\d{8}(?:\d{3}|\d{6}|\d{9})?\b")
_ID: Final = re.compile(r"[a-z2-7]{26}")


def in_rows(tables: Rows, now: float) -> tuple[int, list[str]]:
    """How many values were looked at, and which of them tell a time finer than a day."""
    looked, finer = 0, Counter[str]()
    for table, listed in tables.items():
        for row in listed if table != "pg_stats" else ():
            for column, value in row.items():
                looked += 1
                if (table, column) not in OF_OFFICERS and is_finer(value, now):
                    finer[f"{table}.{column}"] += 1
    return looked, [f"{name} ({count} rows)" for name, count in finer.items()]


def is_finer(value: Any, now: float) -> bool:
    """Whether a value is a time of these days that tells more than which one it was."""
    match value:
        case bool() | None:
            return False
        case int() | float():
            return any(abs(value / scale - now) < _NEAR and value % (DAY * scale) for scale in _SCALES)
        case datetime():
            return value.time() != time()
        case date():
            return False
        case time():
            return True
        case str() if _ID.fullmatch(value):
            return _is_dated(base64.b32decode(value.upper() + "======")[:8], now)
        case str():
            return _CLOCK.search(value) is not None
        case _:
            return False


def _is_dated(head: bytes, now: float) -> bool:
    """Whether an id begins with the time at which it was made, as some kinds of id do: in seconds, or in milliseconds."""
    seconds, milliseconds = int.from_bytes(head[:4], "big"), int.from_bytes(head[:6], "big") / 1000
    return abs(seconds - now) < DAY or abs(milliseconds - now) < DAY


def in_lines(text: str) -> list[str]:
    """Lines of a log that tell a time of day."""
    return [line[:100] for line in text.splitlines() if _CLOCK.search(line)]


def in_names(folder: Path) -> list[str]:
    """Files whose names tell one."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if _CLOCK.search(path.name)]


def of_files(folder: Path) -> Iterator[tuple[Path, dict[str, float]]]:
    """Every file and folder with its times: of its content, its last reading, its entry, its making (0 where that is not kept)."""
    for path in sorted(folder.rglob("*")):
        found = path.lstat()
        born = subprocess.run(["stat", "--format", "%W", str(path)], capture_output=True, text=True, check=True).stdout.strip()
        yield (
            path,
            {"content": found.st_mtime, "reading": found.st_atime, "entry": found.st_ctime, "making": float(born) if born != "?" else 0},
        )


def finer_times(times: dict[str, float]) -> set[str]:
    """Which of them are not midnight of a day."""
    return {name for name, value in times.items() if value % DAY}


def today() -> str:
    """The day that rows of this run should bear."""
    return datetime.now(UTC).date().isoformat()
