"""ASCII armor, both ways and in constant memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import armor
from app.errors import ArmorError


def _armored(data: bytes) -> bytes:
    return b"".join(armor.encode((data,)))


def _decoded(data: bytes, piece: int = 1 << 20) -> bytes:
    return b"".join(armor.decode(data[i : i + piece] for i in range(0, len(data), piece)))


@given(st.binary(max_size=500), st.integers(1, 200))
def test_armor_comes_back(data: bytes, piece: int) -> None:
    text = _armored(data)
    assert _decoded(text, piece) == data
    assert _decoded(text.replace(b"\n", b"\r\n"), piece) == data
    assert _decoded(b" \r\n\t\n" + text.rstrip(b"\n") + b"\n\n  ", piece) == data
    assert all(len(line) <= 64 for line in text.splitlines())


def test_armor_is_recognised() -> None:
    assert armor.is_armored(_armored(b"x"))
    assert armor.is_armored(b"\n\n  \r\n" + _armored(b"x"))
    assert not armor.is_armored(b"age-encryption.org/v1\n")
    assert not armor.is_armored(b"")


TEXT = _armored(bytes(range(100)))
LINES = TEXT.split(b"\n")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        LINES[0],
        TEXT.replace(armor.END + b"\n", b""),
        TEXT.lower(),
        TEXT + b"x",
        b"x\n" + TEXT,
        TEXT.replace(b"\n", b"\r"),
        TEXT.replace(LINES[1], LINES[1][:-4]),
        TEXT.replace(LINES[1], LINES[1] + b"AAAA"),
        TEXT.replace(LINES[1], b""),
        TEXT.replace(LINES[1], LINES[1][:-1] + b"!"),
        TEXT.replace(LINES[1], LINES[1] + b" "),
        TEXT.replace(b"AGE", b"PGP"),
        TEXT.replace(b"==", b""),
        TEXT + b" " * 1025,
        b"\n" * 1025 + TEXT,
    ],
)
def test_it_refuses_armor_that_is_not_canonical(text: bytes) -> None:
    for piece in (1 << 20, 7):
        with pytest.raises(ArmorError):
            _decoded(text, piece)


def test_armor_takes_constant_memory() -> None:
    def pieces() -> Iterator[bytes]:
        piece = bytes(100_000)
        for _ in range(50):
            yield piece

    tracemalloc.start()
    try:
        total = sum(len(part) for part in armor.decode(armor.encode(pieces())))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 5_000_000
    assert peak < 1_000_000
