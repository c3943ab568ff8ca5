"""Where nginx, PostgreSQL and Redis are on this machine. Debian's packages suffice; .ci/nginx and its like install them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_PLACES: Final = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
_POSTGRESQL: Final = 15


def quietline() -> Path:
    """The command, as it is installed beside this Python."""
    return Path(sys.executable).parent / "quietline"


def nginx() -> Path:
    """RuntimeError that says what to install."""
    found = shutil.which("nginx", path=_PLACES)
    if found is None:
        raise RuntimeError("nginx is missing. Run .ci/nginx, or on Debian or Ubuntu: apt-get install nginx-light")
    return Path(found)


def redis() -> Path:
    """RuntimeError that says what to install."""
    found = shutil.which("redis-server", path=_PLACES)
    if found is None:
        raise RuntimeError("redis-server is missing. Run .ci/redis, or on Debian or Ubuntu: apt-get install redis-server")
    return Path(found)


def postgresql() -> Path:
    """The folder with initdb and postgres, 15 or newer. RuntimeError that says what to install."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    usable = [(version, place) for place in places if (version := _version(place)) >= _POSTGRESQL]
    if not usable:
        raise RuntimeError("PostgreSQL 15 or newer is missing. Run .ci/postgresql, or on Debian or Ubuntu: apt-get install postgresql")
    return max(usable)[1]


def _version(place: Path) -> int:
    if not (place / "postgres").is_file():
        return 0
    said = subprocess.run([place / "postgres", "--version"], capture_output=True, text=True).stdout
    number = said.rpartition(") ")[2].split(".")[0].split()[0]
    return int(number) if number.isdigit() else 0
