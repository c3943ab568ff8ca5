"""Officers come in by invitation, then with their login key; whoever has neither learns nothing, and keeps nobody out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.crypto import armor, fingerprint, identity_file
from app.crypto.encoding import b64u_encode, new_id
from app.domain import OfficerId
from app.errors import Conflict, FormatError, InvitationInvalid, LoginFailed, UserNameError, UserNameTaken
from app.services import officers, setup, triage
from app.services.context import Context
from app.services.officers import Enrolment
from app.services.slowdown import Slowdown
from tests.services.counting import work
from tests.support import Clock, Person, Place, make_person


@pytest.fixture
def waits(place: Place) -> list[float]:
    """The seconds that logins would have waited."""
    waited: list[float] = []
    object.__setattr__(place.ctx, "slowdown", Slowdown(waited.append))
    return waited


def enrolment(person: Person) -> Enrolment:
    return Enrolment(
        officer=person.id,
        user=person.user,
        name=person.name,
        login=person.secrets.login,
        recipient=str(person.keys.identity.recipient),
        verify=person.keys.signing.verify,
        identity=identity_file.seal(person.keys, person.secrets.unlock.recipient),
    )


@pytest.fixture
def ada(place: Place) -> Person:
    return make_person(place.id, "ada", "Ada Archer")


def invite(place: Place, *slugs: str) -> str:
    return setup.invite(place.ctx, place.id, slugs or None)


def test_an_invitation_says_what_it_is_for_and_is_not_used_up_by_asking(place: Place) -> None:
    token = invite(place, "audit")
    for _ in range(2):
        assert officers.invitation(place.ctx, place.id, token) == officers.Invited("officer", ("Audit committee",))


def test_an_enrolled_officer_is_in_the_channels_of_the_invitation_only(place: Place, ada: Person) -> None:
    made = officers.enrol(place.ctx, place.id, invite(place, "ethics"), enrolment(ada))
    assert made.channels == (place.ethics_id,)
    assert (made.user_name, made.name, made.role) == ("ada", "Ada Archer", "officer")
    assert made.fingerprint == fingerprint.officer(made.recipient, made.verify)
    assert set(officers.enrol(place.ctx, place.id, invite(place), enrolment(make_person(place.id, "bob", "Bob"))).channels) == {
        place.ethics_id,
        place.audit_id,
    }


def test_an_invitation_works_once(place: Place, ada: Person) -> None:
    token = invite(place)
    officers.enrol(place.ctx, place.id, token, enrolment(ada))
    with pytest.raises(InvitationInvalid):
        officers.invitation(place.ctx, place.id, token)
    with pytest.raises(InvitationInvalid):
        officers.enrol(place.ctx, place.id, token, enrolment(make_person(place.id, "bob", "Bob")))


def test_the_same_enrolment_again_is_answered_like_the_first_time(place: Place, ada: Person) -> None:
    token, sent = invite(place), enrolment(ada)
    first = officers.enrol(place.ctx, place.id, token, sent)
    assert officers.enrol(place.ctx, place.id, token, sent) == first
    with pytest.raises(InvitationInvalid):
        officers.enrol(place.ctx, place.id, token, replace(sent, login=bytes(32)))


def test_an_invitation_ends_after_its_day(place: Place, ada: Person, clock: Clock) -> None:
    token = invite(place)
    clock.move(days=7)
    assert officers.invitation(place.ctx, place.id, token).role == "officer"
    clock.move(days=1)
    with pytest.raises(InvitationInvalid):
        officers.enrol(place.ctx, place.id, token, enrolment(ada))
    for wrong in ("", "x" * 43, "é"):
        with pytest.raises(InvitationInvalid):
            officers.invitation(place.ctx, place.id, wrong)


def test_a_taken_user_name_leaves_the_invitation_good(place: Place, ada: Person) -> None:
    token = invite(place)
    with pytest.raises(UserNameTaken):
        officers.enrol(place.ctx, place.id, token, replace(enrolment(ada), user="OLIVIA"))
    with pytest.raises(Conflict):
        officers.enrol(place.ctx, place.id, token, replace(enrolment(ada), officer=place.olivia.id))
    assert officers.enrol(place.ctx, place.id, token, enrolment(ada)).user_name == "ada"


def test_keys_that_cannot_be_used_are_refused(place: Place, ada: Person) -> None:
    token, good = invite(place), enrolment(ada)
    for bad in (
        replace(good, officer=OfficerId("x")),
        replace(good, name=" \n"),
        replace(good, name="n" * 101),
        replace(good, login=bytes(31)),
        replace(good, recipient="age1qqqqqq"),
        replace(good, verify=b64u_encode(bytes(31))),
        replace(good, identity=b"plain"),
        replace(good, identity=good.identity[:-1]),
    ):
        with pytest.raises(FormatError):
            officers.enrol(place.ctx, place.id, token, bad)
    with pytest.raises(UserNameError):
        officers.enrol(place.ctx, place.id, token, replace(good, user="a b"))
    assert officers.enrol(place.ctx, place.id, token, good).id == ada.id


def test_the_right_key_gives_the_sealed_identity_and_a_session(place: Place) -> None:
    found = officers.login(place.ctx, place.id, " Olivia".strip().upper(), place.olivia.secrets.login)
    assert found.officer.id == place.olivia.id
    opened = identity_file.open(found.identity, place.olivia.secrets.unlock)
    assert opened.signing == place.olivia.keys.signing
    assert len(found.wrapping_key) == 32
    assert len(found.session_token) == 43
    for secret in (found.session_token, repr(found.wrapping_key), repr(found.identity)):
        assert secret not in repr(found)


def test_unknown_user_and_wrong_key_are_the_same_answer_after_the_same_work(place: Place, waits: list[float]) -> None:
    done = []
    for user in ("olivia", "nobody", "not a name", "olivia", "nobody", ""):
        with work() as each, pytest.raises(LoginFailed) as refused:
            officers.login(place.ctx, place.id, user, bytes(32))
        done.append((each.statements, each.hashes, refused.value.parameters))
    assert [each for each in done if each != done[0]] == []
    assert waits == [0.25, 0.25, 0.25]  # two of them cannot be names and count as one
    assert "identity" not in "".join(done[0][0])


def test_another_officers_key_is_a_wrong_key(place: Place, waits: list[float]) -> None:
    with pytest.raises(LoginFailed):
        officers.login(place.ctx, place.id, "olivia", place.nathan.secrets.login)
    with pytest.raises(LoginFailed):
        officers.login(place.ctx, place.id, "olivia", place.nathan.secrets.login)
    assert waits == [0.25]


def test_after_wrong_keys_the_right_one_waits_as_long_as_a_wrong_one_would(place: Place, waits: list[float]) -> None:
    for _ in range(3):
        with pytest.raises(LoginFailed):
            officers.login(place.ctx, place.id, "olivia", bytes(32))
    assert officers.login(place.ctx, place.id, "olivia", place.olivia.secrets.login).officer.id == place.olivia.id
    assert officers.login(place.ctx, place.id, "nathan", place.nathan.secrets.login).officer.id == place.nathan.id
    assert waits == [0.25, 0.5, 1.0]
    with pytest.raises(LoginFailed):
        officers.login(place.ctx, place.id, "olivia", bytes(32))
    assert len(waits) == 3  # the right one had them forgotten


def test_the_wait_is_before_anything_is_looked_up(place: Place) -> None:
    class Gone(Exception):
        """The client hung up while it waited."""

    def hang_up(_: float) -> None:
        raise Gone

    object.__setattr__(place.ctx, "slowdown", Slowdown(hang_up))
    with pytest.raises(LoginFailed):
        officers.login(place.ctx, place.id, "olivia", bytes(32))
    for key in (bytes(32), place.olivia.secrets.login):
        with work() as done, pytest.raises(Gone):
            officers.login(place.ctx, place.id, "olivia", key)
        assert done.statements == []


def test_a_key_of_another_length_is_not_looked_up(place: Place) -> None:
    with work() as done, pytest.raises(FormatError):
        officers.login(place.ctx, place.id, "olivia", b"")
    assert done.statements == []


def test_an_officer_downloads_their_own_identity_armored(place: Place) -> None:
    olivia = officers.login(place.ctx, place.id, "olivia", place.olivia.secrets.login).officer
    file = officers.identity_file(place.ctx, olivia)
    assert file.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert b"".join(armor.decode((file,))) == officers.identity_blob(place.ctx, olivia)
    assert identity_file.open(file, place.olivia.secrets.unlock).officer == place.olivia.id


def test_an_officer_without_channels_sees_an_empty_inbox(ctx: Context, place: Place, ada: Person) -> None:
    officers.enrol(ctx, place.id, invite(place, "audit"), enrolment(ada))
    found = officers.login(ctx, place.id, "ada", ada.secrets.login).officer
    assert triage.inbox(ctx, found).rows == ()
    assert new_id() not in found.channels
