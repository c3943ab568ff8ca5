"""Secrets as BIP-39 words (English list), and the forgiving reader for them (FORMATS.md section 4)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from mnemonic import Mnemonic

from app.domain import LIMITS
from app.errors import WordsError

_BIP39: Final = Mnemonic("english")
_WORDS: Final = frozenset(_BIP39.wordlist)
# A word of three letters ("act") begins no other, so its own four-letter key is left out.
_BY_FOUR: Final = {word[:4]: word for word in _BIP39.wordlist if len(word) >= 4}
_PARTS: Final = re.compile("[a-z]+")


def write_words(entropy: bytes) -> tuple[str, ...]:
    """The words of 16 bytes (12 words) or 32 bytes (24 words)."""
    return tuple(_BIP39.to_mnemonic(entropy).split(" "))


def fold(text: str) -> str:
    """NFKD, in lower case."""
    return unicodedata.normalize("NFKD", text).lower()


def parts(text: str) -> list[str]:
    """Runs of the letters a to z, after NFKD and lower case."""
    return _PARTS.findall(fold(text))


def _word(part: str) -> str | None:
    return part if part in _WORDS else _BY_FOUR.get(part)


def read_words(typed: str, count: int) -> bytes:
    """The entropy of `count` words as a person typed them. WordsError, in this order: `too_long`, `not_on_list` (`parts`: position from 1
    and part of each), `wrong_count` (`count`: how many there were), `checksum`."""
    if len(typed) > LIMITS.typed_words_characters:
        raise WordsError("too_long")
    typed_parts = parts(typed)
    words = [_word(part) for part in typed_parts]
    unknown = tuple((i, part) for i, (part, word) in enumerate(zip(typed_parts, words, strict=True), 1) if word is None)
    if unknown:
        raise WordsError("not_on_list", parts=unknown)
    if len(words) != count:
        raise WordsError("wrong_count", count=len(words))
    try:
        return bytes(_BIP39.to_entropy([word for word in words if word]))
    except ValueError:
        raise WordsError("checksum") from None
