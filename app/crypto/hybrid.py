"""The `mlkem768x25519` recipient of age: HPKE base mode over ML-KEM-768 and X25519 (FORMATS.md section 2)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

from app.crypto import bech32
from app.crypto.header import Stanza, base64_decode, base64_encode
from app.errors import FormatError, HeaderError, RecipientError

STANZA_TYPE: Final = "mlkem768x25519"
SEED_BYTES: Final = 32
ENC_BYTES: Final = 1120
BODY_BYTES: Final = 32
RECIPIENT_BYTES: Final = 1216

_MLKEM_PUBLIC: Final = 1184
_MLKEM_CIPHERTEXT: Final = 1088
_IDENTITY_HRP: Final = "age-secret-key-pq-"
_RECIPIENT_HRP: Final = "age1pq"
_IDENTITY_LENGTH: Final = len(_IDENTITY_HRP) + 1 + 52 + 6
_RECIPIENT_LENGTH: Final = len(_RECIPIENT_HRP) + 1 + 1946 + 6
_INFO: Final = b"age-encryption.org/mlkem768x25519"
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def recipient_bytes(text: str) -> bytes:
    """The 1216 bytes of a written recipient. RecipientError unless its form is right; whether the keys are, `HybridRecipient` knows."""
    if len(text) != _RECIPIENT_LENGTH or not text.startswith(_RECIPIENT_HRP):
        raise RecipientError
    try:
        hrp, data = bech32.decode(text)
    except FormatError:
        raise RecipientError from None
    if hrp != _RECIPIENT_HRP or len(data) != RECIPIENT_BYTES:
        raise RecipientError
    return data


@lru_cache(maxsize=64)
def team_recipient_bytes(text: str) -> bytes:
    """The same, remembered: only for recipients of teams, officers and recovery. A list of reporters' must not stay in memory."""
    return recipient_bytes(text)


class HybridRecipient:
    """A public key to seal to: 1216 bytes, written `age1pq1...`. Equal when the bytes are."""

    def __init__(self, data: bytes) -> None:
        """From 1216 bytes: ML-KEM-768 public key (1184), X25519 public key (32). RecipientError when they are not keys."""
        if len(data) != RECIPIENT_BYTES:
            raise RecipientError
        try:
            mlkem = MLKEM768PublicKey.from_public_bytes(data[:_MLKEM_PUBLIC])
            x25519 = X25519PublicKey.from_public_bytes(data[_MLKEM_PUBLIC:])
        except ValueError:
            raise RecipientError from None
        self._key = MLKEM768X25519PublicKey(mlkem, x25519)
        self._data = bytes(data)
        self._text: str | None = None

    @classmethod
    def parse(cls, text: str) -> HybridRecipient:
        """From `age1pq1...`. RecipientError for anything else, other kinds of age recipient included. Remembered: not for a reporter's."""
        return _parsed(text)

    def __bytes__(self) -> bytes:
        return self._data

    def __str__(self) -> str:
        if self._text is None:
            self._text = bech32.encode(_RECIPIENT_HRP, self._data)
        return self._text

    def __repr__(self) -> str:
        return f"HybridRecipient({str(self)[:20]}...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HybridRecipient) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    def wrap(self, file_key: bytes) -> Stanza:
        """The stanza that carries the file key (16 bytes) to this recipient. RecipientError when the X25519 key is of low order."""
        try:
            sealed = _SUITE.encrypt(file_key, self._key, info=_INFO)
        except ValueError:
            raise RecipientError from None
        return Stanza(STANZA_TYPE, (base64_encode(sealed[:ENC_BYTES]),), sealed[ENC_BYTES:])


@lru_cache(maxsize=64)
def _parsed(text: str) -> HybridRecipient:
    return HybridRecipient(recipient_bytes(text))


def stanza_parts(stanza: Stanza) -> tuple[bytes, bytes]:
    """The encapsulation (1120 bytes) and body (32 bytes) of an `mlkem768x25519` stanza. HeaderError for other shapes."""
    if stanza.type != STANZA_TYPE or len(stanza.arguments) != 1 or len(stanza.body) != BODY_BYTES:
        raise HeaderError
    enc = base64_decode(stanza.arguments[0])
    if len(enc) != ENC_BYTES:
        raise HeaderError
    return enc, stanza.body


class HybridIdentity:
    """A private key: a seed of 32 bytes, written `AGE-SECRET-KEY-PQ-1...`. `str()` gives it away; `repr()` does not."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise RecipientError
        self._seed = bytes(seed)
        self._key: tuple[MLKEM768X25519PrivateKey, X25519PrivateKey] | None = None
        self._recipient: HybridRecipient | None = None

    @classmethod
    def generate(cls) -> HybridIdentity:
        """A new identity from the system's randomness."""
        return cls(secrets.token_bytes(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> HybridIdentity:
        """The identity of a 32-byte seed. RecipientError for another length."""
        return cls(seed)

    @classmethod
    def parse(cls, text: str) -> HybridIdentity:
        """From `AGE-SECRET-KEY-PQ-1...`, upper case. RecipientError for anything else, other kinds of age identity included."""
        if len(text) != _IDENTITY_LENGTH or text != text.upper():
            raise RecipientError
        try:
            hrp, seed = bech32.decode(text)
        except FormatError:
            raise RecipientError from None
        if hrp != _IDENTITY_HRP:
            raise RecipientError
        return cls(seed)

    @property
    def seed(self) -> bytes:
        """The 32 bytes everything of this identity comes from."""
        return self._seed

    @property
    def recipient(self) -> HybridRecipient:
        """The public half."""
        if self._recipient is None:
            mlkem, x25519 = self._private_keys()
            self._recipient = HybridRecipient(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())
        return self._recipient

    def __str__(self) -> str:
        return bech32.encode(_IDENTITY_HRP, self._seed).upper()

    def __repr__(self) -> str:
        return "HybridIdentity(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HybridIdentity) and hmac.compare_digest(self._seed, other._seed)

    def __hash__(self) -> int:
        return hash(self.recipient)

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """The file key (16 bytes) from the first stanza made for this identity, or None. HeaderError when one of our kind is malformed,
        or its X25519 share is of low order."""
        for stanza in stanzas:
            if stanza.type != STANZA_TYPE:
                continue
            enc, body = stanza_parts(stanza)
            try:
                return _SUITE.decrypt(enc + body, self._keys()[0], info=_INFO)
            except InvalidTag:
                self._refuse_low_order(enc)
        return None

    def _private_keys(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = hashlib.shake_256(self._seed).digest(96)
        return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])

    def _keys(self) -> tuple[MLKEM768X25519PrivateKey, X25519PrivateKey]:
        if self._key is None:
            mlkem, x25519 = self._private_keys()
            self._key = MLKEM768X25519PrivateKey(mlkem, x25519), x25519
        return self._key

    def _refuse_low_order(self, enc: bytes) -> None:
        # HPKE answers "does not open" for both; the age specification wants an all-zero shared secret refused as malformed.
        try:
            self._keys()[1].exchange(X25519PublicKey.from_public_bytes(enc[_MLKEM_CIPHERTEXT:]))
        except ValueError:
            raise HeaderError from None
