"""Coming back with a script: the words stay in the browser, what cannot be checked is marked, and an answer counts once."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Request, Route, expect

from app.crypto.encoding import new_id
from app.crypto.receipt import Receipt
from app.domain import Mark
from app.errors import NoConversation
from app.services import followup, receipts
from tests import canary
from tests.flows.desks import Desk
from tests.flows.reporters import INSECURE, Line, officer_writes, open_conversation, ready

REPORT = "Osprey report canary"
ANSWER = "Plover answer canary, with <b>marks</b> & ampersands"
SWAP = """UPDATE messages SET sealed = (SELECT sealed FROM messages WHERE case_id = :other AND number = 1)
    WHERE case_id = :case AND number = :number"""
SENT_AS = "UPDATE messages SET {} WHERE case_id = :case AND number = 2"
AGAIN = """INSERT INTO messages (organisation_id, case_id, number, id, kind, day, size_class, sealed)
    SELECT organisation_id, case_id, 3, :id, kind, day, size_class, sealed FROM messages WHERE case_id = :case AND number = 2"""
LETTER = "Curlew letter canary: <img src=x onerror=alert(1)>"


def enter(page: Page, typed: str) -> None:
    page.goto("/conversation")
    ready(page)
    page.fill("#words", typed)
    page.click("#words-form [data-primary]")


def posts(page: Page) -> list[Request]:
    found: list[Request] = []
    page.on("request", lambda request: found.append(request) if request.method == "POST" else None)
    return found


def hold(page: Page, address: str) -> list[Route]:
    """Keep requests to this address until the test lets them go on."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))
    return held


def test_only_the_mailbox_key_is_sent_and_the_words_are_cleared(line: Line, desk: Desk) -> None:
    receipt = desk.report(REPORT)
    sent = posts(line.page)
    open_conversation(line.page, receipt)
    (request,) = sent
    assert list(json.loads(request.post_data or "")) == ["mailbox"]
    assert line.sent_any_of(*canary.word_pairs(receipt.words)) == set()
    assert line.page.locator("#words").input_value() == ""
    expect(line.page.locator("article .written").first).to_have_text(REPORT)
    expect(line.page.locator("[data-step=conversation] [data-heading]")).to_be_focused()
    assert line.page.evaluate("JSON.stringify(history.state)") == '{"step":"conversation"}'
    assert line.page.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}


def test_words_are_read_in_any_sensible_form(line: Line, desk: Desk) -> None:
    receipt = desk.report(REPORT)
    enter(line.page, "\n".join(f"{number}. {word[:4].upper()}" for number, word in enumerate(receipt.words, 1)))
    expect(line.page.locator("article")).to_have_count(1)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Write your twelve words"),
        ("abandon hosue zebra", "word 2 (“hosue”)"),
        ("abandon ability", "Words here: 2"),
        ("abandon " * 12, "do not belong together"),
        ("abandon " * 200, "too long for twelve words"),
    ],
)
def test_what_is_wrong_with_the_words_is_said_without_asking_anybody(line: Line, typed: str, sentence: str) -> None:
    sent = posts(line.page)
    enter(line.page, typed)
    expect(line.page.locator("[data-field=words] [data-problem]")).to_contain_text(sentence)
    expect(line.page.locator("[data-summary]")).to_contain_text(sentence)
    expect(line.page.locator("#words")).to_be_focused()
    expect(line.page.locator("#words")).to_have_value(typed)
    assert sent == []


def test_words_that_open_nothing_are_kept_to_be_corrected(line: Line) -> None:
    typed = " ".join(receipts.new().words)
    enter(line.page, typed)
    expect(line.page.locator("[data-field=words] [data-problem]")).to_contain_text("No conversation opens")
    expect(line.page.locator("#words")).to_have_value(typed)


def test_a_letter_of_the_officer_is_checked_shown_as_text_and_reached_first(line: Line, desk: Desk) -> None:
    receipt = desk.report(REPORT)
    officer_writes(desk, receipt, LETTER, acknowledge=True)
    open_conversation(line.page, receipt)
    newest = line.page.locator("#newest")
    expect(newest).to_be_focused()
    expect(newest).to_have_attribute("data-mark", "verified")
    expect(newest).to_have_attribute("data-from", "officer")
    expect(newest.locator("[data-slot=who]")).to_have_text("Demo Officer")
    expect(newest.locator("[data-slot=body]")).to_have_text(LETTER)
    assert newest.locator("img").count() == 0
    expect(line.page.locator("[data-step=conversation] [data-slot=state]")).to_contain_text("Confirmed")
    expect(line.page.locator("[data-when=acknowledged]")).to_be_visible()
    expect(line.page.locator("[data-when=acknowledge]")).to_be_hidden()
    # Written out by the server, sealed there: its mark says so.
    expect(line.page.locator("article").first).to_have_attribute("data-mark", "server")


def test_a_forged_letter_is_shown_and_marked(line: Line, desk: Desk) -> None:
    receipt = desk.report(REPORT)
    officer_writes(desk, receipt, LETTER, forged=True)
    open_conversation(line.page, receipt)
    newest = line.page.locator("#newest")
    expect(newest).to_have_attribute("data-mark", "failed")
    expect(newest.locator("[data-slot=who]")).to_have_text("Writer not known")
    expect(newest.locator("[data-slot=problems]")).to_contain_text("not signed by the person")
    expect(newest.locator("[data-slot=body]")).to_have_text(LETTER)


def test_a_letter_that_does_not_open_is_shown_and_marked(line: Line, desk: Desk) -> None:
    receipt = desk.report(REPORT)
    officer_writes(desk, receipt, LETTER)
    other = desk.report("Another.")
    desk.change(SWAP, number=2, other=other.case_id, case=receipt.case_id)
    open_conversation(line.page, receipt)
    expect(line.page.locator("#newest")).to_have_attribute("data-mark", "unreadable")
    expect(line.page.locator("#newest .text")).to_have_count(0)


def test_nothing_can_be_answered_where_the_own_report_does_not_check(line: Line, desk: Desk) -> None:
    receipt, other = desk.report(REPORT), desk.report("Another.")
    desk.change(SWAP, number=1, other=other.case_id, case=receipt.case_id)
    open_conversation(line.page, receipt)
    expect(line.page.locator("[data-own-report]")).to_be_visible()
    expect(line.page.locator("#answer")).to_be_hidden()


def tamper(desk: Desk, receipt: Receipt, problem: str) -> None:
    """What somebody who owns the machine could do to the letters of a conversation."""
    if problem == "case":
        officer_writes(desk, receipt, LETTER, written_for=desk.report("Another.").case_id)
        return
    officer_writes(desk, receipt, LETTER)
    if problem == "id":
        desk.change(SENT_AS.format("id = :id"), case=receipt.case_id, id=new_id())
    elif problem == "kind":
        desk.change(SENT_AS.format("kind = 'report'"), case=receipt.case_id)
    elif problem == "duplicate":
        desk.change(AGAIN, case=receipt.case_id, id=new_id())
    else:
        officer_writes(desk, receipt, LETTER)
        desk.change(SWAP, number=2, other=desk.report("Another.").case_id, case=receipt.case_id)


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        ("case", "written for another conversation"),
        ("id", "under another name than its writer gave it"),
        ("kind", "in a place where such a letter cannot be"),
        ("duplicate", "showing you a letter twice"),
        ("seen", "Its writer saw another conversation than this one"),
    ],
)
def test_what_was_done_to_a_letter_is_said_in_a_sentence_of_its_own(line: Line, desk: Desk, problem: str, sentence: str) -> None:
    receipt = desk.report(REPORT)
    tamper(desk, receipt, problem)
    open_conversation(line.page, receipt)
    newest = line.page.locator("#newest")
    expect(newest).to_have_attribute("data-mark", "failed")
    expect(newest.locator("[data-slot=mark]")).to_contain_text("Does not check")
    expect(newest.locator("[data-slot=problems]")).to_contain_text(sentence)


ANSWERED = {"case": "", "channel": "Ethics team", "state": "new", "outcome": None, "acknowledged_on": None, "closed_on": None}
DAYS = dict.fromkeys(("received_on", "acknowledge_by", "feedback_by"), "2026-11-21")
LISTED = {"number": 1, "id": "a" * 26, "kind": "report", "day": "2026-11-21", "sealed": "AAAA"}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "<p>Sign in to this network</p>",
        json.dumps({**ANSWERED, **DAYS}),
        json.dumps({**ANSWERED, **DAYS, "messages": {}}),
        json.dumps({**ANSWERED, **DAYS, "messages": [{**LISTED, "number": 0}]}),
        json.dumps({**ANSWERED, **DAYS, "messages": [{**LISTED, "kind": "letter"}]}),
        json.dumps({**ANSWERED, **DAYS, "messages": [{**LISTED, "day": "soon"}]}),
        json.dumps({**ANSWERED, **DAYS, "received_on": "<b>", "messages": []}),
    ],
)
def test_an_answer_that_is_no_conversation_is_said_and_the_words_are_kept(line: Line, body: str) -> None:
    page = line.page
    typed = " ".join(receipts.new().words)
    page.route("**/conversation/sealed", lambda route: route.fulfill(body=body, content_type="application/json"))
    enter(page, typed)
    # What is not JSON at all is no answer of ours.
    sentence = "not a conversation that this page can read" if body.startswith("{") else "nothing was opened"
    expect(page.locator("[data-field=words] [data-problem]")).to_contain_text(sentence)
    expect(page.locator("#words")).to_have_value(typed)
    expect(page.locator("[data-step=conversation]")).to_be_hidden()


def test_a_seal_that_is_none_is_shown_as_a_letter_that_cannot_be_opened(line: Line) -> None:
    page = line.page
    body = json.dumps({**ANSWERED, **DAYS, "messages": [LISTED]})
    page.route("**/conversation/sealed", lambda route: route.fulfill(body=body, content_type="application/json"))
    enter(page, " ".join(receipts.new().words))
    expect(page.locator("#newest")).to_have_attribute("data-mark", "unreadable")
    expect(page.locator("[data-own-report]")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (503, "storage_busy", "The server is busy"),
        (500, "internal", "not a conversation that this page can read"),
        (0, "", "nothing was opened"),
    ],
)
def test_a_conversation_that_was_not_opened_is_said_as_what_it_is(line: Line, status: int, code: str, sentence: str) -> None:
    page = line.page

    def refuse(route: Route) -> None:
        if status:
            route.fulfill(status=status, body=json.dumps({"error": code}), content_type="application/json")
        else:
            route.abort()

    page.route("**/conversation/sealed", refuse)
    enter(page, " ".join(receipts.new().words))
    expect(page.locator("[data-field=words] [data-problem]")).to_contain_text(sentence)


def test_opening_and_withdrawing_are_said_while_they_are_under_way(line: Line, desk: Desk) -> None:
    page = line.page
    held = hold(page, "**/conversation/sealed")
    enter(page, " ".join(desk.report(REPORT).words))
    busy = page.locator("[data-step=words] [data-sending]")
    expect(busy).to_be_visible()
    expect(busy).to_have_role("status")
    page.locator("#words-form [data-primary]").click(force=True)
    held[0].continue_()
    expect(page.locator("article")).to_have_count(1)
    assert len(held) == 1
    deleting = hold(page, "**/sealed/withdraw")
    page.click("[data-withdraw]")
    page.click("[data-confirm]")
    expect(page.locator("[data-step=withdraw] [data-sending]")).to_be_visible()
    deleting[0].continue_()
    expect(page.locator("[data-step=withdrawn]")).to_be_visible()
    expect(page.locator("[data-step=words] [data-sending]")).to_be_hidden()


def test_an_answer_leaves_sealed_and_checks(line: Line, desk: Desk) -> None:
    page = line.page
    page.add_init_script(INSECURE)
    receipt = desk.report(REPORT)
    officer_writes(desk, receipt, LETTER)
    open_conversation(page, receipt)
    page.fill("#answer textarea", ANSWER)
    page.click("#answer button[type=submit]")
    expect(page.locator("[data-answered]")).to_be_focused()
    expect(page.locator("article")).to_have_count(3)
    expect(page.locator("#newest [data-slot=body]")).to_have_text(ANSWER)
    expect(page.locator("#newest")).to_have_attribute("data-mark", "verified")
    expect(page.locator("#answer textarea")).to_have_value("")
    assert line.sent_any_of(ANSWER, REPORT, LETTER, *canary.word_pairs(receipt.words)) == set()
    opened = followup.open_plain(desk.ctx, desk.organisation, receipt)
    assert [letter.mark for letter in opened.checked] == [Mark.SERVER, Mark.VERIFIED, Mark.VERIFIED]


def test_an_answer_that_is_empty_too_long_or_holds_the_words_is_refused(line: Line, desk: Desk) -> None:
    page = line.page
    receipt = desk.report(REPORT)
    open_conversation(page, receipt)
    sent = posts(page)
    problem = page.locator("#answer [data-problem]")
    for text, sentence in (("  ", "no text yet"), ("x" * 100_001, "too long"), ("My words: " + ", ".join(receipt.words), "twelve words")):
        page.fill("#answer textarea", text)
        page.click("#answer button[type=submit]")
        expect(problem).to_contain_text(sentence)
        expect(page.locator("#answer textarea")).to_be_focused()
    assert sent == []


def test_an_answer_whose_answer_was_lost_is_sent_again_as_the_same_bytes(line: Line, desk: Desk) -> None:
    page = line.page
    receipt = desk.report(REPORT)
    open_conversation(page, receipt)
    sent = posts(page)

    def swallow(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route("**/sealed/answer", swallow, times=1)
    page.fill("#answer textarea", ANSWER)
    page.click("#answer button[type=submit]")
    expect(page.locator("#answer [data-error-place]")).to_contain_text("Nothing came back")
    assert page.locator("#answer textarea").get_attribute("readonly") is not None
    page.click("#answer button[type=submit]")
    expect(page.locator("article")).to_have_count(2)
    first, second = (request.post_data for request in sent if request.url.endswith("/answer"))
    assert first == second
    page.fill("#answer textarea", "And one more.")
    page.click("#answer button[type=submit]")
    expect(page.locator("article")).to_have_count(3)
    assert {letter.mark for letter in followup.open_plain(desk.ctx, desk.organisation, receipt).checked} == {Mark.SERVER, Mark.VERIFIED}


@pytest.mark.parametrize("arrived", [True, False])
def test_an_answer_that_may_have_arrived_is_locked_and_one_may_start_again(line: Line, desk: Desk, arrived: bool) -> None:
    page = line.page
    receipt = desk.report(REPORT)
    open_conversation(page, receipt)

    def swallow(route: Route) -> None:
        if arrived:
            route.fetch()
        route.abort("connectionreset")

    locked = page.locator("#answer [data-locked]")
    expect(locked).to_be_hidden()
    page.route("**/sealed/answer", swallow, times=1)
    page.fill("#answer textarea", ANSWER)
    page.click("#answer button[type=submit]")
    expect(locked).to_contain_text("the readers will have both")
    page.click("#answer [data-anew]")
    expect(page.locator("#answer textarea")).to_be_focused()
    expect(page.locator("#answer textarea")).to_have_value(ANSWER)
    expect(page.locator("#answer [data-error-place]")).to_be_hidden()
    expect(locked).to_be_hidden()
    page.fill("#answer textarea", f"{ANSWER}, changed")
    page.click("#answer button[type=submit]")
    expect(page.locator("article")).to_have_count(3 if arrived else 2)
    expect(page.locator("#newest [data-slot=body]")).to_have_text(f"{ANSWER}, changed")
    assert {letter.mark for letter in followup.open_plain(desk.ctx, desk.organisation, receipt).checked} == {Mark.SERVER, Mark.VERIFIED}


def again(page: Page, receipt: Receipt) -> None:
    """Back to the words, and in once more without loading the page anew."""
    page.go_back()
    page.fill("#words", " ".join(receipt.words))
    page.click("#words-form [data-primary]")
    expect(page.locator("[data-step=conversation]")).to_be_visible()


def test_a_draft_is_kept_for_the_same_words_and_for_no_others(line: Line, desk: Desk) -> None:
    page = line.page
    receipt = desk.report(REPORT)
    open_conversation(page, receipt)
    page.fill("#answer textarea", ANSWER)
    again(page, receipt)
    expect(page.locator("#answer textarea")).to_have_value(ANSWER)
    page.click("#answer button[type=submit]")
    expect(page.locator("article")).to_have_count(2)
    page.fill("#answer textarea", ANSWER)
    again(page, desk.report("Another."))
    expect(page.locator("#answer textarea")).to_have_value("")


def test_closing_a_conversation_forgets_it_and_no_step_leads_back(line: Line, desk: Desk) -> None:
    page = line.page
    receipt = desk.report(REPORT)
    officer_writes(desk, receipt, LETTER)
    open_conversation(page, receipt)
    page.fill("#answer textarea", ANSWER)
    page.click("[data-withdraw]")
    page.click("[data-cancel]")
    page.click("[data-close]")
    expect(page.locator("[data-step=words] [data-heading]")).to_be_focused()
    expect(page.locator("#words")).to_have_value("")
    for move in (page.go_back, page.go_back, page.go_forward, page.go_forward):
        move()
        expect(page.locator("[data-step=words]")).to_be_visible()
        expect(page.locator("[data-step=conversation]")).to_be_hidden()
    everything = page.content() + "".join(page.locator("input, textarea").evaluate_all("all => all.map(each => each.value)"))
    forgotten = [REPORT, LETTER, ANSWER, "Demo Officer", *canary.word_pairs(receipt.words)]
    assert canary.found_in(everything.encode(), forgotten) == set()
    page.fill("#words", " ".join(receipt.words))
    page.click("#words-form [data-primary]")
    expect(page.locator("article")).to_have_count(2)


def test_an_answer_that_is_stored_after_the_conversation_was_closed_says_nothing_in_the_next(line: Line, desk: Desk) -> None:
    page = line.page
    open_conversation(page, desk.report(REPORT))
    held = hold(page, "**/sealed/answer")
    page.fill("#answer textarea", ANSWER)
    page.click("#answer button[type=submit]")
    expect(page.locator("#answer [data-sending]")).to_be_visible()
    page.click("[data-close]")
    page.fill("#words", " ".join(desk.report("Another.").words))
    page.click("#words-form [data-primary]")
    expect(page.locator("article .written").first).to_have_text("Another.")
    expect(page.locator("#answer [data-sending]")).to_be_hidden()
    page.fill("#answer textarea", "Not sent")
    with page.expect_response("**/sealed/answer") as stored:
        held[0].continue_()
    assert stored.value.json()["day"]
    page.wait_for_timeout(200)
    expect(page.locator("#answer textarea")).to_have_value("Not sent")
    expect(page.locator("[data-answered]")).to_be_hidden()
    expect(page.locator("article")).to_have_count(1)


def test_withdrawing_asks_twice_and_leaves_nothing(line: Line, desk: Desk) -> None:
    page = line.page
    receipt = desk.report(REPORT)
    open_conversation(page, receipt)
    page.click("[data-withdraw]")
    page.click("[data-cancel]")
    expect(page.locator("article")).to_have_count(1)
    page.click("[data-withdraw]")
    expect(page.locator("[data-step=withdraw] [data-heading]")).to_be_focused()
    page.route("**/sealed/withdraw", lambda route: route.abort(), times=1)
    page.click("[data-confirm]")
    expect(page.locator("[data-step=withdraw] [data-error-place]")).to_contain_text("withdrawing twice does no harm")
    page.click("[data-confirm]")
    expect(page.locator("[data-step=withdrawn]")).to_be_visible()
    assert canary.found_in(page.content().encode(), [REPORT]) == set()
    page.go_back()
    expect(page.locator("[data-step=withdrawn]")).to_be_visible()
    with pytest.raises(NoConversation):
        followup.open_sealed(desk.ctx, desk.organisation, receipt.mailbox_key)


def test_back_leads_to_the_words_and_forward_to_the_conversation(line: Line, desk: Desk) -> None:
    page = line.page
    open_conversation(page, desk.report(REPORT))
    page.go_back()
    expect(page.locator("#words")).to_be_visible()
    expect(page.locator("#words")).to_have_value("")
    page.go_forward()
    expect(page.locator("article .written").first).to_have_text(REPORT)


def test_leaving_is_asked_about_while_an_answer_is_not_sent(line: Line, desk: Desk) -> None:
    page = line.page
    open_conversation(page, desk.report(REPORT))
    page.locator("#answer textarea").press_sequentially("Not sent")
    with page.expect_event("dialog") as asked:
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.evaluate("setTimeout(() => location.reload(), 0)")
    assert asked.value.type == "beforeunload"
    expect(page.locator("#answer textarea")).to_have_value("Not sent")
