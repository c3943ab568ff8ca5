"""What the first page of an inbox costs the server, with few cases and with ten thousand."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from app.services import triage
from tests.services.letters import officer, plant
from tests.support import Clock, make_context, make_place

SIZES = (500, 10_000)
ROUNDS = 20


def run(folder: Path) -> list[str]:
    """Lines to print: medians in milliseconds of CPU."""
    place = make_place(make_context(folder, Clock()))
    olivia = officer(place, place.olivia)
    lines, present = [], 0
    for size in SIZES:
        plant(place, size - present, size=64)
        present = size
        triage.inbox(place.ctx, olivia)
        spent = []
        for _ in range(ROUNDS):
            began = time.process_time()
            triage.inbox(place.ctx, olivia)
            spent.append((time.process_time() - began) * 1000)
        lines.append(f"first page of {size:6} cases {statistics.median(spent):14.1f} ms CPU (median of {ROUNDS})")
    place.ctx.database.dispose()
    return lines
