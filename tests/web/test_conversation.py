"""Coming back without script: words, conversation, answer, withdrawal."""

from __future__ import annotations

import pytest
from flask import Flask, get_template_attribute

from app.domain import Outcome, Problem
from app.errors import StorageBusy
from app.services import followup, receipts
from tests.services import letters
from tests.support import Clock, Place
from tests.web.page import Page
from tests.web.reporter import BODY, SUBJECT, Reporter

ANSWER = "There is a second scaffold with the same fault."


def answer(reporter: Reporter, page: Page, body: str = ANSWER, **changes: str) -> Page:
    return reporter.post("/conversation/answer", {**page.form("/conversation/answer"), "body": body, **changes})


def test_the_words_open_the_conversation_in_any_sensible_form(reporter: Reporter) -> None:
    typed = reporter.report()
    numbered = "\r\n".join(f"{number}. {word.upper()}," for number, word in enumerate(typed.split(), 1))
    for form in (typed, numbered, " ".join(word[:4] for word in typed.split())):
        page = reporter.open(form)
        assert page.status == 200
        assert SUBJECT in page.text
        assert page.one("div", class_="written").raw == BODY


def test_what_typing_the_words_means_is_said_before_the_field(reporter: Reporter) -> None:
    for path in ("/conversation", "/conversation?way=server"):
        html = reporter.get(path).html
        assert html.index("could read the whole conversation") < html.index("<textarea")


def test_the_choice_of_the_servers_way_says_that_the_words_go_there(reporter: Reporter) -> None:
    page = reporter.get("/conversation")
    (choice,) = [element for element in page.all("details") if "data-other-way" in element]
    assert "The twelve words then go to our server" in choice.text
    assert "read the whole conversation and write in it" in choice.text
    assert "do the sealing" not in choice.text


def test_asking_to_withdraw_says_which_way_is_in_force(reporter: Reporter) -> None:
    form = reporter.open(reporter.report()).form("/conversation/withdraw")
    assert "Opened on our server" in reporter.post("/conversation/withdraw", form).one(id="way").text


def test_words_that_open_nothing_are_told_every_reason_there_may_be(reporter: Reporter) -> None:
    said = reporter.open(" ".join(receipts.new().words)).one(id="words-problem").text
    for reason in ("may be wrong", "may not have arrived", "withdrawn", "another site", "cannot tell which"):
        assert reason in said


def test_the_words_are_nowhere_in_the_page_that_they_open(reporter: Reporter) -> None:
    typed = reporter.report()
    assert typed not in reporter.open(typed).html


def test_an_answer_is_stored_and_stands_in_the_conversation(reporter: Reporter) -> None:
    page = answer(reporter, reporter.open(reporter.report()))
    assert "Your answer is sealed and stored" in page.focused().text
    assert [element.raw for element in page.all("div", class_="written")] == [BODY, ANSWER]
    assert page.form("/conversation/answer")["body"] == [""]


def test_the_same_answer_twice_counts_once(reporter: Reporter) -> None:
    page = reporter.open(reporter.report())
    answer(reporter, page)
    again = answer(reporter, page)
    assert again.status == 200
    assert len(again.all("article")) == 2


def test_another_answer_under_the_same_id_is_told_and_kept_in_the_field(reporter: Reporter) -> None:
    page = reporter.open(reporter.report())
    answer(reporter, page)
    other = answer(reporter, page, "Something else.")
    assert other.status == 409
    assert "An earlier version of your answer has arrived" in other.focused().text
    form = other.form("/conversation/answer")
    assert form["body"] == ["Something else."]
    assert form["message"] != page.form("/conversation/answer")["message"]
    assert len(reporter.post("/conversation/answer", form).all("article")) == 3


def test_an_empty_answer_is_named_and_focused(reporter: Reporter) -> None:
    page = answer(reporter, reporter.open(reporter.report()), "  ")
    assert page.status == 422
    assert page.focused().get("name") == "body"
    assert "There is no text yet" in page.one(id="body-problem").text


def test_an_answer_that_holds_the_words_is_not_sent(reporter: Reporter) -> None:
    typed = reporter.report()
    page = answer(reporter, reporter.open(typed), f"My words are {typed}.")
    assert page.status == 422
    assert "holds the twelve words" in page.one(id="body-problem").text
    assert len(page.all("article")) == 1


def test_when_the_database_is_busy_the_answer_stays_in_the_field(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    page = reporter.open(reporter.report())

    def busy(*_: object) -> None:
        raise StorageBusy

    monkeypatch.setattr(followup, "post_plain", busy)
    refused = answer(reporter, page)
    assert refused.status == 503
    assert refused.form("/conversation/answer")["body"] == [ANSWER]
    assert refused.form("/conversation/answer")["message"] == page.form("/conversation/answer")["message"]


def test_an_expired_ticket_asks_for_the_words_again_and_keeps_the_answer(reporter: Reporter, clock: Clock) -> None:
    typed = reporter.report()
    page = reporter.open(typed)
    clock.move(seconds=31 * 60)
    expired = answer(reporter, page)
    assert "longer than 30 minutes" in expired.focused().text
    again = reporter.post("/conversation", {**expired.form("/conversation"), "words": typed})
    assert again.form("/conversation/answer")["body"] == [ANSWER]
    assert len(again.all("article")) == 1


@pytest.mark.parametrize("mistakes", [0, 1])
def test_an_answer_that_arrived_before_its_ticket_expired_counts_once(reporter: Reporter, clock: Clock, mistakes: int) -> None:
    typed = reporter.report()
    page = reporter.open(typed)
    answer(reporter, page)
    clock.move(seconds=31 * 60)
    expired = answer(reporter, page)
    assert "We do not know whether it arrived" in expired.focused().text
    for _ in range(mistakes):
        expired = reporter.post("/conversation", {**expired.form("/conversation"), "words": "abandon"})
    again = reporter.post("/conversation", {**expired.form("/conversation"), "words": typed})
    sent = reporter.post("/conversation/answer", again.form("/conversation/answer"))
    assert sent.status == 200
    assert len(sent.all("article")) == 2


def test_an_id_that_is_none_does_not_travel_on(reporter: Reporter) -> None:
    page = reporter.post("/conversation", {"words": "abandon", "body": ANSWER, "message": "<b>"})
    assert page.form("/conversation")["message"] == [""]
    opened = reporter.post("/conversation", {"words": reporter.report(), "body": ANSWER, "message": "<b>"})
    assert len(answer(reporter, opened).all("article")) == 2


def test_a_ticket_of_the_report_page_does_not_open_a_conversation(reporter: Reporter) -> None:
    ticket = reporter.send().form("/report/ethics/words")["ticket"]
    assert "Type your words again" in reporter.post("/conversation", {"ticket": ticket}).text


def test_withdrawing_asks_a_second_time_and_then_deletes(reporter: Reporter) -> None:
    typed = reporter.report()
    page = reporter.open(typed)
    asked = reporter.post("/conversation/withdraw", page.form("/conversation/withdraw"))
    assert "Nobody can bring them back" in asked.text
    assert reporter.open(typed).status == 200
    kept = reporter.post("/conversation", asked.form("/conversation"))
    assert len(kept.all("article")) == 1
    button = asked.one("button", name="confirm")
    gone = reporter.post("/conversation/withdraw", {**asked.form("/conversation/withdraw"), "confirm": button.get("value")})
    assert "Your report is withdrawn" in gone.text
    assert reporter.open(typed).status == 404


def test_words_with_a_typing_mistake_say_which_and_are_kept(reporter: Reporter) -> None:
    typed = reporter.report().split()
    typed[2] = "hosue"
    page = reporter.open(" ".join(typed))
    assert page.status == 422
    assert "word 3 (“hosue”)" in page.one(id="words-problem").text
    assert page.form("/conversation")["words"] == [" ".join(typed)]
    assert page.focused().get("name") == "words"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Write your twelve words"),
        ("abandon ability", "Words here: 2."),
        ("abandon " * 12, "do not belong together"),
        ("abandon " * 200, "too long for twelve words"),
        ("<script>scrypt()</script>", "word 2 (“scrypt”)"),
    ],
)
def test_what_is_wrong_with_the_words_is_said(reporter: Reporter, typed: str, sentence: str) -> None:
    page = reporter.open(typed)
    assert page.status == 422
    assert sentence in page.one(id="words-problem").text
    assert all("src" in script for script in page.all("script"))


def test_wrong_unknown_and_withdrawn_words_get_the_same_answer_in_the_same_number_of_bytes(reporter: Reporter, place: Place) -> None:
    withdrawn = reporter.report()
    followup.withdraw(place.ctx, place.id, receipts.read(withdrawn).mailbox_key)
    unknown = [" ".join(receipts.new().words) for _ in range(20)]
    pages = [reporter.open(typed) for typed in (withdrawn, *unknown)]
    assert len({len(typed) for typed in (withdrawn, *unknown)}) > 1
    assert {page.status for page in pages} == {404}
    assert len({len(page.html.encode()) for page in pages}) == 1
    shown = {page.html.replace(typed, "").replace(" ", "") for page, typed in zip(pages, (withdrawn, *unknown), strict=True)}
    assert len(shown) == 1


def test_a_reply_is_shown_with_who_wrote_it_the_day_and_its_mark(reporter: Reporter, place: Place) -> None:
    typed = reporter.report()
    letters.reply(place, place.olivia, receipts.read(typed), "Thank you. Which shift?")
    page = reporter.open(typed)
    reply = page.one("article", data_from="officer")
    assert place.olivia.name in reply.text
    assert "21 November 2026" in reply.text
    assert "Checked: written with the readers' key" in reply.text
    assert reply.get("id") == "newest"
    assert page.all("a", href="#newest")


def test_a_day_that_was_answered_is_written_out(reporter: Reporter) -> None:
    page = reporter.open(reporter.report())
    assert "2 November 2026" in page.one("article").text


def test_the_own_letter_says_that_the_server_sealed_it(reporter: Reporter) -> None:
    page = reporter.open(reporter.report())
    assert "Sealed by our server: the text passed through it first" in page.one("article").text
    assert "unless the server kept the key" in page.one("article").text


def test_each_problem_has_a_sentence_of_its_own(app: Flask) -> None:
    with app.test_request_context("/", base_url="http://localhost"):
        sentence = get_template_attribute("reporter/_letter.html", "problem_text")
        said = [sentence(problem.value).strip() for problem in Problem if problem is not Problem.CHANNEL]
    assert len(set(said)) == len(said)


def test_a_case_closed_at_once_promises_no_confirmation(reporter: Reporter, place: Place) -> None:
    typed = reporter.report()
    assert "The readers confirm that they have it." in reporter.open(typed).text
    letters.close(place, place.olivia, receipts.read(typed), Outcome.OUT_OF_SCOPE)
    closed = reporter.open(typed).text
    assert "The readers confirm that they have it." not in closed
    assert "It is not something that this channel deals with." in closed
