"""What a request may carry."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.domain import LIMITS
from tests.web.reporter import BASE, BODY, SUBJECT, TYPED, Reporter

FORM = "application/x-www-form-urlencoded"


class Endless(io.RawIOBase):
    """A body that never ends, and counts what is read of it."""

    def __init__(self) -> None:
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.taken += len(buffer)
        buffer[:] = b"a" * len(buffer)
        return len(buffer)


def test_a_form_of_the_largest_report_is_taken(reporter: Reporter) -> None:
    assert reporter.check(body="漢" * LIMITS.body_characters).status == 200
    assert reporter.check(body="漢" * (LIMITS.body_characters + 1)).status == 422


def raw(app: Flask, path: str, content_type: str, body: io.RawIOBase | io.BytesIO, **environ: object) -> int:
    """A post whose body and length do not have to agree."""
    whole = EnvironBuilder(path=path, base_url=BASE, method="POST", content_type=content_type).get_environ()
    whole.pop("CONTENT_LENGTH", None)
    _, status, _ = run_wsgi_app(app.wsgi_app, {**whole, "wsgi.input": body, **environ}, buffered=True)
    return int(status.split()[0])


def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read(app: Flask) -> None:
    body = Endless()
    status = raw(app, "/report/ethics/check", FORM, body, CONTENT_LENGTH=str(LIMITS.form_bytes + 1))
    assert status == 413
    assert body.taken == 0


def test_a_chunked_body_is_read_to_the_limit_and_no_further(app: Flask) -> None:
    for path, limit, content_type in (
        ("/report/ethics/check", LIMITS.form_bytes, FORM),
        ("/report/ethics/sealed", LIMITS.sealed_request_bytes, "application/json"),
        ("/conversation/sealed", 4096, "application/json"),
    ):
        body = Endless()
        status = raw(app, path, content_type, body, **{"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"})
        assert status == 413
        assert body.taken <= limit + 200_000


def test_a_body_shorter_than_it_says_is_refused(app: Flask) -> None:
    for terminated in ({}, {"wsgi.input_terminated": True}):
        status = raw(app, "/conversation", FORM, io.BytesIO(b"words=abandon"), CONTENT_LENGTH="500", **terminated)
        assert status == 400


def test_too_many_fields_are_refused(reporter: Reporter) -> None:
    fields = {f"x{number}": "" for number in range(LIMITS.form_fields - 1)}
    assert reporter.check(**dict.fromkeys(list(fields)[:100], "")).status == 200
    assert reporter.post("/conversation", {**fields, "words": "abandon"}).status == 422
    assert reporter.post("/conversation", {**fields, "more": "", "words": "abandon"}).status == 413


def test_a_form_has_room_for_every_option_that_a_channel_may_have() -> None:
    assert LIMITS.form_fields >= LIMITS.questions * LIMITS.options + LIMITS.questions * 3


def test_the_text_of_a_form_with_too_many_fields_is_kept(reporter: Reporter) -> None:
    page = reporter.post("/report/ethics/check", {**TYPED, "q-known": ["Nobody"] * LIMITS.form_fields})
    assert page.status == 413
    kept = [area.raw.strip() for area in page.all("textarea")]
    assert kept[:2] == [SUBJECT, BODY]
    assert kept[-1].count("Nobody") < LIMITS.form_fields


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "text/plain", "application/json", ""])
def test_a_reporters_form_is_taken_urlencoded_only(app: Flask, content_type: str) -> None:
    response = app.test_client().post("/conversation", base_url=BASE, data=b"words=abandon", content_type=content_type)
    assert response.status_code == 415


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "text/plain", FORM, ""])
def test_a_sealed_post_is_taken_as_json_only(app: Flask, content_type: str) -> None:
    response = app.test_client().post("/conversation/sealed", base_url=BASE, data=b"{}", content_type=content_type)
    assert (response.status_code, response.json) == (415, {"error": "content_type"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"mailbox"',
        b'{"mailbox": null}',
        b'{"mailbox": 1}',
        b'{"mailbox": NaN}',
        b'{"mailbox": "AA=="}',
        b'{"mailbox": "' + b"A" * 42 + b'"}',
        b'\xff{"mailbox": ""}',
        b"[" * 2000,
        b'{"a":' * 600 + b"1" + b"}" * 600,
        b'{"' + b'\\"' * 1900,
    ],
)
def test_json_that_is_not_what_is_asked_for_is_a_bad_request(app: Flask, body: bytes) -> None:
    response = app.test_client().post("/conversation/sealed", base_url=BASE, data=body, content_type="application/json")
    assert response.status_code == 400
    assert set(response.json or ()) == {"error"}


def test_a_null_byte_or_broken_utf8_in_a_form_breaks_nothing(app: Flask) -> None:
    for body in (b"words=%00", b"words=%ff%fe", b"words=\xff", b"%", b"&&&=", b"words=%ED%A0%80"):
        assert app.test_client().post("/conversation", base_url=BASE, data=body, content_type=FORM).status_code in {400, 422}
