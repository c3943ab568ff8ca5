"""What a page of an inbox costs the server: made whole, from the request to its last byte, with few cases and with ten thousand."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.domain import LIMITS, State
from app.factory import create_app
from app.services import configuration
from app.services.configuration import parse_toml
from tests.bench.comparing import met
from tests.services.letters import plant
from tests.support import TWO_CHANNELS, Clock, make_context, make_place
from tests.web.desk.helpers import BASE, Browser

SIZES: Final = (500, 10_000)
ROUNDS: Final = 20
CPU_AIM: Final = 20.0
BYTES_AIM: Final = 100_000
GROWTH: Final = 1.2
"""What counts as no growth: the measurement itself varies by more than a tenth."""


def run(folder: Path) -> Iterator[str]:
    """Lines to print: medians in milliseconds of CPU."""
    place = make_place(make_context(folder, Clock()))
    host = BASE.removeprefix("https://")
    configuration.configure(place.ctx, place.id, parse_toml(f'hosts = ["{host}"]\n{TWO_CHANNELS}'))
    browser = Browser(create_app(place.ctx.settings, place.ctx))
    browser.log_in(place.olivia)
    present, first = 0, 0.0
    for size in SIZES:
        for state in State:
            plant(place, (size - present) // len(State), size=64, state=state)
        present = size
        spent, length = _measure(browser, "/desk/")
        verdict = f"aims {CPU_AIM:.0f} ms, {met(spent <= CPU_AIM)}; {BYTES_AIM // 1000} kB, {met(length <= BYTES_AIM)}"
        yield f"first page of {size:6} cases {spent:8.1f} ms CPU {length / 1000:6.1f} kB  ({verdict})"
        first = first or spent
    yield f"growth from {SIZES[0]} to {SIZES[-1]} cases: {spent / first:.2f} ({met(spent <= first * GROWTH)})"
    last = SIZES[-1] // LIMITS.inbox_rows
    spent, length = _measure(browser, f"/desk/?page={last}")
    yield f"page {last} of {SIZES[-1]} cases {spent:11.1f} ms CPU {length / 1000:6.1f} kB  (reads what stands before it)"
    place.ctx.database.dispose()


def _measure(browser: Browser, path: str) -> tuple[float, int]:
    """The median of the CPU in milliseconds, and the bytes of the page."""
    spent, length = [], 0
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        length = len(browser.get(path).data)
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent[1:]), length
