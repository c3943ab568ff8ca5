"""HKDF-SHA256 (RFC 5869), always to 32 bytes."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def hkdf(ikm: bytes, salt: bytes, info: bytes) -> bytes:
    """32 bytes from the secret `ikm`; an empty salt is RFC 5869's salt of zeros."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(ikm)
