"""Files without JavaScript, in a real browser: chosen, kept through every page, sent, and saved again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.databases import Kind
from tests.flows.desks import Desk
from tests.flows.reporters import FORM
from tests.web.served import serve

TEXT = "The scaffold in the north hall has no side boards."
SHOTS = os.environ.get("SHOTS")


@pytest.fixture
def plain(chromium: Browser, desk: Desk) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=desk.url, java_script_enabled=False, accept_downloads=True, viewport={"width": 390, "height": 844}
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "Überblick \u201cNord\u201d.jpg"
    path.write_bytes(b"\xff\xd8" + os.urandom(900_000))
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.csv"
    path.write_text("a;b\n1;2\n")
    return path


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def write(page: Page) -> None:
    page.goto(FORM)
    page.fill("#body", TEXT)
    page.locator("#q-category input").first.check()


def test_files_are_kept_from_page_to_page_and_come_back_as_they_were(plain: Page, photo: Path, table: Path, tmp_path: Path) -> None:
    write(plain)
    plain.get_by_label("Files (optional)", exact=True).set_input_files([photo, table])
    plain.get_by_text("What files give away").click()
    shot(plain, "form")
    press(plain, "Check before sending")
    expect(plain.locator(".file-name")).to_have_text([photo.name, "ledger.csv"])
    shot(plain, "check")
    press(plain, "Change Files")
    expect(plain.locator("#files")).to_be_focused()
    plain.get_by_label("Remove ledger.csv").check()
    shot(plain, "form-kept")
    press(plain, "Check before sending")
    expect(plain.locator(".file-name")).to_have_text([photo.name])
    press(plain, "Seal and send")
    words = " ".join(plain.locator(".words li").all_inner_texts())

    plain.goto("/conversation")
    plain.fill("#words", words)
    press(plain, "Open my conversation")
    assert saved(plain, photo.name, tmp_path).read_bytes() == photo.read_bytes()
    plain.fill("#body", "And the list.")
    plain.get_by_label("Files (optional)", exact=True).set_input_files(table)
    press(plain, "Seal and send")
    expect(plain.locator(".note.done")).to_contain_text("sealed and stored")
    expect(plain.locator(".file-name")).to_have_text([photo.name, "ledger.csv"])
    shot(plain, "conversation")
    assert saved(plain, "ledger.csv", tmp_path).read_bytes() == table.read_bytes()


def saved(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as download:
        press(page, f"Open and save {name}")
    assert download.value.suggested_filename == name
    path = folder / f"saved-{len(name)}"
    download.value.save_as(path)
    return path


def test_a_form_that_comes_back_has_the_text_and_the_files(plain: Page, table: Path) -> None:
    write(plain)
    plain.fill("#body", " ")
    plain.get_by_label("Files (optional)", exact=True).set_input_files(table)
    press(plain, "Check before sending")
    expect(plain.locator("#body")).to_be_focused()
    expect(plain.locator(".file-name")).to_have_text(["ledger.csv"])
    shot(plain, "form-problem")
    plain.fill("#body", "The ledger was changed.")
    press(plain, "Check before sending")
    expect(plain.locator(".file-name")).to_have_text(["ledger.csv"])


def test_the_field_is_reached_by_keyboard_and_says_its_name_and_limit(plain: Page) -> None:
    plain.goto(FORM)
    field = plain.get_by_label("Files (optional)", exact=True)
    for _ in range(40):
        plain.keyboard.press("Tab")
        if field.evaluate("field => field === document.activeElement"):
            break
    expect(field).to_be_focused()
    described = plain.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
    assert "who made them, where and when" in described
    assert "500 MB together without JavaScript" in described
    plain.goto(f"{FORM}?way=server")
    expect(field).to_have_accessible_description(re.compile("At most 500 MB together"))


def test_too_much_at_once_brings_the_page_with_the_text_back(database_kind: Kind, chromium: Browser, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(60_000_000))
    with serve(tmp_path, FORM_UPLOAD_BYTES=str(4 << 20)) as running:
        context = chromium.new_context(base_url=running.portal.url, java_script_enabled=False)
        page = context.new_page()
        write(page)
        page.get_by_label("Files (optional)", exact=True).set_input_files(film)
        press(page, "Check before sending")
        expect(page.locator("#files-problem")).to_contain_text("more than 4 MB together")
        expect(page.locator("#body")).to_have_value(TEXT)
        context.close()
