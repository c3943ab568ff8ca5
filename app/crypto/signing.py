"""Ed25519 signatures under a context, and the envelope of signed documents (FORMATS.md section 5; RFC 8032)."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.crypto import jsontext
from app.crypto.encoding import b64u_decode, b64u_encode, scalar_text
from app.errors import FormatError, SignatureError

SEED_BYTES: Final = 32
VERIFY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


def _signed_bytes(context: str, text: str) -> bytes:
    return f"{context}\n{text}".encode()


class SigningKey:
    """An Ed25519 private key: a seed of 32 bytes, which its `repr` does not show."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise FormatError
        self._seed = bytes(seed)
        self._key = Ed25519PrivateKey.from_private_bytes(self._seed)
        self._verify = b64u_encode(self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(secrets.token_bytes(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key of a 32-byte seed. FormatError for another length."""
        return cls(seed)

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes."""
        return self._seed

    @property
    def verify(self) -> str:
        """The public key, as b64u of 32 bytes."""
        return self._verify

    def sign(self, context: str, text: str) -> bytes:
        """The signature (64 bytes) over context, LF and the text in UTF-8."""
        return self._key.sign(_signed_bytes(context, text))

    def __repr__(self) -> str:
        return f"SigningKey(verify={self._verify!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SigningKey) and hmac.compare_digest(self._seed, other._seed)

    def __hash__(self) -> int:
        return hash(self._verify)


def verify(key: str, context: str, text: str, signature: bytes) -> None:
    """SignatureError unless `signature` is the one of the holder of `key` (b64u) over this text in this context."""
    try:
        Ed25519PublicKey.from_public_bytes(b64u_decode(key, VERIFY_BYTES)).verify(signature, _signed_bytes(context, text))
    except (InvalidSignature, ValueError, FormatError):
        raise SignatureError from None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A signed document as read; `key` is what the document says, never a reason to trust it."""

    signed: str
    key: str
    signature: bytes


def envelope_write(context: str, text: str, signing: SigningKey) -> bytes:
    """The text in its envelope, as JSON in UTF-8, not padded. Lone surrogates in the text become U+FFFD first."""
    text = scalar_text(text)
    signature = b64u_encode(signing.sign(context, text))
    return jsontext.dump({"signed": text, "key": signing.verify, "signature": signature}).encode()


def envelope_read(document: bytes) -> Envelope:
    """The envelope of a document, padded or not. FormatError when it is none. The signature is not checked."""
    fields = jsontext.load_document(document)
    key = fields.text("key")
    b64u_decode(key, VERIFY_BYTES)
    return Envelope(fields.text("signed"), key, fields.raw("signature", SIGNATURE_BYTES))
