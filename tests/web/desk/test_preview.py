"""The frame for pictures: the one page that may stand in a frame, with an origin of its own. Nothing else of the policy gives way."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.web.headers import HEADERS
from tests.support import Place
from tests.web.desk.helpers import Browser, Elements, report
from tests.web.test_headers import EXPECTED, POLICY

CSP = "Content-Security-Policy"
CORP = "Cross-Origin-Resource-Policy"
DESK = f"{POLICY}; frame-src 'self'"
FRAME = (
    "default-src 'none'; script-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
    "require-trusted-types-for 'script'; sandbox allow-scripts"
)
WITHOUT_ID = re.compile(r"<[^>]+>")


def test_the_frame_may_stand_in_our_own_pages_and_is_sandboxed(nobody: Browser) -> None:
    answer = nobody.get("/desk/preview")
    assert answer.status_code == 200
    assert {name: answer.headers.get(name) for name in EXPECTED} == {**EXPECTED, CSP: FRAME}
    assert answer.headers["Permissions-Policy"] == HEADERS["Permissions-Policy"]
    assert "Set-Cookie" not in answer.headers


def test_the_frame_is_the_same_for_everybody_and_holds_nothing_of_anybody(nobody: Browser, olivia: Browser) -> None:
    page = nobody.get("/desk/preview").text
    assert olivia.get("/desk/preview").text == page
    assert "csrf" not in page
    elements = Elements(page)
    assert [attributes for tag, attributes in elements.found if tag == "script"] == [{"src": "/static/js/preview.js"}]
    assert not [tag for tag, _ in elements.found if tag in {"link", "style", "form", "a", "img", "iframe"}]


def test_pages_of_the_desk_may_hold_a_frame_of_ours_and_differ_in_nothing_else(olivia: Browser, nobody: Browser, place: Place) -> None:
    case = report(place)[0]
    answers = {path: olivia.get(path) for path in ("/desk/", "/desk/channels", "/desk/keys", f"/desk/case/{case}", "/desk/login")}
    answers["/desk/enrol"] = nobody.get("/desk/enrol")
    answers["not there"] = olivia.get(f"/desk/case/{'a' * 26}")
    for name, answer in answers.items():
        assert answer.mimetype == "text/html", name
        assert {header: answer.headers.get(header) for header in EXPECTED} == {**EXPECTED, CSP: DESK}, name


@pytest.mark.parametrize("path", ["/desk/keyrings", "/desk/identity.age", "/desk/form-token", "/desk/nothing", "/desk/preview/", "/"])
def test_what_is_no_page_of_the_desk_may_hold_no_frame(olivia: Browser, path: str) -> None:
    answer = olivia.get(path)
    assert {header: answer.headers.get(header) for header in EXPECTED} == EXPECTED


def test_no_other_page_may_stand_in_a_frame(app: Flask, olivia: Browser, place: Place) -> None:
    case = report(place)[0]
    values = {"case": case, "channel": place.ethics_id, "slug": "ethics", "filename": "css/desk.css"}
    asked = {}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            path = WITHOUT_ID.sub(lambda found: str(values.get(found[0].strip("<>").split(":")[-1], "a" * 26)), rule.rule)
            asked[path] = olivia.get(path).headers
    assert len(asked) > 15
    framable = [path for path, headers in asked.items() if "frame-ancestors 'none'" not in headers[CSP]]
    assert framable == ["/desk/preview"]


def test_only_the_script_of_the_frame_may_be_loaded_from_another_origin(app: Flask, nobody: Browser) -> None:
    names = [name for name in app.extensions["quietline.static"] if "js/" in name or "css/" in name]
    assert "js/preview.js" in names
    assert [name for name in names if nobody.get(f"/static/{name}").headers[CORP] != "same-origin"] == ["js/preview.js"]
    assert nobody.get("/static/js/preview.js").headers[CORP] == "cross-origin"
    assert nobody.get("/static/js/preview.js").headers[CSP] == POLICY


def test_the_script_of_the_frame_is_classic_and_asks_for_nothing(app: Flask) -> None:
    script = app.extensions["quietline.static"]["js/preview.js"].plain.decode()
    assert not re.search(r"^\s*(import|export)\b", script, flags=re.MULTILINE)
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|localStorage|sessionStorage|indexedDB|cookie)\b", script)
