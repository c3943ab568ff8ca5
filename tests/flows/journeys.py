"""A reporter's steps through the pages, with JavaScript and without; an officer's steps at the desk; and the search after a journey."""

from __future__ import annotations

import contextlib
import http.client
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from app.crypto.encoding import new_id
from app.storage.engine import Database, open_database
from tests import canary
from tests.databases import databases
from tests.flows.desks import Desk, close, log_in, watched
from tests.flows.reporters import FORM, check_words, ready, shown_words
from tests.relay import CLIENT_ADDRESS, Relay

AGENT = "JourneyBrowser/7.7 (canary-agent)"
FORWARDED = "203.0.113.77"


@dataclass(frozen=True)
class Visitor:
    """Somebody at the portal as a reporter; `script` says whether their browser runs JavaScript."""

    page: Page
    relay: Relay
    script: bool

    def report(self, body: str) -> list[str]:
        """Write, check, send; the twelve words."""
        page = self.page
        page.goto(FORM)
        if self.script:
            ready(page)
        page.fill("#body", body)
        page.locator("#q-category input").first.check()
        page.click("[data-primary]" if self.script else "noscript button")
        expect(page.get_by_role("heading", name="Check what you wrote")).to_be_visible()
        expect(page.locator(".rows:visible")).to_contain_text(body)
        page.click("[data-send]" if self.script else "form .button")
        if self.script:
            return shown_words(page)
        expect(page.locator(".words li")).to_have_count(12)
        return page.locator(".words li").all_inner_texts()

    def check_two_words(self, words: list[str]) -> None:
        """Copy two of them back; the page then forgets them."""
        page = self.page
        if self.script:
            check_words(page, words)
        else:
            for name in ("first", "second"):
                number = int(page.locator(f"input[type=hidden][name={name}]").get_attribute("value") or "0")
                page.fill(f"#word-{name}", words[number - 1])
            page.get_by_role("button", name="Check the words").click()
        expect(page.get_by_role("heading", name="You can come back")).to_be_visible()

    def come_back(self, words: list[str]) -> None:
        """Open the conversation."""
        page = self.page
        page.goto("/conversation")
        if self.script:
            ready(page)
        page.fill("#words", "  ".join(words).upper())
        page.click("#words-form [data-primary]" if self.script else "noscript button")
        expect(page.get_by_role("heading", name="Your conversation")).to_be_visible()

    def letters(self) -> list[str]:
        """The letters as they stand on the page."""
        return self.page.locator("article.letter:visible").all_inner_texts()

    def marks(self) -> list[str]:
        """The mark of each letter: verified, server, failed or unreadable."""
        return [each.get_attribute("data-mark") or "" for each in self.page.locator("article.letter:visible").all()]

    def answer(self, body: str) -> None:
        """Answer in the conversation that is open."""
        self.page.fill("#body:visible", body)
        self.page.locator("form:visible", has=self.page.locator("#body:visible")).get_by_role("button", name="Seal and send").click()
        expect(self.page.get_by_text("Your answer is sealed and stored.")).to_be_visible()

    def withdraw(self) -> None:
        """Withdraw: asked twice."""
        self.page.get_by_role("button", name="Withdraw the report and delete the conversation").click()
        expect(self.page.get_by_role("heading", name="Withdraw the report and delete the conversation?")).to_be_visible()
        self.page.get_by_role("button", name="Withdraw and delete").click()
        expect(self.page.get_by_role("heading", name="Your report is withdrawn")).to_be_visible()


@contextmanager
def visitor(chromium: Browser, desk: Desk, *, script: bool) -> Iterator[Visitor]:
    """A fresh browser whose traffic is recorded, from an address and with a name that a search can look for."""
    relay = Relay(desk.portal.port)
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{relay.port}",
        java_script_enabled=script,
        user_agent=AGENT,
        extra_http_headers={"X-Forwarded-For": FORWARDED},
        viewport={"width": 390, "height": 844},
    )
    try:
        yield Visitor(watched(context), relay, script)
    finally:
        close(context)
        relay.close()


@dataclass(frozen=True)
class AtDesk:
    """An officer, logged in with the keys open."""

    page: Page
    relay: Relay

    def read(self, body: str) -> None:
        """Find the newest unread case by its alias link and open it."""
        self.page.goto("/desk/")
        self.page.locator("[data-row-link]", has=self.page.locator(".unread")).first.click()
        expect(self.page.locator(".letters")).to_contain_text(body)

    def reply(self, body: str) -> None:
        """Reply; the first reply acknowledges."""
        expect(self.page.locator("#reply [data-submit]")).to_be_enabled()
        self.page.fill("#reply-body", body)
        self.page.click("#reply [data-submit]")
        # Acknowledging makes the page anew; what is typed before that would be lost.
        expect(self.page.locator("[data-case][data-state=acknowledged]")).to_be_visible()
        expect(self.page.locator(".letters")).to_contain_text(body)

    def note(self, body: str) -> None:
        """Write a note for the team."""
        self.page.locator("#note summary").click()
        self.page.fill("#note-body", body)
        self.page.click("#note [data-submit]")
        expect(self.page.locator(".letters")).to_contain_text(body)


@contextmanager
def at_desk(chromium: Browser, desk: Desk) -> Iterator[AtDesk]:
    """An officer's browser, logged in."""
    relay = Relay(desk.portal.port)
    context = chromium.new_context(base_url=f"http://127.0.0.1:{relay.port}")
    try:
        page = watched(context)
        log_in(page, desk)
        yield AtDesk(page, relay)
    finally:
        close(context)
        relay.close()


def heads(answered: bytes) -> list[bytes]:
    """The header blocks in what a server answered on one connection."""
    found, rest = [], answered
    while b"\r\n\r\n" in rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        found.append(head)
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        rest = rest[int(lengths[0]) if lengths else 0 :]
    return found


@dataclass(frozen=True)
class Traces:
    """Where a journey could have left something: the data folder, the log, and what the server answered to reporters and officers."""

    data: Path
    log: Path
    reporters: Sequence[Relay]
    officers: Sequence[Relay] = ()


def search(traces: Traces, texts: Sequence[str], words: Sequence[str]) -> None:
    """Nothing of a journey may be found in the data folder, the log or the head of any answer. Each search first finds what was planted."""
    planted = f"planted-{secrets.token_hex(12)}"
    needles = [*texts, *canary.word_pairs(words), AGENT, CLIENT_ADDRESS, FORWARDED]
    _search_data(traces.data, planted, needles)
    _search_log(traces.log, planted, needles)
    for relay in (*traces.reporters, *traces.officers):
        _search_heads(relay, needles)
    for relay in traces.reporters:
        assert not any(b"\r\nset-cookie:" in head.lower() for head in _recorded(relay))


def _search_data(data: Path, planted: str, needles: list[str]) -> None:
    database = open_database(databases.url(data))
    try:
        _rename(database, "name || :planted", planted)
        assert canary.found_in(databases.raw(database), [planted]) == {planted}
        if database.kind == "postgresql":  # the journal of the whole server, and what it says of errors
            assert databases.in_journal([planted]) == {planted}
            assert databases.in_journal(needles) == set()
            assert canary.found_in((databases.folder / "log").read_bytes(), needles) == set()
        _rename(database, "replace(name, :planted, '')", planted)
        assert canary.found_in(databases.raw(database), needles) == set()
    finally:
        database.dispose()
    assert canary.found_below(data, needles) == {}


def _rename(database: Database, expression: str, planted: str) -> None:
    with database.write() as session:
        session.execute(text(f"UPDATE organisations SET name = {expression}"), {"planted": planted})


def _search_log(log: Path, planted: str, needles: list[str]) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{planted}\n")
    assert canary.found_in(log.read_bytes(), [planted]) == {planted}
    assert canary.found_in(log.read_bytes(), needles) == set()


def _recorded(relay: Relay) -> list[bytes]:
    return [head for exchange in list(relay.exchanges) for head in heads(bytes(exchange.answered))]


def _search_heads(relay: Relay, needles: list[str]) -> None:
    """What is planted is a path that the server names in an answer's head: where an address without a session leads."""
    planted = new_id()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", relay.port, timeout=10)) as connection:
        connection.request("GET", f"/desk/case/{planted}")
        connection.getresponse().read()
    found = _recorded(relay)
    assert [head[:80] for head in found if not head.startswith(b"HTTP/1.1 ")] == []
    assert canary.found_in(b"\0".join(found), [planted]) == {planted}
    assert canary.found_in(b"\0".join(found), needles) == set()
