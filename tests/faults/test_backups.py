"""Backups of a portal that is being written to, restored elsewhere and served there: every receipt opens, and deleted stays deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.crypto.hybrid import HybridIdentity
from app.domain import Mark
from tests.cli.runner import quietline, worked
from tests.databases import databases
from tests.faults.reporting import Crowd, Reporter
from tests.portal import Portal, clean_environment
from tests.support import SECRET_KEY
from tests.web.served import Served, serve

pytestmark = pytest.mark.both_databases
KEY = HybridIdentity.generate()
TIMES = 3


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "key.txt"
    file.write_text(f"{KEY}\n")
    return file


def back_up(served: Served, file: Path) -> None:
    worked(quietline(served.place.ctx.settings.data, "backup", file, "--to", str(KEY.recipient)))


def restored(file: Path, key: Path, folder: Path, *more: str | Path) -> Portal:
    """A portal on what was restored into this folder."""
    folder.mkdir(mode=0o700)
    worked(quietline(folder, "restore", file, "--identity", key, *more))
    assert worked(quietline(folder, "check")) == "Nothing found.\n"
    settings = {"DATA": str(folder), "MODE": "testing", "KDF_PROFILE": "testing", "SECRET_KEY": SECRET_KEY, "WORKERS": "1"}
    return Portal(clean_environment(**{f"QUIETLINE_{name}": value for name, value in settings.items()}), folder.with_suffix(".log"))


def test_a_backup_during_writes_opens_every_receipt_elsewhere(database_kind: str, tmp_path: Path, key: Path) -> None:
    """Whatever was acknowledged before the backup began is in it, whole; whatever was withdrawn before is not."""
    promised = []
    with serve(tmp_path, WORKERS="2") as served, Crowd(served.portal, served.place, 3) as crowd:
        for number in range(TIMES):
            crowd.wait_for(10)
            promised.append(list(crowd.sent))
            back_up(served, tmp_path / f"{number}.age")
        crowd.wait_for(3)
    for number, receipts in enumerate(promised):
        with restored(tmp_path / f"{number}.age", key, tmp_path / f"restored-{number}") as portal:
            reporter = Reporter(portal, served.place)
            assert [reporter.open(each) for each in receipts] == [[Mark.VERIFIED]] * len(receipts)
    assert len(promised[-1]) > len(promised[0]) >= 10
    assert crowd.withdrawn
    assert any(each.files for each in promised[-1])


def test_an_old_backup_keeps_deleted_what_was_deleted(database_kind: str, tmp_path: Path, key: Path) -> None:
    """Withdrawn before the backup: gone in any case. Since: gone with the tombstones of the old installation, back without them."""
    with serve(tmp_path) as served:
        reporter = Reporter(served.portal, served.place)
        stays, before, since = reporter.send(1000), reporter.send(2000), reporter.send(3000)
        reporter.withdraw(before)
        back_up(served, tmp_path / "old.age")
        reporter.withdraw(since)
        late = reporter.send()
        stones = tmp_path / "tombstones.jsonl"
        stones.write_text(worked(quietline(served.place.ctx.settings.data, "tombstones")))
    with restored(tmp_path / "old.age", key, tmp_path / "with", "--tombstones", stones) as portal:
        reporter = Reporter(portal, served.place)
        assert reporter.open(stays) == [Mark.VERIFIED]
        assert [reporter.is_gone(each) for each in (before, since, late)] == [True] * 3
        found = {path.name for path in (tmp_path / "with" / "blobs").rglob("*") if path.is_file()}
        assert found == set(stays.files)
    with restored(tmp_path / "old.age", key, tmp_path / "without") as portal:
        reporter = Reporter(portal, served.place)
        assert [reporter.is_gone(each) for each in (before, since, late)] == [True, False, True]
        worked(quietline(tmp_path / "without", "tombstones", "--apply", stones))  # found later, while it is served
        assert reporter.is_gone(since)
        assert reporter.open(stays) == [Mark.VERIFIED]


def test_every_byte_of_the_tests_is_on_the_database_they_name(database_kind: str, tmp_path: Path) -> None:
    """Or what is shown above for PostgreSQL would be about SQLite."""
    assert databases.url(tmp_path / "x").startswith(database_kind)
