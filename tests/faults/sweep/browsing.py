"""A reporter with a real browser, whose script seals: reports, comes back, and answers with a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from app.crypto.receipt import Receipt
from tests.faults.sweep.canaries import Canaries, token
from tests.flows.desks import close, watched
from tests.flows.journeys import Visitor
from tests.relay import Relay
from tests.stack import Stack
from tests.stack.visiting import launch

SIZE = 700_000


def browse(stack: Stack, canaries: Canaries, workshop: Path) -> str:
    """Go through it, and add to the canaries what was given away. What was done, for people."""
    typed = ("body typed in a browser", "follow-up typed in a browser", "file name in a browser", "content in a browser")
    canaries.texts |= {kind: token() for kind in typed}
    file = workshop / f"{canaries['file name in a browser']}.pdf"
    file.write_bytes(canaries.content("content in a browser", SIZE))
    with sync_playwright() as playwright:
        browser = launch(playwright, stack)
        with _visitor(browser, stack, canaries) as person:
            words = person.report(f"{canaries['body typed in a browser']} happened")
            canaries.receipts.append(Receipt.read(" ".join(words)))
            person.check_two_words(words)
            person.come_back(words)
            person.page.set_input_files("#files:visible", file)
            row = person.page.locator("[data-file]:visible", has_text=file.name)
            expect(row).to_have_attribute("data-file", "complete", timeout=120_000)
            person.answer(f"{canaries['follow-up typed in a browser']} too")
        browser.close()
    return "driven in Chromium: reported, checked two words, came back, answered with a file"


@contextmanager
def _visitor(browser: Browser, stack: Stack, canaries: Canaries) -> Iterator[Visitor]:
    """Somebody from the address, and with the headers, that are looked for."""
    relay = Relay(stack.https_port, canaries.address)
    context = browser.new_context(
        base_url=f"https://{stack.host}:{relay.port}",
        user_agent=f"Mozilla/5.0 {canaries['User-Agent']}/7.7",
        extra_http_headers={"X-Forwarded-For": canaries.forwarded, "Accept-Language": canaries["Accept-Language"]},
    )
    try:
        yield Visitor(watched(context), relay, script=True)
    finally:
        close(context)
        relay.close()
