"""The same headers on every answer, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.factory import create_app
from app.services import organisations
from tests.support import Clock, make_context, make_place
from tests.web.reporter import BASE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
EXPECTED = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

JSON = "application/json"

Ask = Callable[[FlaskClient], TestResponse]

ANSWERS: dict[str, tuple[int, Ask]] = {
    "home": (200, lambda client: client.get("/", base_url=BASE)),
    "form": (200, lambda client: client.get("/report/ethics", base_url=BASE)),
    "style": (200, lambda client: client.get("/static/css/quietline.css", base_url=BASE)),
    "picture": (200, lambda client: client.get("/static/img/mark.svg", base_url=BASE)),
    "head": (200, lambda client: client.head("/", base_url=BASE)),
    "unknown host": (400, lambda client: client.get("/", base_url="http://other.example")),
    "json that is none": (
        400,
        lambda client: client.post("/conversation/sealed", base_url=BASE, data="{", content_type=JSON),
    ),
    "cross site": (403, lambda client: client.post("/conversation", base_url=BASE, headers={"Sec-Fetch-Site": "cross-site"})),
    "missing page": (404, lambda client: client.get("/nothing", base_url=BASE)),
    "missing file": (404, lambda client: client.get("/static/nothing.js", base_url=BASE)),
    "wrong method": (405, lambda client: client.delete("/", base_url=BASE)),
    "options": (405, lambda client: client.options("/", base_url=BASE)),
    "not open": (409, lambda client: client.get("/report/audit", base_url=BASE)),
    "too much": (413, lambda client: client.post("/conversation", base_url=BASE, data={"words": "a" * 4_000_000})),
    "file form": (415, lambda client: client.post("/conversation", base_url=BASE, data={"words": "a"}, content_type="multipart/form-data")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_carries_the_headers_and_no_cookie(app: Flask, name: str) -> None:
    status, ask = ANSWERS[name]
    response = ask(app.test_client())
    assert response.status_code == status
    assert {header: response.headers.get(header) for header in EXPECTED} == EXPECTED
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "Set-Cookie" not in response.headers
    assert "Server" not in response.headers


def test_a_failure_of_ours_carries_them_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a secret")

    monkeypatch.setattr(organisations, "portal", fail)
    response = app.test_client().get("/", base_url=BASE)
    assert response.status_code == 500
    assert {header: response.headers.get(header) for header in EXPECTED} == EXPECTED


def test_behind_a_proxy_only_scheme_and_host_are_taken_from_it(tmp_path: Path, clock: Clock) -> None:
    ctx = make_context(tmp_path / "data", clock, TRUST_PROXY="1")
    make_place(ctx)
    seen: dict[str, object] = {}
    app = create_app(ctx.settings, ctx)
    app.before_request(lambda: seen.update(_environ()))
    headers = {"X-Forwarded-Host": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.77"}
    assert app.test_client().get("/", base_url="http://inner", headers=headers).status_code == 200
    assert seen["wsgi.url_scheme"] == "https"
    assert seen["REMOTE_ADDR"] != "203.0.113.77"
    ctx.database.dispose()


def _environ() -> dict[str, object]:
    return dict(request.environ)
