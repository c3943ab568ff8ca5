"""Floods in their short form; `make flood` has the long one. What matters is that everybody gets through, and how memory grows."""

from __future__ import annotations

from pathlib import Path

from tests.databases import Kind
from tests.faults import flood

COUNT = 1000
MEMORY = 64 << 20


def test_slow_connections_and_wrong_words_keep_nobody_out(database_kind: Kind, tmp_path: Path) -> None:
    result = flood.slow_and_words(tmp_path, COUNT, at_once=50, workers=2)
    assert result.waits.refused == []
    assert result.tallies["slow connections"]["opened"] >= COUNT
    assert set(result.tallies["wrong words"]) <= {"404", "200", "unanswered", "seconds"}  # 200: a page to wait on, which ends the same
    assert result.memory - result.idle < MEMORY
    assert result.waits.worst() < 10.0  # two on a machine of its own


def test_junk_reports_keep_nobody_out_and_none_is_refused(database_kind: Kind, tmp_path: Path) -> None:
    result = flood.junk(tmp_path, COUNT, at_once=100, workers=2)
    assert result.waits.refused == []
    assert {name: number for name, number in result.tallies["junk reports"].items() if name not in {"seconds", "unanswered"}} == {
        "200": COUNT
    }
    assert result.memory - result.idle < MEMORY
    assert result.waits.worst() < 60.0
