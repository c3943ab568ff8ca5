"""keyrings.json: keyring and identity file documents, as written and as refused."""

from __future__ import annotations

import json
from datetime import date

from app.crypto import identity_file, keyring
from app.crypto.encoding import b64u_encode
from app.crypto.identity_file import OfficerIdentity
from app.crypto.keyring import Epoch, Keyring, Member
from app.crypto.signing import envelope_write
from app.domain import ChannelId, OfficerId, OrganisationId

from .messages import DROP, text_with
from .people import ADA, BO, OLD_TEAM, STRANGER, TEAM, an_id, identity, recipient, signing

Case = dict[str, object]


def member(name: str, shown: str) -> Member:
    """An officer of the channel."""
    return Member(OfficerId(an_id(name)), shown, recipient(name), signing(name).verify)


def the_keyring() -> Keyring:
    """Two epochs, two officers, one recovery recipient."""
    old = Epoch(1, identity(OLD_TEAM), signing(OLD_TEAM), date(2025, 1, 1), date(2026, 1, 1))
    current = Epoch(2, identity(TEAM), signing(TEAM), date(2026, 1, 1))
    return Keyring(
        OrganisationId(an_id("organisation")),
        ChannelId(an_id("channel")),
        3,
        date(2026, 1, 2),
        (old, current),
        (member(ADA, "Ada"), member(BO, "Bo \u00c5")),
        (recipient("recovery"),),
    )


def officer_identity() -> OfficerIdentity:
    """Ada's own keys."""
    return OfficerIdentity(OrganisationId(an_id("organisation")), OfficerId(an_id(ADA)), "ada", identity(ADA), signing(ADA))


def _text() -> str:
    return str(json.loads(keyring.write(the_keyring()))["signed"])


def _refused(base: str) -> list[Case]:
    epochs, officers = json.loads(base)["epochs"], json.loads(base)["officers"]
    changes: list[tuple[str, tuple[str | int, ...], object]] = [
        *((f"without {key}", (key,), DROP) for key in json.loads(base)),
        *((f"an epoch without {key}", ("epochs", 1, key), DROP) for key in epochs[1]),
        *((f"an officer without {key}", ("officers", 0, key), DROP) for key in officers[0]),
        ("version 2 of the format", ("v",), 2),
        ("version 0", ("version",), 0),
        ("no epoch", ("epochs",), []),
        ("no officer", ("officers",), []),
        ("no recovery recipient", ("recovery",), []),
        ("a recovery recipient that is none", ("recovery",), ["age1pq1"]),
        ("an organisation that is no id", ("organisation",), "x"),
        ("epochs from 2", ("epochs",), [epochs[1]]),
        ("a gap between epochs", ("epochs", 1, "epoch"), 3),
        ("epochs in the wrong order", ("epochs",), epochs[::-1]),
        ("an epoch twice", ("epochs",), [epochs[0], epochs[0], epochs[1]]),
        ("the current epoch has ended", ("epochs", 1, "until"), "2026-02-01"),
        ("an earlier epoch has not ended", ("epochs", 0, "until"), None),
        ("an identity in lower case", ("epochs", 1, "identity"), str(identity(TEAM)).lower()),
        ("an X25519 identity", ("epochs", 1, "identity"), "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"),
        ("a signing seed of 31 bytes", ("epochs", 1, "signing"), b64u_encode(bytes(31))),
        ("an officer without a proper recipient", ("officers", 0, "recipient"), "age1pq1"),
        ("an officer's name of 101 characters", ("officers", 0, "name"), "x" * 101),
        ("an officer with an empty name", ("officers", 0, "name"), ""),
        ("a day that is none", ("made_on",), "2026-02-30"),
    ]
    key = signing(TEAM)
    return [_read(about, text_with(base, *path, to=to), key.verify, "format") for about, path, to in changes]


def _read(about: str, text: str, expected: str | None, error: str | None, *, signer: str = TEAM, context: str = keyring.CONTEXT) -> Case:
    document = envelope_write(context, text, signing(signer)).decode()
    return {"about": about, "document": document, "expected_verify": expected, "error": error}


def _identity_files() -> list[Case]:
    right = json.loads(identity_file.write(officer_identity()))
    changes: list[tuple[str, Case]] = [
        *((f"without {key}", {k: v for k, v in right.items() if k != key}) for key in right),
        ("version 2", right | {"v": 2}),
        ("a user name in upper case", right | {"user": "Ada"}),
        ("a user name that is none", right | {"user": "a b"}),
        ("a signing seed of 33 bytes", right | {"signing": b64u_encode(bytes(33))}),
        ("an identity that is a recipient", right | {"identity": recipient(ADA)}),
    ]
    return [{"about": about, "document": json.dumps(value)} for about, value in changes]


def keyrings() -> Case:
    """The whole file."""
    base, verify = _text(), signing(TEAM).verify
    old_key = {"about": "the key inside is another", "expected_verify": None, "error": "signature"}
    altered = json.loads(_read("", base, None, None)["document"])  # type: ignore[arg-type]
    old_key["document"] = json.dumps(altered | {"key": signing(OLD_TEAM).verify})
    cases = [
        _read("as written", base, verify, None),
        _read("nothing to compare with", base, None, None),
        _read("keys nobody knows", text_with(base, "later", to=1), verify, None),
        _read("one epoch", text_with(text_with(base, "epochs", 1, to=DROP), "epochs", 0, "until", to=None), None, None, signer=OLD_TEAM),
        _read("signed with the old key", base, None, "signature", signer=OLD_TEAM),
        _read("signed by a stranger", base, None, "signature", signer=STRANGER),
        _read("the server told another key", base, signing(STRANGER).verify, "signature"),
        _read("the server told the old key", base, signing(OLD_TEAM).verify, "signature"),
        _read("signed as a message", base, verify, "signature", context="quietline/message/v1"),
        old_key,
        *_refused(base),
    ]
    document = keyring.write(the_keyring())
    identity_document = identity_file.write(officer_identity())
    return {
        "keyring": {
            "signed": base,
            "document": document.decode().rstrip(" "),
            "length": len(document),
            "verify": verify,
            "recipient": recipient(TEAM),
            "verify_keys": [signing(OLD_TEAM).verify, verify],
            "recipients": [recipient(OLD_TEAM), recipient(TEAM)],
        },
        "read": cases,
        "identity_file": {"document": identity_document.decode().rstrip(" "), "length": len(identity_document)},
        "identity_files_refused": _identity_files(),
    }
