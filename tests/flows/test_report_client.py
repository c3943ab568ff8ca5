"""The report page with its script: steps, what is kept and what is not, and what a failure leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, Request, Route, expect

from app.crypto import fingerprint, message
from app.crypto.age import unseal_bytes
from app.crypto.hybrid import HybridIdentity
from app.services import followup, receipts
from tests import canary
from tests.flows.desks import Desk
from tests.flows.reporters import (
    BODY,
    FORM,
    INSECURE,
    PLACE,
    SUBJECT,
    Line,
    check_words,
    fill_report,
    ready,
    shown_words,
    to_check,
    to_receipt,
)

STORES = """async () => ({
  local: localStorage.length, session: sessionStorage.length, cookies: document.cookie,
  databases: (await indexedDB.databases()).length, history: JSON.stringify(history.state), address: location.href,
})"""


def posts(page: Page) -> list[Request]:
    """Every post that the page makes from now on."""
    found: list[Request] = []
    page.on("request", lambda request: found.append(request) if request.method == "POST" else None)
    return found


def answering(status: int, body: dict[str, Any]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=json.dumps(body), content_type="application/json")


def test_a_report_leaves_sealed_and_the_receipt_opens_it(line: Line, desk: Desk) -> None:
    sent = posts(line.page)
    words = to_receipt(line.page)
    receipt = receipts.read(" ".join(words))
    (request,) = sent
    assert list(json.loads(request.post_data or "")) == ["case", "mailbox", "message", "sealed"]
    assert line.sent_any_of(SUBJECT, BODY, PLACE, "Fraud or theft", *canary.word_pairs(words)) == set()
    stored = followup.open_sealed(desk.ctx, desk.organisation, receipt.mailbox_key).messages[0]
    payload = message.read(unseal_bytes(stored.sealed, [receipt.identity])).payload
    assert (payload.subject, payload.body, payload.sealed_by.value) == (SUBJECT, BODY, "browser")
    assert {answer.question: answer.value for answer in payload.answers} == {
        "category": "Fraud or theft",
        "when": "2026-11-03",
        "where": PLACE,
        "known": "I saw or heard it\nFrom papers or files",
    }


def test_the_search_of_what_was_sent_finds_what_is_there(line: Line) -> None:
    line.page.goto(f"/report?{SUBJECT}")
    assert line.sent_any_of(SUBJECT) == {SUBJECT}


def shown_fingerprints(page: Page) -> set[str]:
    """In the line that says which way is in force, and in the check step."""
    return {page.locator(f"{place} [data-slot=fingerprint]").text_content() or "" for place in ("#way", "[data-step=check]")}


def given_keys(page: Page) -> tuple[str, str]:
    recipient, verify = (page.locator("#main").get_attribute(f"data-{name}") or "" for name in ("recipient", "verify"))
    return recipient, verify


def test_the_fingerprint_is_that_of_the_start_page_and_stands_where_it_is_sealed(line: Line) -> None:
    page = line.page
    page.goto("/")
    of_channel = page.locator(".fingerprints code").first.inner_text()
    to_check(page)
    assert shown_fingerprints(page) == {of_channel} == {fingerprint.channel(*given_keys(page))}
    expect(page.locator("[data-step=check] [data-slot=fingerprint]")).to_be_visible()


def test_another_key_in_the_page_shows_as_another_fingerprint(line: Line) -> None:
    page = line.page
    other = str(HybridIdentity.generate().recipient)

    def swap(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r'data-recipient="[^"]+"', f'data-recipient="{other}"', answer.text()))

    page.goto("/")
    of_channel = page.locator(".fingerprints code").first.inner_text()
    page.route(f"**{FORM}", swap)
    to_check(page)
    recipient, verify = given_keys(page)
    assert recipient == other
    assert shown_fingerprints(page) == {fingerprint.channel(other, verify)} != {of_channel}


def test_a_field_that_was_put_right_is_not_described_by_its_old_problem(line: Line) -> None:
    page = line.page
    page.goto(FORM)
    ready(page)
    problems = page.locator("[data-problem]")
    assert set(problems.all_text_contents()) == {""}
    page.click("[data-primary]")
    expect(page.locator("#body-problem")).to_contain_text("There is no text yet")
    fill_report(page)
    page.click("[data-primary]")
    page.click("[data-send]")
    words = shown_words(page)
    assert set(problems.all_text_contents()) == {""}
    check_words(page, ["zzz"] * 12)
    number = page.locator("label[for=word-first] [data-slot=first]").inner_text()
    expect(page.locator("#word-first-problem")).to_contain_text(f"This is not word number {number}.")
    check_words(page, words)
    assert set(problems.all_text_contents()) == {""}


def test_no_service_is_sent_what_is_typed_to_check_its_spelling(line: Line) -> None:
    page = line.page
    page.goto(FORM)
    assert page.locator("textarea, input:not([type]):not([data-part])").evaluate_all("all => all.filter(each => each.spellcheck)") == []


def test_the_check_step_shows_what_was_written_and_change_leads_back_to_the_field(line: Line) -> None:
    page = line.page
    to_check(page)
    rows = {row.get_attribute("data-row"): row for row in page.locator("[data-step=check] [data-row]").all()}
    expect(rows["body"].locator("[data-slot=value]")).to_have_text(BODY)
    expect(rows["q-when"].locator("[data-slot=value]")).to_have_text("3 November 2026")
    assert page.locator("[data-step=check] [data-heading]").evaluate("element => element === document.activeElement")
    rows["q-where"].locator("[data-change]").click()
    expect(page.locator("#q-where")).to_be_focused()
    expect(page.locator("#q-where")).to_have_value(PLACE)
    page.fill("#q-where", "")
    page.click("[data-primary]")
    expect(page.locator("[data-row=q-where] [data-slot=nothing]")).to_be_visible()


def test_back_from_the_check_returns_to_the_text_and_forward_to_the_check(line: Line) -> None:
    page = line.page
    to_check(page)
    page.go_back()
    expect(page.locator("#body")).to_have_value(BODY)
    page.go_forward()
    expect(page.locator("[data-step=check]")).to_be_visible()


def test_back_from_the_receipt_keeps_the_words_and_never_shows_a_form_to_send_again(line: Line) -> None:
    page = line.page
    words = to_receipt(page)
    page.go_back()
    expect(page.locator("[data-step=receipt]")).to_be_visible()
    assert shown_words(page) == words
    expect(page.locator("[data-step=write]")).to_be_hidden()
    assert page.locator("#body").input_value() == ""


def test_the_words_are_gone_once_two_of_them_were_right(line: Line) -> None:
    page = line.page
    words = to_receipt(page)
    wrong = ["zzz"] * 12
    check_words(page, wrong)
    expect(page.locator("[data-field=word-first] [data-problem]")).to_be_visible()
    expect(page.locator("#word-first")).to_be_focused()
    check_words(page, words)
    expect(page.locator("[data-step=done] [data-heading]")).to_be_focused()
    everything = page.content() + "".join(page.locator("input, textarea").evaluate_all("all => all.map(each => each.value)"))
    assert canary.found_in(everything.encode(), [BODY, SUBJECT, PLACE, *canary.word_pairs(words)]) == set()
    assert not [word for word in words if len(word) > 6 and f">{word}<" in everything]
    page.go_back()
    expect(page.locator("[data-step=done]")).to_be_visible()


@pytest.mark.parametrize("step", ["write", "check", "receipt"])
def test_leaving_is_asked_about_while_something_would_be_lost(line: Line, step: str) -> None:
    page = line.page
    asked: list[str] = []
    if step == "write":
        page.goto(FORM)
        ready(page)
        fill_report(page)
    elif step == "check":
        to_check(page)
    else:
        to_receipt(page)

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => location.reload(), 0)")
    assert asked == ["beforeunload"]
    expect(page.locator(f"[data-step={step}]")).to_be_visible()


def test_leaving_is_not_asked_about_when_nothing_would_be_lost(line: Line) -> None:
    page = line.page
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.goto(FORM)
    ready(page)
    page.reload()
    check_words(page, to_receipt(page))
    expect(page.locator("[data-step=done]")).to_be_visible()
    page.reload()
    expect(page.locator("[data-step=write]")).to_be_visible()
    assert asked == []


def test_a_retry_is_the_same_bytes_and_one_case(line: Line, desk: Desk) -> None:
    page = line.page
    sent = posts(page)
    before = desk.value("SELECT count(*) FROM cases")

    def swallow(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    to_check(page)
    page.route("**/sealed", swallow, times=1)
    page.click("[data-send]")
    expect(page.locator("[data-step=check] [data-error-place]")).to_contain_text("Nothing came back")
    # It may have arrived, so the text cannot change any more: neither here nor by going back.
    expect(page.locator("[data-row=body] [data-change]")).to_be_hidden()
    page.go_back()
    expect(page.locator("[data-step=check]")).to_be_visible()
    page.click("[data-send]")
    receipt = receipts.read(" ".join(shown_words(page)))
    first, second = (request.post_data for request in sent)
    assert first == second
    assert desk.value("SELECT count(*) FROM cases") == int(str(before)) + 1
    assert len(followup.open_sealed(desk.ctx, desk.organisation, receipt.mailbox_key).messages) == 1


def test_after_no_answer_one_may_start_again_with_new_words(line: Line) -> None:
    page = line.page
    sent = posts(page)
    to_check(page)
    page.route("**/sealed", lambda route: route.abort(), times=1)
    page.click("[data-send]")
    page.click("[data-anew]")
    expect(page.locator("#body")).to_have_value(BODY)
    page.click("[data-primary]")
    page.click("[data-send]")
    receipt = receipts.read(" ".join(shown_words(page)))
    first, second = (json.loads(request.post_data or "") for request in sent)
    assert first["case"] != second["case"] == receipt.case_id
    assert first["mailbox"] != second["mailbox"]


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (503, "storage_busy", "The server is busy and stored nothing"),
        (409, "withdrawn", "This report was withdrawn"),
        (409, "channel_not_open", "This channel is not open"),
        (413, "too_large", "too long"),
        (400, "size_class", "did not accept it"),
        (403, "cross_site", "did not accept it"),
        (500, "internal", "Nothing came back"),
    ],
)
def test_a_refusal_is_said_and_the_text_is_kept(line: Line, status: int, code: str, sentence: str) -> None:
    page = line.page
    to_check(page)
    page.route("**/sealed", answering(status, {"error": code}), times=1)
    page.click("[data-send]")
    place = page.locator("[data-step=check] [data-error-place]")
    expect(place).to_contain_text(sentence)
    expect(place).to_be_focused()
    expect(page.locator("[data-row=body] [data-slot=value]")).to_have_text(BODY)
    expect(page.locator("[data-step=receipt]")).to_be_hidden()
    # A server that broke down may have stored it before: only then the text is locked.
    change = page.locator("[data-row=body] [data-change]")
    if status == 500:
        expect(change).to_be_hidden()
    else:
        change.click()
        expect(page.locator("#body")).to_be_focused()
    expect(page.locator("#body")).to_have_value(BODY)


def test_an_earlier_version_is_said_with_the_words_that_lead_to_it(line: Line) -> None:
    page = line.page
    to_check(page)
    page.route("**/sealed", answering(409, {"error": "conflict"}), times=1)
    page.click("[data-send]")
    place = page.locator("[data-step=check] [data-error-place]")
    expect(place).to_contain_text("An earlier version has arrived")
    assert len(receipts.read(" ".join(place.locator(".words li").all_inner_texts())).words) == 12


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"received_on": "2026-11-21"},
        {"received_on": "2026-11-21", "acknowledge_by": "soon", "feedback_by": "2027-02-28"},
    ],
)
def test_no_receipt_is_shown_on_a_doubtful_answer(line: Line, answer: dict[str, str]) -> None:
    page = line.page
    to_check(page)
    page.route("**/sealed", answering(200, answer), times=1)
    page.click("[data-send]")
    expect(page.locator("[data-step=check] [data-error-place]")).to_contain_text("Nothing came back")
    expect(page.locator("[data-step=receipt]")).to_be_hidden()


def test_a_page_of_a_proxy_is_no_answer(line: Line) -> None:
    page = line.page
    to_check(page)
    page.route("**/sealed", lambda route: route.fulfill(body="<p>Sign in to this network</p>", content_type="text/html"), times=1)
    page.click("[data-send]")
    expect(page.locator("[data-step=check] [data-error-place]")).to_contain_text("Nothing came back")


def test_pressing_twice_sends_once(line: Line) -> None:
    page = line.page
    sent = posts(page)
    to_check(page)
    page.locator("[data-send]").dblclick()
    shown_words(page)
    assert len(sent) == 1


def test_nothing_is_stored_in_the_browser_at_any_step(line: Line) -> None:
    page = line.page
    to_check(page)
    address = page.url
    expected = {"local": 0, "session": 0, "cookies": "", "databases": 0, "address": address}
    assert page.evaluate(STORES) == {**expected, "history": '{"step":"check"}'}
    page.click("[data-send]")
    words = shown_words(page)
    assert page.evaluate(STORES) == {**expected, "history": '{"step":"receipt"}'}
    check_words(page, words)
    expect(page.locator("[data-step=done]")).to_be_visible()
    assert page.evaluate(STORES) == {**expected, "history": '{"step":"done"}'}
    assert page.context.cookies() == []
    assert page.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}


def test_what_is_wrong_is_said_at_the_field_and_in_the_summary(line: Line) -> None:
    page = line.page
    page.goto(FORM)
    ready(page)
    page.fill("#subject", "x" * 121)
    page.fill("#q-when [data-part=day]", "31")
    page.fill("#q-when [data-part=month]", "2")
    page.fill("#q-when [data-part=year]", "2026")
    page.click("[data-primary]")
    summary = page.locator("[data-summary]")
    expect(summary).to_be_focused()
    assert [re.sub(r"\W", "", text)[:12] for text in summary.locator("a").all_inner_texts()] == [
        "Subjectistoo",
        "Thereisnotex",
        "Ananswerisne",
        "Sinceaboutwh",
    ]
    summary.locator("a").nth(2).click()
    expect(page.locator("#q-category input").first).to_be_focused()
    assert "#" not in page.url
    fill_report(page)
    page.click("[data-primary]")
    expect(page.locator("[data-step=check]")).to_be_visible()
    assert page.locator("[data-bad], [aria-invalid=true]").count() == 0


def test_one_problem_moves_to_its_field(line: Line) -> None:
    page = line.page
    page.goto(FORM)
    ready(page)
    fill_report(page)
    page.fill("#body", " \n ")
    page.click("[data-primary]")
    expect(page.locator("#body")).to_be_focused()
    expect(page.locator("[data-field=body] [data-problem]")).to_contain_text("There is no text yet")
    expect(page.locator("[data-summary]")).to_be_visible()


def test_the_count_shows_near_the_limit_only_and_the_field_grows(line: Line) -> None:
    page = line.page
    page.goto(FORM)
    ready(page)
    height = page.locator("#body").evaluate("area => area.clientHeight")
    page.fill("#body", "line\n" * 40)
    assert page.locator("#body").evaluate("area => area.clientHeight") > height
    expect(page.locator("[data-count]")).to_be_hidden()
    page.fill("#body", "\U0001f426" * 99_990)
    expect(page.locator("[data-count] [data-slot=left]")).to_have_text("10")


def test_radio_buttons_stay_one_group_without_a_name_that_says_anything(line: Line) -> None:
    page = line.page
    page.goto(FORM)
    ready(page)
    choices = page.locator("#q-category input")
    choices.nth(0).check()
    choices.nth(1).check()
    assert choices.evaluate_all("all => all.filter(each => each.checked).length") == 1
    assert set(choices.evaluate_all("all => all.map(each => each.value)")) == {"on"}
    page.keyboard.press("ArrowDown")
    expect(choices.nth(2)).to_be_checked()


def test_it_works_where_the_browser_has_no_secure_context(line: Line) -> None:
    page = line.page
    page.add_init_script(INSECURE)
    to_receipt(page)


@pytest.mark.parametrize("pressed", ["control", "shift"])
def test_leaving_blanks_the_page_at_once_and_takes_its_place(line: Line, pressed: str) -> None:
    page = line.page
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.add_init_script(
        "new MutationObserver(() => document.body?.childElementCount === 0 && console.log('blank', document.title)).observe("
        "document, { childList: true, subtree: true })"
    )
    page.context.route("https://**", lambda route: route.fulfill(body="Elsewhere", content_type="text/html"))
    page.goto(FORM)
    ready(page)
    fill_report(page)
    before = page.evaluate("history.length")
    if pressed == "control":
        page.click("[data-leave]")
    else:
        for _ in range(3):
            page.keyboard.press("Shift")
    page.wait_for_url("https://www.wikipedia.org/")
    assert "blank www.wikipedia.org" in said
    assert page.evaluate("history.length") == before


def test_capital_letters_do_not_leave_the_page(line: Line) -> None:
    page = line.page
    page.goto(FORM)
    ready(page)
    page.focus("#body")
    for _ in range(4):
        page.keyboard.press("Shift+A")
    expect(page.locator("#body")).to_have_value("AAAA")


def test_a_report_that_holds_its_own_words_is_refused(line: Line) -> None:
    page = line.page
    sent = posts(page)
    # Sixteen bytes of zero are the words of the public test vector.
    page.add_init_script("Crypto.prototype.getRandomValues = (bytes) => bytes.fill(0)")
    page.goto(FORM)
    ready(page)
    fill_report(page)
    page.fill("#q-where", "I was given these: " + "ABANDON, " * 11 + "about.")
    page.click("[data-primary]")
    expect(page.locator("#q-where")).to_be_focused()
    expect(page.locator("[data-field=q-where] [data-problem]")).to_contain_text("twelve words")
    assert sent == []


def test_a_page_that_cannot_seal_sends_nothing_and_keeps_the_text(line: Line) -> None:
    page = line.page
    sent = posts(page)

    def weaker(route: Route) -> None:
        answer = route.fetch()
        weak = 'data-recipient="age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"'
        route.fulfill(response=answer, body=re.sub(r'data-recipient="[^"]+"', weak, answer.text()))

    page.route(f"**{FORM}", weaker)
    to_check(page)
    page.click("[data-send]")
    expect(page.locator("#way [data-state=failed]")).to_be_visible()
    expect(page.locator("#body")).to_have_value(BODY)
    assert sent == []
    assert line.sent_any_of(BODY, SUBJECT, PLACE) == set()
