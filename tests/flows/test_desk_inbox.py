"""The inbox: its rows opened in the browser, searched and walked through with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from app.crypto.receipt import Receipt
from tests.flows.desks import Desk, log_in, open_page
from tests.flows.officers import browser_report, foreign_keyring, keyring_replaced, open_keys

ROWS = 50
"""Far more than it takes: tests/bench measures it. Here it is only noticed when rows are opened in some quite other way."""


@pytest.fixture(scope="module")
def reports(desk: Desk) -> list[Receipt]:
    return [browser_report(desk, f"Body number {number}", f"Subject number {number}") for number in range(ROWS - 2)] + [
        browser_report(desk, "A body without a subject", category="Health and safety"),
        browser_report(desk, "Une lettre", "L'été à l'ÉCOLE"),
    ]


@pytest.fixture
def inbox(chromium: Browser, desk: Desk, reports: list[Receipt]) -> Iterator[Page]:
    with open_page(chromium, desk.url) as page:
        log_in(page, desk)
        expect(page.locator("tr[data-opened]")).to_have_count(ROWS)
        yield page


def row(page: Page, receipt: Receipt) -> str:
    return f'tr[data-case="{receipt.case_id}"]'


def test_fifty_rows_are_opened_and_nothing_moves(inbox: Page, desk: Desk) -> None:
    heights = "() => [...document.querySelectorAll('tr[data-case]')].map((row) => row.getBoundingClientRect().top)"
    held: list[Route] = []
    inbox.route("**/desk/keyrings", lambda route: held.append(route))
    with inbox.expect_request("**/desk/keyrings"):
        inbox.goto("/desk/", wait_until="domcontentloaded")
    before = inbox.evaluate(heights)
    assert inbox.locator("tr[data-opened]").count() == 0
    held[0].continue_()
    expect(inbox.locator("tr[data-opened]")).to_have_count(ROWS)
    assert inbox.evaluate(heights) == before


def test_subject_and_category_are_shown_and_their_absence_too(inbox: Page, reports: list[Receipt]) -> None:
    expect(inbox.locator(f"{row(inbox, reports[7])} .subject")).to_have_text("Subject number 7")
    expect(inbox.locator(f"{row(inbox, reports[7])} .cell-category")).to_have_text("Fraud or theft")
    expect(inbox.locator(f"{row(inbox, reports[-2])} .subject")).to_have_text("No subject")
    expect(inbox.locator(f"{row(inbox, reports[-2])} .cell-category")).to_have_text("Health and safety")


def test_the_search_finds_subjects_and_aliases_and_stays_on_the_page(inbox: Page, reports: list[Receipt]) -> None:
    inbox.wait_for_load_state("networkidle")
    requests: list[str] = []
    inbox.on("request", lambda request: requests.append(request.url))
    shown = inbox.locator("tr[data-case]:visible")
    alias = inbox.locator(f"{row(inbox, reports[3])} [data-row-link] span").first.inner_text()
    inbox.keyboard.press("/")
    expect(inbox.locator("#search")).to_be_focused()
    for wanted, receipt in (("subject NUMBER 17", reports[17]), ("ete a l'ecole", reports[-1])):
        inbox.locator("#search").fill(wanted)
        expect(shown).to_have_count(1)
        expect(inbox.locator(row(inbox, receipt))).to_be_visible()
    inbox.locator("#search").fill(alias)
    expect(inbox.locator(row(inbox, reports[3]))).to_be_visible()
    inbox.locator("#search").fill("there is no such thing")
    expect(inbox.locator("[data-no-match]")).to_be_visible()
    expect(inbox.locator("[data-group]:visible")).to_have_count(0)
    inbox.keyboard.press("Escape")
    expect(shown).to_have_count(ROWS)
    assert requests == []


def test_the_keyboard_walks_the_rows_and_opens_one(inbox: Page) -> None:
    cases = inbox.locator("tr[data-case]").evaluate_all("rows => rows.map((row) => row.dataset.case)")
    for key, at in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        inbox.keyboard.press(key)
        expect(inbox.locator(f'tr[data-case="{cases[at]}"] [data-row-link]')).to_be_focused()
        expect(inbox.locator("tr[data-current]")).to_have_count(1)
    inbox.keyboard.press("?")
    expect(inbox.locator("#keyboard-help")).to_be_visible()
    inbox.keyboard.press("j")
    inbox.keyboard.press("Escape")
    expect(inbox.locator(f'tr[data-case="{cases[1]}"]')).to_have_attribute("data-current", "")
    inbox.locator(f'tr[data-case="{cases[1]}"] [data-row-link]').focus()
    with inbox.expect_response("**/read"):
        inbox.keyboard.press("Enter")
    expect(inbox.locator("#message-1[data-mark=verified]")).to_be_visible()
    inbox.keyboard.press("u")
    expect(inbox.locator(f'tr[data-case="{cases[1]}"]')).to_be_visible()
    expect(inbox.locator(f'tr[data-case="{cases[1]}"][data-unread]')).to_have_count(0)


def test_a_row_that_does_not_open_or_check_says_so_in_place(inbox: Page, desk: Desk, reports: list[Receipt]) -> None:
    whole = {each.case_id: desk.value("SELECT sealed FROM messages WHERE case_id = :case", case=each.case_id) for each in reports[:3]}
    first, second, third = whole.values()
    assert isinstance(first, bytes)
    put = "UPDATE messages SET sealed = :sealed WHERE case_id = :case"
    desk.change(put, sealed=first[:-1] + bytes([first[-1] ^ 1]), case=reports[0].case_id)
    desk.change(put, sealed=third, case=reports[1].case_id)
    try:
        inbox.reload()
        expect(inbox.locator(row(inbox, reports[0]))).to_contain_text("Cannot be opened with your keys")
        expect(inbox.locator(row(inbox, reports[1]))).to_contain_text("Does not check")
        expect(inbox.locator("tr[data-opened]")).to_have_count(ROWS - 1)
    finally:
        desk.change(put, sealed=first, case=reports[0].case_id)
        desk.change(put, sealed=second, case=reports[1].case_id)


def test_a_server_that_gives_the_same_again_is_not_asked_without_end(inbox: Page, reports: list[Receipt]) -> None:
    asked: list[str] = []

    def the_first_only(route: Route) -> None:
        asked.append(route.request.url)
        answer = route.fetch()
        given.extend(answer.json()["reports"][:1])
        route.fulfill(response=answer, json={"reports": given[:1]})

    given: list[object] = []
    inbox.route("**/inbox/reports*", the_first_only)
    inbox.reload()
    expect(inbox.locator("tr[data-opened]")).to_have_count(1)
    expect(inbox.locator("tr[data-case]", has_text="The server did not give it")).to_have_count(ROWS - 1)
    assert len(asked) == 2, "the second answer held nothing new"


def test_a_channel_whose_keyring_is_not_sealed_to_the_officer_says_so(chromium: Browser, desk: Desk, reports: list[Receipt]) -> None:
    ring = foreign_keyring(desk, desk.channel(), to_officer=False)
    with keyring_replaced(desk, ring), open_page(chromium, desk.url) as page:
        log_in(page, desk)
        expect(page.locator(row(page, reports[0]))).to_contain_text("The channel's keyring is not sealed to you yet")
        expect(page.locator("#alarm")).to_be_hidden()
        page.goto("/desk/channels")
        open_keys(page)
        expect(page.locator(f'section[data-channel="{desk.channel()}"] [data-slot=agreement]')).to_contain_text("not sealed to you")
