"""Whatever happens to the scripts, nothing that is typed leaves before it is sealed, unless the person chooses that."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from app.crypto.receipt import Receipt
from tests import canary
from tests.flows.desks import Desk
from tests.flows.reporters import BODY, FORM, PLACE, SUBJECT, Line, fill_report, ready

DELAY_SECONDS = 5.0
PATHS = {"report": FORM, "conversation": "/conversation"}
CASES = [("report", "guard"), ("report", "report"), ("report", "leave"), ("conversation", "guard"), ("conversation", "conversation")]
CASES.append(("conversation", "leave"))
OLDER = "An earlier report."


@pytest.fixture(scope="module")
def receipt(desk: Desk) -> Receipt:
    """Of a report that is there, so that words which left would open something."""
    return desk.report(OLDER)


def needles(receipt: Receipt) -> list[str]:
    """What must not leave: the text of the report, and any two neighbouring words of the receipt."""
    return [SUBJECT, BODY, PLACE, *canary.word_pairs(receipt.words)]


def type_and_send(page: Page, name: str, receipt: Receipt) -> None:
    """Type, press send, and press Enter in the field of one line."""
    if name == "report":
        fill_report(page)
        page.click("[data-primary]", no_wait_after=True)
        if page.locator("#subject").is_visible():
            page.press("#subject", "Enter", no_wait_after=True)
    else:
        page.fill("#words", " ".join(receipt.words))
        page.click("[data-primary]", no_wait_after=True)


def expect_taken_over(page: Page, name: str) -> None:
    """What was pressed has happened, in the browser."""
    expect(page.locator("[data-step=check]" if name == "report" else "[data-step=conversation]")).to_be_visible()


def hold(page: Page, script: str) -> list[Route]:
    """Keep this script from loading until the test lets it."""
    held: list[Route] = []
    page.route(f"**/js/{script}.js", lambda route: held.append(route))
    return held


@pytest.mark.parametrize(("name", "script"), CASES)
def test_nothing_readable_leaves_when_a_script_is_five_seconds_late(line: Line, receipt: Receipt, name: str, script: str) -> None:
    page = line.page
    held = hold(page, script)
    page.goto(PATHS[name], wait_until="commit")
    began = time.monotonic()
    # Without the guard the page stops before the form: there is nothing to type into.
    typed = script != "guard"
    if typed:
        type_and_send(page, name, receipt)
    else:
        expect(page.locator("#way")).to_be_visible()
        assert page.locator("form").count() == 0
    page.wait_for_timeout(1000 * (DELAY_SECONDS - (time.monotonic() - began)))
    assert line.sent_any_of(*needles(receipt)) == set()
    assert len(held) == 1
    held[0].continue_()
    if not typed:
        type_and_send(page, name, receipt)
    expect_taken_over(page, name)
    assert line.sent_any_of(*needles(receipt)) == set()


@pytest.mark.parametrize(("name", "script"), CASES)
def test_nothing_readable_leaves_when_a_script_does_not_load(line: Line, receipt: Receipt, name: str, script: str) -> None:
    page = line.page
    page.route(f"**/js/{script}.js", lambda route: route.abort())
    page.goto(PATHS[name], wait_until="commit")
    type_and_send(page, name, receipt)
    if script == name:
        expect(page.locator("#way [data-state=failed]")).to_be_visible()
        expect(page.locator("[data-server-way]")).to_be_visible()
        expect(page.locator("#body" if name == "report" else "#words").first).not_to_have_value("")
        type_and_send(page, name, receipt)
        expect(page.locator("[data-other-way] summary")).to_be_focused()
    else:
        expect_taken_over(page, name)
    assert line.sent_any_of(*needles(receipt)) == set()


@pytest.mark.parametrize("name", PATHS)
def test_nothing_readable_leaves_when_no_script_loads(line: Line, receipt: Receipt, name: str) -> None:
    page = line.page
    page.route("**/js/*.js", lambda route: route.abort())
    page.goto(PATHS[name])
    type_and_send(page, name, receipt)
    page.wait_for_timeout(300)
    assert b"POST " not in line.relay.sent
    assert line.sent_any_of(*needles(receipt)) == set()
    assert page.url.endswith(PATHS[name])


@pytest.mark.parametrize("name", PATHS)
def test_a_form_that_is_submitted_all_the_same_carries_nothing(line: Line, receipt: Receipt, name: str) -> None:
    page = line.page
    page.route(f"**/js/{name}.js", lambda route: route.abort())
    page.goto(PATHS[name])
    expect(page.locator("#way [data-state=failed]")).to_be_visible()
    type_and_send(page, name, receipt)
    with page.expect_navigation():
        page.evaluate(
            """name => {
              const form = document.querySelector("form[data-guarded]");
              form.method = "post";
              form.action = name === "report" ? "/report/ethics/check" : "/conversation";
              form.submit();
            }""",
            name,
        )
    assert b"POST " in line.relay.sent
    assert line.sent_any_of("Fraud or theft", *needles(receipt)) == set()


@pytest.mark.parametrize("broken", [False, True])
def test_the_server_may_seal_it_where_the_person_chooses_that(line: Line, broken: bool) -> None:
    page = line.page
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    if broken:
        page.route("**/js/report.js", lambda route: route.abort())
    page.goto(FORM)
    expect(page.locator("#way [data-state=failed]" if broken else "#way [data-state=browser]")).to_be_visible()
    fill_report(page)
    if not broken:
        page.click("[data-other-way] summary")
    page.click("[data-server-way]")
    # The server's check page, with everything that was typed and chosen.
    expect(page.locator("[data-row=body] [data-slot=value]")).to_have_text(BODY)
    rows = {row.get_attribute("data-row"): row.locator("[data-slot=value]").inner_text() for row in page.locator("[data-row]").all()}
    assert rows == {
        "subject": SUBJECT,
        "body": BODY,
        "q-category": "Fraud or theft",
        "q-when": "3 November 2026",
        "q-where": PLACE,
        "q-known": "I saw or heard it\nFrom papers or files",
    }
    assert line.sent_any_of(BODY) == {BODY}
    assert asked == []


def test_after_the_servers_way_back_finds_a_form_that_is_guarded_again(line: Line) -> None:
    page = line.page
    page.goto(FORM)
    ready(page)
    fill_report(page)
    page.click("[data-other-way] summary")
    page.click("[data-server-way]")
    expect(page.locator("form[action$=send]")).to_be_visible()
    page.go_back()
    ready(page)
    assert page.locator("form[data-guarded] [name]:not([type=radio])").count() == 0


@pytest.mark.parametrize("broken", [False, True])
def test_the_server_may_open_it_where_the_person_chooses_that(line: Line, receipt: Receipt, broken: bool) -> None:
    page = line.page
    if broken:
        page.route("**/js/conversation.js", lambda route: route.abort())
    page.goto("/conversation")
    expect(page.locator("#way [data-state=failed]" if broken else "#way [data-state=browser]")).to_be_visible()
    page.fill("#words", " ".join(receipt.words))
    if not broken:
        page.click("[data-other-way] summary")
    page.click("[data-server-way]")
    expect(page.locator("article .written").first).to_have_text(OLDER)


def test_a_press_that_came_too_early_does_not_count_once_one_goes_on_typing(line: Line) -> None:
    page = line.page
    held = hold(page, "report")
    page.goto(FORM, wait_until="commit")
    fill_report(page)
    page.click("[data-primary]", no_wait_after=True)
    page.locator("#body").press_sequentially(" And more.")
    held[0].continue_()
    ready(page)
    expect(page.locator("[data-step=write]")).to_be_visible()
