"""Login, and how long the keys stay open: for the tab, until lock, idle, logout or the end of the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests import canary
from tests.flows.desks import Desk, log_in, open_page, unlock, watched
from tests.flows.officers import browser_report, case_path, open_case, open_keys
from tests.relay import Relay

KEPT = "() => Object.values(sessionStorage).join(' ') + ' ' + Object.values(localStorage).join(' ')"
REASONS = ("tab", "locked", "idle", "ended", "network")


@pytest.fixture
def recorded(chromium: Browser, desk: Desk) -> Iterator[tuple[Page, Relay]]:
    relay = Relay(desk.portal.port)
    with open_page(chromium, f"http://127.0.0.1:{relay.port}") as opened:
        yield opened, relay
    relay.close()


def asked_because(page: Page, reason: str) -> None:
    """The page asks for the password, and gives this reason only."""
    for each in REASONS:
        expect(page.locator(f'#unlock [data-reason="{each}"]')).to_be_visible(visible=each == reason)
    expect(page.locator("#unlock-password")).to_be_focused()


def test_a_login_sends_neither_password_nor_keys_and_leads_to_the_page_that_was_asked_for(recorded: tuple[Page, Relay], desk: Desk) -> None:
    page, relay = recorded
    log_in(page, desk, "/desk/channels")
    assert page.url.endswith("/desk/channels")
    assert canary.found_in(relay.sent, [desk.passphrase, *canary.word_pairs(desk.passphrase.split()), "AGE-SECRET-KEY"]) == set()
    assert canary.found_in(relay.sent, ["/desk/login"]) == {"/desk/login"}


def test_what_the_tab_keeps_is_sealed(page: Page, desk: Desk) -> None:
    log_in(page, desk)
    kept = page.evaluate(KEPT)
    assert len(kept) > 200
    assert canary.found_in(kept.encode(), ["AGE-SECRET-KEY", "signing", desk.passphrase]) == set()


def test_a_wrong_password_and_an_unknown_name_get_the_same_sentence(page: Page, desk: Desk) -> None:
    page.goto("/desk/login")
    for user, password in ((desk.user, "not the password of anybody"), ("nobody-at-all", desk.passphrase)):
        page.fill("#user", user)
        page.fill("#password", password)
        page.click("#login [data-submit]")
        expect(page.locator('#login [data-error="login"]')).to_be_visible()
        expect(page.locator("#password")).to_be_focused()
        assert page.locator("#password").get_attribute("aria-invalid") == "true"
        assert page.locator("#login [data-errors] p:visible").count() == 1


def test_without_an_answer_the_password_stays_in_its_field(page: Page, desk: Desk) -> None:
    page.goto("/desk/login")
    page.route("**/desk/login", lambda route: route.abort())
    page.fill("#user", desk.user)
    page.fill("#password", desk.passphrase)
    page.click("#login [data-submit]")
    expect(page.locator('#login [data-error="network"]')).to_be_visible()
    assert page.input_value("#password") == desk.passphrase
    page.unroute("**/desk/login")
    page.click("#login [data-submit]")
    open_keys(page)


@pytest.mark.parametrize(
    ("user", "password", "code", "field"), [("no spaces", "x" * 14, "user_name", "user"), ("demo", "short", "password_length", "password")]
)
def test_what_cannot_be_right_is_said_before_anything_is_asked(page: Page, user: str, password: str, code: str, field: str) -> None:
    page.goto("/desk/login")
    page.fill("#user", user)
    page.fill("#password", password)
    page.click("#login [data-submit]")
    expect(page.locator(f'#login [data-error="{code}"]')).to_be_visible()
    expect(page.locator(f"#{field}")).to_be_focused()
    assert page.input_value("#user") == user


def test_unlocking_lasts_while_moving_between_pages(page: Page, desk: Desk) -> None:
    log_in(page, desk)
    for name in ("Channels", "My keys", "Inbox"):
        page.get_by_role("navigation", name="Desk").get_by_role("link", name=name).click()
        open_keys(page)
        expect(page.locator("#unlock")).to_be_hidden()
    page.goto("/desk/keys")
    expect(page.locator("[data-slot=agreement] .mark-good")).to_be_visible()


def test_a_new_tab_asks_and_the_first_stays_open(page: Page, desk: Desk) -> None:
    log_in(page, desk)
    second = watched(page.context)
    second.goto("/desk/")
    asked_because(second, "tab")
    unlock(second, desk)
    open_keys(second)
    page.reload()
    open_keys(page)


def test_locking_takes_what_was_opened_off_every_tab(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Lock body canary", "Lock subject canary")
    open_case(page, desk, receipt)
    second = watched(page.context)
    second.goto("/desk/")
    unlock(second, desk)
    expect(second.get_by_text("Lock subject canary")).to_be_visible()
    page.click("[data-lock-now]")
    for each in (page, second):
        asked_because(each, "locked")
        assert "canary" not in each.content()
        assert each.evaluate("() => sessionStorage.length") == 0
    page.reload()
    asked_because(page, "locked")
    unlock(page, desk)
    expect(page.locator("#message-1 [data-slot=body]")).to_have_text("Lock body canary")


def test_a_wrong_password_does_not_unlock(page: Page, desk: Desk) -> None:
    log_in(page, desk)
    for forget in ("sessionStorage.clear()", "document.querySelector('[data-lock-now]').click()"):
        page.evaluate(f"() => {{ {forget} }}")
        page.reload()
        page.fill("#unlock-password", "not the password of anybody")
        page.click("#unlock [data-submit]")
        expect(page.locator('#unlock [data-error="password"]')).to_be_visible()
        expect(page.locator('[data-lock-is="open"]')).to_be_hidden()
        unlock(page, desk)
        open_keys(page)


def test_half_an_hour_without_input_closes_the_keys(page: Page, desk: Desk) -> None:
    page.clock.install()
    receipt = browser_report(desk, "Idle body canary")
    open_case(page, desk, receipt)
    page.clock.fast_forward("29:00")
    page.mouse.move(200, 200)
    page.clock.fast_forward("29:00")
    open_keys(page)
    page.clock.fast_forward("02:00")
    asked_because(page, "idle")
    assert "canary" not in page.content()
    unlock(page, desk)
    expect(page.locator("#message-1 [data-slot=body]")).to_have_text("Idle body canary")


def test_logging_out_ends_everything(page: Page, desk: Desk) -> None:
    log_in(page, desk)
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#login")).to_be_visible()
    assert page.evaluate("() => sessionStorage.length") == 0
    page.goto("/desk/")
    expect(page.locator("#login")).to_be_visible()


def test_a_draft_outlives_its_session(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Draft body canary")
    open_case(page, desk, receipt)
    page.fill("#reply-body", "Written before the session ended.")
    desk.change("DELETE FROM desk_sessions")
    page.click("#reply [data-submit]")
    asked_because(page, "ended")
    expect(page.locator('#reply [data-error="locked"]')).to_be_visible()
    assert "Draft body canary" not in page.content()
    assert page.input_value("#reply-body") == "Written before the session ended."
    unlock(page, desk)
    expect(page.locator('#reply [data-error="locked"]')).to_be_hidden()
    expect(page.locator("#message-1 [data-slot=body]")).to_have_text("Draft body canary")  # before that nothing may be sent
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2 [data-slot=body]")).to_have_text("Written before the session ended.")


def test_a_session_begun_in_another_tab_is_taken_up_by_unlocking(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Other tab body")
    open_case(page, desk, receipt)
    page.fill("#reply-body", "From the first tab.")
    second = watched(page.context)
    second.goto("/desk/login")
    second.fill("#user", desk.user)
    second.fill("#password", desk.passphrase)
    second.click("#login [data-submit]")
    open_keys(second)
    page.click("#reply [data-submit]")
    asked_because(page, "ended")
    unlock(page, desk)
    expect(page.locator("#message-1[data-mark]")).to_be_visible()  # before that nothing may be sent
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2 [data-slot=body]")).to_have_text("From the first tab.")
    second.reload()
    open_keys(second)


def test_a_server_that_cannot_be_reached_is_not_a_lock(page: Page, desk: Desk) -> None:
    log_in(page, desk)
    page.route("**/desk/unlock-key", lambda route: _abort(route))
    page.reload()
    asked_because(page, "network")
    page.unroute("**/desk/unlock-key")
    page.reload()
    open_keys(page)


def _abort(route: Route) -> None:
    route.abort()


def test_nothing_leaves_while_a_password_is_typed(page: Page, desk: Desk) -> None:
    page.goto("/desk/login")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.wait_for_load_state("networkidle")
    requests.clear()
    page.locator("#user").press_sequentially("somebody", delay=5)
    page.locator("#password").press_sequentially("a password of some length", delay=5)
    page.wait_for_timeout(300)
    assert requests == []
    log_in(page, desk)
    page.click("[data-lock-now]")
    asked_because(page, "locked")
    page.wait_for_load_state("networkidle")
    requests.clear()
    page.locator("#unlock-password").press_sequentially("a password of some length", delay=5)
    page.wait_for_timeout(300)
    assert requests == []


def test_a_case_of_nobody_has_no_path_to_it(page: Page, desk: Desk) -> None:
    log_in(page, desk)
    answer = page.goto(case_path("a" * 26))  # type: ignore[arg-type]
    assert answer is not None
    assert answer.status == 404
