"""What the desk does with answers that are lost, damaged, late or withheld: nothing hangs, nothing is lost, nothing goes twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from app.crypto.hybrid import HybridRecipient
from app.crypto.receipt import Receipt
from app.domain import State
from app.services import followup, receipts
from tests.flows.desks import Desk, log_in, unlock
from tests.flows.officers import browser_report, case_path, open_case, open_keys

BODY = "#reply-body"


def texts(desk: Desk, receipt: Receipt) -> list[str]:
    """What the reporter reads."""
    opened = followup.open_plain(desk.ctx, desk.organisation, receipt)
    return [message.payload.body for message in opened.checked if message.payload]


def send(page: Page, text: str) -> None:
    page.fill(BODY, text)
    page.click("#reply [data-submit]")


def says(page: Page, code: str) -> None:
    """The reply's form shows this sentence and no other."""
    expect(page.locator(f'#reply [data-error="{code}"]')).to_be_visible()
    assert page.locator("#reply [data-errors] p:visible").count() == 1


def posting(sent: list[str], answer: Callable[[Route], None]) -> Callable[[Route], None]:
    """A route that records what is posted and lets `answer` answer the first; later ones go through."""

    def handle(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        sent.append(route.request.post_data or "")
        if len(sent) == 1:
            answer(route)
        else:
            route.continue_()

    return handle


def lose(route: Route) -> None:
    route.fetch()
    route.abort()


def test_a_key_for_replies_that_is_none_is_told_and_the_case_can_be_closed(page: Page, desk: Desk) -> None:
    low_order = bytes(receipts.new().identity.recipient)[:-32] + bytes(32)
    receipt = browser_report(desk, "Broken", reply_to=str(HybridRecipient(low_order)))
    open_case(page, desk, receipt)
    send(page, "To nobody")
    says(page, "reply_key")
    assert page.input_value(BODY) == "To nobody"
    assert page.locator(BODY).get_attribute("readonly") is None
    send(page, "Once more")
    says(page, "reply_key")
    page.click("#note summary")
    page.fill("#note-body", "Its key is broken.")
    page.click("#note [data-submit]")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()
    page.fill(BODY, "")
    page.click(".close-case summary")
    page.select_option("#outcome", "out_of_scope")
    page.click(".close-case button")
    expect(page.locator("[data-case][data-state=closed]")).to_be_visible()


@pytest.mark.parametrize("damaged", [{}, {"number": 2, "day": "soon", "state": "acknowledged"}, {"number": "2"}])
def test_a_damaged_answer_of_success_keeps_the_text_and_the_same_bytes_go_again(page: Page, desk: Desk, damaged: dict[str, object]) -> None:
    receipt = browser_report(desk, "Damaged answer")
    open_case(page, desk, receipt)
    sent: list[str] = []
    page.route("**/messages", posting(sent, lambda route: route.fulfill(response=route.fetch(), json=damaged)))
    send(page, "Written with care.")
    says(page, "network")
    assert page.input_value(BODY) == "Written with care."
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()
    assert sent[0] == sent[1]
    assert texts(desk, receipt) == ["Damaged answer", "Written with care."]


@pytest.mark.parametrize("retried", [True, False])
def test_what_arrived_although_the_session_ended_is_not_sent_twice(page: Page, desk: Desk, retried: bool) -> None:
    receipt = browser_report(desk, "Lost and ended")
    open_case(page, desk, receipt)
    sent: list[str] = []
    page.route("**/messages", posting(sent, lose))
    send(page, "Once only.")
    says(page, "network")
    desk.change("DELETE FROM desk_sessions")
    if retried:
        page.click("#reply [data-submit]")
        expect(page.locator('#unlock [data-reason="ended"]')).to_be_visible()
        says(page, "locked")
    else:
        page.click("[data-lock-now]")
    assert page.input_value(BODY) == "Once only."
    unlock(page, desk)
    expect(page.locator("#message-2[data-mark=verified]")).to_be_focused()
    expect(page.locator("[data-case]")).to_have_attribute("data-state", State.ACKNOWLEDGED)
    assert page.input_value(BODY) == ""
    assert len(sent) == 1 + retried
    assert texts(desk, receipt) == ["Lost and ended", "Once only."]


def test_what_did_not_arrive_before_the_session_ended_goes_as_the_same_bytes(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Not arrived")
    open_case(page, desk, receipt)
    sent: list[str] = []
    page.route("**/messages", posting(sent, lambda route: route.abort()))
    send(page, "Once only.")
    says(page, "network")
    desk.change("DELETE FROM desk_sessions")
    page.click("#reply [data-submit]")
    says(page, "locked")
    unlock(page, desk)
    says(page, "network")
    assert page.locator(BODY).get_attribute("readonly") is not None
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()
    expect(page.locator("[data-case]")).to_have_attribute("data-state", State.ACKNOWLEDGED)
    assert len(set(sent)) == 1
    assert texts(desk, receipt) == ["Not arrived", "Once only."]


def test_a_message_with_the_same_id_and_other_bytes_does_not_count_as_sent(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Exchanged")
    open_case(page, desk, receipt)
    page.route("**/messages", posting([], lose))
    send(page, "The true text.")
    says(page, "network")
    before = desk.value("SELECT sealed FROM messages WHERE case_id = :case AND number = 1", case=receipt.case_id)
    desk.change("UPDATE messages SET sealed = :sealed WHERE case_id = :case AND number = 2", sealed=before, case=receipt.case_id)
    page.click("[data-lock-now]")
    unlock(page, desk)
    expect(page.locator("#message-2[data-mark=failed]")).to_be_visible()
    assert page.input_value(BODY) == "The true text."


@pytest.mark.parametrize(
    ("path", "damaged"),
    [("**/messages", {"messages": 5}), ("**/messages", {"messages": [{"number": 1}]}), ("**/keyrings", {"keyrings": 5})],
)
def test_damaged_answers_are_told_on_a_case(page: Page, desk: Desk, path: str, damaged: dict[str, object]) -> None:
    receipt = browser_report(desk, "Not to be read")
    log_in(page, desk)
    page.route(path, lambda route: route.fulfill(json=damaged))
    page.goto(case_path(receipt.case_id))
    expect(page.locator("#message-1 [data-slot=body]")).to_contain_text("not in a form that can be read")
    send(page, "To whom?")
    says(page, "not_fetched")
    page.fill(BODY, "")


@pytest.mark.parametrize("path", ["**/inbox/reports*", "**/keyrings"])
def test_damaged_answers_are_told_in_the_inbox(page: Page, desk: Desk, path: str) -> None:
    browser_report(desk, "Not to be read")
    log_in(page, desk)
    page.route(path, lambda route: route.fulfill(json={"reports": [5], "keyrings": 5}))
    page.reload()
    rows = page.locator("tr[data-case]")
    expect(page.get_by_text("The server did not give it: load the page again")).to_have_count(rows.count())


def test_damaged_and_lost_answers_are_told_on_the_channels_page(page: Page, desk: Desk) -> None:
    log_in(page, desk)
    answers: tuple[Callable[[Route], None], ...] = (lambda route: route.fulfill(json={"keyrings": 5}), lambda route: route.abort())
    for answer in answers:
        page.route("**/keyrings", answer)
        page.goto("/desk/channels")
        open_keys(page)
        for place in page.locator("[data-slot=agreement]").all():
            expect(place).to_contain_text("It could not be compared")
        page.unroute("**/keyrings")


def test_sending_while_messages_are_opened_or_were_not_given_is_explained(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Late")
    log_in(page, desk)
    held: list[Route] = []
    page.route("**/messages", lambda route: held.append(route))
    with page.expect_request("**/messages"):
        page.goto(case_path(receipt.case_id))
    send(page, "Too early")
    says(page, "opening")
    held[0].continue_()
    expect(page.locator("#message-1[data-mark]")).to_be_visible()
    expect(page.locator('#reply [data-error="opening"]')).to_be_hidden()
    assert page.input_value(BODY) == "Too early"
    page.fill(BODY, "")
    page.unroute("**/messages")
    page.route("**/messages", lambda route: route.abort())
    page.reload()
    expect(page.locator("#message-1 [data-slot=body]")).to_contain_text("The server did not give the messages")
    send(page, "Without knowing")
    says(page, "not_fetched")
    page.fill(BODY, "")
