"""Text forms of bytes: b64u, base32 and ids (FORMATS.md section 1)."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from typing import Final

from app.errors import FormatError

ID_BYTES: Final = 16
# From this alphabet to the standard one; what stands only in that one stands for nothing here.
_TO_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
# 26 characters hold 130 bits: the last one carries 3 bits of the id and two that are zero.
_ID: Final = re.compile(r"[a-z2-7]{25}[aeimquy4]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def b64u_encode(data: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64u_decode(text: str, length: int | None = None) -> bytes:
    """The bytes of canonical, unpadded base64url; exactly `length` of them where it is given. FormatError otherwise."""
    try:
        data = binascii.a2b_base64(text.encode("ascii").translate(_TO_STANDARD) + b"=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        raise FormatError from None
    # Only the last character can carry bits that stand for nothing.
    rest = len(data) % 3
    if (rest and b64u_encode(data[-rest:]) != text[-rest - 1 :]) or (length is not None and len(data) != length):
        raise FormatError
    return data


def base32_lower(data: bytes) -> str:
    """Base32 (RFC 4648 section 6) in lower case, without padding."""
    return base64.b32encode(data).rstrip(b"=").decode("ascii").lower()


def new_id() -> str:
    """A new random id: 26 characters."""
    return base32_lower(secrets.token_bytes(ID_BYTES))


def id_encode(data: bytes) -> str:
    """The id of 16 bytes. FormatError for any other length."""
    if len(data) != ID_BYTES:
        raise FormatError
    return base32_lower(data)


def is_id(text: str) -> bool:
    """Whether this is an id in its one written form."""
    return _ID.fullmatch(text) is not None


def id_decode(text: str) -> bytes:
    """The 16 bytes of an id. FormatError otherwise."""
    if not is_id(text):
        raise FormatError
    return base64.b32decode(text.upper() + "======")


def scalar_text(text: str) -> str:
    """The same text with every lone surrogate replaced by U+FFFD, as writers do (FORMATS.md section 1)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text
