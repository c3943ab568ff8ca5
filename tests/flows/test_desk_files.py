"""Files at the desk: listed, opened to a download or into the page, and what is missing or altered said in its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from app.crypto import message
from app.crypto.age import seal_bytes
from app.crypto.hybrid import HybridRecipient
from app.crypto.receipt import Receipt
from app.crypto.signing import SigningKey
from app.domain import AttachmentId
from app.services import files, followup, organisations
from tests import payloads
from tests.flows.deskfiles import LARGEST, Given, blob_of, line, png, press, report_with
from tests.flows.desks import Desk, open_page, unlock
from tests.flows.looking import Looker
from tests.flows.officers import open_case

WITHOUT_PICKER = "delete window.showSaveFilePicker;"
INTO_ORIGIN = """window.showSaveFilePicker = async ({ suggestedName }) => {
  const folder = await navigator.storage.getDirectory();
  window.chosen = await folder.getFileHandle(suggestedName, { create: true });
  return window.chosen;
};"""
"""In place of the browser's dialogue, which no test can answer: a real file handle, with the browser's own writable stream."""

READ_CHOSEN = """async () => {
  const file = await window.chosen.getFile();
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, "0")).join("");
}"""
TEXT = Given("Ledger.txt", "text/plain", "First line\nGr\u00fc\u00dfe, second line canary\n".encode())
PICTURE = Given("Crane photo.png", "image/png", png(300, 200))
PAPER = Given("Minutes.pdf", "application/pdf", b"%PDF-1.7 " + bytes(range(256)) * 3)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="parent.document.title=\'taken over\'"/>'


@pytest.fixture
def page(chromium: Browser, desk: Desk) -> Iterator[Page]:
    """A page in a browser that cannot write to a file of choice, so that what is opened becomes a download."""
    with open_page(chromium, desk.url) as opened:
        opened.context.add_init_script(WITHOUT_PICKER)
        yield opened


def says(page: Page, name: str, code: str, number: int = 1) -> None:
    expect(line(page, name, number)).to_have_attribute("data-says", code)


def downloaded(page: Page, name: str, number: int = 1) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        press(page, name, "save", number)
    says(page, name, "opening-saved", number)
    path = waiting.value.path()
    return waiting.value.suggested_filename, Path(path).read_bytes()


def test_the_files_of_a_letter_are_listed_with_what_is_known_of_them(page: Page, desk: Desk) -> None:
    open_case(page, desk, report_with(desk, TEXT, PICTURE, PAPER))
    expect(page.locator("#message-1 [data-letter-file]")).to_have_count(3)
    for given, kind, size in (
        (TEXT, "Text", f"{len(TEXT.data)} bytes"),
        (PICTURE, "Picture", f"{len(PICTURE.data)} bytes"),
        (PAPER, "PDF document", f"{len(PAPER.data)} bytes"),
    ):
        expect(line(page, given.name).locator(".file-facts")).to_contain_text(f"{kind}, {size} {given.type}")
        expect(line(page, given.name).locator(".digest")).to_have_text(given.sha256)
    expect(page.locator("#message-1 .advice li").nth(1)).to_contain_text("Dangerzone")
    expect(line(page, PAPER.name).locator("[data-download-only]")).to_be_visible()
    expect(line(page, PAPER.name).locator("[data-act=view]")).to_be_hidden()


def test_a_file_is_opened_to_a_download_byte_for_byte(page: Page, desk: Desk) -> None:
    large = Given("Recording.bin", "application/octet-stream", bytes(range(251)) * 20_000)
    empty = Given("Empty.txt", "text/plain", b"")
    open_case(page, desk, report_with(desk, PAPER, large, empty))
    for given in (PAPER, large, empty):
        assert downloaded(page, given.name) == (given.name, given.data)


def test_a_file_is_written_to_the_disk_where_the_browser_can(chromium: Browser, desk: Desk) -> None:
    large = Given("Recording.bin", "application/octet-stream", bytes(range(253)) * 20_000)
    with open_page(chromium, desk.url) as page:
        page.add_init_script(INTO_ORIGIN)
        open_case(page, desk, report_with(desk, large))
        press(page, large.name, "save")
        says(page, large.name, "opening-saved")
        assert page.evaluate(READ_CHOSEN) == hashlib.sha256(large.data).hexdigest()


def test_a_download_that_was_thought_better_of_says_that_nothing_was_saved(chromium: Browser, desk: Desk) -> None:
    with open_page(chromium, desk.url) as page:
        page.add_init_script("window.showSaveFilePicker = async () => { throw new DOMException('', 'AbortError'); };")
        open_case(page, desk, report_with(desk, TEXT))
        press(page, TEXT.name, "save")
        says(page, TEXT.name, "opening-stopped")
        expect(line(page, TEXT.name).locator("[data-act=save]")).to_be_focused()


def test_a_sealed_file_comes_as_bytes_and_as_nothing_else(page: Page, desk: Desk) -> None:
    open_case(page, desk, report_with(desk, Given("page.html", "text/html", b"<script>alert(1)</script>")))
    with page.expect_response("**/attachments/*") as waiting:
        downloaded(page, "page.html")
    assert waiting.value.headers["content-type"] == "application/octet-stream"
    assert waiting.value.headers["x-content-type-options"] == "nosniff"


def test_plain_text_is_shown_as_text_after_it_was_opened(page: Page, desk: Desk) -> None:
    marked = Given("Markup.txt", "text/plain", b"<img src=x onerror=\"document.title='taken over'\">")
    long = Given("Long.txt", "text/plain", b"0123456789abcdef" * 20_000)
    open_case(page, desk, report_with(desk, TEXT, marked, long))
    assert "second line canary" not in page.content()
    for given, code in ((TEXT, "letter-file-shown"), (marked, "letter-file-shown"), (long, "letter-file-shown-cut")):
        press(page, given.name, "view")
        says(page, given.name, code)
        shown = line(page, given.name).locator(".file-text").text_content()
        assert shown == given.data[: 256 * 1024].decode()
    assert page.locator(".file-text *").count() == 0
    press(page, TEXT.name, "hide")
    expect(line(page, TEXT.name).locator(".file-text")).to_have_count(0)
    assert "second line canary" not in page.content()


def test_a_picture_is_drawn_anew_in_a_frame_that_can_reach_nothing(page: Page, desk: Desk) -> None:
    open_case(page, desk, report_with(desk, PICTURE))
    press(page, PICTURE.name, "view")
    says(page, PICTURE.name, "letter-file-shown")
    frame = line(page, PICTURE.name).locator("iframe")
    expect(frame).to_be_visible()
    assert frame.get_attribute("sandbox") == "allow-scripts"
    (inside,) = [each for each in page.frames if each.url.endswith("/desk/preview")]
    pixel = "canvas => [canvas.width, canvas.height, ...canvas.getContext('2d').getImageData(7, 7, 1, 1).data]"
    assert inside.locator("canvas").evaluate(pixel) == [300, 200, 0x20, 0x80, 0xD0, 255]
    assert inside.evaluate("() => self.origin") == "null"
    for reach in ("document.cookie", "localStorage", "sessionStorage", "indexedDB.open('x')", "parent.document.title", "top.location.href"):
        attempt = f"() => {{ try {{ void ({reach}); return 'reached'; }} catch (error) {{ return error.name; }} }}"
        assert inside.evaluate(attempt) == "SecurityError", reach
    assert inside.evaluate("() => fetch('/desk/keyrings').then(() => 'reached', () => 'blocked')") == "blocked"
    assert inside.evaluate("() => navigator.sendBeacon('/desk/lock', 'x')") in (False, True)
    box = frame.bounding_box()
    assert box is not None
    assert abs(box["width"] / box["height"] - 1.5) < 0.05


GIF = b"GIF89a\x02\x00\x02\x00\x80\x00\x00\x20\x80\xd0\xff\xff\xff,\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x02\x84\x51\x00;"
"""Four pixels of one colour."""
DRAWN = """async type => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 32 });
  const context = canvas.getContext('2d');
  context.fillStyle = 'rgb(32 128 208)';
  context.fillRect(0, 0, 64, 32);
  const blob = await new Promise(resolve => canvas.toBlob(resolve, type));
  return [...new Uint8Array(await blob.arrayBuffer())];
}"""


def test_each_kind_of_picture_that_this_browser_writes_is_drawn_whatever_it_is_called(page: Page, desk: Desk) -> None:
    page.goto("/desk/login")
    types = ("image/jpeg", "image/webp", "image/png")
    given = [Given(f"{type_[6:]}.png", "image/png", bytes(page.evaluate(DRAWN, type_))) for type_ in types]
    given.append(Given("moving.png", "image/png", GIF))
    open_case(page, desk, report_with(desk, *given))
    for each in given:
        press(page, each.name, "view")
        says(page, each.name, "letter-file-shown")
        inside = line(page, each.name).locator("iframe").content_frame.locator("canvas")
        red, green, blue = inside.evaluate("canvas => [...canvas.getContext('2d').getImageData(1, 1, 1, 1).data].slice(0, 3)")
        assert abs(red - 0x20) + abs(green - 0x80) + abs(blue - 0xD0) < 24, each.name


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Given("bomb.png", "image/png", png(20_000, 20_000)), "letter-file-too-many-pixels"),
        (Given("drawing.png", "image/png", SVG), "letter-file-no-picture"),
        (Given("broken.png", "image/png", PICTURE.data[:60]), "letter-file-not-drawn"),
        (Given("paper.jpg", "image/jpeg", PAPER.data), "letter-file-no-picture"),
        (Given("bytes.txt", "text/plain", bytes(1000)), "letter-file-no-text"),
    ],
    ids=lambda value: value.name if isinstance(value, Given) else "",
)
def test_what_is_not_what_it_is_called_or_is_made_to_harm_is_not_shown(page: Page, desk: Desk, given: Given, code: str) -> None:
    open_case(page, desk, report_with(desk, given))
    press(page, given.name, "view")
    says(page, given.name, code)
    expect(line(page, given.name).locator(".file-view")).to_be_hidden()
    assert page.locator("iframe").count() == 0
    assert downloaded(page, given.name) == (given.name, given.data)


def test_what_can_hold_programs_is_never_offered_to_be_shown(page: Page, desk: Desk) -> None:
    types = {"a.svg": "image/svg+xml", "b.html": "text/html", "c.pdf": "application/pdf", "d.tif": "image/tiff", "e.bin": ""}
    open_case(page, desk, report_with(desk, *(Given(name, type_, PICTURE.data) for name, type_ in types.items())))
    expect(page.locator("[data-letter-file]")).to_have_count(len(types))
    for name in types:
        expect(line(page, name).locator("[data-act=save]")).to_be_visible()
        expect(line(page, name).locator("[data-act=view]")).to_be_hidden()


def test_a_frame_that_dies_is_given_up_and_the_page_goes_on(page: Page, desk: Desk) -> None:
    open_case(page, desk, report_with(desk, PICTURE, TEXT))
    page.route("**/static/js/preview.js", lambda route: route.abort())
    page.clock.install()
    press(page, PICTURE.name, "view")
    expect(page.locator("iframe")).to_have_count(1)
    page.wait_for_timeout(500)
    page.clock.fast_forward(25_000)
    says(page, PICTURE.name, "letter-file-not-drawn")
    press(page, TEXT.name, "view")
    says(page, TEXT.name, "letter-file-shown")


def test_a_file_that_the_server_lost_is_said_in_its_place_and_the_rest_is_shown(page: Page, desk: Desk) -> None:
    receipt = report_with(desk, TEXT, body="The text stays.")
    blob_of(desk, receipt).unlink()
    open_case(page, desk, receipt)
    press(page, TEXT.name, "view")
    says(page, TEXT.name, "opening-missing")
    expect(line(page, TEXT.name).locator("[data-act=view]")).to_be_visible()
    desk.change("DELETE FROM attachments WHERE case_id = :case", case=receipt.case_id)
    page.reload()
    says(page, TEXT.name, "opening-missing")
    expect(line(page, TEXT.name).locator("[data-act]:visible")).to_have_count(0)
    expect(line(page, TEXT.name).locator(".file-facts")).to_contain_text(f"{len(TEXT.data)} bytes")
    expect(page.locator("#message-1 [data-slot=body]")).to_have_text("The text stays.")


@pytest.mark.parametrize("where", ["header", "payload", "end", "another"])
def test_an_altered_file_is_said_and_nothing_of_it_is_kept(page: Page, desk: Desk, where: str) -> None:
    large = Given("Recording.bin", "application/octet-stream", bytes(range(249)) * 20_000)
    receipt = report_with(desk, large)
    blob = blob_of(desk, receipt)
    data = bytearray(blob.read_bytes())
    if where == "another":
        other = Given(large.name, large.type, large.data[::-1])
        data = bytearray(blob_of(desk, report_with(desk, other)).read_bytes())
    elif where == "end":
        del data[-100:]
    else:
        data[200 if where == "header" else len(data) // 2] ^= 1
    blob.write_bytes(data)
    came: list[str] = []
    page.on("download", lambda download: came.append(download.suggested_filename))
    open_case(page, desk, receipt)
    press(page, large.name, "save")
    says(page, large.name, "opening-altered")
    expect(line(page, large.name).locator(".file-says")).to_contain_text("does not check")
    assert came == []


def forged_with(desk: Desk, receipt: Receipt, *given: Given) -> None:
    """A host that holds the mailbox, but no key of the reporter, adds a message with files in the reporter's name."""
    channel = organisations.portal(desk.ctx, desk.organisation).channels[0]
    assert channel.keys is not None
    readers = [channel.keys.recipient, str(receipt.identity.recipient)]
    named = [files.seal_file(desk.ctx, desk.organisation, readers, each.name, each.type, [each.data], LARGEST) for each in given]
    payload = replace(payloads.addition(receipt, "Open these at once.", day=desk.ctx.today()), attachments=tuple(named))
    sealed = seal_bytes(message.write(payload, SigningKey.generate()), [HybridRecipient.parse(each) for each in readers])
    ids = [AttachmentId(each.id) for each in named]
    followup.post_sealed(desk.ctx, desk.organisation, receipt.mailbox_key, payload.id, sealed, attachments=ids)


def test_a_file_of_a_message_that_does_not_check_is_not_said_to_be_the_one_that_was_sent(page: Page, desk: Desk) -> None:
    long = Given("Long.txt", "text/plain", b"0123456789abcdef" * 20_000)
    wrong = [
        Given("drawing.png", "image/png", SVG),
        Given("bytes.txt", "text/plain", bytes(1000)),
        Given("bomb.png", "image/png", png(20_000, 20_000)),
        Given("broken.png", "image/png", PICTURE.data[:60]),
    ]
    receipt = report_with(desk, TEXT)
    forged_with(desk, receipt, TEXT, PICTURE, long, *wrong)
    open_case(page, desk, receipt)
    expect(page.locator("#message-2[data-mark=failed] [data-letter-file]")).to_have_count(7)
    for given in (TEXT, PICTURE, long, *wrong):
        press(page, given.name, "view", 2)
        about = line(page, given.name, 2).locator(".file-says")
        expect(about).to_contain_text("It is the file that this message names. The message itself does not check: do not rely on it.")
        assert "It checks" not in about.inner_text()
    with page.expect_download() as waiting:
        press(page, TEXT.name, "save", 2)
    says(page, TEXT.name, "opening-saved-unproved", 2)
    assert waiting.value.path().read_bytes() == TEXT.data
    expect(line(page, TEXT.name, 2).locator(".file-says")).to_contain_text("do not rely on it")
    press(page, TEXT.name, "view")
    expect(line(page, TEXT.name).locator(".file-says")).to_contain_text("It checks: it is the file that was sent.")


@pytest.mark.parametrize("why", ["missing", "network", "ended", "stopped"])
def test_an_opening_that_gets_no_file_lets_go_of_the_chosen_place(chromium: Browser, desk: Desk, why: str) -> None:
    with open_page(chromium, desk.url) as page:
        page.add_init_script(INTO_ORIGIN)
        receipt = report_with(desk, TEXT)
        open_case(page, desk, receipt)
        if why == "missing":
            blob_of(desk, receipt).unlink()
        elif why == "ended":
            desk.change("DELETE FROM desk_sessions")
        else:
            page.route("**/attachments/*", lambda route: route.abort() if why == "network" else None)
        press(page, TEXT.name, "save")
        if why == "stopped":
            page.wait_for_function("() => window.chosen !== undefined")
            press(page, TEXT.name, "stop")
        if why == "ended":
            expect(page.locator("#unlock")).to_be_visible()
        else:
            says(page, TEXT.name, f"opening-{why}")
        # A file that is still being written cannot be removed.
        page.wait_for_function("() => window.chosen.remove().then(() => true, () => false)", timeout=5_000)


def test_the_page_is_not_loaded_anew_while_a_file_is_being_opened(page: Page, desk: Desk) -> None:
    open_case(page, desk, report_with(desk, TEXT))
    held: list[Route] = []
    page.route("**/attachments/*", lambda route: held.append(route))
    page.evaluate("() => { window.stays = true; }")
    press(page, TEXT.name, "save")
    expect(line(page, TEXT.name).locator("[data-act=stop]")).to_be_visible()
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()
    with page.expect_download() as waiting:
        held[0].continue_()
    assert waiting.value.path().read_bytes() == TEXT.data
    says(page, TEXT.name, "opening-saved")
    assert page.evaluate("() => window.stays") is True


def test_locking_takes_what_was_opened_off_the_page(page: Page, desk: Desk) -> None:
    open_case(page, desk, report_with(desk, TEXT, PICTURE))
    press(page, TEXT.name, "view")
    says(page, TEXT.name, "letter-file-shown")
    press(page, PICTURE.name, "view")
    says(page, PICTURE.name, "letter-file-shown")
    page.click("[data-lock-now]")
    expect(page.locator("#unlock")).to_be_visible()
    assert "second line canary" not in page.content()
    assert TEXT.name not in page.content()
    assert page.locator("iframe").count() == 0
    unlock(page, desk)
    expect(line(page, TEXT.name)).to_be_visible()


def test_a_session_that_ended_is_noticed_when_a_file_is_opened(page: Page, desk: Desk) -> None:
    open_case(page, desk, report_with(desk, TEXT))
    desk.change("DELETE FROM desk_sessions")
    press(page, TEXT.name, "save")
    expect(page.locator('#unlock [data-reason="ended"]')).to_be_visible()
    unlock(page, desk)
    assert downloaded(page, TEXT.name) == (TEXT.name, TEXT.data)


def test_the_files_are_looked_at(page: Page, desk: Desk) -> None:
    wide = Given(f"{'A very long name of a file ' * 4}.txt", "text/plain", TEXT.data)
    receipt = report_with(desk, wide, PICTURE, PAPER)
    open_case(page, desk, receipt)
    looker = Looker(page, "desk")
    looker.at("files")
    press(page, "A very long", "view")
    press(page, PICTURE.name, "view")
    says(page, PICTURE.name, "letter-file-shown")
    for details in page.locator("#message-1 details").all():
        details.locator("summary").first.click()
    looker.at("files-opened")
    looker.enlarged("files-opened")
    for target in page.locator("#message-1 :is(button, summary):visible").all():
        box = target.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 24
