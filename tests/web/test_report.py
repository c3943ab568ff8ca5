"""Reporting without script, from the form to the check of two words."""

from __future__ import annotations

import pytest

from app.domain import LIMITS, OrganisationId
from app.errors import StorageBusy
from app.services import followup, intake, receipts, wire
from tests.support import Clock, Place
from tests.web.page import Page
from tests.web.reporter import BODY, SUBJECT, TYPED, Reporter, words


def cases(place: Place, typed: str) -> int:
    """How many letters stand in the conversation of these words."""
    return len(followup.open_plain(place.ctx, place.id, receipts.read(typed)).checked)


def test_a_report_arrives_as_it_was_written(reporter: Reporter, place: Place) -> None:
    opened = followup.open_plain(place.ctx, place.id, receipts.read(reporter.report()))
    (letter,) = opened.checked
    assert letter.payload is not None
    assert (letter.payload.subject, letter.payload.body) == (SUBJECT, BODY)
    assert [(answer.question, answer.value) for answer in letter.payload.answers] == [
        ("category", "Safety"),
        ("since", "2026-11-02"),
        ("known", "Nobody\nA manager"),
    ]


def test_the_form_says_before_anything_is_typed_that_the_server_seals(reporter: Reporter) -> None:
    for path in ("/report/ethics", "/report/ethics?way=server"):
        html = reporter.get(path).html
        assert html.index("Sealed on our server the moment it arrives") < html.index("<form")
        assert html.index("whoever has taken control of the server could read it") < html.index("<form")


def test_a_hint_stands_before_its_field_and_is_tied_to_it(reporter: Reporter) -> None:
    page = reporter.get("/report/ethics")
    body = page.one("textarea", name="body")
    assert page.elements.index(page.one(id="body-hint")) < page.elements.index(body)
    assert "body-hint" in (body.get("aria-describedby") or "")


def test_the_check_page_shows_what_was_written_and_stores_nothing(reporter: Reporter, place: Place) -> None:
    page = reporter.check()
    written = [element.raw for element in page.all("div", class_="written")]
    assert written == [SUBJECT, BODY, "Safety", "", "2 November 2026", "Nobody\nA manager"]
    with place.ctx.database.read() as session:
        assert session.connection().exec_driver_sql("select count(*) from cases").scalar() == 0


def test_the_check_page_shows_the_fingerprint_of_the_keys_it_will_be_sealed_to(reporter: Reporter, place: Place) -> None:
    assert place.ethics.keys is not None
    page = reporter.check()
    assert page.one("code").text == place.ethics.keys.fingerprint
    assert "It will be sealed to" in page.text


def test_the_pages_after_sending_say_that_the_server_sealed_it_and_made_the_words(reporter: Reporter) -> None:
    page = reporter.send()
    assert "Our server made them and forgets them within 30 minutes" in page.text
    assert "We do not have these words" not in page.text
    done = reporter.post("/report/ethics/words", _two(page, _asked(page)))
    for after in (page, done):
        assert "Sealed on our server when it arrived" in after.one(id="way").text
    # With JavaScript the browser makes them, and the server never has them.
    assert "We do not have these words" in reporter.get("/report/ethics").html


def test_who_wrote_too_much_is_not_told_to_go_back_to_an_empty_form(reporter: Reporter) -> None:
    page = reporter.post("/report/ethics/check", {**TYPED, "body": "a" * LIMITS.form_bytes})
    assert page.status == 413
    assert "Go back" not in page.text
    assert "Shorten your text and send it again" in page.text


def test_change_leads_back_to_the_form_with_everything_kept_and_to_the_field(reporter: Reporter) -> None:
    page = reporter.check()
    button = page.one("button", name="change", value="q-known")
    assert button.get("formaction") == "/report/ethics"
    form = reporter.post("/report/ethics", {**page.form("/report/ethics/send"), "change": "q-known"})
    kept = form.form("/report/ethics/check")
    assert kept["body"] == [BODY]
    assert kept["q-known"] == ["Nobody", "A manager"]
    assert [kept[f"q-since-{part}"] for part in ("day", "month", "year")] == [["2"], ["11"], ["2026"]]
    assert form.focused().get("name") == "q-known"


def changed(reporter: Reporter, form: dict[str, list[str]], **changes: str) -> Page:
    """The check page after "Change", an edit and "Check before sending"."""
    page = reporter.post("/report/ethics", {**form, "change": "body"})
    return reporter.post("/report/ethics/check", {**page.form("/report/ethics/check"), **changes})


def test_a_report_changed_after_its_answer_was_lost_is_told_and_its_words_are_shown(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    lost = words(reporter.post("/report/ethics/send", form))
    page = reporter.post("/report/ethics/send", changed(reporter, form, body="Something else.").form("/report/ethics/send"))
    assert page.status == 409
    assert "An earlier version has already arrived" in page.text
    assert words(page) == lost
    assert cases(place, lost) == 1


def test_a_report_that_is_not_changed_after_all_counts_once(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    lost = words(reporter.post("/report/ethics/send", form))
    again = reporter.post("/report/ethics/send", changed(reporter, form).form("/report/ethics/send"))
    assert (again.status, words(again)) == (200, lost)


def test_a_form_that_was_refused_keeps_its_receipt(reporter: Reporter) -> None:
    form = reporter.check().form("/report/ethics/send")
    lost = words(reporter.post("/report/ethics/send", form))
    refused = changed(reporter, form, body=" ")
    assert refused.status == 422
    again = reporter.post("/report/ethics/check", {**refused.form("/report/ethics/check"), "body": BODY})
    assert words(reporter.post("/report/ethics/send", again.form("/report/ethics/send"))) == lost


def test_a_ticket_is_good_for_another_30_minutes_after_each_page(reporter: Reporter, clock: Clock) -> None:
    form = reporter.check().form("/report/ethics/send")
    lost = words(reporter.post("/report/ethics/send", form))
    clock.move(seconds=20 * 60)
    page = reporter.post("/report/ethics", form)
    clock.move(seconds=20 * 60)
    check = reporter.post("/report/ethics/check", page.form("/report/ethics/check"))
    assert "longer than 30 minutes" not in check.text
    assert words(reporter.post("/report/ethics/send", check.form("/report/ethics/send"))) == lost


def test_a_ticket_that_does_not_open_is_replaced_and_that_is_said(reporter: Reporter, place: Place, clock: Clock) -> None:
    form = reporter.check().form("/report/ethics/send")
    own = followup.open_sealed(place.ctx, place.id, receipts.read(words(reporter.post("/report/ethics/send", form))).mailbox_key)
    of_conversation = place.ctx.tickets.issue(clock(), place.id, "conversation", receipts.new())
    of_another = place.ctx.tickets.issue(clock(), OrganisationId(wire.new_message_id()), "report", receipts.new())
    for ticket in (of_conversation, of_another, "x", "A" * 200):
        check = changed(reporter, {**form, "ticket": [ticket]})
        assert "longer than 30 minutes" in check.focused().text
        sent = reporter.post("/report/ethics/send", check.form("/report/ethics/send"))
        assert sent.status == 200
        assert receipts.read(words(sent)).case_id != own.case


def test_a_form_without_a_ticket_gets_one_without_a_word_about_it(reporter: Reporter) -> None:
    check = reporter.check(ticket="")
    assert not check.all(autofocus=True)
    assert words(reporter.post("/report/ethics/send", check.form("/report/ethics/send")))


def test_a_form_that_is_opened_holds_no_ticket(reporter: Reporter) -> None:
    for path in ("/report/ethics", "/report/ethics?way=server"):
        assert not reporter.get(path).all("input", name="ticket")


def test_markup_in_a_report_is_shown_as_text(reporter: Reporter) -> None:
    page = reporter.check(subject='"><script>alert(1)</script>', body="<img src=x onerror=alert(1)>")
    assert all("src" in script for script in page.all("script"))
    assert not page.all("img")
    assert page.form("/report/ethics/send")["subject"] == ['"><script>alert(1)</script>']


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"body": "  \r\n "}, "body", "There is no text yet"),
        ({"q-category": ""}, "q-category", "An answer is needed"),
        ({"q-category": "Arson"}, "q-category", "Choose an answer from the list"),
        ({"q-since-day": "31", "q-since-month": "2"}, "q-since", "is not a day in the calendar"),
        ({"q-since-year": ""}, "q-since", "is not a day in the calendar"),
        ({"subject": "a" * 121}, "subject", "at most 120 characters"),
    ],
)
def test_a_wrong_field_is_named_and_focused_and_no_text_is_lost(
    reporter: Reporter, changes: dict[str, str], field: str, sentence: str
) -> None:
    page = reporter.check(**changes)
    assert page.status == 422
    (bad,) = page.all(data_bad=True)
    assert bad.get("data-field") == field
    problem = page.one(id=f"{field}-problem")
    assert sentence in problem.text
    assert "hidden" not in problem
    assert page.one("a", href=f"#{field}").text == problem.text
    focused = page.focused()
    assert focused is bad or bad in focused.parents
    kept = page.form("/report/ethics/check")
    for name, value in {**TYPED, **changes}.items():
        if name != "q-category":
            assert kept[name] == (value if isinstance(value, list) else [value.replace("\r\n", "\n")]) or kept[name] == [value]


def test_with_several_problems_the_focus_is_on_their_list(reporter: Reporter) -> None:
    page = reporter.post("/report/ethics/check", {"subject": "a" * 121})
    summary = page.focused()
    assert "data-summary" in summary
    assert [element.get("href") for element in page.all("a") if summary in element.parents] == ["#subject", "#body", "#q-category"]


def test_sending_the_same_form_twice_gives_the_same_words_and_one_case(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    first, second = reporter.post("/report/ethics/send", form), reporter.post("/report/ethics/send", form)
    assert second.status == 200
    assert words(first) == words(second)
    assert cases(place, words(first)) == 1


def test_another_text_under_the_same_ticket_is_told_and_kept(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    first = words(reporter.post("/report/ethics/send", form))
    page = reporter.post("/report/ethics/send", {**form, "body": "Something else."})
    assert page.status == 409
    assert "An earlier version has already arrived" in page.text
    assert page.one("textarea").raw.strip() == "Something else."
    assert words(page) == first
    assert cases(place, first) == 1


def test_a_withdrawn_report_is_not_stored_again(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    receipt = receipts.read(words(reporter.post("/report/ethics/send", form)))
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    page = reporter.post("/report/ethics/send", form)
    assert page.status == 409
    assert "This report was withdrawn" in page.text


def test_an_expired_ticket_brings_the_check_page_again_with_the_text_and_a_ticket_that_works(reporter: Reporter, clock: Clock) -> None:
    form = reporter.check().form("/report/ethics/send")
    clock.move(seconds=31 * 60)
    page = reporter.post("/report/ethics/send", form)
    assert "longer than 30 minutes" in page.focused().text
    again = page.form("/report/ethics/send")
    assert {name: value for name, value in again.items() if name != "ticket"} == {
        name: value for name, value in form.items() if name != "ticket"
    }
    assert words(reporter.post("/report/ethics/send", again))


def test_an_expired_ticket_on_a_report_that_cannot_be_sent_brings_the_form(reporter: Reporter, clock: Clock) -> None:
    form = reporter.check().form("/report/ethics/send")
    clock.move(seconds=31 * 60)
    page = reporter.post("/report/ethics/send", {**form, "q-category": ""})
    assert page.status == 422
    assert page.form("/report/ethics/check")["body"] == [BODY]


def test_when_the_database_is_busy_nothing_is_claimed_and_the_text_stays(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    form = reporter.check().form("/report/ethics/send")

    def busy(*_: object) -> None:
        raise StorageBusy

    monkeypatch.setattr(intake, "accept_plain", busy)
    page = reporter.post("/report/ethics/send", form)
    assert page.status == 503
    assert "busy and stored nothing" in page.focused().text
    again = page.form("/report/ethics/send")
    assert {**again, "ticket": ""} == {**form, "ticket": ""}
    monkeypatch.undo()
    assert reporter.post("/report/ethics/send", again).status == 200


def test_the_receipt_says_that_the_words_cannot_be_had_again_and_what_happens_when(reporter: Reporter) -> None:
    page = reporter.send()
    assert len(words(page).split()) == 12
    assert "There is no way to get them again" in page.text
    for day in ("21 November 2026", "by 28 November 2026", "by 28 February 2027"):
        assert day in page.text
    assert page.one("ol", class_="words").get("translate") == "no"


def _two(page: Page, typed: list[str]) -> dict[str, object]:
    return {**page.form("/report/ethics/words"), "word-first": typed[0], "word-second": typed[1]}


def _asked(page: Page) -> list[str]:
    form = page.form("/report/ethics/words")
    return [words(page).split()[int(form[name][0]) - 1] for name in ("first", "second")]


def test_two_words_of_the_twelve_are_asked_and_the_right_ones_end_it(reporter: Reporter) -> None:
    page = reporter.send()
    form = page.form("/report/ethics/words")
    assert form["first"] != form["second"]
    first, second = _asked(page)
    done = reporter.post("/report/ethics/words", _two(page, [f" {first.upper()} ", second[:4]]))
    assert done.status == 200
    assert "What you wrote down fits" in done.text
    assert "28 November 2026" in done.text


def test_a_wrong_word_is_named_and_the_list_is_there_to_compare(reporter: Reporter) -> None:
    page = reporter.send()
    first, _ = _asked(page)
    wrong = reporter.post("/report/ethics/words", _two(page, [first, "zzz"]))
    assert wrong.status == 422
    assert words(wrong) == words(page)
    assert [element.get("data-field") for element in wrong.all(data_bad=True)] == ["word-second"]
    assert wrong.focused().get("name") == "word-second"
    assert wrong.form("/report/ethics/words")["word-first"] == [first]


def test_the_check_of_two_words_after_the_ticket_expired_points_to_the_conversation(reporter: Reporter, clock: Clock) -> None:
    page = reporter.send()
    clock.move(seconds=31 * 60)
    late = reporter.post("/report/ethics/words", _two(page, _asked(page)))
    assert "We could not check the words here" in late.text
    assert late.all("a", href="/conversation")


def test_numbers_of_words_that_do_not_exist_break_nothing(reporter: Reporter) -> None:
    page = reporter.send()
    for number in ("0", "13", "-1", "x", "\u0661", ""):
        assert reporter.post("/report/ethics/words", {**_two(page, ["a", "b"]), "first": number}).status == 422


def test_a_channel_that_is_not_open_is_shown_as_not_yet_open_and_takes_nothing(reporter: Reporter) -> None:
    page = reporter.get("/report")
    assert "Audit committee Not open yet" in page.text
    assert not page.all("a", href="/report/audit")
    assert reporter.get("/report/audit").status == 409
    assert reporter.post("/report/audit/check", TYPED).status == 409


def test_a_channel_that_does_not_exist_is_not_found(reporter: Reporter) -> None:
    assert reporter.get("/report/nothing").status == 404
