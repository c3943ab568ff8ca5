"""A report without script while others are being stored: the page that tells to wait becomes the receipt."""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, Route, expect

from tests.flows.desks import close
from tests.flows.reporters import FORM as REPORT
from tests.flows.reporters import ready, shown_words
from tests.web.reporter import BODY
from tests.web.test_waiting import FORM, checked, connect, gated


def test_the_page_that_tells_to_wait_becomes_the_receipt(chromium: Browser, tmp_path: Path) -> None:
    with gated(tmp_path) as (served, gate), ExitStack() as others:
        context = chromium.new_context(base_url=served.portal.url, java_script_enabled=False)
        others.callback(close, context)
        page = context.new_page()
        _to_the_check_page(page)
        for body in [urlencode(checked(served)).encode() for _ in range(2)]:
            others.enter_context(closing(connect(served, f"POST /report/ethics/send HTTP/1.1\r\n{FORM}", body)))
        page.locator("form .button").first.click(no_wait_after=True)
        notice = page.locator(".wait")
        expect(notice.get_by_role("heading", name="Waiting its turn")).to_be_visible()
        expect(notice.locator("textarea").nth(1)).to_have_value(BODY)
        gate.touch()
        expect(page.locator(".words li")).to_have_count(12)
        expect(notice).to_be_hidden()
        assert "Waiting" not in page.title()
        assert page.title()


def _to_the_check_page(page: Page) -> None:
    page.goto("/report/ethics")
    page.fill("#body", BODY)
    page.fill("#subject", "About the scaffold")
    page.locator("#q-category input").first.check()
    page.click("noscript button")
    expect(page.get_by_role("heading", name="Check what you wrote")).to_be_visible()


def test_a_script_that_is_told_to_come_again_says_so_and_does(page: Page) -> None:
    tries: list[str | None] = []

    def full_at_first(route: Route) -> None:
        tries.append(route.request.post_data)
        if len(tries) > 2:
            route.continue_()
        else:
            route.fulfill(status=503, json={"error": "storage_busy"}, headers={"Retry-After": "1"})

    page.route("**/sealed", full_at_first)
    page.goto(REPORT)
    ready(page)
    page.fill("#body", BODY)
    page.locator("#q-category input").first.check()
    page.click("[data-primary]")
    page.click("[data-send]")
    expect(page.locator("[data-sending]:visible")).to_contain_text("The server is busy and stored nothing.")
    assert len(shown_words(page)) == 12
    assert len(tries) == 3
    assert len(set(tries)) == 1, "a retry is the same bytes"


def test_a_script_that_shows_its_work_is_stored_and_told_nothing_of_anybody(chromium: Browser, tmp_path: Path) -> None:
    with gated(tmp_path, 30.0, PROOF_OF_WORK="1") as (served, gate), ExitStack() as others:
        context = chromium.new_context(base_url=served.portal.url)
        others.callback(close, context)
        page = context.new_page()
        posted: list[dict[str, str]] = []
        page.on("request", lambda request: posted.append(request.headers) if request.url.endswith("/sealed") else None)
        page.goto(REPORT)
        ready(page)
        page.fill("#body", BODY)
        page.locator("#q-category input").first.check()
        page.click("[data-primary]")
        for body in [urlencode(checked(served)).encode() for _ in range(2)]:
            others.enter_context(closing(connect(served, f"POST /report/ethics/send HTTP/1.1\r\n{FORM}", body)))
        with page.expect_request(lambda request: "quietline-proof" in request.headers):
            page.click("[data-send]")
        gate.touch()
        assert len(shown_words(page)) == 12
        assert ["quietline-proof" in headers for headers in posted] == [False, True]
        proof = json.loads(base64.b64decode(posted[1]["quietline-proof"]))
        assert proof.keys() == {"challenge", "solution"}
        assert proof["challenge"].keys() == {"parameters", "signature"}
        assert proof["solution"].keys() == {"counter", "derivedKey"}
