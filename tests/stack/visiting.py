"""A Chromium that takes the stack's own certificate and no other, and people in it, each through a recording relay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright, expect

from tests.chromium import ARGUMENTS, executable
from tests.flows.desks import close, watched
from tests.flows.journeys import AGENT, FORWARDED, AtDesk, Visitor
from tests.relay import Relay
from tests.stack import Stack


def launch(playwright: Playwright, stack: Stack) -> Browser:
    """It takes the stack's key for the one that is certified, and finds its host name on this machine."""
    told = [f"--ignore-certificate-errors-spki-list={stack.pin}", f"--host-resolver-rules=MAP {stack.host} 127.0.0.1"]
    return playwright.chromium.launch(executable_path=executable(), args=[*ARGUMENTS, *told])


@contextmanager
def visitor(browser: Browser, stack: Stack, *, script: bool) -> Iterator[Visitor]:
    """Somebody on the clear site, from an address and with a name that a search can look for."""
    relay = Relay(stack.https_port)
    context = browser.new_context(
        base_url=f"https://{stack.host}:{relay.port}",
        java_script_enabled=script,
        user_agent=AGENT,
        extra_http_headers={"X-Forwarded-For": FORWARDED, "Forwarded": f"for={FORWARDED}", "X-Real-IP": FORWARDED},
        accept_downloads=True,
    )
    try:
        yield Visitor(watched(context), relay, script)
    finally:
        close(context)
        relay.close()


@contextmanager
def at_desk(browser: Browser, stack: Stack) -> Iterator[AtDesk]:
    """The stack's officer, logged in."""
    relay = Relay(stack.https_port)
    context = browser.new_context(base_url=f"https://{stack.host}:{relay.port}", accept_downloads=True)
    try:
        page = watched(context)
        page.goto("/desk/")
        page.fill("#user", stack.user)
        page.fill("#password", stack.passphrase)
        page.click("[data-submit]")
        expect(page.locator('[data-lock-is="open"]')).to_be_visible()
        yield AtDesk(page, relay)
    finally:
        close(context)
        relay.close()
