from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.crypto import age
from app.crypto.hybrid import HybridIdentity
from tests.cli.runner import quietline, refused

CHUNK = 65536


@pytest.fixture(scope="module")
def identity() -> HybridIdentity:
    return HybridIdentity.generate()


@pytest.fixture
def key(tmp_path: Path, identity: HybridIdentity) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(f"# made for a test\n\n{identity}\n")
    return path


def test_what_is_sealed_opens(tmp_path: Path, identity: HybridIdentity, key: Path) -> None:
    data = os.urandom(3 * CHUNK + 5)
    sealed = quietline(tmp_path, "seal", "--to", str(identity.recipient), stdin=data)
    assert sealed.stdout.startswith(b"age-encryption.org/v1\n-> mlkem768x25519 ")
    opened = quietline(tmp_path, "open", "--identity", key, stdin=sealed.stdout)
    assert (opened.returncode, opened.stdout, opened.stderr) == (0, data, b"")


def test_armor_is_text_and_opens(tmp_path: Path, identity: HybridIdentity, key: Path) -> None:
    sealed = quietline(tmp_path, "seal", "--armor", "--to", str(identity.recipient), stdin=b"hello")
    assert sealed.stdout.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert quietline(tmp_path, "open", "--identity", key, stdin=sealed.stdout).stdout == b"hello"


def test_recipients_may_stand_in_a_file_and_each_can_open(tmp_path: Path, identity: HybridIdentity) -> None:
    other = HybridIdentity.generate()
    (tmp_path / "team.txt").write_text(f"# the team\n{identity.recipient}\n{other.recipient}\n")
    sealed = quietline(tmp_path, "seal", "--to", "team.txt", stdin=b"hello").stdout
    assert [age.unseal_bytes(sealed, [each]) for each in (identity, other)] == [b"hello"] * 2


@pytest.mark.parametrize("recipient", ["age1" + "q" * 58, "age1pq1short", "nobody"])
def test_only_hybrid_recipients_are_accepted(tmp_path: Path, recipient: str) -> None:
    assert "age1pq1" in refused(quietline(tmp_path, "seal", "--to", recipient, stdin=b"hello"))


def test_sealing_to_nobody_is_a_usage_error(tmp_path: Path) -> None:
    done = quietline(tmp_path, "seal", stdin=b"hello")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--to" in done.stderr


@pytest.mark.parametrize("position", [CHUNK + 40, 2 * CHUNK + 40])
def test_no_byte_of_an_altered_chunk_is_released(tmp_path: Path, identity: HybridIdentity, key: Path, position: int) -> None:
    data = os.urandom(3 * CHUNK)
    sealed = bytearray(age.seal_bytes(data, [identity.recipient]))
    header = len(sealed) - len(data) - 3 * 16
    sealed[header + position] ^= 1
    opened = quietline(tmp_path, "open", "--identity", key, stdin=bytes(sealed))
    assert opened.returncode == 1
    assert opened.stdout == data[: position // CHUNK * CHUNK]
    assert b"altered or cut short" in opened.stderr


def test_a_file_cut_at_a_chunk_fails(tmp_path: Path, identity: HybridIdentity, key: Path) -> None:
    data = os.urandom(2 * CHUNK)
    sealed = age.seal_bytes(data, [identity.recipient])[: -(CHUNK + 16)]
    opened = quietline(tmp_path, "open", "--identity", key, stdin=sealed)
    assert opened.returncode == 1
    assert b"altered or cut short" in opened.stderr


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "not an age file"), (b"hello\n", "not an age file"), (b"-----BEGIN AGE ENCRYPTED FILE-----\nx\n", "damaged")],
)
def test_what_is_not_an_age_file_is_said(tmp_path: Path, key: Path, data: bytes, sentence: str) -> None:
    assert sentence in refused(quietline(tmp_path, "open", "--identity", key, stdin=data))


def test_the_wrong_key_is_said_and_shown_nowhere(tmp_path: Path, identity: HybridIdentity, key: Path) -> None:
    sealed = age.seal_bytes(b"hello", [HybridIdentity.generate().recipient])
    sentence = refused(quietline(tmp_path, "open", "--identity", key, stdin=sealed))
    assert "sealed to somebody else" in sentence
    assert "AGE-SECRET" not in sentence


@pytest.mark.parametrize(
    ("content", "sentence"), [("", "holds no identity"), ("AGE-SECRET-KEY-1QQQ\n", "AGE-SECRET-KEY-PQ-1"), ("\x00\xff", "AGE-")]
)
def test_an_identity_file_without_an_identity_is_said(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "key.txt").write_text(content)
    assert sentence in refused(quietline(tmp_path, "open", "--identity", "key.txt", stdin=b"x"))


def test_a_missing_identity_file_is_named(tmp_path: Path) -> None:
    assert "none.txt: No such file" in refused(quietline(tmp_path, "open", "--identity", "none.txt", stdin=b"x"))
