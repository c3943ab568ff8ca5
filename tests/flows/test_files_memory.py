"""Memory of the tab while a large file goes up and comes down. The full size is measured by hand: python -m tests.bench.tab"""

from __future__ import annotations

from pathlib import Path

from tests.bench.tab import MEBIBYTE, MOST, both_ways, sparse
from tests.flows.desks import Desk

SIZE = 150
"""MiB: as much as would show if what has been sealed or opened stayed in memory."""


def test_a_large_file_is_sealed_sent_and_opened_in_little_memory(desk: Desk, tmp_path: Path) -> None:
    up, down = both_ways(desk.url, sparse(tmp_path, SIZE * MEBIBYTE))
    assert (up.mebibytes < MOST, down.mebibytes < MOST) == (True, True), (up, down)
