"""Fixed people and keys. Every secret here is a hash of a name: nobody uses them."""

from __future__ import annotations

import hashlib

from app.crypto.encoding import id_encode
from app.crypto.hybrid import HybridIdentity
from app.crypto.receipt import Receipt
from app.crypto.signing import SigningKey


def secret(name: str) -> bytes:
    """32 bytes that look random and are the same every time."""
    return hashlib.sha256(f"quietline vectors: {name}".encode()).digest()


def an_id(name: str) -> str:
    """An id that is the same every time."""
    return id_encode(secret(name)[:16])


def identity(name: str) -> HybridIdentity:
    """A person's or channel's age identity."""
    return HybridIdentity.from_seed(secret(f"{name} identity"))


def recipient(name: str) -> str:
    """Its recipient, as written."""
    return str(identity(name).recipient)


def signing(name: str) -> SigningKey:
    """A person's or channel's signing key."""
    return SigningKey.from_seed(secret(f"{name} signing"))


RECEIPT = Receipt.from_entropy(secret("reporter")[:16])
OTHER_RECEIPT = Receipt.from_entropy(secret("another reporter")[:16])
TEAM, OLD_TEAM, STRANGER = "team", "old team", "stranger"
ADA, BO, CY = "ada", "bo", "cy"
