"""Officers attach files: sealed to whom the message is, sent while it is written, kept through locks and lost sessions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from app.crypto import attachment
from app.crypto.hybrid import HybridIdentity
from app.crypto.keyring import Epoch, Keyring
from app.crypto.message import Attachment
from app.crypto.receipt import Receipt
from app.crypto.signing import SigningKey
from app.domain import AttachmentId
from app.services import files, followup
from tests.flows.deskfiles import Given
from tests.flows.desks import Desk, unlock
from tests.flows.looking import Looker
from tests.flows.officers import browser_report, keyring_replaced, open_case
from tests.flows.reporters import as_officer
from tests.flows.test_desk_answers import posting

SMALL = Given("Answer.pdf", "application/pdf", b"%PDF-1.7 answer " * 100)
LARGE = Given("Recording.ogg", "audio/ogg", bytes(range(247)) * 30_000)
REPLY = "#reply-files"


def choose(page: Page, field: str, *given: Given) -> None:
    page.set_input_files(field, [FilePayload(name=each.name, mimeType=each.type, buffer=each.data) for each in given])


def state(page: Page, form: str, name: str, wanted: str) -> None:
    row = page.locator(f"#{form} [data-file]").filter(has=page.locator(".file-name", has_text=name))
    expect(row).to_have_attribute("data-file", wanted)


def manifest(desk: Desk, receipt: Receipt) -> tuple[Attachment, ...]:
    """What the last letter says of its files, as the reporter reads it."""
    last = followup.open_plain(desk.ctx, desk.organisation, receipt).checked[-1]
    assert last.payload is not None
    return last.payload.attachments


def as_reporter_reads(desk: Desk, receipt: Receipt, attachment: Attachment) -> bytes:
    opened = files.open_for_reporter(desk.ctx, desk.organisation, receipt, AttachmentId(attachment.id))
    return b"".join(opened.chunks)


def test_a_reply_with_files_reaches_the_reporter(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Please send the form")
    open_case(page, desk, receipt)
    choose(page, REPLY, SMALL, LARGE)
    for given in (SMALL, LARGE):
        state(page, "reply", given.name, "complete")
    page.fill("#reply-body", "Here they are.")
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2 [data-letter-file]")).to_have_count(2)
    expect(page.locator("#reply [data-file]")).to_have_count(0)
    page.reload()
    expect(page.locator("#message-2[data-mark=verified] [data-letter-file]")).to_have_count(2)
    named = manifest(desk, receipt)
    assert [(each.name, each.type, each.size) for each in named] == [(each.name, each.type, len(each.data)) for each in (SMALL, LARGE)]
    assert [as_reporter_reads(desk, receipt, each) for each in named] == [SMALL.data, LARGE.data]
    assert [each.sha256 for each in named] == [hashlib.sha256(each.data).digest() for each in (SMALL, LARGE)]


def test_the_files_of_a_note_are_for_the_team_only(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "A note follows")
    open_case(page, desk, receipt)
    page.click("#note summary")
    choose(page, "#note-files", SMALL)
    state(page, "note", SMALL.name, "complete")
    page.fill("#note-body", "For us.")
    page.click("#note [data-submit]")
    expect(page.locator("#message-2 [data-letter-file]")).to_have_count(1)
    with page.expect_download() as waiting:
        page.evaluate("() => { delete window.showSaveFilePicker; }")
        page.click("#message-2 [data-act=save]")
    assert waiting.value.path().read_bytes() == SMALL.data
    assert manifest(desk, receipt) == ()


def test_a_message_waits_for_its_files_and_says_so(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Slow line")
    open_case(page, desk, receipt)
    held: list[Route] = []
    page.route("**/desk/uploads/*", lambda route: held.append(route) if route.request.method == "PATCH" else route.fallback())
    choose(page, REPLY, SMALL)
    page.fill("#reply-body", "With a file.")
    page.click("#reply [data-submit]")
    expect(page.locator("#reply [data-status=waiting]")).to_contain_text("Still to come: 1.")
    assert page.locator("#reply-body").get_attribute("readonly") is not None
    assert page.locator("#message-2").count() == 0
    held[0].continue_()
    expect(page.locator("#message-2[data-mark=verified] [data-letter-file]")).to_have_count(1)


def test_a_file_that_was_paused_is_asked_about_before_anything_is_sent(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Paused")
    open_case(page, desk, receipt)
    page.route("**/desk/uploads/*", lambda route: None if route.request.method == "PATCH" else route.fallback())
    choose(page, REPLY, LARGE)
    page.click("#reply [data-file] [data-act=pause]")
    page.fill("#reply-body", "With a file.")
    page.click("#reply [data-submit]")
    expect(page.locator('#reply [data-error="files_stuck"]')).to_be_visible()
    assert page.locator("#reply-body").get_attribute("readonly") is None
    page.unroute("**/desk/uploads/*")
    page.click("#reply [data-file] [data-act=resume]")
    state(page, "reply", LARGE.name, "complete")
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()


def test_text_is_needed_with_files_too(page: Page, desk: Desk) -> None:
    open_case(page, desk, browser_report(desk, "Nothing said"))
    choose(page, REPLY, SMALL)
    page.fill("#reply-body", " ")
    page.click("#reply [data-submit]")
    expect(page.locator('#reply [data-error="empty"]')).to_be_visible()
    state(page, "reply", SMALL.name, "complete")


def patching(count: list[int], after: int, act: Callable[[Route], None]) -> Callable[[Route], None]:
    """Lets so many pieces through, and `act` on the next."""

    def handle(route: Route) -> None:
        if route.request.method != "PATCH":
            route.fallback()
            return
        count.append(1)
        if len(count) == after + 1:
            act(route)
        else:
            route.fallback()

    return handle


def test_files_stay_chosen_while_the_keys_are_locked_and_go_on_afterwards(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Locked meanwhile")
    before = desk.value("SELECT count(*) FROM uploads")
    open_case(page, desk, receipt)
    pieces: list[int] = []
    page.route("**/desk/uploads/*", patching(pieces, 1, lambda _: None))
    choose(page, REPLY, LARGE)
    page.fill("#reply-body", "Half a reply")
    expect(page.locator("#reply [data-file=sending]")).to_be_visible()
    page.wait_for_function("() => Number(document.querySelector('#reply progress')?.value) > 0")
    page.click("[data-lock-now]")
    expect(page.locator("#unlock")).to_be_visible()
    state(page, "reply", LARGE.name, "waiting")
    assert page.locator(REPLY).is_disabled()
    sent = len(pieces)
    page.wait_for_timeout(1500)
    assert len(pieces) == sent, "nothing is sent while the desk is locked"
    unlock(page, desk)
    state(page, "reply", LARGE.name, "complete")
    expect(page.locator("#message-1[data-mark]")).to_be_visible()  # before that nothing may be sent
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified] [data-letter-file]")).to_have_count(1)
    (named,) = manifest(desk, receipt)
    assert as_reporter_reads(desk, receipt, named) == LARGE.data
    assert desk.value("SELECT count(*) FROM uploads") == before, "it went on where it stopped"


def test_an_upload_waits_when_the_session_ends_and_goes_on_after_unlocking_in_place(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Session over")
    open_case(page, desk, receipt)

    def end_session(route: Route) -> None:
        desk.change("DELETE FROM desk_sessions")
        route.fallback()

    page.route("**/desk/uploads/*", patching([], 1, end_session))
    page.fill("#reply-body", "Half a reply")
    choose(page, REPLY, LARGE)
    expect(page.locator('#unlock [data-reason="ended"]')).to_be_visible()
    assert page.input_value("#reply-body") == "Half a reply"
    unlock(page, desk)
    state(page, "reply", LARGE.name, "complete")
    expect(page.locator("#message-1[data-mark]")).to_be_visible()  # before that nothing may be sent
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified] [data-letter-file]")).to_have_count(1)
    (named,) = manifest(desk, receipt)
    assert as_reporter_reads(desk, receipt, named) == LARGE.data


def test_files_that_the_server_lost_before_the_message_go_once_more(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Swept")
    open_case(page, desk, receipt)
    choose(page, REPLY, SMALL)
    state(page, "reply", SMALL.name, "complete")
    desk.change("DELETE FROM uploads")
    page.fill("#reply-body", "With a file.")
    page.click("#reply [data-submit]")
    expect(page.locator('#reply [data-error="attachments"]')).to_be_visible()
    assert page.input_value("#reply-body") == "With a file."
    state(page, "reply", SMALL.name, "complete")
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified] [data-letter-file]")).to_have_count(1)


def test_files_that_were_swept_after_a_lost_answer_go_once_more_in_a_new_message(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Lost, then swept")
    open_case(page, desk, receipt)
    choose(page, REPLY, SMALL)
    state(page, "reply", SMALL.name, "complete")
    sent: list[str] = []
    page.route("**/messages", posting(sent, lambda route: route.abort()))
    page.fill("#reply-body", "First words.")
    page.click("#reply [data-submit]")
    expect(page.locator('#reply [data-error="network"]')).to_be_visible()
    assert page.locator("#reply-body").get_attribute("readonly") is not None
    desk.change("DELETE FROM uploads")
    page.click("#reply [data-submit]")
    expect(page.locator('#reply [data-error="attachments"]')).to_be_visible()
    state(page, "reply", SMALL.name, "complete")
    page.fill("#reply-body", "Other words.")
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified] [data-letter-file]")).to_have_count(1)
    first, again, anew = (json.loads(each) for each in sent)
    assert first == again
    assert first["message"] != anew["message"]
    assert set(first["attachments"]).isdisjoint(anew["attachments"])
    (named,) = manifest(desk, receipt)
    assert as_reporter_reads(desk, receipt, named) == SMALL.data


def with_new_keys(desk: Desk) -> Keyring:
    """The channel's keyring with a new epoch."""
    _, ring = as_officer(desk)
    today = desk.ctx.today()
    epoch = Epoch(ring.current.epoch + 1, HybridIdentity.generate(), SigningKey.generate(), today)
    return replace(ring, version=ring.version + 1, epochs=(*ring.epochs[:-1], replace(ring.current, until=today), epoch))


@pytest.mark.parametrize("added", [False, True], ids=["pressed-again", "another-is-added"])
def test_files_follow_the_keys_that_changed_while_a_message_was_on_its_way(page: Page, desk: Desk, added: bool) -> None:
    receipt = browser_report(desk, "Keys changed")
    open_case(page, desk, receipt)
    choose(page, REPLY, SMALL)
    state(page, "reply", SMALL.name, "complete")
    held: list[Route] = []
    page.route("**/messages", posting([], held.append))
    page.fill("#reply-body", "With a file.")
    page.click("#reply [data-submit]")
    expect(page.locator("#reply [data-status=sending]")).to_be_visible()
    page.click("[data-lock-now]")
    ring = with_new_keys(desk)
    with keyring_replaced(desk, ring, offered=True):
        unlock(page, desk)
        expect(page.locator("#message-1[data-mark=verified]")).to_be_visible()
        state(page, "reply", SMALL.name, "complete")
        held[0].fulfill(status=503, json={"error": "storage_busy"})
        expect(page.locator("#reply [data-error]:visible")).to_have_count(1)
        if added:
            choose(page, REPLY, Given("Second.txt", "text/plain", b"second"))
            expect(page.locator("#reply [data-file]")).to_have_count(2)
        page.click("#reply [data-submit]")
        expect(page.locator("#message-2[data-mark=verified] [data-letter-file]")).to_have_count(2 if added else 1)
    named = manifest(desk, receipt)
    assert [each.name for each in named] == [SMALL.name, "Second.txt"][: len(named)]
    opened = [b"".join(attachment.open(sealed(desk, receipt, each), [ring.current.identity], each.size, each.sha256)) for each in named]
    assert opened == [SMALL.data, b"second"][: len(named)]


def sealed(desk: Desk, receipt: Receipt, named: Attachment) -> Iterator[bytes]:
    """What the server has of a file."""
    return iter(files.sealed_for_reporter(desk.ctx, desk.organisation, receipt.mailbox_key, AttachmentId(named.id)).chunks)


def test_nothing_can_be_attached_where_nobody_knows_to_whom(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "To close")
    desk.change("UPDATE messages SET sealed = :sealed WHERE case_id = :case", sealed=b"x" * 9000, case=receipt.case_id)
    open_case(page, desk, receipt)
    expect(page.locator(REPLY)).to_be_disabled()
    expect(page.locator("#note-files")).to_be_enabled()


def test_what_is_attached_is_looked_at(page: Page, desk: Desk) -> None:
    open_case(page, desk, browser_report(desk, "Looked at"))
    choose(page, REPLY, SMALL, Given(f"{'Long name ' * 9}.png", "image/png", b"x"))
    state(page, "reply", SMALL.name, "complete")
    page.click("#note summary")
    looker = Looker(page, "desk")
    looker.at("attaching")
    looker.enlarged("attaching")
    page.fill("#reply-body", "x")
