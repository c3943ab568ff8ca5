"""Tickets: what a page without script carries in place of the receipt (FORMATS.md section 12)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from app.crypto.encoding import b64u_decode, b64u_encode
from app.domain import OrganisationId
from app.errors import FormatError

Purpose = Literal["report", "conversation"]

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ENTROPY_BYTES: Final = 16
_EXPIRY_BYTES: Final = 8
_TICKET_BYTES: Final = _NONCE_BYTES + _ENTROPY_BYTES + _EXPIRY_BYTES + 16


def _associated(organisation: OrganisationId, purpose: Purpose) -> bytes:
    return f"quietline/ticket/v1\n{organisation}\n{purpose}".encode()


def new_key() -> bytes:
    """A ticket key: 32 bytes from the system's randomness, to be kept in memory only."""
    return ChaCha20Poly1305.generate_key()


def seal_ticket(key: bytes, entropy: bytes, expires: int, organisation: OrganisationId, purpose: Purpose) -> str:
    """The ticket, as b64u, of a receipt's entropy (16 bytes), good until `expires` (seconds since 1970). FormatError for another length.
    Nonces are random: keys change every half hour, long before one could come twice."""
    if len(entropy) != _ENTROPY_BYTES:
        raise FormatError
    nonce = secrets.token_bytes(_NONCE_BYTES)
    plain = entropy + expires.to_bytes(_EXPIRY_BYTES, "big")
    return b64u_encode(nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, _associated(organisation, purpose)))


def open_ticket(keys: Sequence[bytes], ticket: str, now: int, organisation: OrganisationId, purpose: Purpose) -> bytes:
    """The entropy of a ticket made with one of the keys, for this organisation and purpose, and not expired at `now`.
    FormatError otherwise."""
    data = b64u_decode(ticket, _TICKET_BYTES)
    for key in keys:
        try:
            plain = ChaCha20Poly1305(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _associated(organisation, purpose))
        except InvalidTag:
            continue
        if now >= int.from_bytes(plain[_ENTROPY_BYTES:], "big"):
            raise FormatError
        return plain[:_ENTROPY_BYTES]
    raise FormatError
