"""quietline check, as a command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from app.domain import AttachmentId
from app.storage import migrate
from tests.cli.runner import quietline, worked
from tests.services.test_backup import case
from tests.services.test_checkup import flip
from tests.support import Place


@pytest.fixture
def folder(place: Place) -> Path:
    return place.ctx.settings.data


def blob(place: Place, file: AttachmentId) -> Path:
    return place.ctx.settings.data / "blobs" / place.id / file


def test_nothing_found_is_said_and_ends_well(place: Place, folder: Path) -> None:
    case(place, 1000)
    assert worked(quietline(folder, "check")) == "Nothing found.\n"


def test_a_line_for_each_finding_and_no_case_in_any(place: Place, folder: Path) -> None:
    receipt, (flipped, cut, lost, good) = case(place, 1000, 2000, 3000, 4000)
    flip(blob(place, flipped), 40_000)
    os.truncate(blob(place, cut), 60_000)
    blob(place, lost).unlink()
    blob(place, good).chmod(0o644)
    done = quietline(folder, "check")
    lines = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr) == (1, b"")
    assert {line.split(": ")[0] for line in lines} == {"file", "permissions"}
    assert len(lines) == 4
    assert all(any(each in line for line in lines) for each in (flipped, cut, lost, good))
    assert receipt.case_id not in done.stdout.decode()


def test_files_from_before_digests(place: Place, folder: Path) -> None:
    _, (file,) = case(place, 1000)
    with place.ctx.database.write() as session:
        session.execute(text("UPDATE attachments SET digest = NULL"))
    done = quietline(folder, "check")
    assert (done.returncode, done.stdout) == (0, b"Nothing found.\n")
    assert b"1 were stored by an older version" in done.stderr
    worked(quietline(folder, "check", "--note-digests"))
    worked(quietline(folder, "check"))
    flip(blob(place, file), 40_000)
    assert quietline(folder, "check").returncode == 1


def test_an_older_schema_is_said_and_not_changed(place: Place, folder: Path) -> None:
    set_schema(place, "0001")
    done = quietline(folder, "check")
    found = migrate.current(place.ctx.database)
    set_schema(place, migrate.HEAD)  # others use these tables after this
    assert (done.returncode, found) == (1, "0001")
    assert b"older than" in done.stdout


def set_schema(place: Place, revision: str) -> None:
    with place.ctx.database.write() as session:
        session.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))


@pytest.mark.only_sqlite
def test_a_folder_without_a_database_is_a_finding(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    done = quietline(tmp_path, "check")
    assert done.returncode == 1
    assert done.stdout.startswith(b"database: There is no database")
    assert done.stderr == b""


@pytest.mark.only_sqlite
def test_something_else_than_a_database_is_one_line(place: Place, folder: Path) -> None:
    place.ctx.database.dispose()
    for name in ("quietline.db-wal", "quietline.db-shm"):
        (folder / name).unlink(missing_ok=True)
    (folder / "quietline.db").write_bytes(b"no database at all" * 1000)
    done = quietline(folder, "check")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
