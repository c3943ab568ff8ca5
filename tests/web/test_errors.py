"""Error pages: in the portal's look, with help and no detail; logs with kind and place and nothing else."""

from __future__ import annotations

import logging

import pytest
from flask import Flask

from app import errors
from app.domain import LIMITS
from app.errors import QuietlineError, StorageBusy
from app.services import followup, intake, receipts
from app.web.errors import _STATUS_OF_OURS
from app.web.roles import Role, needs
from tests.support import Place
from tests.web.filling import Chosen, submit
from tests.web.page import Page
from tests.web.reporter import BASE, BODY, SUBJECT, Reporter, words

SECRET = "abandon-ability-able"


def fail(*_: object) -> None:
    raise ValueError(SECRET)


def kept(page: Page) -> dict[str, str]:
    """What an error page keeps of a form, by label."""
    areas = {element.get("id"): element.raw.removeprefix("\n") for element in page.all("textarea")}
    return {label.text: areas[label.get("for")] for label in page.all("label")}


def texts(page: Page) -> list[str]:
    """The same where nothing is known of the labels."""
    return [element.raw.removeprefix("\n") for element in page.all("textarea")]


def test_a_failure_shows_a_page_with_help_and_no_detail(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followup, "open_plain", fail)
    page = reporter.open(reporter.report())
    assert page.status == 500
    assert "Something went wrong on our side" in page.text
    assert "Northwind Works" in page.text
    assert SECRET not in page.html
    assert "ValueError" not in page.html


def test_what_was_written_is_on_the_page_of_a_failure_to_copy_from(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    form = reporter.check().form("/report/ethics/send")
    monkeypatch.setattr(intake, "accept_plain", fail)
    page = reporter.post("/report/ethics/send", form)
    assert page.status == 500
    assert kept(page) == {
        "Subject": SUBJECT,
        "What happened?": BODY,
        "What is it about?": "Safety",
        "Since when?": "2 11 2026",
        "Who knows?": "Nobody\nA manager",
    }
    assert form["ticket"][0] not in "".join(element.raw for element in page.elements)


@pytest.mark.parametrize(
    ("failing", "error", "status"),
    [("app.services.intake.accept_plain", ValueError, 500), ("app.web.reporter.filling.read", StorageBusy, 503)],
)
def test_what_failed_can_be_sent_again_from_the_page_and_counts_once(
    reporter: Reporter, place: Place, monkeypatch: pytest.MonkeyPatch, failing: str, error: type[Exception], status: int
) -> None:
    form = reporter.check().form("/report/ethics/send")
    arrived = words(reporter.post("/report/ethics/send", form))

    def fail_so(*_: object) -> None:
        raise error

    with monkeypatch.context() as failure:
        failure.setattr(failing, fail_so)
        page = reporter.post("/report/ethics/send", form)
    assert page.status == status
    assert "the same thing is sent, and counts once" in page.text
    assert "Send it again" in [button.text for button in page.all("button")]
    assert page.form("/report/ethics/send") == form
    again = reporter.post("/report/ethics/send", page.form("/report/ethics/send"))
    assert (again.status, words(again)) == (200, arrived)
    assert len(followup.open_sealed(place.ctx, place.id, receipts.read(arrived).mailbox_key).messages) == 1


def test_an_answer_that_failed_can_be_sent_again_too(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {**reporter.open(reporter.report()).form("/conversation/answer"), "body": [BODY]}
    with monkeypatch.context() as failure:
        failure.setattr(followup, "post_plain", fail)
        page = reporter.post("/conversation/answer", form)
    assert list(kept(page).values()) == [BODY]
    assert page.form("/conversation/answer") == form


def test_the_words_are_not_on_the_page_of_a_failure(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = reporter.report()
    monkeypatch.setattr(followup, "open_plain", fail)
    page = reporter.post("/conversation", {"words": typed, "word-first": SECRET, "body": BODY})
    assert list(kept(page).values()) == [BODY]
    assert typed not in page.html
    assert SECRET not in page.html


def test_no_more_fields_are_kept_than_a_form_can_have(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.reporter.report.open_channel", fail)
    page = reporter.check(**{f"q-x{number}": "a" for number in range(100)})
    assert len(page.all("textarea")) == 2 + LIMITS.questions
    assert "Send it again" not in page.text


@pytest.mark.parametrize(("path", "status"), [("/desk/nothing", 404), ("/desk/lock", 405), ("/desk/logout", 413), ("/desk/login", 500)])
def test_a_page_of_an_error_at_the_desk_says_nothing_that_is_for_reporters(
    app: Flask, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    if status == 500:
        monkeypatch.setitem(app.view_functions, "desk.login", needs(Role.ANYONE)(fail))
    client = app.test_client()
    sent = {"data": {f"x{number}": "" for number in range(LIMITS.form_fields + 1)}} if status == 413 else {}
    page = Page((client.post if status == 413 else client.get)(path, base_url=BASE, **sent))
    assert page.status == status
    assert "cookie" not in page.text
    assert "twelve words" not in page.text
    assert not page.all("a", data_leave=True)
    assert [link.get("href") for link in page.all("a")] == ["/desk/"]


def test_what_another_site_sends_is_not_on_any_page(reporter: Reporter) -> None:
    page = reporter.post("/report/ethics/send", {"body": SECRET}, Origin="https://evil.example")
    assert SECRET not in page.html


def test_a_failure_is_logged_by_kind_and_place_only(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    typed = reporter.report()
    monkeypatch.setattr(followup, "open_plain", fail)
    with caplog.at_level(logging.DEBUG):
        reporter.open(typed)
    (record,) = [record for record in caplog.records if record.name.startswith("quietline")]
    assert record.getMessage().startswith("ValueError at app.web.reporter.conversation:")
    assert record.exc_info is None
    assert SECRET not in caplog.text
    assert "/conversation" not in caplog.text
    assert typed.split()[0] not in caplog.text


def test_nothing_is_logged_when_nothing_fails(reporter: Reporter, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        reporter.open(reporter.report())
        reporter.get("/nothing")
        reporter.post("/conversation", {"words": "abandon"}, Origin="https://evil.example")
    assert [record for record in caplog.records if record.name.startswith(("quietline", "app", "flask"))] == []


def test_a_script_is_told_a_code_and_nothing_else(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followup, "open_sealed", fail)
    response = app.test_client().post("/conversation/sealed", base_url=BASE, json={"mailbox": "A" * 43})
    assert (response.status_code, response.json) == (500, {"error": "internal"})


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [("/nothing", 404, "This page does not exist"), ("/conversation/answer", 405, "This page opens only from a form")],
)
def test_error_pages_look_like_the_portal_and_lead_on(reporter: Reporter, path: str, status: int, sentence: str) -> None:
    page = reporter.get(path)
    assert page.status == status
    assert page.one("h1").text == sentence
    assert page.all("a", href="/")
    assert "href" in page.one("a", data_leave=True)


def test_a_wrong_method_says_which_are_right(reporter: Reporter) -> None:
    assert "POST" in reporter.get("/conversation/answer").headers["Allow"]


@pytest.mark.parametrize(
    "host", ["other.example", "localhost.evil.example", "evil.example:80", "[::ffff:1.2.3.4]", "local host", "", "127.0.0.1@x"]
)
def test_an_unknown_host_gets_a_plain_page(app: Flask, host: str) -> None:
    response = app.test_client().get("/", headers={"Host": host})
    assert response.status_code == 400
    assert b"There is nothing at this address" in response.data
    assert b"Northwind" not in response.data


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000", "[::1]"])
def test_loopback_names_are_known_on_a_loopback_server(app: Flask, host: str) -> None:
    assert app.test_client().get("/", headers={"Host": host}).status_code == 200


def test_every_error_of_ours_has_a_status() -> None:
    codes = {value.code for value in vars(errors).values() if isinstance(value, type) and issubclass(value, QuietlineError)}
    assert codes - set(_STATUS_OF_OURS) == {"internal", "settings", "command", "clock", "not_understood", "head_too_long"}


def test_an_answer_that_fails_itself_is_logged_like_any_error(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.services.organisations.resolve", fail)
    monkeypatch.setattr("app.web.reporter.kept.typed", fail)
    with caplog.at_level(logging.DEBUG), pytest.raises(ValueError, match=SECRET):  # which the server's own handler gets
        reporter.client.get("/", base_url=BASE)
    assert {record.getMessage().split()[0] for record in caplog.records} == {"ValueError", "InternalServerError"}
    assert all(record.exc_info is None for record in caplog.records)
    assert SECRET not in caplog.text


@pytest.mark.parametrize("error", [StorageBusy, ValueError])
def test_what_was_typed_comes_back_although_the_database_failed_before_the_form_was_read(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    form = reporter.check().form("/report/ethics/send")

    def gone(*_: object) -> None:
        raise error

    monkeypatch.setattr("app.services.organisations.resolve", gone)
    page = reporter.post("/report/ethics/send", form)
    assert (page.status, BODY in texts(page)) == (503 if error is StorageBusy else 500, True)
    page = submit(reporter, "/report/ethics/check", {"body": BODY}, Chosen("plan.txt", b"x" * 100_000))
    assert BODY in texts(page)
    assert page.status >= 500
