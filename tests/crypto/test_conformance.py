"""The public age test suite (tests/vectors/cctv), all of it, against our parser and opener."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.crypto import age, armor
from app.crypto.header import Stanza
from app.crypto.hybrid import HybridIdentity
from app.errors import ArmorError, HeaderError, MacError, NoMatch, PayloadError

FOLDER = Path(__file__).parent.parent / "vectors" / "cctv"
NAMES = sorted(path.name for path in FOLDER.iterdir() if not path.suffix and not path.name.startswith("."))

OUTCOMES = {
    ArmorError: "armor failure",
    HeaderError: "header failure",
    NoMatch: "no match",
    MacError: "HMAC failure",
    PayloadError: "payload failure",
}

X25519 = "what is wrong is inside an X25519 stanza, which we never open"
SCRYPT = "what is wrong is inside a scrypt stanza, which we never open"

CANNOT_RUN = {
    "hybrid_x25519_arg": X25519,
    "scrypt_extra_argument": SCRYPT,
    "scrypt_not_canonical_salt": SCRYPT,
    "scrypt_salt_long": SCRYPT,
    "scrypt_salt_missing": SCRYPT,
    "scrypt_salt_short": SCRYPT,
    "scrypt_work_factor_23": SCRYPT,
    "scrypt_work_factor_hex": SCRYPT,
    "scrypt_work_factor_leading_garbage": SCRYPT,
    "scrypt_work_factor_leading_plus": SCRYPT,
    "scrypt_work_factor_leading_zero_decimal": SCRYPT,
    "scrypt_work_factor_leading_zero_octal": SCRYPT,
    "scrypt_work_factor_missing": SCRYPT,
    "scrypt_work_factor_negative": SCRYPT,
    "scrypt_work_factor_overflow": SCRYPT,
    "scrypt_work_factor_trailing_garbage": SCRYPT,
    "scrypt_work_factor_zero": SCRYPT,
    "x25519_extra_argument": X25519,
    "x25519_identity": X25519,
    "x25519_long_share": X25519,
    "x25519_low_order": X25519,
    "x25519_not_canonical_share": X25519,
    "x25519_short_share": X25519,
}
"""Vectors whose outcome is decided inside a recipient kind that we do not implement, and why. Each is still opened, with the published
file key: should one come out as expected, it no longer belongs here and the test fails."""


class PublishedKey:
    """Opens a file with the file key its vector publishes, so that header, MAC, armor and payload rules run without the recipient kind."""

    def __init__(self, file_key: bytes) -> None:
        self._file_key = file_key

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        return self._file_key


@dataclass(frozen=True)
class Vector:
    """A vector: its head, and the file."""

    head: dict[str, str]
    identities: tuple[age.Identity, ...]
    file: bytes


def _vector(name: str) -> Vector:
    text, file = (FOLDER / name).read_bytes().split(b"\n\n", 1)
    pairs = [(key, value) for key, _, value in (line.partition(": ") for line in text.decode().split("\n"))]
    head = dict(pairs)
    hybrid = tuple(HybridIdentity.parse(v) for k, v in pairs if k == "identity" and v.startswith("AGE-SECRET-KEY-PQ-"))
    identities: tuple[age.Identity, ...] = hybrid
    # With "no match" nobody may open the file, so there the published key stays out of it.
    if not hybrid and "file key" in head and head["expect"] != "no match":
        identities = (PublishedKey(bytes.fromhex(head["file key"])),)
    return Vector(head, identities, zlib.decompress(file) if head.get("compressed") == "zlib" else file)


def _outcome(vector: Vector, piece: int) -> tuple[str, str]:
    """What opening came to, and SHA-256 of everything released until then."""
    pieces: Iterable[bytes] = (vector.file[i : i + piece] for i in range(0, len(vector.file), piece))
    released = hashlib.sha256()
    try:
        for chunk in age.unseal(armor.decode(pieces) if vector.head.get("armored") == "yes" else pieces, vector.identities):
            released.update(chunk)
    except tuple(OUTCOMES) as error:
        return OUTCOMES[type(error)], released.hexdigest()
    return "success", released.hexdigest()


def _expected(vector: Vector) -> tuple[str, str]:
    return vector.head["expect"], vector.head.get("payload", hashlib.sha256().hexdigest())


def test_the_suite_is_whole() -> None:
    assert len(NAMES) == 143
    assert set(CANNOT_RUN) <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CANNOT_RUN])
@pytest.mark.parametrize("piece", [1 << 24, 1000], ids=["whole", "pieces"])
def test_a_vector_comes_out_as_published(name: str, piece: int) -> None:
    vector = _vector(name)
    assert _outcome(vector, piece) == _expected(vector), vector.head.get("comment")


@pytest.mark.parametrize("name", sorted(CANNOT_RUN))
def test_a_vector_we_cannot_run_still_cannot_be_run(name: str) -> None:
    vector = _vector(name)
    assert _outcome(vector, 1 << 24) != _expected(vector), f"{name} comes out as published: take it off the list"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("hybrid")])
def test_no_hybrid_vector_is_opened_with_a_published_key(name: str) -> None:
    assert all(isinstance(identity, HybridIdentity) for identity in _vector(name).identities)
