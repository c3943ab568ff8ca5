"""The receipt at the door: drawn here, or read from what a person typed."""

from __future__ import annotations

from app.crypto.receipt import Receipt

__all__ = ["Receipt", "new", "read"]


def new() -> Receipt:
    """A fresh receipt from the system's randomness."""
    return Receipt.generate()


def read(typed: str) -> Receipt:
    """The receipt of the words as typed, forgivingly; WordsError says what is wrong with them."""
    return Receipt.read(typed)
