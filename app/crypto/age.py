"""Sealing and opening of age v1 files (c2sp.org/age), to hybrid recipients only (FORMATS.md section 2)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from app.crypto import header, stream
from app.crypto.header import FILE_KEY_BYTES, Stanza
from app.crypto.hkdf import hkdf
from app.crypto.hybrid import HybridRecipient
from app.crypto.pull import Pull
from app.domain import LIMITS
from app.errors import HeaderError, NoMatch, RecipientError

NONCE_BYTES: Final = 16


class Identity(Protocol):
    """What can open a file."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """The file key (16 bytes) when one of the stanzas is for this identity, else None. HeaderError for a malformed one."""
        ...


def seal(chunks: Iterable[bytes], recipients: Sequence[HybridRecipient]) -> Iterator[bytes]:
    """An age file of the chunks (of any size), piece by piece, in constant memory.
    RecipientError, at the call: no recipient, more than 64, or anything but hybrid ones."""
    if not 0 < len(recipients) <= LIMITS.recipients or not all(isinstance(recipient, HybridRecipient) for recipient in recipients):
        raise RecipientError
    file_key, nonce = secrets.token_bytes(FILE_KEY_BYTES), secrets.token_bytes(NONCE_BYTES)
    head = header.encode([recipient.wrap(file_key) for recipient in recipients], file_key)
    return _sealed(head + nonce, hkdf(file_key, nonce, b"payload"), chunks)


def _sealed(head: bytes, key: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from stream.seal(key, Pull(chunks))


def seal_bytes(data: bytes, recipients: Sequence[HybridRecipient]) -> bytes:
    """`seal` for what fits in memory."""
    return b"".join(seal((data,), recipients))


def unseal(chunks: Iterable[bytes], identities: Sequence[Identity]) -> Iterator[bytes]:
    """What an age file holds, piece by piece, in constant memory; nothing is released before it is authenticated.
    At the call: HeaderError, NoMatch (no identity opens it), MacError.
    While iterating: PayloadError; what came before it is genuine but cut short."""
    source = Pull(chunks)
    head = header.read(source)
    file_key = _file_key(head.stanzas, identities)
    header.check_mac(head, file_key)
    nonce = source.read(NONCE_BYTES)
    if len(nonce) != NONCE_BYTES:
        raise HeaderError
    return stream.unseal(hkdf(file_key, nonce, b"payload"), source)


def _file_key(stanzas: Sequence[Stanza], identities: Sequence[Identity]) -> bytes:
    for identity in identities:
        file_key = identity.unwrap(stanzas)
        if file_key is not None:
            if len(file_key) != FILE_KEY_BYTES:
                raise HeaderError
            return file_key
    raise NoMatch


def unseal_bytes(data: bytes, identities: Sequence[Identity]) -> bytes:
    """`unseal` for what fits in memory: everything, or an error."""
    return b"".join(unseal((data,), identities))
