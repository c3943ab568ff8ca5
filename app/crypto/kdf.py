"""From an officer's password to their two secrets (FORMATS.md section 9)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from argon2.low_level import Type, hash_secret_raw

from app.crypto.encoding import scalar_text
from app.crypto.hkdf import hkdf
from app.crypto.hybrid import HybridIdentity
from app.domain import LIMITS, OrganisationId
from app.errors import FormatError, PasswordError, UserNameError

_LABEL: Final = "quietline/officer/v1"
_USER: Final = re.compile(r"[A-Za-z0-9._-]+")
_ARGON2_VERSION: Final = 0x13
LOGIN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Profile:
    """What a derivation costs: memory in KiB, and passes over it; always one lane."""

    name: str
    memory_kib: int
    passes: int


PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {"production": Profile("production", 65536, 3), "testing": Profile("testing", 64, 1)}
)


@dataclass(frozen=True, slots=True)
class OfficerSecrets:
    """`login` (32 bytes) goes to the server, which keeps `login_hash` of it; `unlock` opens the identity file and goes nowhere."""

    login: bytes = field(repr=False)
    unlock: HybridIdentity = field(repr=False)


def user_name(typed: str) -> str:
    """The user name as it is stored and compared. UserNameError unless, after NFKC, it is 1 to 64 of A-Za-z0-9._-"""
    name = unicodedata.normalize("NFKC", typed)
    if len(name) > LIMITS.user_name_characters or not _USER.fullmatch(name):
        raise UserNameError
    return name.lower()


def _password(typed: str) -> bytes:
    password = unicodedata.normalize("NFKC", scalar_text(typed))
    if not LIMITS.password_characters_least <= len(password) <= LIMITS.password_characters_most:
        raise PasswordError
    return password.encode()


def _prefixed(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


def derive(password: str, organisation: OrganisationId, user: str, profile: Profile) -> OfficerSecrets:
    """The secrets of an officer, from the password and user name as typed. PasswordError, UserNameError.
    Takes the profile's memory and time."""
    secret = _password(password)
    salt = hashlib.sha256(_prefixed(_LABEL) + _prefixed(organisation) + _prefixed(user_name(user))).digest()
    master = hash_secret_raw(secret, salt, profile.passes, profile.memory_kib, 1, 32, Type.ID, _ARGON2_VERSION)
    login, unlock = (hkdf(master, _LABEL.encode(), info) for info in (b"login", b"unlock"))
    return OfficerSecrets(login, HybridIdentity.from_seed(unlock))


def login_hash(login: bytes) -> bytes:
    """What the server keeps of `login`: its SHA-256. FormatError unless it has 32 bytes."""
    if len(login) != LOGIN_BYTES:
        raise FormatError
    return hashlib.sha256(login).digest()
