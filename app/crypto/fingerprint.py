"""Fingerprints of public keys, for people to compare (FORMATS.md section 7)."""

from __future__ import annotations

import hashlib
import hmac

from app.crypto.encoding import base32_lower


def _fingerprint(context: str, *parts: str) -> str:
    text = base32_lower(hashlib.sha256("\n".join((context, *parts)).encode()).digest()[:20])
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def channel(recipient: str, verify: str) -> str:
    """Of a channel: its recipient as written, its verify key as b64u. Eight groups of four."""
    return _fingerprint("quietline/channel/v1", recipient, verify)


def officer(recipient: str, verify: str) -> str:
    """Of an officer's own two keys."""
    return _fingerprint("quietline/officer-keys/v1", recipient, verify)


def recovery(recipient: str) -> str:
    """Of a recovery recipient."""
    return _fingerprint("quietline/recovery/v1", recipient)


def same(a: str, b: str) -> bool:
    """Whether two fingerprints are one, in any case, with or without spaces."""
    first, second = ("".join(text.split()).lower().encode() for text in (a, b))
    return hmac.compare_digest(first, second)
