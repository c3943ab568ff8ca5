"""The whole loop through the production stack: over HTTPS with its certificate, with files both ways. Afterwards its files are searched."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import canary
from tests.flows.journeys import AGENT, FORWARDED, AtDesk, Visitor
from tests.flows.reporters import FORM, ready, shown_words
from tests.relay import CLIENT_ADDRESS
from tests.stack import Stack
from tests.stack.visiting import at_desk, visitor

WITHOUT_PICKER = "delete window.showSaveFilePicker;"
UP = "ledger-canary-up.bin"
DOWN = "answer-canary-down.bin"
CONTENT = b"Peregrine content canary 4417, in the middle of a file. "


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False], ids=["with_javascript", "without_javascript"])
def test_a_report_with_a_file_is_read_and_answered_with_another(stack: Stack, browser: Browser, tmp_path: Path, script: bool) -> None:
    texts = [f"{what} canary {script}: the crane was never inspected" for what in ("report", "reply", "answer")]
    up, down = (_file(tmp_path / name) for name in (UP, DOWN))
    with visitor(browser, stack, script=script) as reporter, at_desk(browser, stack) as officer:
        words = _report(reporter, texts[0], up)
        reporter.check_two_words(words)
        officer.page.add_init_script(WITHOUT_PICKER)
        officer.read(texts[0])
        assert _saved(officer.page, officer.page.locator("#message-1 [data-letter-file] [data-act=save]")) == up.read_bytes()
        _reply(officer, texts[1], down)
        reporter.page.add_init_script(WITHOUT_PICKER)
        reporter.come_back(words)
        assert texts[1] in reporter.letters()[1]
        for path in (up, down):
            assert _saved(reporter.page, _opening(reporter, path.name)) == path.read_bytes()
        reporter.answer(texts[2])
        officer.page.reload()
        expect(officer.page.locator(".letters")).to_contain_text(texts[2])
        assert not script or canary.found_in(reporter.relay.sent, [*texts, CONTENT.decode()]) == set()
    _search(stack, [*texts, CONTENT.decode(), UP, DOWN, *(" ".join(words[at : at + 2]) for at in (0, 5, 10))])


def test_the_search_finds_what_is_planted(stack: Stack) -> None:
    """Otherwise finding nothing would say nothing."""
    for folder in (stack.data, stack.logs, *stack.temporary, stack.cluster):
        planted = folder / "planted"
        planted.write_text(f"somebody at {FORWARDED}")
        try:
            with pytest.raises(AssertionError):
                _search(stack, [])
        finally:
            planted.unlink()


def _file(path: Path) -> Path:
    path.write_bytes(CONTENT * (700_000 // len(CONTENT)))
    return path


def _report(reporter: Visitor, body: str, path: Path) -> list[str]:
    page = reporter.page
    page.goto(FORM)
    if reporter.script:
        ready(page)
    page.fill("#body", body)
    page.locator("#q-category input").first.check()
    page.set_input_files("#files:visible", path)
    if reporter.script:
        expect(page.locator("[data-step=write] [data-file]")).to_have_attribute("data-file", "complete")
    page.click("[data-primary]" if reporter.script else "noscript button")
    expect(page.get_by_role("heading", name="Check what you wrote")).to_be_visible()
    page.click("[data-send]" if reporter.script else "form .button")
    if reporter.script:
        return shown_words(page)
    expect(page.locator(".words li")).to_have_count(12)
    return page.locator(".words li").all_inner_texts()


def _reply(officer: AtDesk, body: str, path: Path) -> None:
    page = officer.page
    page.set_input_files("#reply-files", path)
    expect(page.locator("#reply [data-file]")).to_have_attribute("data-file", "complete")
    officer.reply(body)
    expect(page.locator("#message-2 [data-letter-file]")).to_have_count(1)


def _opening(reporter: Visitor, name: str) -> Locator:
    return reporter.page.locator("article.letter:visible").get_by_role("button", name=name)


def _saved(page: Page, button: Locator) -> bytes:
    with page.expect_download() as download:
        button.click()
    return Path(download.value.path()).read_bytes()


def _search(stack: Stack, needles: list[str]) -> None:
    """Whatever the three programs keep: no text, no file, no words, no browser, no address."""
    wanted = [*needles, AGENT, FORWARDED, CLIENT_ADDRESS]
    for folder in (stack.data, stack.logs, *stack.temporary):
        assert canary.found_below(folder, wanted) == {}
    shapes = [shape for needle in wanted for shape in canary.forms(needle)]
    for path in stack.cluster.rglob("*"):  # a thousand files, so each form is made once
        content = path.read_bytes() if path.is_file() else b""
        assert [(path, shape) for shape in shapes if shape in content] == []
