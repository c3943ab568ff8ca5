"""Recovery keys: the seed of an age identity as 24 words (FORMATS.md section 10)."""

from __future__ import annotations

import secrets

from app.crypto.hybrid import SEED_BYTES, HybridIdentity
from app.crypto.words import read_words, write_words
from app.domain import LIMITS
from app.errors import FormatError


def new_seed() -> bytes:
    """32 bytes from the system's randomness."""
    return secrets.token_bytes(SEED_BYTES)


def words(seed: bytes) -> tuple[str, ...]:
    """The 24 words of a seed. FormatError unless it has 32 bytes."""
    if len(seed) != SEED_BYTES:
        raise FormatError
    return write_words(seed)


def read(typed: str) -> HybridIdentity:
    """The identity of 24 words as a person typed them. WordsError as `words.read_words` raises it."""
    return HybridIdentity.from_seed(read_words(typed, LIMITS.recovery_words))
