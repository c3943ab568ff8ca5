"""One message of a case is removed: asked twice, gone for everybody, and a signed notice stays that both sides read."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from app.crypto.receipt import Receipt
from app.domain import Mark, Problem
from app.services import followup
from tests.flows.deskfiles import Given, blob_of, line, report_with
from tests.flows.desks import Desk, unlock
from tests.flows.looking import Looker
from tests.flows.officers import browser_report, open_case
from tests.flows.reporters import Line, officer_writes, open_conversation
from tests.flows.test_desk_attaching import choose, state
from tests.flows.test_desk_case import add

PAPER = Given("Minutes.pdf", "application/pdf", b"%PDF-1.7 minutes canary")
REASON = "It names somebody who has nothing to do with it."


def ask(page: Page, number: int, reason: str = "") -> None:
    """Up to the second question."""
    letter = page.locator(f"#message-{number}")
    letter.locator(".removal > summary").click()
    letter.locator(".removal textarea").fill(reason)
    letter.locator("[data-ask]").click()
    expect(letter.locator("[data-keep]")).to_be_focused()


def remove(page: Page, number: int, reason: str = "") -> None:
    ask(page, number, reason)
    page.locator(f"#message-{number} .removal [type=submit]").click()


def marks(desk: Desk, receipt: Receipt) -> list[Mark]:
    """As the reporter's client finds them."""
    return [each.mark for each in followup.open_plain(desk.ctx, desk.organisation, receipt).checked]


def test_a_removed_message_is_gone_and_says_by_whom_and_why(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "The report stays.")
    add(desk, receipt, "Removed text canary")
    open_case(page, desk, receipt)
    remove(page, 2, REASON)
    expect(page.locator("#message-2[data-mark=removed]")).to_be_focused()
    expect(page.locator("#message-2 [data-slot=notice]")).to_contain_text("Removed on")
    expect(page.locator("#message-2 [data-slot=notice]")).to_contain_text("by you")
    expect(page.locator("#message-2 [data-slot=body]")).to_contain_text(REASON)
    expect(page.locator("#message-3[data-mark=verified] [data-slot=notice]")).to_have_text("Removed message 2")
    assert "Removed text canary" not in page.content()
    page.reload()
    expect(page.locator("#message-3[data-mark=verified]")).to_be_visible()
    expect(page.locator("#message-2[data-mark=removed] [data-slot=who]")).to_have_text("A message that was removed")
    assert desk.value("SELECT length(sealed) FROM messages WHERE case_id = :case AND number = 2", case=receipt.case_id) == 0
    assert marks(desk, receipt) == [Mark.VERIFIED, Mark.REMOVED, Mark.VERIFIED]


def test_the_conversation_goes_on_after_a_removal(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "It goes on.")
    add(desk, receipt, "To be removed")
    open_case(page, desk, receipt)
    remove(page, 2)
    expect(page.locator("#message-2[data-mark=removed]")).to_be_focused()
    page.fill("#reply-body", "We go on.")
    page.click("#reply [data-submit]")
    expect(page.locator("#message-4[data-mark=verified]")).to_be_visible()
    assert marks(desk, receipt) == [Mark.VERIFIED, Mark.REMOVED, Mark.VERIFIED, Mark.VERIFIED]


def test_the_reporter_reads_that_it_was_removed(line: Line, page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Read by both.")
    add(desk, receipt, "Removed text canary")
    open_case(page, desk, receipt)
    remove(page, 2, REASON)
    expect(page.locator("#message-2[data-mark=removed]")).to_be_visible()
    open_conversation(line.page, receipt)
    letters = line.page.locator("article.letter:visible")
    expect(letters).to_have_count(3)
    expect(letters.nth(1)).to_have_attribute("data-mark", "removed")
    expect(line.page.locator("main")).to_contain_text(REASON)
    assert "Removed text canary" not in line.page.content()


def test_its_files_go_with_it(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "With a file.")
    open_case(page, desk, receipt)
    choose(page, "#reply-files", PAPER)
    state(page, "reply", PAPER.name, "complete")
    page.fill("#reply-body", "Read this.")
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2 [data-letter-file]")).to_have_count(1)
    blob = blob_of(desk, receipt)
    page.reload()
    remove(page, 2)
    expect(page.locator("#message-2[data-mark=removed]")).to_be_visible()
    expect(page.locator("#message-2 [data-letter-file]")).to_have_count(0)
    assert not blob.exists()
    assert desk.value("SELECT count(*) FROM attachments WHERE case_id = :case", case=receipt.case_id) == 0


def test_a_note_is_removed_by_a_note_that_the_reporter_never_sees(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Notes")
    open_case(page, desk, receipt)
    page.click("#note summary")
    page.fill("#note-body", "Removed note canary")
    page.click("#note [data-submit]")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()
    remove(page, 2, "Wrong case.")
    expect(page.locator("#message-2[data-mark=removed]")).to_be_visible()
    expect(page.locator("#message-3.letter-note [data-slot=notice]")).to_have_text("Removed message 2")
    expect(page.locator("#message-3 .removal")).to_have_count(0)
    assert marks(desk, receipt) == [Mark.VERIFIED]


def test_reports_and_notices_cannot_be_removed(page: Page, desk: Desk) -> None:
    receipt = report_with(desk, PAPER)
    add(desk, receipt, "This can.")
    open_case(page, desk, receipt)
    expect(page.locator("#message-2 .removal")).to_have_count(1)
    expect(page.locator("#message-1 .removal")).to_have_count(0)
    remove(page, 2)
    expect(page.locator("#message-2[data-mark=removed]")).to_be_visible()
    expect(page.locator(".removal")).to_have_count(0)
    expect(line(page, PAPER.name)).to_be_visible()


def test_it_is_asked_twice_and_can_be_left_at_both(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Asked")
    add(desk, receipt, "Kept")
    open_case(page, desk, receipt)
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    page.locator("#message-2 .removal > summary").click()
    expect(page.locator("#message-2 .removal")).to_contain_text("for everybody, the person who reported included")
    expect(page.locator("#message-2 .removal")).to_contain_text("so do backups until")
    page.locator("#message-2 [data-ask]").click()
    page.locator("#message-2 [data-keep]").click()
    expect(page.locator("#message-2 [data-ask]")).to_be_focused()
    page.locator("#message-2 .removal > summary").click()
    assert posted == []
    expect(page.locator("#message-2 [data-slot=body]")).to_have_text("Kept")


def test_without_an_answer_the_same_notice_goes_again_and_counts_once(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Lost answer")
    add(desk, receipt, "To be removed")
    open_case(page, desk, receipt)
    sent: list[str] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        sent.append(route.request.post_data or "")
        if len(sent) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort()

    page.route("**/messages", lose_the_first)
    remove(page, 2, REASON)
    expect(page.locator('#message-2 .removal [data-error="network"]')).to_be_visible()
    assert page.locator("#message-2 .removal textarea").get_attribute("readonly") is not None
    page.locator("#message-2 .removal [type=submit]").click()
    expect(page.locator("#message-2[data-mark=removed]")).to_be_visible()
    assert sent[0] == sent[1]
    assert marks(desk, receipt) == [Mark.VERIFIED, Mark.REMOVED, Mark.VERIFIED]


def test_a_colleague_who_was_faster_is_told_of(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Two officers")
    add(desk, receipt, "Removed twice")
    open_case(page, desk, receipt)
    page.route("**/messages", lambda route: route.fulfill(status=409, json={"error": "not_removable"}))
    remove(page, 2)
    expect(page.locator('#message-2 [data-error="not_removable"]')).to_be_visible()


def test_a_reason_stays_while_the_keys_are_locked(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Locked")
    add(desk, receipt, "Covered canary")
    open_case(page, desk, receipt)
    ask(page, 2, REASON)
    page.click("[data-lock-now]")
    expect(page.locator("#unlock")).to_be_visible()
    assert "Covered canary" not in page.content()
    page.locator("#message-2 .removal [type=submit]").click()
    expect(page.locator('#message-2 [data-error="locked"]')).to_be_visible()
    unlock(page, desk)
    expect(page.locator("#message-2 [data-slot=body]")).to_have_text("Covered canary")
    assert page.locator("#message-2 .removal textarea").input_value() == REASON
    page.locator("#message-2 .removal [type=submit]").click()
    expect(page.locator("#message-2[data-mark=removed]")).to_be_visible()


def test_a_message_that_a_host_took_away_without_a_notice_is_marked(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Hidden by the host")
    officer_writes(desk, receipt, "We take it up.", acknowledge=True)
    desk.change("UPDATE messages SET sealed = :sealed WHERE case_id = :case AND number = 2", sealed=b"", case=receipt.case_id)
    open_case(page, desk, receipt)
    expect(page.locator("#message-2[data-mark=failed] .problems")).to_contain_text("no signed notice says that an officer removed it")
    expect(page.locator("#message-2 .removal")).to_have_count(0)
    found = followup.open_plain(desk.ctx, desk.organisation, receipt).checked[1]
    assert found.problems == (Problem.REMOVED,)


def test_the_question_and_what_is_left_are_looked_at(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Looked at")
    add(desk, receipt, "One")
    add(desk, receipt, "Two")
    open_case(page, desk, receipt)
    ask(page, 2, REASON)
    looker = Looker(page, "desk")
    looker.at("removal-asked")
    page.locator("#message-2 .removal [type=submit]").click()
    expect(page.locator("#message-2[data-mark=removed]")).to_be_visible()
    looker.at("removal-done")
    looker.enlarged("removal-done")
