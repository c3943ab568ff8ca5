"""Where a trace could be left: files, what processes have open, what the database answers, the machine's logs, the raw disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from tests.faults.sweep.searcher import Looked, Searcher

SHARED_MEMORY: Final = Path("/dev/shm")
SYSTEM_LOGS: Final = Path("/var/log")
_PSEUDO: Final = ("/proc/", "/sys/", "/dev/null", "/dev/pts", "/dev/tty", "/dev/urandom", "/dev/random", "socket:", "pipe:", "anon_inode:")


def below(folder: Path, searcher: Searcher, *, since: float = 0, without: Iterable[Path] = ()) -> Looked:
    """Every file below a folder, and its name. `since`: only what was changed after that; `without`: folders to pass over."""
    looked, left_out = Looked(), set(without)
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if Path(here, name) not in left_out]
        looked.add(searcher.data("\n".join([*folders, *names]).encode(errors="surrogateescape")))
        for path in (Path(here, name) for name in names):
            with suppress(OSError):
                found = path.lstat()
                if path.is_file() and not path.is_symlink() and max(found.st_mtime, found.st_ctime) >= since:
                    looked.add(searcher.path(path))
    return looked


def open_files(pids: Iterable[int], searcher: Searcher) -> Looked:
    """Every file that a process has open, deleted ones too."""
    looked, seen = Looked(), set()
    for descriptor in _descriptors(pids):
        with suppress(OSError):
            target = str(descriptor.readlink())
            found = descriptor.stat()
            if target.startswith(_PSEUDO) or (found.st_dev, found.st_ino) in seen or not descriptor.is_file():
                continue
            seen.add((found.st_dev, found.st_ino))
            looked.add(searcher.path(descriptor))
            looked.add(searcher.data(target.encode()))
    return looked


def _descriptors(pids: Iterable[int]) -> Iterator[Path]:
    for pid in pids:
        with suppress(OSError):
            yield from Path(f"/proc/{pid}/fd").iterdir()


def temporary_folders(pids: Iterable[int]) -> set[Path]:
    """Where each process would put a temporary file."""
    found = set()
    for pid in pids:
        with suppress(OSError):
            environment = dict(each.partition("=")[::2] for each in Path(f"/proc/{pid}/environ").read_text().split("\0"))
            named = [environment[name] for name in ("TMPDIR", "TEMP", "TMP") if environment.get(name)]
            found.add(Path(named[0] if named else "/tmp"))
    return found


def system_logs(since: float, searcher: Searcher) -> Looked:
    """What the machine's own logs were given since then: the journal, where there is one, and the files that were changed."""
    looked = below(SYSTEM_LOGS, searcher, since=since)
    if shutil.which("journalctl") is not None:
        begin = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        told = subprocess.run(["journalctl", "--since", begin, "--output", "export", "--all"], capture_output=True, check=False)
        looked.add(searcher.data(told.stdout))
    return looked


def keeps_journal() -> bool:
    """Whether there is one."""
    return any(Path(folder, "log", "journal").is_dir() for folder in ("/run", "/var"))


Rows = Mapping[str, list[dict[str, Any]]]


def rows(address: Path | str) -> Rows:
    """Every row of every table: of an SQLite file, or of the PostgreSQL database with this address."""
    return _sqlite_rows(address) if isinstance(address, Path) else _postgresql_rows(address)


def _sqlite_rows(path: Path) -> Rows:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        names = [str(row[0]) for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in database.execute(f'SELECT * FROM "{name}"')] for name in names}


def _postgresql_rows(address: str) -> Rows:
    with psycopg.connect(address, row_factory=dict_row) as database:
        schemas = "('pg_catalog', 'information_schema')"
        listed = database.execute(f"SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN {schemas}".encode()).fetchall()
        statistics = database.execute("SELECT * FROM pg_stats").fetchall()
        names = [f'"{row["schemaname"]}"."{row["tablename"]}"' for row in listed]
        tables = {name.split('"')[3]: database.execute(f"SELECT * FROM {name}".encode()).fetchall() for name in names}
        return {**tables, "pg_stats": statistics}


def in_rows(found: Rows, searcher: Searcher) -> Looked:
    """What the database answers: unlike its files, not packed."""
    looked = Looked()
    for table, listed in found.items():
        looked.add(searcher.data(table.encode()))
        for row in listed:
            for value in row.values():
                looked.add(searcher.data(value if isinstance(value, bytes) else str(value).encode()))
    return looked
