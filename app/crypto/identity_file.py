"""An officer's own keys, sealed under their password (FORMATS.md section 9, "Identity file")."""

from __future__ import annotations

from dataclasses import dataclass

from app.crypto import age, armor, jsontext
from app.crypto.encoding import b64u_encode
from app.crypto.hybrid import HybridIdentity, HybridRecipient
from app.crypto.kdf import user_name
from app.crypto.padding import pad
from app.crypto.signing import SEED_BYTES, SigningKey
from app.domain import OfficerId, OrganisationId
from app.errors import FormatError, UserNameError


@dataclass(frozen=True, slots=True)
class OfficerIdentity:
    """Who an officer is, and their two private keys."""

    organisation: OrganisationId
    officer: OfficerId
    user: str
    identity: HybridIdentity
    signing: SigningKey


def write(keys: OfficerIdentity) -> bytes:
    """The document inside the file, padded to its class."""
    text = jsontext.dump(
        {
            "v": 1,
            "organisation": keys.organisation,
            "officer": keys.officer,
            "user": keys.user,
            "identity": str(keys.identity),
            "signing": b64u_encode(keys.signing.seed),
        }
    )
    return pad(text.encode())


def read(document: bytes) -> OfficerIdentity:
    """The keys of such a document. FormatError otherwise."""
    fields = jsontext.load_document(document)
    fields.version()
    return OfficerIdentity(
        OrganisationId(fields.ident("organisation")),
        OfficerId(fields.ident("officer")),
        _read_user(fields.text("user")),
        HybridIdentity.parse(fields.text("identity")),
        SigningKey.from_seed(fields.raw("signing", SEED_BYTES)),
    )


def seal(keys: OfficerIdentity, unlock: HybridRecipient) -> bytes:
    """The identity file, not armored, for the recipient of the officer's `unlock` identity."""
    document = write(keys)
    read(document)
    return age.seal_bytes(document, [unlock])


def open(sealed: bytes, unlock: HybridIdentity) -> OfficerIdentity:
    """The keys of an identity file, armored or not. NoMatch for a wrong password; ArmorError; else as `age.unseal` and `read`."""
    chunks = armor.decode((sealed,)) if armor.is_armored(sealed) else (sealed,)
    return read(b"".join(age.unseal(chunks, [unlock])))


def _read_user(text: str) -> str:
    try:
        if user_name(text) == text:
            return text
    except UserNameError:
        pass
    raise FormatError
