"""Nothing leaves a page while a person types: the rhythm of keys shows who writes, even through a seal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.flows.desks import Desk
from tests.flows.reporters import FORM, Line, open_conversation, ready, to_receipt

TEXT = "Some words, and a line\nmore of them."


@contextmanager
def silence(line: Line) -> Iterator[None]:
    """Neither the browser's own account nor the wire has anything of the block inside."""
    requests: list[str] = []
    line.page.on("request", lambda request: requests.append(request.url))
    line.page.wait_for_load_state("networkidle")
    # The browser fetches a page's icon when it pleases, and says nothing of it.
    for _ in range(20):
        requests.clear()
        line.relay.forget()
        line.page.wait_for_timeout(700)
        if not line.relay.sent.strip(b"\0"):
            break
    yield
    line.page.wait_for_timeout(500)
    assert requests == []
    assert line.relay.sent.strip(b"\0") == b""


def type_into_every_field(page: Page) -> None:
    for field in page.locator("input[type=text]:visible, textarea:visible").all():
        field.press_sequentially(TEXT if field.evaluate("field => field.tagName") == "TEXTAREA" else "21", delay=3)
        field.press("Backspace")
    for choice in page.locator("input[type=radio]:visible, input[type=checkbox]:visible").all():
        choice.check()


def test_the_recording_hears_a_request(line: Line) -> None:
    line.page.goto("/")
    with pytest.raises(AssertionError), silence(line):
        line.page.evaluate("fetch('/static/css/quietline.css').then(answer => answer.text())")


@pytest.mark.parametrize("path", [FORM, "/conversation", f"{FORM}?way=server", "/conversation?way=server"])
def test_nothing_leaves_while_somebody_types(line: Line, path: str) -> None:
    line.page.goto(path)
    if "way" not in path:
        ready(line.page)
    with silence(line):
        type_into_every_field(line.page)


def test_nothing_leaves_while_somebody_types_what_the_words_were(line: Line) -> None:
    to_receipt(line.page)
    with silence(line):
        type_into_every_field(line.page)


def test_nothing_leaves_while_somebody_types_an_answer(line: Line, desk: Desk) -> None:
    open_conversation(line.page, desk.report("A report."))
    with silence(line):
        type_into_every_field(line.page)
        expect(line.page.locator("#answer textarea")).not_to_have_value("")
