"""sealed.json: age files. Sealing is random, so this one is made once and kept; made again, it holds other files of the same kinds."""

from __future__ import annotations

import hashlib

from app.crypto import age, header, identity_file, keyring
from app.crypto.armor import encode as armored
from app.crypto.encoding import b64u_encode
from app.crypto.header import Stanza
from app.crypto.hkdf import hkdf
from app.crypto.hybrid import HybridRecipient
from app.crypto.inspect import inspect
from app.crypto.keyring import Keyring
from app.errors import FormatError

from .keyrings import officer_identity, the_keyring
from .people import ADA, BO, STRANGER, TEAM, identity, secret

Case = dict[str, object]
_CHUNK = 65552


def _plain(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def _inspection(sealed: bytes) -> Case:
    try:
        found = inspect(sealed)
    except FormatError as error:
        return {"error": error.code}
    return {"stanzas": found.stanzas, "header_length": found.header_length, "plaintext_length": found.plaintext_length}


def _file(about: str, length: int, *names: str) -> Case:
    sealed = age.seal_bytes(_plain(length), [identity(name).recipient for name in names])
    return {
        "about": about,
        "sealed": b64u_encode(sealed),
        "opened_by": [b64u_encode(identity(name).seed) for name in names],
        "not_opened_by": b64u_encode(identity(STRANGER).seed),
        "length": length,
        "sha256": hashlib.sha256(_plain(length)).hexdigest(),
        "inspection": _inspection(sealed),
    }


def _files() -> list[Case]:
    return [
        _file("nothing", 0, TEAM),
        _file("one byte", 1, TEAM),
        _file("a message to a team and a reporter", 4096, TEAM, "reporter"),
        _file("a message to three", 4096, ADA, BO, "recovery"),
        _file("one whole chunk", 65536, TEAM),
        _file("a byte more than a chunk", 65537, TEAM),
    ]


def _broken_case(about: str, sealed: bytes, error: str, released: int = 0) -> Case:
    """`released`: bytes of plaintext that a streaming reader may give out before the error, all genuine."""
    case: Case = {"about": about, "sealed": b64u_encode(sealed), "seed": b64u_encode(identity(TEAM).seed), "error": error}
    return case | {"released": released, "inspection": _inspection(sealed)}


def _at(data: bytes, at: int) -> bytes:
    index = at % len(data)
    return data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]


def _with_header(stanzas: list[Stanza], file_key: bytes) -> bytes:
    nonce = bytes(16)
    return b"".join(age._sealed(header.encode(stanzas, file_key) + nonce, hkdf(file_key, nonce, b"payload"), (b"plain",)))


def _broken() -> list[Case]:
    team = identity(TEAM).recipient
    small = age.seal_bytes(b"plain", [team])
    head = small.index(b"\n--- ") + 5
    nonce = small.index(b"\n", head) + 1
    two = age.seal_bytes(_plain(65536 + 100), [team])
    start = len(two) - _CHUNK - 116
    first, second = two[start : start + _CHUNK], two[start + _CHUNK :]
    body = small.rindex(b"\n", 0, head - 5) + 1
    return [
        _broken_case("nothing", b"", "age_header"),
        _broken_case("another version", small.replace(b"/v1", b"/v2", 1), "age_header"),
        _broken_case("the header ends early", small[:500], "age_header"),
        _broken_case("CR LF", small[:nonce].replace(b"\n", b"\r\n") + small[nonce:], "age_header"),
        _broken_case("a bit of the MAC flipped", _letter(small, head + 3), "age_mac"),
        _broken_case("a letter of the body changed", _letter(small, body + 2), "age_no_match"),
        _broken_case("a letter of the ML-KEM part changed", _letter(small, 100), "age_no_match"),
        _broken_case("a letter of the X25519 part changed", _letter(small, body - 10), "age_no_match"),
        _broken_case("no nonce", small[:nonce], "age_header"),
        _broken_case("a short nonce", small[: nonce + 15], "age_header"),
        _broken_case("no payload", small[: nonce + 16], "age_payload"),
        _broken_case("a bit of the nonce flipped", _at(small, nonce), "age_payload"),
        _broken_case("a bit of the payload flipped", _at(small, nonce + 16), "age_payload"),
        _broken_case("a bit of the tag flipped", _at(small, -1), "age_payload"),
        _broken_case("a byte short", small[:-1], "age_payload"),
        _broken_case("a byte more", small + b"\0", "age_payload"),
        _broken_case("cut at the chunk boundary", two[:-116], "age_payload", 65536),
        _broken_case("the second chunk altered", _at(two, -1), "age_payload", 65536),
        _broken_case("chunks in another order", two[:start] + second + first, "age_payload"),
        _broken_case("a chunk twice", two[:start] + first + first + second, "age_payload", 65536),
        _broken_case("armored, but read as if it were not", b"".join(armored((small,))), "age_header"),
        _broken_case("for somebody else", age.seal_bytes(b"plain", [identity(ADA).recipient]), "age_no_match"),
        *_broken_stanzas(team),
    ]


def _letter(data: bytes, at: int) -> bytes:
    return data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]


def _broken_stanzas(team: HybridRecipient) -> list[Case]:
    key = secret("file key")[:16]
    ours = team.wrap(key)
    enc = header.base64_decode(ours.arguments[0])
    classic = Stanza("X25519", (header.base64_encode(secret("share")),), secret("body"))
    phrase = Stanza("scrypt", (header.base64_encode(bytes(16)), "18"), secret("body"))
    short = Stanza(ours.type, (header.base64_encode(enc[:-1]),), ours.body)
    low = Stanza(ours.type, (header.base64_encode(enc[:1088] + bytes(32)),), ours.body)
    return [
        _broken_case("only an X25519 stanza", _with_header([classic], key), "age_no_match"),
        _broken_case("a passphrase beside us", _with_header([ours, phrase], key), "age_header"),
        _broken_case("an argument too many", _with_header([Stanza(ours.type, (*ours.arguments, "x"), ours.body)], key), "age_header"),
        _broken_case("a short encapsulation", _with_header([short], key), "age_header"),
        _broken_case("a body of 40 bytes", _with_header([Stanza(ours.type, ours.arguments, bytes(40))], key), "age_header"),
        _broken_case("a low-order X25519 share", _with_header([low], key), "age_header"),
        _broken_case("the MAC of another file key", _with_header([ours], bytes(16)), "age_mac"),
    ]


def _foreign() -> Case:
    """A file that opens, but that an inspecting server refuses: age allows stanzas of other kinds beside ours."""
    key = secret("file key")[:16]
    classic = Stanza("X25519", (header.base64_encode(secret("share")),), secret("body"))
    sealed = _with_header([classic, identity(TEAM).recipient.wrap(key)], key)
    case: Case = {"sealed": b64u_encode(sealed), "seed": b64u_encode(identity(TEAM).seed), "plaintext": "plain"}
    return case | {"inspection": _inspection(sealed)}


def _keyring(made: Keyring) -> Case:
    sealed = keyring.seal(made)
    opened_by = [b64u_encode(identity(name).seed) for name in (ADA, BO, "recovery")]
    return {"sealed": b64u_encode(sealed), "opened_by": opened_by, "verify": made.verify, "inspection": _inspection(sealed)}


def _identity_file() -> Case:
    sealed = identity_file.seal(officer_identity(), identity("unlock").recipient)
    text = b"".join(armored((sealed,))).decode("ascii")
    return {"unlock_seed": b64u_encode(identity("unlock").seed), "sealed": b64u_encode(sealed), "armored": text}


def sealed() -> Case:
    """The whole file."""
    return {
        "files": _files(),
        "broken": _broken(),
        "foreign": _foreign(),
        "keyring": _keyring(the_keyring()),
        "identity_file": _identity_file(),
    }
