"""A removed letter in the reporter's browser: who removed it, when and why; and a warning where nothing signed says so."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.flows.desks import Desk
from tests.flows.reporters import Line, officer_writes, open_conversation

REPORT = "Dunlin report canary"
LETTER = "Sanderling letter canary"
REASON = "Turnstone reason canary: <b>a name</b>"


def test_a_removed_letter_says_who_removed_it_when_and_why_and_one_can_answer(line: Line, desk: Desk) -> None:
    receipt = desk.report(REPORT)
    officer_writes(desk, receipt, LETTER)
    officer_writes(desk, receipt, REASON, removes=2)
    open_conversation(line.page, receipt)
    articles = line.page.locator("article")
    expect(articles).to_have_count(3)
    gone, notice = articles.nth(1), articles.nth(2)
    expect(gone).to_have_attribute("data-mark", "removed")
    expect(gone.locator("[data-slot=who]")).to_have_text("A letter that was removed")
    expect(gone.locator("[data-slot=mark]")).to_contain_text("by Demo Officer")
    expect(gone.locator("[data-slot=reason]")).to_be_visible()
    expect(gone.locator("[data-slot=body]")).to_have_text(REASON)
    expect(gone.locator("[data-slot=took]")).to_be_hidden()
    assert gone.locator("b").count() == 0
    expect(notice).to_have_attribute("data-mark", "verified")
    expect(notice.locator("[data-slot=who]")).to_have_text("Demo Officer")
    expect(notice.locator("[data-slot=took]")).to_be_visible()
    assert LETTER not in line.page.content()
    line.page.fill("#answer textarea", "Why?")
    line.page.click("#answer button[type=submit]")
    expect(line.page.locator("[data-answered]")).to_be_visible()
    expect(articles).to_have_count(4)
    assert line.page.locator("article[data-mark=failed]").count() == 0


@pytest.mark.parametrize("reason", ["", REASON])
def test_a_reason_is_announced_only_where_one_is_given(line: Line, desk: Desk, reason: str) -> None:
    receipt = desk.report(REPORT)
    officer_writes(desk, receipt, LETTER)
    officer_writes(desk, receipt, reason, removes=2)
    open_conversation(line.page, receipt)
    for number in (1, 2):
        expect(line.page.locator("article").nth(number).locator("[data-slot=reason]")).to_be_visible(visible=reason != "")


def test_a_letter_that_is_gone_without_a_notice_is_a_warning(line: Line, desk: Desk) -> None:
    receipt = desk.report(REPORT)
    officer_writes(desk, receipt, LETTER)
    change = "UPDATE messages SET sealed = :nothing, size_class = 0 WHERE case_id = :case AND number = 2"
    desk.change(change, nothing=b"", case=receipt.case_id)
    open_conversation(line.page, receipt)
    newest = line.page.locator("#newest")
    expect(newest).to_have_attribute("data-mark", "failed")
    expect(newest.locator("[data-slot=who]")).to_have_text("Writer not known")
    expect(newest.locator("[data-slot=problems]")).to_contain_text("no signed notice says that the readers removed it")
    expect(newest.locator(".text")).to_have_count(0)
