"""How long a start takes, from the command to the first page, and what two workers hold when they have nothing to do."""

from __future__ import annotations

import re
import statistics
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.bench.comparing import met
from tests.bench.processes import tree
from tests.bench.serving import environment, prepare
from tests.portal import Portal, clean_environment

TIMES: Final = 5
SECONDS_AIM: Final = 2.0
MEMORY_AIM: Final = 160 * 1024 * 1024
PAGES: Final = ("/", "/report", "/conversation", "/desk/login", "/static/js/report.js")
VISITS: Final = 40


def run(folder: Path) -> Iterator[str]:
    """Lines to print."""
    prepare(folder / "data")
    portal = Portal({**clean_environment(**environment(folder / "data")), "QUIETLINE_WORKERS": "2"}, folder / "portal.log")
    starts = [_start(portal) for _ in range(TIMES)]
    seconds = statistics.median(starts)
    verdict = f"aim {SECONDS_AIM:.0f} s, {met(seconds <= SECONDS_AIM)}"
    yield f"start to the first answer {seconds:.2f} s ({min(starts):.2f} to {max(starts):.2f}; {verdict})"
    with portal:
        for name in ("just started", "after visits to every page"):
            if name != "just started":
                _visit(portal)
            shares = {pid: memory(pid) for pid in tree(portal.pid)}
            total, each = sum(shares.values()), ", ".join(f"{share / 2**20:.0f}" for share in shares.values())
            yield f"idle memory, 2 workers, {name:26} {total / 2**20:5.0f} MiB ({each}; aim 160 MiB, {met(total <= MEMORY_AIM)})"


def memory(pid: int) -> int:
    """Bytes of a process's own, and its share of what it shares with others (PSS)."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def _start(portal: Portal) -> float:
    began = time.perf_counter()
    with portal:
        return time.perf_counter() - began


def _visit(portal: Portal) -> None:
    def get(number: int) -> None:
        urllib.request.urlopen(portal.url + PAGES[number % len(PAGES)], timeout=30).read()

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(get, range(VISITS * len(PAGES))))
