"""From an invitation to an officer with keys: the token is posted, works once, and ends in a session."""

from __future__ import annotations

from typing import Any

import pytest

from app.crypto import identity_file
from app.crypto.encoding import b64u_encode
from app.services import setup
from tests.support import Clock, Person, Place, make_person
from tests.web.desk.helpers import Browser, Elements


@pytest.fixture
def token(place: Place) -> str:
    return setup.invite(place.ctx, place.id, ["audit"])


@pytest.fixture
def nora(place: Place) -> Person:
    """Somebody new."""
    return make_person(place.id, "nora", "Nora New")


def enrolment(person: Person, token: str, **changes: str) -> dict[str, Any]:
    sealed = identity_file.seal(person.keys, person.secrets.unlock.recipient)
    body = {
        "token": token,
        "officer": person.id,
        "user": person.user,
        "name": person.name,
        "login": b64u_encode(person.secrets.login),
        "identity": b64u_encode(sealed),
        "recipient": str(person.keys.identity.recipient),
        "verify": person.keys.signing.verify,
    }
    return {**body, **changes}


def test_the_page_knows_no_token_and_leaves_it_in_the_fragment(nobody: Browser, token: str) -> None:
    page = nobody.get("/desk/enrol").text
    assert token not in page
    assert Elements(page).values("data-start") == ["/desk/enrol/start"]


def test_the_page_tells_what_the_invitation_is_for(nobody: Browser, token: str, place: Place) -> None:
    nobody.get("/desk/enrol")
    answer = nobody.post("/desk/enrol/start", {"token": token})
    assert answer.json == {"organisation": place.id, "organisation_name": "Northwind Works", "channels": ["Audit committee"]}


def test_a_new_officer_is_logged_in_at_once_and_has_the_invited_channel(nobody: Browser, token: str, nora: Person, place: Place) -> None:
    nobody.get("/desk/enrol")
    answer = nobody.post("/desk/enrol/finish", enrolment(nora, token))
    assert answer.json is not None
    assert set(answer.json) == {"organisation", "officer", "user", "identity", "wrapping_key", "csrf"}
    rings = nobody.get("/desk/keyrings").json
    assert rings is not None
    assert [ring["slug"] for ring in rings["keyrings"]] == ["audit"]
    assert nobody.post("/desk/lock", {}).status_code == 200


def test_an_invitation_works_once(nobody: Browser, token: str, nora: Person, place: Place) -> None:
    nobody.get("/desk/enrol")
    nobody.post("/desk/enrol/finish", enrolment(nora, token))
    again = nobody.post("/desk/enrol/finish", enrolment(make_person(place.id, "nils", "Nils Next"), token))
    assert (again.status_code, again.json) == (400, {"error": "invitation"})
    assert nobody.post("/desk/enrol/start", {"token": token}).json == {"error": "invitation"}


def test_an_answer_that_was_lost_can_be_asked_for_again(nobody: Browser, token: str, nora: Person) -> None:
    body = enrolment(nora, token)
    nobody.get("/desk/enrol")
    assert [nobody.post("/desk/enrol/finish", body).status_code for _ in range(2)] == [200, 200]


def test_an_invitation_ends_after_seven_days(nobody: Browser, token: str, nora: Person, clock: Clock) -> None:
    clock.move(days=8)
    nobody.get("/desk/enrol")
    assert nobody.post("/desk/enrol/finish", enrolment(nora, token)).json == {"error": "invitation"}


@pytest.mark.parametrize("wrong", ["", "x", "A" * 43])
def test_a_token_that_was_never_given_starts_nothing(nobody: Browser, wrong: str, nora: Person) -> None:
    nobody.get("/desk/enrol")
    assert nobody.post("/desk/enrol/start", {"token": wrong}).json == {"error": "invitation"}
    assert nobody.post("/desk/enrol/finish", enrolment(nora, wrong)).json == {"error": "invitation"}
    assert nobody.get("/desk/").status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "status", "code"),
    [
        ("user", "olivia", 409, "user_name_taken"),
        ("user", "no spaces", 400, "user_name"),
        ("name", " ", 400, "format"),
        ("officer", "x", 400, "format"),
        ("login", "AAAA", 400, "format"),
        ("recipient", "age1notone", 400, None),
        ("identity", "AAAA", 400, None),
    ],
)
def test_what_cannot_be_used_makes_no_officer_and_keeps_the_invitation(
    nobody: Browser, token: str, nora: Person, field: str, value: str, status: int, code: str | None
) -> None:
    nobody.get("/desk/enrol")
    answer = nobody.post("/desk/enrol/finish", enrolment(nora, token, **{field: value}))
    assert answer.status_code == status
    assert answer.json is not None
    assert code is None or answer.json == {"error": code}
    assert nobody.post("/desk/enrol/finish", enrolment(nora, token)).status_code == 200
