"""Deleted means gone: from the database, its journal and the blob store, and on SQLite and ext4 from the blocks they gave back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.services import housekeeping
from tests.cli.runner import ROOT
from tests.databases import databases
from tests.services.deleting import WAYS, Traces, make_case
from tests.support import Clock, Place

IMAGE_BYTES = 420 * 1024 * 1024  # sparse: an installation keeps a reserve free


def everything(place: Place) -> bytes:
    """The database as it lies on the disk, and every file of the data folder."""
    files = [path for path in place.ctx.settings.data.rglob("*") if path.is_file()]
    return databases.raw(place.ctx.database) + b"".join(path.read_bytes() for path in files)


@pytest.fixture
def case(place: Place) -> Traces:
    return make_case(place)


@pytest.mark.parametrize("way", WAYS)
def test_what_was_deleted_is_in_no_file(place: Place, clock: Clock, case: Traces, way: str) -> None:
    bystander = make_case(place)
    before = everything(place)
    assert sum(piece in before for piece in case.everything) > 0.9 * len(case.everything)
    gone = WAYS[way](place, clock, case)
    after = everything(place) if place.ctx.database.kind == "sqlite" else _after_days(place, clock, gone)
    assert [piece for piece in gone if piece in after] == []
    assert sum(piece in after for piece in bystander.everything) > 0.9 * len(bystander.everything)


def _after_days(place: Place, clock: Clock, gone: list[bytes]) -> bytes:
    """On PostgreSQL it takes until the day is over, and longer while anybody's older transaction is open in the same database."""
    for _ in range(20):
        clock.move(days=1)
        housekeeping.tidy(place.ctx)
        after = everything(place)
        if not any(piece in after for piece in gone):
            break
        time.sleep(0.5)
    return after


def _mountable(folder: Path) -> bool:
    """Whether a loop device can be mounted here."""
    if shutil.which("mkfs.ext4") is None or shutil.which("unshare") is None or os.geteuid() != 0:
        return False
    probe = folder / "probe"
    with probe.open("wb") as file:
        file.truncate(8 * 1024 * 1024)
    (folder / "there").mkdir()
    script = 'mkfs.ext4 -q -F "$0" && mount -o loop "$0" "$1"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, str(probe), str(folder / "there")], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.only_sqlite  # PostgreSQL's files are its own; SECURITY.md says what it keeps
def test_what_was_deleted_is_in_no_block_of_an_ext4_file_system(tmp_path: Path, database_kind: str) -> None:
    if not _mountable(tmp_path):
        pytest.skip("mounting a loop device is not allowed here")
    image, folder = tmp_path / "image", tmp_path / "mounted"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    # A mount namespace of its own, which takes the mount with it whatever happens.
    script = 'mkfs.ext4 -q -F "$0" && mount -o loop "$0" "$1" && exec "$2" -m tests.services.image_side "$0" "$1"'
    command = ["unshare", "-m", "sh", "-c", script, str(image), str(folder), sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    print(results)
    for way in WAYS:
        there, of = results[way]["before"]
        assert there > 0.9 * of
        assert results[way]["after"][0] == 0, way
    for kept in ("bystander", "unlinked"):  # what stays is found, and what was only unlinked too: the search sees free blocks
        there, of = results[kept]
        assert there > 0.9 * of, kept
