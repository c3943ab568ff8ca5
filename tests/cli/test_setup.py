from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from app.crypto.hybrid import HybridIdentity
from tests.cli.runner import quietline, refused, worked
from tests.databases import Kind

pytestmark = pytest.mark.usefixtures("database_kind")
TOML = 'name = "Northwind"\n[[channels]]\nslug = "ethics"\nname = "Ethics"\n[[channels]]\nslug = "audit"\nname = "Audit"\n'
LINK = re.compile(r"^(http\S+)/desk/enrol#([A-Za-z0-9_-]{43})$", re.MULTILINE)


@pytest.fixture(scope="module")
def recipient() -> str:
    return str(HybridIdentity.generate().recipient)


@pytest.fixture
def folder(tmp_path: Path, recipient: str) -> Path:
    worked(quietline(tmp_path / "data", "init", "--recovery", recipient, "--name", "Northwind"))
    return tmp_path / "data"


def test_init_makes_everything_and_an_invitation(database_kind: Kind, tmp_path: Path, recipient: str) -> None:
    output = worked(quietline(tmp_path / "data", "init", "--recovery", recipient, "--url", "https://report.example.org/"))
    link = LINK.search(output)
    assert link is not None
    assert link[1] == "https://report.example.org"
    key = tmp_path / "data" / "secret-key"
    assert f"QUIETLINE_SECRET_KEY_FILE={key}" in output
    assert key.read_text().strip() not in output
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert modes == {"secret-key": 0o600} | ({"quietline.db": 0o600} if database_kind == "sqlite" else {})


def test_init_reads_recipients_from_files_too(tmp_path: Path, recipient: str) -> None:
    (tmp_path / "one.txt").write_text(f"Recipient:\n\n{recipient}\n")
    worked(quietline(tmp_path, "init", "--recovery", "one.txt", "--recovery", str(HybridIdentity.generate().recipient)))
    assert worked(quietline(tmp_path, "fingerprint")).count("Recovery recipient") == 2


def test_init_never_takes_a_recovery_secret(tmp_path: Path) -> None:
    secret = str(HybridIdentity.generate())
    sentence = refused(quietline(tmp_path, "init", "--recovery", secret))
    assert "age1pq1" in sentence
    assert secret not in sentence


def test_init_needs_a_recovery_recipient(tmp_path: Path) -> None:
    done = quietline(tmp_path, "init")
    assert done.returncode == 2
    assert not (tmp_path / "quietline.db").exists()


def test_a_second_init_is_refused_unless_it_is_meant(folder: Path, recipient: str) -> None:
    assert "--another" in refused(quietline(folder, "init", "--recovery", recipient))
    worked(quietline(folder, "init", "--another", "--recovery", recipient, "--name", "Southwind"))
    assert "say which with --organisation" in refused(quietline(folder, "status"))


def test_the_example_can_be_put_in_force(folder: Path) -> None:
    (folder / "example.toml").write_text(worked(quietline(folder, "configure", "--example")))
    assert "can be used: 2 channels" in worked(quietline(folder, "configure", "--check", "example.toml"))
    assert worked(quietline(folder, "configure", "example.toml")) == "Configuration version 2 is in force.\n"
    assert worked(quietline(folder, "configure", "example.toml")) == "Configuration version 2 is in force.\n"
    assert "audit (Audit committee), not yet open" in worked(quietline(folder, "status"))


def _but_the_day(status: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d", "", status)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name = 1", "name must be a text"),
        (b"name", "not TOML"),
        (b"\xff", "UTF-8"),
        (TOML.replace("audit", "ethics").encode(), "there is twice"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(folder: Path, content: bytes, sentence: str) -> None:
    (folder / "bad.toml").write_bytes(content)
    before = worked(quietline(folder, "status"))
    assert sentence.replace("there is", "is there") in refused(quietline(folder, "configure", "bad.toml"))
    assert _but_the_day(worked(quietline(folder, "status"))) == _but_the_day(before)


def test_an_invitation_can_be_for_one_channel(folder: Path) -> None:
    (folder / "two.toml").write_text(TOML)
    worked(quietline(folder, "configure", "two.toml"))
    link = LINK.fullmatch(worked(quietline(folder, "invite", "--channel", "audit")).strip())
    assert link is not None
    assert link[1] == "http://127.0.0.1:8000"
    assert "use one of audit, ethics" in refused(quietline(folder, "invite", "--channel", "legal"))


def test_commands_on_nothing_say_what_to_do_first(tmp_path: Path) -> None:
    for command in ("status", "invite", "fingerprint", "export", "serve"):
        sentence = refused(quietline(tmp_path / "none", command, SECRET_KEY="0123456789abcdefghijklmnopqrstuv"))
        assert "run quietline init first" in sentence
    assert list((tmp_path / "none").iterdir()) == []


def test_a_misspelt_setting_stops_a_command(tmp_path: Path) -> None:
    assert "QUIETLINE_DATTA is not a setting" in refused(quietline(tmp_path, "status", DATTA="x"))
