"""Coming in: nobody learns who exists, nothing secret stands in an address, and where login cannot work the page says why."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.crypto.encoding import b64u_decode, b64u_encode
from app.services import officers
from tests.support import PASSWORD, Place
from tests.web.desk.helpers import Browser, Elements

PAGES = ["/desk/", "/desk/channels", "/desk/keys", "/desk/identity.age", "/desk/case/" + "a" * 26]
NO_LOGINS: list[dict[str, object]] = [
    {},
    {"user": "olivia"},
    {"user": "olivia", "login": "short"},
    {"user": 1, "login": "A" * 43},
    {"user": "o" * 300, "login": "A" * 43},
]
HOSTILE = ["//evil.example/", "https://evil.example/desk/", "/", "/desk", "/desk//evil.example", "/desk/\\evil", "/desk/x?y=z", "/desk/x#y"]
SCRIPTS = ["/desk/keyrings", "/desk/inbox/reports?cases=" + "a" * 26, "/desk/case/" + "a" * 26 + "/messages"]


@pytest.fixture(autouse=True)
def _no_waiting(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(place.ctx.slowdown), "wait", lambda *_: None)


def test_unknown_user_and_wrong_password_get_the_same_bytes(nobody: Browser, place: Place) -> None:
    nobody.get("/desk/login")
    answers = []
    for user in ("olivia", "nobody-here", "not a name at all", ""):
        answer = nobody.post("/desk/login", {"user": user, "login": b64u_encode(b"\x07" * 32)})
        answers.append((answer.status_code, answer.data, sorted(answer.headers)))
    assert answers[0][:2] == (401, b'{"error":"login"}\n')
    assert all(answer == answers[0] for answer in answers)


def test_the_right_key_brings_what_opens_the_officers_keys(nobody: Browser, place: Place) -> None:
    answer = nobody.log_in(place.olivia)
    assert answer.json is not None
    assert set(answer.json) == {"organisation", "officer", "user", "identity", "wrapping_key", "csrf"}
    assert (answer.json["officer"], answer.json["user"]) == (place.olivia.id, "olivia")
    assert b64u_decode(answer.json["identity"]).startswith(b"age-encryption.org/v1\n")
    assert len(b64u_decode(answer.json["wrapping_key"])) == 32


@pytest.mark.parametrize(
    "body",
    NO_LOGINS,
)
def test_a_body_that_is_no_login_is_refused(nobody: Browser, body: dict[str, object]) -> None:
    nobody.get("/desk/login")
    answer = nobody.post("/desk/login", body)
    assert (answer.status_code, answer.json) == (400, {"error": "format"})


@pytest.mark.parametrize("path", PAGES)
def test_a_page_leads_to_the_login_and_back(nobody: Browser, path: str) -> None:
    answer = nobody.get(path)
    assert answer.status_code == 303
    target = answer.headers["Location"]
    assert target in {"/desk/login", f"/desk/login?next={path}"}
    if "case" in path:
        assert Elements(nobody.get(target).text).values("data-next") == [path]


@pytest.mark.parametrize("path", SCRIPTS)
def test_a_script_is_told_to_log_in(nobody: Browser, path: str) -> None:
    answer = nobody.get(path)
    assert (answer.status_code, answer.json) == (401, {"error": "login"})


@pytest.mark.parametrize("hostile", HOSTILE)
def test_login_goes_on_to_the_desk_only(nobody: Browser, hostile: str) -> None:
    page = nobody.get("/desk/login", query_string={"next": hostile}).text
    assert Elements(page).values("data-next") == ["/desk/"]


def test_no_field_of_a_password_has_a_name_so_that_nothing_can_post_it(nobody: Browser, olivia: Browser) -> None:
    for page in (nobody.get("/desk/login").text, nobody.get("/desk/enrol").text, olivia.get("/desk/").text):
        elements = Elements(page).found
        secrets = [attributes for _, attributes in elements if "data-field" in attributes]
        assert any(attributes.get("type") == "password" for attributes in secrets)
        assert all("name" not in attributes for attributes in secrets)
        assert {attributes.get("method") for tag, attributes in elements if tag == "form" and "action" not in attributes} == {"dialog"}


def test_without_javascript_the_desk_says_that_it_needs_it_and_why(nobody: Browser, olivia: Browser) -> None:
    for page in (nobody.get("/desk/login").text, nobody.get("/desk/enrol").text, olivia.get("/desk/").text):
        inside = page.split("<noscript>\n", 1)[1].split("</noscript>")[0]
        assert "The desk needs JavaScript" in inside
        assert "keys that the server never has" in inside


@pytest.mark.parametrize("path", ["/desk/login", "/desk/enrol"])
def test_on_plain_http_it_says_why_it_cannot_work_and_sets_no_cookie(app: Flask, path: str) -> None:
    answer = Browser(app, "http://plain.example").get(path)
    assert "over plain http" in answer.text
    assert 'type="password"' not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("base", ["http://127.0.0.1:8000", "http://localhost", f"http://{'a' * 56}.onion", "https://report.example"])
def test_it_works_over_https_on_this_machine_and_at_the_onion_address(app: Flask, base: str) -> None:
    answer = Browser(app, base).get("/desk/login")
    assert 'type="password"' in answer.text
    assert "Set-Cookie" in answer.headers


def test_a_link_from_another_site_does_not_log_anybody_out(nobody: Browser) -> None:
    for path in ("/desk/login", "/desk/case/" + "a" * 26):
        answer = nobody.get(path, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert any("refresh" in values for values in Elements(answer.text).values("http-equiv"))


def test_no_secret_stands_in_an_address(nobody: Browser, place: Place) -> None:
    login = nobody.log_in(place.olivia)
    assert login.json is not None
    secrets = [str(nobody.cookie), login.json["wrapping_key"], login.json["csrf"], b64u_encode(place.olivia.secrets.login), PASSWORD]
    answers = [nobody.get(path) for path in ("/desk/login", "/desk/", "/desk/channels", "/desk/keys")]
    answers += [nobody.get("/desk/case/" + "a" * 26), nobody.submit("/desk/logout", {})]
    addresses = "\n".join(address for answer in answers for address in _addresses(answer))
    assert "/desk/login" in addresses  # the search finds what is there
    assert not [secret for secret in secrets if secret in addresses]
    assert not [secret for secret in (*secrets[:2], *secrets[3:]) for answer in answers if secret in answer.text]


def test_the_right_key_is_not_held_up_by_failures(nobody: Browser, place: Place) -> None:
    nobody.get("/desk/login")
    for _ in range(20):
        nobody.post("/desk/login", {"user": "olivia", "login": b64u_encode(b"\x07" * 32)})
    assert officers.login(place.ctx, place.id, "olivia", place.olivia.secrets.login).officer.user_name == "olivia"


def _addresses(answer: TestResponse) -> list[str]:
    elements = Elements(answer.text)
    found = [value for name in ("href", "action", "src", "formaction", "data-next", "data-post") for value in elements.values(name)]
    return [answer.headers.get("Location", ""), *found]
