"""Every page is looked at where a person meets it: with JavaScript, without, and at the desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from app.services import setup
from tests.flows.desks import Desk, open_page
from tests.flows.journeys import Visitor, at_desk, visitor
from tests.flows.looking import Looker
from tests.flows.reporters import FORM, ready

BODY = "The crane at the north quay has not been inspected since March.\n\nThe log says that it was. I saw the page being signed."


@pytest.mark.parametrize("script", [True, False], ids=["with_javascript", "without_javascript"])
def test_every_page_of_a_reporter_is_accessible_and_fits(chromium: Browser, desk: Desk, script: bool) -> None:
    with visitor(chromium, desk, script=script) as reporter, open_page(chromium, desk.url) as mirror:
        look = Looker(reporter.page, "script") if script else Looker(reporter.page, "plain", mirror)
        for name, path in (("home", "/"), ("choose", "/report"), ("not-found", "/nowhere")):
            reporter.page.goto(path)
            look.at(name)
        _look_at_the_form(reporter, look)
        words = _look_at_sending(reporter, look)
        _look_at_coming_back(reporter, look, words)


def _look_at_the_form(reporter: Visitor, look: Looker) -> None:
    page = reporter.page
    page.goto(FORM)
    if reporter.script:
        ready(page)
    look.at("report")
    page.click("[data-primary]" if reporter.script else "noscript button")
    expect(page.locator("[data-summary]:visible")).to_be_visible()
    look.at("report-problems")


def _look_at_sending(reporter: Visitor, look: Looker) -> list[str]:
    page = reporter.page
    page.goto(FORM)
    if reporter.script:
        ready(page)
    page.fill("#body", BODY)
    page.locator("#q-category input").first.check()
    page.click("[data-primary]" if reporter.script else "noscript button")
    expect(page.get_by_role("heading", name="Check what you wrote")).to_be_visible()
    look.at("check")
    page.click("[data-send]" if reporter.script else "form .button")
    expect(page.get_by_role("heading", name="Your twelve words")).to_be_visible()
    words = page.locator(".words:visible li").all_inner_texts()
    look.at("receipt")
    page.get_by_role("button", name="Check the words").click()
    expect(page.locator("#word-first-problem")).to_be_visible()
    look.at("receipt-wrong-words")
    reporter.check_two_words(words)
    look.at("done")
    return words


def _look_at_coming_back(reporter: Visitor, look: Looker, words: list[str]) -> None:
    page = reporter.page
    page.goto("/conversation")
    if reporter.script:
        ready(page)
    look.at("words")
    page.fill("#words", "hosue " + " ".join(words[1:]))
    page.click("#words-form [data-primary]" if reporter.script else "noscript button")
    expect(page.locator("[data-summary]:visible")).to_be_visible()
    look.at("words-problem")
    reporter.come_back(words)
    reporter.answer("One more thing: the second crane has the same page.")
    look.at("conversation")
    page.get_by_role("button", name="Withdraw the report and delete the conversation").click()
    expect(page.get_by_role("heading", name="Withdraw the report and delete the conversation?")).to_be_visible()
    look.at("withdraw")
    page.get_by_role("button", name="Withdraw and delete").click()
    expect(page.get_by_role("heading", name="Your report is withdrawn")).to_be_visible()
    look.at("withdrawn")


def test_every_page_of_the_desk_is_accessible_and_fits(chromium: Browser, desk: Desk) -> None:
    for number in range(6):
        desk.report(f"{BODY} ({number})", subject=f"Crane inspections {number}")
    with at_desk(chromium, desk) as officer:
        page, look = officer.page, Looker(officer.page, "desk")
        page.goto("/desk/")
        expect(page.locator("[data-slot=subject]", has_text="Crane inspections")).to_have_count(6)
        look.at("inbox")
        officer.read(BODY[:40])
        look.at("case-new")
        officer.reply("Thank you. Which page of the log was it?")
        officer.note("Ask facilities for the log, without saying why.")
        look.at("case")
        for name in ("channels", "keys"):
            page.goto(f"/desk/{name}")
            expect(page.locator('[data-lock-is="open"]')).to_be_visible()
            look.at(name)
        page.click("[data-lock-now]")
        expect(page.locator("#unlock-password")).to_be_visible()
        look.at("locked")


def test_the_doors_of_the_desk_are_accessible_and_fit(chromium: Browser, desk: Desk) -> None:
    token = setup.invite(desk.ctx, desk.organisation)
    with visitor(chromium, desk, script=True) as stranger:
        look = Looker(stranger.page, "desk")
        stranger.page.goto("/desk/login")
        expect(stranger.page.locator("#user")).to_be_visible()
        look.at("login")
        stranger.page.goto(f"/desk/enrol#{token}")
        expect(stranger.page.locator("#user")).to_be_visible()
        look.at("enrol")
    with visitor(chromium, desk, script=False) as plain, open_page(chromium, desk.url) as mirror:
        plain.page.goto("/desk/login")
        Looker(plain.page, "desk", mirror).at("login-without-javascript")
