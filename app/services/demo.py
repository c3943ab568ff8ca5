"""The demo: an organisation with two open channels and one officer, whose keys are made here on the server, and nowhere else ever.

Each step looks at what is there and adds what is missing, so a start that was cut short is finished by the next one.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.crypto import identity_file, kdf, keyring, recovery
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridIdentity
from app.crypto.identity_file import OfficerIdentity
from app.crypto.signing import SigningKey
from app.domain import LIMITS, OfficerId, OrganisationId
from app.errors import SettingsError
from app.services import configuration, keyrings, officers, sessions, setup
from app.services.context import Context
from app.services.demo_texts import DEMO_TOML
from app.services.officers import Enrolment
from app.services.sessions import Officer
from app.storage import officers as officer_rows
from app.storage import organisations as organisation_rows

USER: Final = "demo"
NAME: Final = "Demo Officer"
FILE: Final = "demo.json"


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """What the person who started the demo logs in with."""

    user: str
    passphrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Secrets:
    passphrase: str = field(repr=False)
    recovery: HybridIdentity = field(repr=False)


def prepare(ctx: Context) -> DemoAccess:
    """Make the demo's organisation, channels and officer, or find them as they are; its secrets lie in demo.json in the data folder.

    Raises SettingsError when the data folder holds something else than a demo.
    """
    path = ctx.settings.data / FILE
    org = _organisation(ctx)
    if org is not None and not path.exists():
        raise SettingsError("The data folder's demo has lost its demo.json: point DATA at another folder, or remove this one.")
    secrets = _read(path) if path.exists() else _new(path)
    if org is None:
        org = setup.initialise(ctx, [str(secrets.recovery.recipient)], "Demo", demo=True).organisation
    officer = _officer(ctx, org)
    if officer is None:
        configuration.configure(ctx, org, configuration.parse_toml(DEMO_TOML))
        officer = _enrol(ctx, org, secrets.passphrase)
    for row in keyrings.for_officer(ctx, officer):
        if row.sealed is None:
            ring = keyring.new_keyring(org, row.channel, ctx.today(), row.members, row.recovery)
            keyrings.open_channel(ctx, officer, row.channel, ring.recipient, ring.verify, keyring.seal(ring))
    return DemoAccess(USER, secrets.passphrase)


def _organisation(ctx: Context) -> OrganisationId | None:
    with ctx.database.read() as session:
        present = organisation_rows.all_of_them(session)
    if not present:
        return None
    if len(present) > 1 or not present[0].demo:
        raise SettingsError("The data folder holds a real organisation: point DATA at an empty folder for the demo.")
    return present[0].id


def _officer(ctx: Context, org: OrganisationId) -> Officer | None:
    with ctx.database.read() as session:
        row = officer_rows.by_user_name(session, org, USER)
        return None if row is None else sessions.public(session, row)


def _enrol(ctx: Context, org: OrganisationId, passphrase: str) -> Officer:
    """What an officer's browser does with an invitation."""
    own = OfficerIdentity(org, OfficerId(new_id()), USER, HybridIdentity.generate(), SigningKey.generate())
    secrets = kdf.derive(passphrase, org, USER, kdf.PROFILES[ctx.settings.kdf_profile])
    enrolment = Enrolment(
        officer=own.officer,
        user=USER,
        name=NAME,
        login=secrets.login,
        recipient=str(own.identity.recipient),
        verify=own.signing.verify,
        identity=identity_file.seal(own, secrets.unlock.recipient),
    )
    return officers.enrol(ctx, org, setup.invite(ctx, org), enrolment)


def _read(path: Path) -> _Secrets:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return _Secrets(str(found["passphrase"]), recovery.read(str(found["recovery"])))
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError("demo.json in the data folder cannot be read: point DATA at an empty folder for a new demo.") from None


def _new(path: Path) -> _Secrets:
    """New secrets, on the disk before anything is made with them."""
    # All but the last of 24 words are independent draws from 2048: six of them are 66 bits.
    seed = recovery.new_seed()
    passphrase = " ".join(recovery.words(recovery.new_seed())[: LIMITS.passphrase_words])
    document = {"user": USER, "passphrase": passphrase, "recovery": " ".join(recovery.words(seed))}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return _Secrets(passphrase, HybridIdentity.from_seed(seed))
