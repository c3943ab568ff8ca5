"""The desk's session: where it is, how long it lasts, and what a stranger could make of it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.sessions import NullSession

from app.crypto.encoding import b64u_decode, b64u_encode
from app.web.desk.session import COOKIE, DeskSession
from tests.databases import databases
from tests.support import Clock, Place
from tests.web.desk.helpers import BASE, Browser


@pytest.mark.parametrize("path", ["/", "/report", "/report/ethics", "/conversation", "/static/css/desk.css", "/nowhere", "/desk-not"])
def test_nothing_outside_the_desk_sets_a_cookie(olivia: Browser, path: str) -> None:
    assert "Set-Cookie" not in olivia.get(path).headers


def test_the_cookie_opens_nothing_outside_the_desk(app: Flask, olivia: Browser) -> None:
    cookie = {"HTTP_COOKIE": f"{COOKIE}={olivia.cookie}"}
    with app.test_request_context("/conversation", base_url=BASE, environ_base=cookie) as outside:
        assert isinstance(outside.session, NullSession)
    with app.test_request_context("/desk/", base_url=BASE, environ_base=cookie) as inside:
        assert isinstance(inside.session, DeskSession)


def test_the_cookie_goes_to_the_desk_over_https_from_its_own_pages_only(nobody: Browser, place: Place) -> None:
    for answer in (nobody.get("/desk/login"), nobody.log_in(place.olivia)):
        name, *attributes = answer.headers["Set-Cookie"].split("; ")
        assert name.startswith("__Secure-desk=")
        assert sorted(attributes) == ["HttpOnly", "Path=/desk", "SameSite=Strict", "Secure"]


def test_a_page_that_needs_no_form_token_sets_no_cookie(nobody: Browser) -> None:
    assert "Set-Cookie" not in nobody.get("/desk/").headers
    assert "Set-Cookie" not in nobody.get("/desk/keyrings").headers


def test_login_replaces_the_token_that_was_there_before(nobody: Browser, place: Place) -> None:
    nobody.get("/desk/login")
    before = nobody.cookie
    nobody.log_in(place.olivia)
    assert nobody.cookie not in {None, before}
    stranger = Browser(nobody.client.application)
    stranger.client.set_cookie(COOKIE, str(before), domain="report.example", path="/desk", secure=True)
    assert stranger.get("/desk/").status_code == 303


def test_a_second_login_ends_the_first_session(olivia: Browser, place: Place) -> None:
    first = olivia.cookie
    olivia.log_in(place.olivia)
    other = Browser(olivia.client.application)
    other.client.set_cookie(COOKIE, str(first), domain="report.example", path="/desk", secure=True)
    assert other.get("/desk/").status_code == 303
    assert olivia.get("/desk/").status_code == 200


def test_the_database_holds_no_token_of_a_session(olivia: Browser, place: Place) -> None:
    token = str(olivia.cookie)
    stored = databases.raw(place.ctx.database)
    assert b"olivia" in stored  # the search finds what is there
    assert token.encode() not in stored
    assert b64u_decode(token) not in stored


def test_thirty_idle_minutes_end_it(olivia: Browser, clock: Clock) -> None:
    clock.move(seconds=29 * 60)
    assert olivia.get("/desk/").status_code == 200
    clock.move(seconds=31 * 60)
    assert olivia.get("/desk/").status_code == 303
    assert olivia.post("/desk/unlock-key", {}).status_code == 401


def test_eight_hours_end_it_however_busy(olivia: Browser, clock: Clock) -> None:
    for _ in range(8 * 3 - 1):
        clock.move(seconds=20 * 60)
        assert olivia.get("/desk/").status_code == 200
    clock.move(seconds=21 * 60)
    assert olivia.get("/desk/").status_code == 303


def test_after_the_end_the_same_page_can_log_in_again(olivia: Browser, place: Place, clock: Clock) -> None:
    clock.move(days=1)
    token = olivia.token
    assert olivia.get("/desk/keyrings").json == {"error": "login"}
    olivia.token = token
    answer = olivia.post("/desk/login", {"user": "olivia", "login": _key(place)})
    assert answer.status_code == 200
    assert olivia.get("/desk/keyrings").status_code == 200


def test_logout_ends_the_session_and_takes_the_cookie_away(olivia: Browser) -> None:
    token = str(olivia.cookie)
    olivia.get("/desk/")
    answer = olivia.submit("/desk/logout", {})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/login")
    assert olivia.cookie is None
    olivia.client.set_cookie(COOKIE, token, domain="report.example", path="/desk", secure=True)
    assert olivia.get("/desk/").status_code == 303


def test_lock_destroys_the_servers_half_and_keeps_the_officer_logged_in(olivia: Browser) -> None:
    assert len(b64u_decode(olivia.post("/desk/unlock-key", {}).json["wrapping_key"])) == 32  # type: ignore[index]
    assert olivia.post("/desk/lock", {}).json == {}
    gone = olivia.post("/desk/unlock-key", {})
    assert (gone.status_code, gone.json) == (409, {"error": "locked"})
    assert olivia.get("/desk/").status_code == 200


@pytest.mark.parametrize("cookie", ["", "x", "A" * 42, "A" * 44, "A" * 42 + "!", "A" * 5000])
def test_a_cookie_that_is_no_token_is_replaced_and_finds_nobody(nobody: Browser, cookie: str) -> None:
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    nobody.client = nobody.client.application.test_client(use_cookies=False)
    assert nobody.get("/desk/", headers=headers).status_code == 303
    assert "Set-Cookie" in nobody.get("/desk/login", headers=headers).headers


def _key(place: Place) -> str:
    return b64u_encode(place.olivia.secrets.login)
