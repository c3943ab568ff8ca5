"""The first steps of an organisation: itself, its recovery recipients, and invitations for officers."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.crypto.encoding import b64u_encode, new_id
from app.crypto.hybrid import HybridRecipient
from app.domain import LIMITS, OfficerRole, OrganisationId
from app.errors import CommandError, FormatError
from app.services import configuration
from app.services.context import Context
from app.storage import channels as channel_rows
from app.storage import officers as officer_rows
from app.storage import organisations as rows
from app.storage.models import Invitation

INVITATION_DAYS: Final = 7
RECOVERY_MOST: Final = 8


@dataclass(frozen=True)
class Initialised:
    """A new organisation, and the token that its first officer enrols with."""

    organisation: OrganisationId
    invitation_token: str = field(repr=False)


def initialise(ctx: Context, recovery: Sequence[str], name: str, *, demo: bool = False) -> Initialised:
    """Make an organisation with one channel that is not yet open. Only the recovery recipients are given, never their secret."""
    recipients = [_recipient(each) for each in recovery]
    if not 1 <= len(recipients) <= RECOVERY_MOST or len(set(recipients)) != len(recipients):
        raise CommandError(f"Give 1 to {RECOVERY_MOST} different recovery recipients: quietline recovery new makes one.")
    first = configuration.starter(_name(name))
    organisation = OrganisationId(new_id())
    with ctx.database.write() as session:
        rows.add(session, organisation, first.name, demo=demo, created_on=ctx.today())
        rows.add_recovery_recipients(session, organisation, recipients)
        configuration.put_in_force(session, ctx, organisation, first)
        token = _invite(session, ctx, organisation, None)
    ctx.portals.forget_hosts()
    return Initialised(organisation, token)


def invite(
    ctx: Context, organisation: OrganisationId, channels: Sequence[str] | None = None, role: OfficerRole = OfficerRole.OFFICER
) -> str:
    """A token for one more officer, good for seven days and once; for these channels (slugs), or with None for all that are listed."""
    with ctx.database.write() as session:
        return _invite(session, ctx, organisation, channels, role)


def token_hash(token: str) -> bytes:
    """What is stored of an invitation's token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _invite(
    session: Session,
    ctx: Context,
    organisation: OrganisationId,
    slugs: Sequence[str] | None,
    role: OfficerRole = OfficerRole.OFFICER,
) -> str:
    listed = {row.slug: row.id for row in channel_rows.all_of(session, organisation) if not row.retired}
    unknown = [slug for slug in slugs or () if slug not in listed]
    if unknown:
        raise CommandError(f"There is no channel {unknown[0]}: use one of {', '.join(sorted(listed))}.")
    token = b64u_encode(secrets.token_bytes(32))
    officer_rows.drop_invitations_before(session, organisation, ctx.today())
    invitation = Invitation(
        organisation_id=organisation,
        token_hash=token_hash(token),
        channels=json.dumps([listed[slug] for slug in (listed if slugs is None else slugs)]),
        role=role.value,
        made_on=ctx.today(),
        expires_on=ctx.today() + timedelta(days=INVITATION_DAYS),
    )
    officer_rows.add_invitation(session, invitation)
    return token


def _recipient(text: str) -> str:
    try:
        return str(HybridRecipient.parse(text.strip()))
    except FormatError:
        raise CommandError("A recovery recipient begins with age1pq1: copy all of what quietline recovery new printed.") from None


def _name(name: str) -> str:
    cleaned = name.strip()
    if not cleaned or len(cleaned) > LIMITS.name_characters or not cleaned.isprintable():
        raise CommandError(f"The organisation's name must be one line of 1 to {LIMITS.name_characters} characters.")
    return cleaned
