"""The payload of an age file: STREAM of ChaCha20-Poly1305 in chunks of 64 KiB (c2sp.org/age, "Payload")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from app.crypto.pull import Pull
from app.errors import PayloadError

CHUNK: Final = 64 * 1024
TAG: Final = 16
SEALED_CHUNK: Final = CHUNK + TAG


def _nonce(counter: int, last: bool) -> bytes:
    # Chunks are numbered and the last one is marked, and the key is used for this payload only: no nonce comes twice.
    return counter.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def seal(key: bytes, source: Pull) -> Iterator[bytes]:
    """Sealed chunks of the source, each 16 bytes longer than what it holds; one empty chunk for an empty source."""
    aead = ChaCha20Poly1305(key)
    counter, chunk = 0, source.read(CHUNK)
    # Reads one chunk ahead, because the last one is sealed differently.
    while following := (source.read(CHUNK) if len(chunk) == CHUNK else b""):
        yield aead.encrypt(_nonce(counter, False), chunk, None)
        counter, chunk = counter + 1, following
    yield aead.encrypt(_nonce(counter, True), chunk, None)


def unseal(key: bytes, source: Pull) -> Iterator[bytes]:
    """The chunks, each released once it is authenticated. PayloadError as soon as one is not, or the end is missing or not the end."""
    aead = ChaCha20Poly1305(key)
    counter, last = 0, False
    while not last:
        sealed = source.read(SEALED_CHUNK)
        chunk, last = _open(aead, counter, sealed)
        if last and not chunk and counter:
            raise PayloadError  # an empty last chunk is allowed in an empty file only
        yield chunk
        counter += 1
    if source.read(1):
        raise PayloadError


def _open(aead: ChaCha20Poly1305, counter: int, sealed: bytes) -> tuple[bytes, bool]:
    # A whole chunk may be the last or not; the nonce it opens with tells, without waiting for what follows.
    for last in (False, True) if len(sealed) == SEALED_CHUNK else (True,):
        try:
            return aead.decrypt(_nonce(counter, last), sealed, None), last
        except InvalidTag:
            continue
    raise PayloadError
