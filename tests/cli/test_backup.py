"""quietline backup and restore, as commands."""

from __future__ import annotations

import json
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.crypto import recovery
from app.crypto.hybrid import HybridIdentity
from app.crypto.receipt import Receipt
from app.services import followup
from tests.cli.runner import quietline, refused, worked
from tests.services.backups import blobs, elsewhere, rows
from tests.services.letters import as_reporter
from tests.services.test_backup import case
from tests.support import Clock, Place

KEY = HybridIdentity.generate()


@dataclass(frozen=True)
class Line:
    """A place with a case in it, a key file, and an empty folder to restore into."""

    place: Place
    receipt: Receipt
    key: Path
    file: Path
    fresh: Path

    @property
    def data(self) -> Path:
        return self.place.ctx.settings.data

    def back_up(self, *more: str | Path, **settings: str) -> subprocess.CompletedProcess[bytes]:
        return quietline(self.data, "backup", self.file, "--to", str(KEY.recipient), *more, **settings)

    def restore(self, *more: str | Path, stdin: str = "") -> subprocess.CompletedProcess[bytes]:
        return quietline(self.fresh, "restore", self.file, *more, stdin=stdin)


@pytest.fixture
def line(place: Place, tmp_path: Path) -> Line:
    receipt, _ = case(place, 1000)
    key = tmp_path / "backup-key.txt"
    key.write_text(f"{KEY}\n")
    (tmp_path / "fresh").mkdir(mode=0o700)
    return Line(place, receipt, key, tmp_path / "backup.age", tmp_path / "fresh")


def test_a_backup_is_made_and_restored_and_says_what_is_not_in_it(line: Line, clock: Clock) -> None:
    said = worked(line.back_up())
    assert "1 organisations, 1 cases, 4 messages, 1 sealed files of " in said
    assert "so does each of 1 recovery keys" in said
    for missing in ("NOT in the backup", "passwords", "settings", "secret-key", "invitations", "Without one of them it is lost"):
        assert missing in said
    assert stat.S_IMODE(line.file.stat().st_mode) == 0o600
    assert [each.name for each in line.file.parent.glob(".backup*")] == []
    said = worked(line.restore("--identity", line.key))
    key = line.fresh / "secret-key"
    assert f"QUIETLINE_SECRET_KEY_FILE={key}" in said
    assert "was read back and compared" in said
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with elsewhere(line.fresh, clock) as there:
        assert rows(there) == rows(line.place.ctx)
        assert blobs(there, line.place.id) == blobs(line.place.ctx, line.place.id)
        found = as_reporter(line.receipt, followup.open_sealed(there, line.place.id, line.receipt.mailbox_key).messages)
        assert [each.problems for each in found] == [()] * 3
    assert worked(quietline(line.fresh, "check")) == "Nothing found.\n"


def test_the_recovery_words_restore_it(line: Line) -> None:
    worked(line.back_up())
    words = " ".join(recovery.words(line.place.recovery.seed))
    assert "is restored" in worked(line.restore("--words-file", "-", stdin=words))


def test_the_setting_names_the_recipient_or_its_file(line: Line, tmp_path: Path) -> None:
    assert "QUIETLINE_BACKUP_RECIPIENT" in refused(quietline(line.data, "backup", line.file))
    kept = tmp_path / "recipient.txt"
    kept.write_text(f"# of the safe in the cellar\n{KEY.recipient}\n")
    for number, given in enumerate((str(KEY.recipient), str(kept))):
        file = tmp_path / f"{number}.age"
        worked(quietline(line.data, "backup", file, BACKUP_RECIPIENT=given))
        assert "is whole: 1 organisations" in worked(quietline(line.fresh, "restore", "--verify", file, "--identity", line.key))


@pytest.mark.parametrize("wrong", ["age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqx", "nobody", "age1pq1"])
def test_only_a_post_quantum_recipient_will_do(line: Line, wrong: str) -> None:
    refused(quietline(line.data, "backup", line.file, "--to", wrong))
    assert not line.file.exists()


def test_a_file_that_is_there_is_kept_unless_forced(line: Line) -> None:
    line.file.write_text("older")
    assert "--force" in refused(line.back_up())
    assert line.file.read_text() == "older"
    worked(line.back_up("--force"))
    assert line.file.read_bytes().startswith(b"age-encryption.org/v1\n")


def test_verifying_needs_no_place_and_makes_none(line: Line) -> None:
    worked(line.back_up())
    before = line.file.read_bytes()
    said = worked(line.restore("--verify", "--identity", line.key))
    assert said.startswith(f"{line.file} is whole: 1 organisations, 1 cases")
    assert list(line.fresh.iterdir()) == []
    assert line.file.read_bytes() == before


def test_an_altered_or_cut_backup_is_one_sentence_and_nothing_in_place(line: Line) -> None:
    worked(line.back_up())
    whole = line.file.read_bytes()
    for wrong in (whole[:-1], whole[:20_000], whole[:15_000] + b"x" + whole[15_001:]):
        line.file.write_bytes(wrong)
        assert "nothing was restored" in refused(line.restore("--identity", line.key))
    line.file.write_bytes(b"something else")
    refused(line.restore("--identity", line.key))
    assert list(line.fresh.iterdir()) == []


def test_another_key_does_not_open_it(line: Line, tmp_path: Path) -> None:
    worked(line.back_up())
    other = tmp_path / "other.txt"
    other.write_text(f"{HybridIdentity.generate()}\n")
    assert "sealed to somebody else" in refused(line.restore("--identity", other))


def test_a_place_that_is_not_empty_is_left_alone(line: Line) -> None:
    worked(line.back_up())
    before = rows(line.place.ctx)
    assert "not empty" in refused(quietline(line.data, "restore", line.file, "--identity", line.key))
    assert rows(line.place.ctx) == before
    assert not (line.data / "secret-key").exists()


def test_an_old_backup_with_the_last_tombstones_keeps_deleted_what_was_deleted(line: Line, tmp_path: Path) -> None:
    worked(line.back_up())
    followup.withdraw(line.place.ctx, line.place.id, line.receipt.mailbox_key)
    kept = tmp_path / "tombstones.jsonl"
    kept.write_text(worked(quietline(line.data, "tombstones")))
    said = worked(line.restore("--identity", line.key, "--tombstones", kept))
    assert "Deleted again: 1 cases, and 0 messages of others." in said
    assert json.loads(worked(quietline(line.fresh, "status", "--json")))["files"] == 0


def test_lost_files_are_said_and_the_rest_is_there(line: Line) -> None:
    _, (lost,) = case(line.place, 2000)
    (line.data / "blobs" / line.place.id / lost).unlink()
    done = line.back_up()
    assert done.returncode == 1
    assert b"1 sealed files were missing or altered" in done.stderr
    done = line.restore("--identity", line.key)
    assert done.returncode == 1
    assert b"is restored" in done.stdout
    assert done.stderr.decode() == f"file: {line.place.id}/{lost}: it is missing\n"
