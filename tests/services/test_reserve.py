"""A disk that fills: files stop first, then answers; new reports go on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain import LIMITS
from app.errors import NoRoom, StorageBusy
from app.services import followup, intake, receipts, uploads, wire
from app.services.drafts import PlainReport
from app.services.receipts import Receipt
from tests.services.sealed_files import some_sealed_file
from tests.support import Clock, Place, make_context, make_place

MEGA = 1 << 20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that has room for answers and not for files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = (LIMITS.reports_reserve_bytes + LIMITS.reserve_bytes) // 2
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def report(place: Place) -> Receipt:
    receipt = receipts.new()
    intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, PlainReport("", "The doors are locked.", {"category": "Safety"}))
    return receipt


def answer(place: Place, receipt: Receipt) -> None:
    followup.post_plain(place.ctx, place.id, receipt, wire.new_message_id(), "One more thing.", 1)


def test_files_stop_first_then_answers_and_reports_go_on(small: Path) -> None:
    place = make_place(make_context(small / "data", Clock(), DATABASE_URL=f"sqlite:///{small}/data/quietline.db"))
    receipt = report(place)
    answer(place, receipt)
    with pytest.raises(NoRoom):
        uploads.create(place.ctx, place.id, len(some_sealed_file()))
    with (small / "other").open("wb") as other:
        os.posix_fallocate(other.fileno(), 0, _free(small) - LIMITS.reports_reserve_bytes + MEGA)
    with pytest.raises(StorageBusy):
        answer(place, receipt)
    report(place)
    with (small / "more").open("wb") as more:
        os.posix_fallocate(more.fileno(), 0, _free(small) - 4 * MEGA)
    for _ in range(20):
        report(place)
    assert len(followup.open_plain(place.ctx, place.id, receipt).checked) == 2
    place.ctx.database.dispose()


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
