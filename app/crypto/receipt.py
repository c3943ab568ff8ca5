"""The receipt: twelve words, and the four secrets derived from them (FORMATS.md section 4)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from app.crypto import words
from app.crypto.encoding import id_encode
from app.crypto.hkdf import hkdf
from app.crypto.hybrid import HybridIdentity
from app.crypto.signing import SigningKey
from app.domain import LIMITS, CaseId, MailboxHash
from app.errors import FormatError

ENTROPY_BYTES: Final = 16
MAILBOX_KEY_BYTES: Final = 32
_SALT: Final = b"quietline/receipt/v1"


def mailbox_hash(mailbox_key: bytes) -> MailboxHash:
    """What the server keeps of a mailbox key: its SHA-256. FormatError unless the key has 32 bytes."""
    if len(mailbox_key) != MAILBOX_KEY_BYTES:
        raise FormatError
    return MailboxHash(hashlib.sha256(mailbox_key).digest())


@dataclass(frozen=True)
class Receipt:
    """16 bytes of entropy, which are the twelve words. Neither stands in its `repr`."""

    entropy: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.entropy) != ENTROPY_BYTES:
            raise FormatError

    @classmethod
    def generate(cls) -> Receipt:
        """A new receipt from the system's randomness."""
        return cls(secrets.token_bytes(ENTROPY_BYTES))

    @classmethod
    def from_entropy(cls, entropy: bytes) -> Receipt:
        """The receipt of 16 bytes. FormatError for another length."""
        return cls(bytes(entropy))

    @classmethod
    def read(cls, typed: str) -> Receipt:
        """The receipt a person typed. WordsError as `words.read_words` raises it."""
        return cls(words.read_words(typed, LIMITS.receipt_words))

    def _derive(self, label: str) -> bytes:
        return hkdf(self.entropy, _SALT, label.encode("ascii"))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The twelve words."""
        return words.write_words(self.entropy)

    @cached_property  # kept in this receipt, and gone with it
    def identity(self) -> HybridIdentity:
        """The reporter's age identity."""
        return HybridIdentity.from_seed(self._derive("identity"))

    @property
    def mailbox_key(self) -> bytes:
        """The 32 bytes that open the mailbox on the server, which keeps `mailbox_hash` of them."""
        return self._derive("mailbox")

    @cached_property
    def signing(self) -> SigningKey:
        """The reporter's signing key."""
        return SigningKey.from_seed(self._derive("signing"))

    @property
    def case_id(self) -> CaseId:
        """The id of the case this receipt belongs to."""
        return CaseId(id_encode(self._derive("case")[:16]))

    def appears_in(self, text: str) -> bool:
        """Whether the twelve words stand in the text, in order and each one whole, whatever separates them."""
        folded = words.fold(text)
        # Nearly always one of them is missing, which is seen without taking the text apart.
        return all(word in folded for word in self.words) and f" {' '.join(self.words)} " in f" {' '.join(words.parts(text))} "
