"""The sweep in its short form, on SQLite and a plain folder; and the control, in which it must find everything."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack import programs
from tests.faults.sweep.ground import Ground
from tests.faults.sweep.part import sweep_control, sweep_stack


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the stack's own user can get at, unlike the ones that pytest makes."""
    try:
        programs.nginx()
        programs.redis()
    except RuntimeError as missing:
        pytest.skip(str(missing))
    if shutil.which("strace") is None:
        pytest.skip("there is no strace here")
    with tempfile.TemporaryDirectory(prefix="quietline-sweep-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "workshop").mkdir()
        (folder / "ground").mkdir()
        yield folder


@pytest.mark.only_sqlite  # the whole sweep (make sweep) is on both
def test_nothing_that_a_reporter_gives_away_is_left_anywhere(place: Path, database_kind: str) -> None:
    result = sweep_stack(Ground(place / "ground", None), place / "workshop", "sqlite", short=True)
    print(result.table(expected=False))
    assert result.amiss == []
    assert sum(row.bytes for row in result.rows) > 20_000_000


def test_the_same_sweep_finds_everything_at_a_stock_server(place: Path) -> None:
    result = sweep_control(Ground(place / "ground", None), place / "workshop")
    print(result.table(expected=True))
    assert result.amiss == []
