from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.cli.secretfiles import KEY_FILE, read_secret, secret_key_file, write_private
from app.errors import CommandError


def test_a_file_is_for_its_owner_only(tmp_path: Path) -> None:
    write_private(tmp_path / "secret", [b"one", b"two"])
    assert (tmp_path / "secret").read_bytes() == b"onetwo"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"old")
    with pytest.raises(CommandError, match="--force"):
        write_private(tmp_path / "secret", [b"new"])
    assert (tmp_path / "secret").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_with_force_it_is_replaced_and_narrowed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"old")
    (tmp_path / "secret").chmod(0o644)
    write_private(tmp_path / "secret", [b"new"], force=True)
    assert (tmp_path / "secret").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_what_fails_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield b"half"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_private(tmp_path / "secret", broken())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_secret_key_is_made_once(tmp_path: Path) -> None:
    path = secret_key_file(tmp_path / "data")
    first = path.read_text()
    assert path.name == KEY_FILE
    assert len(first.strip()) == 64
    assert secret_key_file(tmp_path / "data").read_text() == first
    assert secret_key_file(tmp_path / "other").read_text() != first


def test_a_secret_comes_from_its_file_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    assert read_secret("Password", str(tmp_path / "password"), hidden=True) == "correct horse"


def test_a_secret_file_that_is_not_text_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="not a text file"):
        read_secret("Password", str(tmp_path / "password"), hidden=True)
