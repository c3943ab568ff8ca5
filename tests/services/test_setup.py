from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from app.crypto.encoding import b64u_decode
from app.crypto.hybrid import HybridIdentity
from app.domain import OfficerRole, OrganisationId
from app.errors import CommandError
from app.services.context import Context
from app.services.organisations import portal
from app.services.setup import initialise, invite, token_hash
from app.storage import officers, organisations
from app.storage.models import Invitation
from tests.databases import databases
from tests.support import Clock, Place


@pytest.fixture(scope="module")
def recovery() -> str:
    return str(HybridIdentity.generate().recipient)


def invitation(ctx: Context, organisation: OrganisationId, token: str) -> Invitation | None:
    with ctx.database.read() as session:
        return officers.invitation(session, organisation, hashlib.sha256(token.encode()).digest())


def test_a_new_organisation_has_one_channel_that_is_not_yet_open(ctx: Context, recovery: str) -> None:
    made = initialise(ctx, [recovery], "  Northwind  ")
    shown = portal(ctx, made.organisation)
    assert (shown.name, shown.demo, [(each.slug, each.open) for each in shown.channels]) == ("Northwind", False, [("ethics", False)])


def test_recovery_recipients_are_kept_in_their_order(ctx: Context, recovery: str) -> None:
    given = [recovery, str(HybridIdentity.generate().recipient)]
    made = initialise(ctx, given, "Northwind")
    with ctx.database.read() as session:
        assert list(organisations.recovery_recipients(session, made.organisation)) == given


@pytest.mark.parametrize("recovery", [[], ["age1pq1short"], ["AGE-SECRET-KEY-PQ-1X"], ["age1" + "q" * 58]])
def test_without_a_usable_recovery_recipient_nothing_is_made(ctx: Context, recovery: list[str]) -> None:
    with pytest.raises(CommandError, match="recovery recipient"):
        initialise(ctx, recovery, "Northwind")
    with ctx.database.read() as session:
        assert organisations.all_of_them(session) == []


def test_the_same_recovery_recipient_twice_is_refused(ctx: Context, recovery: str) -> None:
    with pytest.raises(CommandError, match="different recovery recipients"):
        initialise(ctx, [recovery, recovery + "\n"], "Northwind")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "n" * 101])
def test_a_name_that_cannot_be_shown_is_refused(ctx: Context, recovery: str, name: str) -> None:
    with pytest.raises(CommandError, match="one line of 1 to 100"):
        initialise(ctx, [recovery], name)


def test_the_first_invitation_is_for_every_channel(ctx: Context, recovery: str) -> None:
    made = initialise(ctx, [recovery], "Northwind")
    row = invitation(ctx, made.organisation, made.invitation_token)
    assert row is not None
    assert json.loads(row.channels) == [portal(ctx, made.organisation).channels[0].id]
    assert row.role == "officer"


def test_only_the_hash_of_a_token_is_stored(place: Place) -> None:
    token = invite(place.ctx, place.id)
    assert len(b64u_decode(token)) == 32
    stored = databases.raw(place.ctx.database)
    assert token_hash(token) in stored
    assert token.encode() not in stored
    assert b64u_decode(token) not in stored


def test_the_token_is_not_shown_with_the_rest(ctx: Context, recovery: str) -> None:
    made = initialise(ctx, [recovery], "Northwind")
    assert made.invitation_token not in repr(made)


def test_an_invitation_names_the_channels_it_is_for(place: Place) -> None:
    row = invitation(place.ctx, place.id, invite(place.ctx, place.id, ["audit"]))
    assert row is not None
    assert json.loads(row.channels) == [place.audit_id]


def test_an_unknown_channel_is_refused_with_those_that_there_are(place: Place) -> None:
    with pytest.raises(CommandError, match="There is no channel legal: use one of audit, ethics"):
        invite(place.ctx, place.id, ["ethics", "legal"])


def test_an_invitation_ends_after_seven_days_and_is_swept_by_the_next(place: Place, clock: Clock) -> None:
    token = invite(place.ctx, place.id)
    row = invitation(place.ctx, place.id, token)
    assert row is not None
    assert row.expires_on == clock.today + timedelta(days=7)
    clock.move(days=7)
    invite(place.ctx, place.id)
    assert invitation(place.ctx, place.id, token) is not None
    clock.move(days=1)
    invite(place.ctx, place.id)
    assert invitation(place.ctx, place.id, token) is None


def test_an_administrator_is_in_no_channel_unless_one_is_named(place: Place) -> None:
    found = invitation(place.ctx, place.id, invite(place.ctx, place.id, (), OfficerRole.ADMINISTRATOR))
    assert found is not None
    assert (found.role, json.loads(found.channels)) == ("administrator", [])
    found = invitation(place.ctx, place.id, invite(place.ctx, place.id))
    assert found is not None
    assert (found.role, len(json.loads(found.channels))) == ("officer", 2)
