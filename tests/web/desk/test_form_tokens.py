"""Every change at the desk carries the form token of its own session, and works under a policy that sends no Referer."""

from __future__ import annotations

import pytest
from flask import Flask

from app.web.limits import json_limit
from tests.support import Clock, Place
from tests.web.desk.helpers import BASE, Browser, report

ID = "a" * 26


def desk_posts(app: Flask) -> list[tuple[str, bool]]:
    """Every form and every post of JSON. Uploads, which post nothing at all, are below."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/desk") and "POST" in (rule.methods or set())]
    rules = [rule for rule in rules if rule.endpoint != "desk.create_upload"]
    assert len(rules) >= 9
    return [
        (rule.rule.replace("<id:case>", ID).replace("<id:channel>", ID), json_limit(app.view_functions[rule.endpoint]) is not None)
        for rule in rules
    ]


@pytest.mark.parametrize("wrong", ["", "x", "another"])
def test_every_post_is_refused_without_it(app: Flask, olivia: Browser, nathan: Browser, wrong: str) -> None:
    for path, is_json in desk_posts(app):
        olivia.token = nathan.token if wrong == "another" else wrong
        answer = olivia.post(path, {}) if is_json else olivia.submit(path, {})
        assert answer.status_code == 400, path
        if is_json:
            assert answer.json == {"error": "csrf"}, path
        else:
            assert "load the page again and repeat the step" in answer.text, path


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PATCH", f"/{ID}"), ("DELETE", f"/{ID}")])
def test_an_upload_without_it_is_answered_as_if_nobody_were_logged_in(olivia: Browser, method: str, path: str) -> None:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "67000", "Origin": BASE, "Sec-Fetch-Site": "same-origin"}
    if method == "PATCH":
        headers["Content-Type"] = "application/offset+octet-stream"
    for token in ({}, {"X-CSRFToken": "x"}):
        answer = olivia.client.open(f"/desk/uploads{path}", method=method, base_url=BASE, headers=headers | token)
        assert (answer.status_code, answer.json) == (403, {"error": "csrf"})


def test_every_post_gets_past_it_with_it(app: Flask, olivia: Browser) -> None:
    token = olivia.token
    for path, is_json in desk_posts(app):
        if path == "/desk/logout":
            continue
        olivia.token = token
        answer = olivia.post(path, {}) if is_json else olivia.submit(path, {})
        assert answer.json != {"error": "csrf"}, path
        assert "repeat the step" not in answer.text, path


def test_a_form_works_over_https_without_a_referer(olivia: Browser, place: Place) -> None:
    case, _ = report(place)
    assert "no-referrer" not in olivia.get(f"/desk/case/{case}").headers["Referrer-Policy"]
    answer = olivia.submit("/desk/logout", {})
    assert answer.request.scheme == "https"
    assert "Referer" not in answer.request.headers
    assert answer.status_code == 303


def test_another_sites_origin_is_refused_even_with_a_good_token(olivia: Browser) -> None:
    olivia.get("/desk/")
    assert olivia.submit("/desk/logout", {}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert olivia.get("/desk/").status_code == 200


def test_a_page_left_open_for_hours_can_still_be_sent(olivia: Browser, clock: Clock) -> None:
    olivia.get("/desk/")
    token = olivia.token
    for _ in range(6):
        clock.move(seconds=25 * 60)
        olivia.get("/desk/keyrings")
    assert olivia.token == token
    assert olivia.submit("/desk/logout", {}).status_code == 303


def test_the_token_after_login_is_another_than_before(nobody: Browser, place: Place) -> None:
    nobody.get("/desk/login")
    before = nobody.token
    nobody.log_in(place.olivia)
    nobody.token = before
    assert nobody.post("/desk/lock", {}).json == {"error": "csrf"}


def test_a_page_that_stayed_open_can_ask_for_the_token_of_the_session_there_is_now(olivia: Browser) -> None:
    olivia.token = "of a session that has ended"
    assert olivia.post("/desk/unlock-key", {}).json == {"error": "csrf"}
    answer = olivia.get("/desk/form-token")
    assert answer.json == {"csrf": olivia.token}
    assert olivia.post("/desk/unlock-key", {}).status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
