"""A session ends when it is idle, old, ended or locked, and its half of the tab's key is then nowhere on the disk."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.crypto.encoding import b64u_decode, b64u_encode
from app.domain import OrganisationId
from app.services import officers, sessions
from app.services.officers import LoggedIn
from app.services.sessions import Session
from app.services.setup import initialise
from app.storage.models import DeskSession
from tests.databases import databases
from tests.services.counting import work
from tests.support import Clock, Place

MINUTE = 60


def log_in(place: Place) -> LoggedIn:
    return officers.login(place.ctx, place.id, "olivia", place.olivia.secrets.login)


def load(place: Place, token: str, org: OrganisationId | None = None) -> Session | None:
    return sessions.load(place.ctx, org or place.id, token)


def good(place: Place, token: str) -> Session:
    found = load(place, token)
    assert found is not None
    return found


def rows(place: Place) -> int:
    with place.ctx.database.read() as transaction:
        return transaction.scalar(select(func.count()).select_from(DeskSession)) or 0


def disk(place: Place) -> bytes:
    return databases.raw(place.ctx.database)


def left_over(place: Place) -> bytes:
    """What is there after the deletion: at once on SQLite, on PostgreSQL once housekeeping has written the tables anew."""
    if place.ctx.database.kind == "postgresql":
        databases.settle()
        place.ctx.database.vacuum()
    return disk(place)


def test_a_token_leads_to_its_officer_with_the_channels_of_this_moment(place: Place) -> None:
    found = good(place, log_in(place).session_token)
    assert (found.officer.id, found.officer.channels, found.unlocked) == (place.olivia.id, (place.ethics_id,), True)


def test_only_the_hash_of_a_token_is_stored(place: Place) -> None:
    logged_in = log_in(place)
    stored = disk(place)
    assert logged_in.session_token.encode() not in stored
    assert b64u_decode(logged_in.session_token) not in stored
    assert good(place, logged_in.session_token).token_hash in stored


@pytest.mark.parametrize("token", ["", "short", "x" * 43, b64u_encode(bytes(32)), "é" * 43])
def test_any_other_token_leads_nowhere(place: Place, token: str) -> None:
    log_in(place)
    assert load(place, token) is None


def test_a_token_of_another_organisation_leads_nowhere(place: Place) -> None:
    other = initialise(place.ctx, [str(place.recovery.recipient)], "Southwind").organisation
    assert load(place, log_in(place).session_token, other) is None


def test_thirty_minutes_idle_end_it_and_destroy_the_key(place: Place, clock: Clock) -> None:
    logged_in = log_in(place)
    clock.move(seconds=30 * MINUTE)
    assert load(place, logged_in.session_token) is not None
    assert logged_in.wrapping_key in disk(place)
    clock.move(seconds=30 * MINUTE + 1)
    assert load(place, logged_in.session_token) is None
    assert rows(place) == 0
    assert logged_in.wrapping_key not in left_over(place)


def test_eight_hours_end_it_however_busy(place: Place, clock: Clock) -> None:
    token = log_in(place).session_token
    for _ in range(8 * 3):
        clock.move(seconds=20 * MINUTE)
        assert load(place, token) is not None
    clock.move(seconds=1)
    assert load(place, token) is None


def test_it_is_touched_at_most_once_a_minute(place: Place, clock: Clock) -> None:
    token = log_in(place).session_token
    for seconds, updates in ((59, 0), (1, 1), (30, 0), (30, 1)):
        clock.move(seconds=seconds)
        with work() as done:
            good(place, token)
        assert len([text for text in done.statements if text.startswith("UPDATE")]) == updates


def test_lock_destroys_the_key_and_keeps_the_session(place: Place) -> None:
    logged_in = log_in(place)
    session = good(place, logged_in.session_token)
    assert sessions.unlock_key(place.ctx, session) == logged_in.wrapping_key
    assert logged_in.wrapping_key in disk(place)
    sessions.lock(place.ctx, session)
    assert sessions.unlock_key(place.ctx, session) is None
    assert not good(place, logged_in.session_token).unlocked
    assert logged_in.wrapping_key not in left_over(place)


def test_logout_ends_this_session_and_no_other(place: Place) -> None:
    first, second = log_in(place), log_in(place)
    sessions.end(place.ctx, good(place, first.session_token))
    assert load(place, first.session_token) is None
    assert load(place, second.session_token) is not None
    assert first.wrapping_key not in left_over(place)


def test_what_was_never_asked_for_again_is_swept_away(place: Place, clock: Clock) -> None:
    left = log_in(place)
    clock.move(seconds=31 * MINUTE)
    sessions.sweep(place.ctx, place.id)
    assert rows(place) == 0
    assert left.wrapping_key not in left_over(place)
    log_in(place)
    clock.move(seconds=31 * MINUTE)
    kept = log_in(place)
    assert rows(place) == 1
    assert load(place, kept.session_token) is not None
