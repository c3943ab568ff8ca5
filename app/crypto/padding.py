"""Size classes (FORMATS.md section 3): Padme above a smallest class."""

from __future__ import annotations

from app.domain import LIMITS
from app.errors import SizeError


def _padme(length: int) -> int:
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def message_class(length: int) -> int:
    """The plaintext length, in bytes, a document of so many bytes is padded to. SizeError over the largest or below zero."""
    padded = LIMITS.message_class_smallest if length <= LIMITS.message_class_smallest else _padme(length)
    if length < 0 or padded > LIMITS.message_class_largest:
        raise SizeError
    return padded


def attachment_class(length: int) -> int:
    """The plaintext length, in bytes, an attachment of so many bytes is padded to. SizeError below zero."""
    if length < 0:
        raise SizeError
    return LIMITS.attachment_class_smallest if length <= LIMITS.attachment_class_smallest else _padme(length)


def is_message_class(length: int) -> bool:
    """Whether some document is padded to this length."""
    return 0 <= length <= LIMITS.message_class_largest and message_class(length) == length


def is_attachment_class(length: int) -> bool:
    """Whether some attachment is padded to this length."""
    return length >= 0 and attachment_class(length) == length


def pad(document: bytes) -> bytes:
    """The document followed by spaces up to its class. SizeError over the largest."""
    return document.ljust(message_class(len(document)), b" ")
