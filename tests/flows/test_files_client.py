"""Files in the reporter's browser: sealed and sent while one writes, through whatever happens on the way, and opened again."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import re
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, Route, expect

from app.crypto.age import unseal_bytes
from app.crypto.message import Attachment, read
from app.crypto.receipt import Receipt
from app.domain import AttachmentId
from app.services import files, followup, organisations, receipts
from tests import canary
from tests.flows.desks import Desk
from tests.flows.reporters import FORM, INSECURE, Line, officer_writes, open_conversation, ready, shown_words

MEGABYTE = 1_000_000
SLOW = 700_000
"""Bytes a second that a slowed browser sends."""
NAME = "Tamarind-ledger-canary.pdf"
CONTENT = "Peregrine content canary 7731"


def make(folder: Path, size: int, name: str = NAME) -> Path:
    """A file of random bytes that begins, ends and is strewn with a canary."""
    path = folder / name
    mark = CONTENT.encode()
    body = bytearray(secrets.token_bytes(max(size, len(mark))))
    for at in range(0, len(body) - len(mark) + 1, 200_000):
        body[at : at + len(mark)] = mark
    path.write_bytes(body[:size] if size else b"")
    return path


def choose(page: Page, *paths: Path) -> None:
    page.set_input_files("#files:visible", paths)


def begin(page: Page) -> None:
    """An empty report, with a text."""
    page.goto(FORM)
    ready(page)
    page.fill("#body", "See the files.")
    page.locator("#q-category input").first.check()


def row(page: Page, name: str = NAME, step: str = "write") -> Locator:
    return page.locator(f"[data-step={step}] [data-file]", has_text=name)


def complete(page: Page, name: str = NAME, step: str = "write") -> None:
    expect(row(page, name, step)).to_have_attribute("data-file", "complete", timeout=60_000)


class Network:
    """What the browser thinks of its connection."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")

    def conditions(self, *, offline: bool = False, upload: int = -1, download: int = -1) -> None:
        """Bytes a second; -1: as fast as it goes."""
        values = {"offline": offline, "latency": 0, "uploadThroughput": upload, "downloadThroughput": download}
        self._session.send("Network.emulateNetworkConditions", values)


@contextmanager
def slowly(page: Page) -> Iterator[Network]:
    """Hold what the browser sends to a known pace."""
    network = Network(page)
    network.conditions(upload=SLOW)
    yield network
    network.conditions()


RECORD = """() => {
  window.states = [];
  const seen = new MutationObserver((all) => all.forEach(({ target }) => window.states.push([target.dataset.file, performance.now()])));
  seen.observe(document.querySelector("[data-file]"), { attributeFilter: ["data-file"] });
}"""


def went_through(page: Page) -> list[str]:
    """The states that the first file has had since RECORD."""
    return [state for state, _ in itertools.groupby(state for state, _ in page.evaluate("window.states"))]


def percent(page: Page, name: str = NAME) -> int:
    return int(row(page, name).locator("progress").evaluate("bar => bar.value"))


def some_way(page: Page, least: int = 10) -> int:
    """Wait until a part of the file is there, and not yet all of it."""
    deadline = time.monotonic() + 30
    while (reached := percent(page)) < least:
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
    assert reached < 90
    return reached


def send(page: Page) -> Receipt:
    """From the filled form to the receipt."""
    page.click("[data-primary]")
    expect(page.locator("[data-step=check]")).to_be_visible()
    page.click("[data-send]")
    return receipts.read(" ".join(shown_words(page)))


def manifest(desk: Desk, receipt: Receipt, number: int = 0) -> tuple[Attachment, ...]:
    stored = followup.open_sealed(desk.ctx, desk.organisation, receipt.mailbox_key).messages[number]
    return tuple(read(unseal_bytes(stored.sealed, [receipt.identity])).payload.attachments)


def stored(desk: Desk, receipt: Receipt, attachment: Attachment) -> bytes:
    opened = files.open_for_reporter(desk.ctx, desk.organisation, receipt, AttachmentId(attachment.id))
    assert (opened.name, opened.size) == (attachment.name, attachment.size)
    return b"".join(opened.chunks)


def test_a_report_takes_its_files_along_and_nothing_of_them_is_readable_on_the_way(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    one, two = make(tmp_path, 3 * MEGABYTE), make(tmp_path, 0, "Zephyr empty canary.txt")
    begin(page)
    choose(page, one)
    choose(page, two)
    complete(page)
    complete(page, two.name)
    receipt = send(page)
    listed = manifest(desk, receipt)
    assert [(each.name, each.type, each.size) for each in listed] == [(NAME, "application/pdf", 3 * MEGABYTE), (two.name, "text/plain", 0)]
    assert [each.sha256 for each in listed] == [hashlib.sha256(path.read_bytes()).digest() for path in (one, two)]
    assert [stored(desk, receipt, each) for each in listed] == [one.read_bytes(), two.read_bytes()]
    assert len(line.relay.sent) > 3 * MEGABYTE
    assert line.sent_any_of(CONTENT, NAME, two.name, "Tamarind", "Zephyr empty", listed[0].sha256.hex()) == set()
    assert canary.found_in(line.relay.sent, [str(listed[0].id)]) == {str(listed[0].id)}


def test_it_works_on_a_plain_http_address_without_what_browsers_keep_for_secure_ones(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    page.add_init_script(INSECURE)
    begin(page)
    choose(page, make(tmp_path, 100_000))
    complete(page)
    assert len(manifest(desk, send(page))) == 1


def test_files_leave_no_cookie_no_storage_and_no_name_in_any_request(line: Line, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    choose(page, make(tmp_path, 100_000))
    complete(page)
    heads = line.relay.sent.lower()
    assert b"post /uploads http/1.1" in heads
    for word in (b"upload-metadata", b"\r\ncookie:", b"authorization:"):
        assert word not in heads
    kept = "async () => [localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length]"
    assert page.evaluate(kept) == [0, 0, "", 0]


def test_a_report_waits_for_its_files_and_says_so(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    with slowly(page):
        choose(page, make(tmp_path, 4 * MEGABYTE), make(tmp_path, 1000, "small.txt"))
        refused_while_unfinished(page)
    complete(page, step="check")
    button, wait = page.locator("[data-send]"), page.locator("[data-step=check] [data-files-wait]")
    expect(wait).to_have_text("")
    expect(button).to_have_attribute("aria-disabled", "false")
    button.click()
    receipt = receipts.read(" ".join(shown_words(page)))
    assert sorted(each.name for each in manifest(desk, receipt)) == sorted([NAME, "small.txt"])
    assert page.locator("[data-file]").count() == 0
    assert page.locator("#files").evaluate("input => input.files.length") == 0


def refused_while_unfinished(page: Page) -> None:
    """At the check step, with a file on its way."""
    page.click("[data-primary]")
    expect(row(page, step="check")).to_be_visible()
    expect(page.locator("[data-send]")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-step=check] [data-files-wait]")).to_contain_text("of 2 are.")
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.url.endswith("/sealed") else None)
    page.click("[data-send]", force=True)
    expect(page.locator("[data-sending]:visible")).to_have_count(0)
    assert posted == []


def test_a_paused_file_sends_nothing_and_goes_on_where_it_was(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 5 * MEGABYTE)
    begin(page)
    with slowly(page):
        choose(page, path)
        some_way(page)
        row(page).get_by_role("button", name="Pause").click()
    expect(row(page)).to_contain_text("Paused at")
    reached = percent(page)
    # What was on its way when it was cut has come by then.
    page.wait_for_timeout(500)
    line.relay.forget()
    page.wait_for_timeout(1500)
    assert line.relay.sent.strip(b"\0") == b""
    row(page).get_by_role("button", name="Resume").click()
    complete(page)
    assert len(line.relay.sent) < 5 * MEGABYTE * (1 - reached / 100) + MEGABYTE
    assert b"POST /uploads " not in line.relay.sent
    receipt = send(page)
    assert stored(desk, receipt, manifest(desk, receipt)[0]) == path.read_bytes()


def test_a_lost_connection_is_said_and_the_file_goes_on_by_itself_without_starting_again(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 6 * MEGABYTE)
    begin(page)
    with slowly(page) as network:
        choose(page, path)
        some_way(page)
        page.evaluate(RECORD)
        network.conditions(offline=True)
        line.relay.cut()
        expect(row(page)).to_have_attribute("data-file", "retrying")
        expect(row(page)).to_contain_text("Nothing comes back from our server.")
        page.wait_for_timeout(4500)
        page.evaluate("addEventListener('online', () => (window.back = performance.now()))")
    complete(page)
    # Told by the browser that it is back, it does not wait for its next try, which would be seconds away.
    assert page.evaluate("window.states.find(([state, at]) => state === 'sending' && at >= window.back - 50)[1] - window.back") < 1500
    sent = line.relay.sent
    assert sent.count(b"POST /uploads ") == 1
    # At most what was on its way when the line broke, twice over.
    assert 6 * MEGABYTE < len(sent) < 8 * MEGABYTE
    receipt = send(page)
    assert stored(desk, receipt, manifest(desk, receipt)[0]) == path.read_bytes()


def workers(master: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()]


def test_the_death_of_the_server_s_process_only_delays_a_file(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 6 * MEGABYTE)
    begin(page)
    before = workers(desk.portal.pid)
    with slowly(page):
        choose(page, path)
        some_way(page)
        for worker in before:
            os.kill(worker, signal.SIGKILL)
    complete(page)
    assert set(workers(desk.portal.pid)).isdisjoint(before)
    assert line.relay.sent.count(b"POST /uploads ") == 1
    assert len(line.relay.sent) < 9 * MEGABYTE
    receipt = send(page)
    assert stored(desk, receipt, manifest(desk, receipt)[0]) == path.read_bytes()


def upload_addresses(line: Line) -> list[str]:
    return re.findall(r"Location: (/uploads/[a-z2-7]{26})\r\n", line.relay.answered.decode("latin-1"))


def known(page: Page, address: str) -> int:
    return page.request.head(address, headers={"Tus-Resumable": "1.0.0"}).status


def test_a_file_that_is_removed_is_deleted_on_the_server_too(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    with slowly(page):
        choose(page, make(tmp_path, 5 * MEGABYTE), make(tmp_path, 1000, "small.txt"))
        complete(page, "small.txt")
        addresses = upload_addresses(line)
        assert [known(page, address) for address in addresses] == [200, 200]
        for name in (NAME, "small.txt"):
            row(page, name).get_by_role("button", name="Remove").click()
            expect(row(page, name)).to_have_count(0)
    expect(page.locator("#files")).to_be_focused()
    assert page.locator("#files").evaluate("input => input.files.length") == 0
    wait_until(lambda: {known(page, address) for address in addresses} == {404})
    assert manifest(desk, send(page)) == ()


def wait_until(test: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not test():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_file_can_be_removed_while_checking_what_will_be_sent(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    choose(page, make(tmp_path, 1000), make(tmp_path, 1000, "other.txt"))
    complete(page)
    page.click("[data-primary]")
    row(page, step="check").get_by_role("button", name="Remove").click()
    expect(row(page, "other.txt", "check").get_by_role("button", name="Remove")).to_be_focused()
    complete(page, "other.txt", "check")
    page.click("[data-send]")
    receipt = receipts.read(" ".join(shown_words(page)))
    assert [each.name for each in manifest(desk, receipt)] == ["other.txt"]


def failing(status: int) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, headers={"Tus-Resumable": "1.0.0"})


def test_a_file_that_failed_says_why_and_is_tried_again_alone(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    choose(page, make(tmp_path, 1000, "good.txt"))
    complete(page, "good.txt")
    for status, sentence in ((507, "no room for it now"), (413, "Too large."), (422, "did not accept it"), (404, "did not accept it")):
        page.route("**/uploads", failing(status))
        choose(page, make(tmp_path, 1000, f"bad-{status}.txt"))
        bad = row(page, f"bad-{status}.txt")
        expect(bad).to_contain_text(sentence)
        expect(page.locator("[data-step=write] [data-file-news]")).to_contain_text(f"bad-{status}.txt: ")
        page.unroute("**/uploads")
        if status == 413:
            bad.get_by_role("button", name="Remove").click()
            continue
        bad.get_by_role("button", name="Try again").click()
        complete(page, f"bad-{status}.txt")
    assert line.relay.sent.count(b"POST /uploads ") == 4
    assert len(manifest(desk, send(page))) == 4


def test_a_file_that_is_told_to_come_again_comes_again_by_itself(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    again = {"Retry-After": "10", "Tus-Resumable": "1.0.0"}
    page.route("**/uploads", lambda route: route.fulfill(status=503, json={"error": "storage_busy"}, headers=again), times=2)
    choose(page, make(tmp_path, 1000))
    expect(row(page)).to_have_attribute("data-file", "retrying")
    complete(page)
    assert len(manifest(desk, send(page))) == 1


def test_a_server_that_is_down_for_a_moment_does_not_make_a_file_start_again(line: Line, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    with slowly(page):
        choose(page, make(tmp_path, 4 * MEGABYTE))
        some_way(page)
        page.evaluate(RECORD)
        page.route(re.compile(r"/uploads/"), failing(502))
    page.wait_for_timeout(2000)
    page.unroute(re.compile(r"/uploads/"))
    complete(page)
    assert went_through(page)[-3:] == ["retrying", "sending", "complete"]
    assert line.relay.sent.count(b"POST /uploads ") == 1


def test_a_file_that_the_server_has_lost_is_sent_once_more(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 4 * MEGABYTE)
    begin(page)
    with slowly(page):
        choose(page, path)
        some_way(page)
        (address,) = upload_addresses(line)
        # The request that is on its way may hold it for a moment.
        wait_until(lambda: page.request.delete(address, headers={"Tus-Resumable": "1.0.0"}).status == 204)
    complete(page)
    receipt = send(page)
    (named,) = manifest(desk, receipt)
    assert named.id not in address
    assert stored(desk, receipt, named) == path.read_bytes()


def test_files_that_were_lost_before_sending_are_sent_again_by_themselves(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 1000)
    begin(page)
    choose(page, path)
    complete(page)
    page.click("[data-primary]")
    (address,) = upload_addresses(line)
    assert page.request.delete(address, headers={"Tus-Resumable": "1.0.0"}).status == 204
    page.click("[data-send]")
    expect(page.locator("[data-step=check] [data-error-place]")).to_contain_text("could not find one of the files")
    complete(page, step="check")
    page.click("[data-send]")
    receipt = receipts.read(" ".join(shown_words(page)))
    assert stored(desk, receipt, manifest(desk, receipt)[0]) == path.read_bytes()


def test_after_no_answer_a_refusal_for_lost_files_unlocks_them_and_sends_them_once_more(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 1000)
    begin(page)
    choose(page, path)
    complete(page)
    page.click("[data-primary]")
    page.route("**/sealed", lambda route: route.abort(), times=1)
    page.click("[data-send]")
    expect(page.locator("[data-step=check] [data-locked]")).to_be_visible()
    (address,) = upload_addresses(line)
    assert page.request.delete(address, headers={"Tus-Resumable": "1.0.0"}).status == 204
    page.click("[data-send]")
    expect(page.locator("[data-step=check] [data-error-place]")).to_contain_text("could not find one of the files")
    expect(page.locator("[data-step=check] [data-locked]")).to_be_hidden()
    complete(page, step="check")
    assert len(set(upload_addresses(line))) == 2
    page.click("[data-send]")
    receipt = receipts.read(" ".join(shown_words(page)))
    assert stored(desk, receipt, manifest(desk, receipt)[0]) == path.read_bytes()


def test_the_keyboard_goes_from_pause_to_resume_and_to_the_row_at_the_end(line: Line, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    with slowly(page):
        choose(page, make(tmp_path, 4 * MEGABYTE))
        some_way(page)
        row(page).get_by_role("button", name="Pause").focus()
        page.keyboard.press("Enter")
        expect(row(page).get_by_role("button", name="Resume")).to_be_focused()
        page.keyboard.press("Enter")
        expect(row(page).get_by_role("button", name="Pause")).to_be_focused()
    complete(page)
    expect(row(page)).to_be_focused()


def test_a_failure_stays_told_while_another_file_goes_on(line: Line, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    with slowly(page):
        choose(page, make(tmp_path, 5 * MEGABYTE))
        some_way(page)
        page.route("**/uploads", failing(507))
        choose(page, make(tmp_path, 1000, "bad.txt"))
        expect(row(page, "bad.txt")).to_have_attribute("data-file", "failed")
        reached = percent(page)
        some_way(page, reached + 15)
        expect(page.locator("[data-step=write] [data-file-news]")).to_contain_text("bad.txt: ")


def test_a_file_that_is_kept_under_no_id_is_refused_and_never_left_out_in_silence(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    tus = {"Tus-Resumable": "1.0.0"}
    page.route("**/uploads", lambda route: route.fulfill(status=201, headers={**tus, "Location": "/uploads/nowhere"}))

    def takes_all(route: Route) -> None:
        length = len(route.request.post_data_buffer or b"")
        route.fulfill(status=204, headers={**tus, "Upload-Offset": str(int(route.request.headers["upload-offset"]) + length)})

    page.route("**/uploads/nowhere", takes_all)
    choose(page, make(tmp_path, 1000))
    expect(row(page)).to_contain_text("did not accept it")
    page.unroute("**/uploads")
    row(page).get_by_role("button", name="Try again").click()
    complete(page)
    assert len(manifest(desk, send(page))) == 1


def test_a_file_that_changes_on_the_device_is_not_sent_on(line: Line, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 5 * MEGABYTE)
    begin(page)
    with slowly(page):
        choose(page, path)
        some_way(page)
        with path.open("r+b") as file:
            file.write(b"another beginning")
    expect(row(page)).to_contain_text("It was changed, moved or deleted")
    expect(row(page).get_by_role("button", name="Remove")).to_be_visible()


def test_with_new_words_the_files_are_sealed_and_sent_anew(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 1000)
    begin(page)
    choose(page, path)
    complete(page)
    page.click("[data-primary]")
    page.route("**/sealed", lambda route: route.abort())
    page.click("[data-send]")
    expect(page.locator("[data-step=check] [data-locked]")).to_be_visible()
    expect(row(page, step="check").get_by_role("button", name="Remove")).to_be_disabled()
    page.unroute("**/sealed")
    page.get_by_role("button", name="Start again with new words").click()
    expect(page.locator("[data-step=write]")).to_be_visible()
    complete(page)
    assert len(set(upload_addresses(line))) == 2
    receipt = send(page)
    (listed,) = manifest(desk, receipt)
    assert stored(desk, receipt, listed) == path.read_bytes()


def test_a_program_that_does_not_load_keeps_the_choice_and_can_be_tried_again(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    page.route(re.compile(r"/static/js/files-"), lambda route: route.abort())
    choose(page, make(tmp_path, 1000))
    failed = page.locator("[data-step=write] [data-files-failed]")
    expect(failed).to_contain_text("did not load")
    choose(page, make(tmp_path, 2000, "other.txt"))
    expect(failed).to_have_count(1)
    assert page.locator("#files").evaluate("input => input.files.length") == 2
    page.click("[data-primary]")
    expect(page.locator("[data-send]")).to_have_attribute("aria-disabled", "true")
    page.click("[data-send]", force=True)
    expect(page.locator("[data-step=check]")).to_be_visible()
    expect(page.locator("[data-step=check] [data-files-failed]")).to_contain_text("sending waits")
    page.go_back()
    page.unroute(re.compile(r"/static/js/files-"))
    failed.get_by_role("button", name="Try again").click()
    complete(page)
    complete(page, "other.txt")
    expect(page.locator("[data-files-failed]")).to_have_count(0)
    assert len(manifest(desk, send(page))) == 2


@pytest.mark.parametrize("missing", [r"/static/js/files-", r"/files$"])
def test_a_report_goes_without_the_files_where_their_program_does_not_load(line: Line, desk: Desk, tmp_path: Path, missing: str) -> None:
    page = line.page
    begin(page)
    page.route(re.compile(missing), lambda route: route.abort())
    choose(page, make(tmp_path, 1000))
    expect(page.locator("[data-step=write] [data-files-failed]")).to_be_visible()
    page.click("[data-primary]")
    page.locator("[data-step=check]").get_by_role("button", name="Go on without the files").click()
    expect(page.locator("[data-send]")).to_be_focused()
    expect(page.locator("[data-files-failed]")).to_have_count(0)
    assert page.locator("#files").evaluate("input => input.files.length") == 0
    page.click("[data-send]")
    assert manifest(desk, receipts.read(" ".join(shown_words(page)))) == ()


def test_choosing_again_adds_and_sixty_four_are_the_most(line: Line, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    page.route("**/uploads", failing(507))
    choose(page, *[make(tmp_path, 0, f"{number}.txt") for number in range(40)])
    expect(page.locator("[data-step=write] [data-file]")).to_have_count(40)
    choose(page, *[make(tmp_path, 0, f"more-{number}.txt") for number in range(30)])
    expect(page.locator("[data-step=write] [data-file]")).to_have_count(64)
    expect(page.locator("[data-files-over]")).to_contain_text("left out: 6.")
    assert page.locator("#files").evaluate("input => input.files.length") == 64


def test_the_file_field_has_no_name_until_the_person_chooses_the_server_s_way(line: Line, tmp_path: Path) -> None:
    page = line.page
    begin(page)
    assert page.locator("#files").get_attribute("name") is None
    choose(page, make(tmp_path, 1000), make(tmp_path, 2000, "other.txt"))
    complete(page, "other.txt")
    row(page).get_by_role("button", name="Remove").click()
    page.locator("[data-other-way] summary").click()
    page.get_by_role("button", name="Let the server seal it").click()
    expect(page.get_by_role("heading", name="Check what you wrote")).to_be_visible()
    # The choice was theirs: so the file went in clear, and the one that was removed did not go.
    expect(page.locator("main")).to_contain_text("other.txt")
    assert CONTENT.encode() in line.relay.sent
    assert NAME.encode() not in line.relay.sent


def test_a_file_that_is_chosen_before_the_program_is_ready_goes_nowhere_until_it_is(line: Line, tmp_path: Path) -> None:
    page = line.page
    held: list[Route] = []
    page.route(re.compile(r"/static/js/report\.js"), lambda route: held.append(route))
    page.goto(FORM, wait_until="commit")
    page.set_input_files("#files", make(tmp_path, 1000))
    page.locator("#files").evaluate("input => input.form.requestSubmit()")
    assert page.locator("#files").get_attribute("name") is None
    assert canary.found_in(line.relay.sent, [CONTENT, NAME]) == set()
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    complete(page)
    assert line.sent_any_of(CONTENT, NAME) == set()


def test_leaving_a_page_with_files_asks_first(line: Line, tmp_path: Path) -> None:
    page = line.page
    page.goto(FORM)
    ready(page)
    choose(page, make(tmp_path, 1000))
    complete(page)
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto("/")
    assert asked == ["beforeunload"]


# Coming back ------------------------------------------------------------------------------------------------------------------------

PICKER = """(() => {
  window.aborted = 0;
  window.showSaveFilePicker = async ({ suggestedName }) => {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle("saved", { create: true });
    window.suggested = suggestedName;
    return { async createWritable() {
      const writable = await handle.createWritable();
      const abort = writable.abort.bind(writable);
      writable.abort = () => { window.aborted++; return abort(); };
      return writable;
    } };
  };
})();"""
SAVED = """async () => {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle("saved");
  const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}"""
NO_PICKER = "delete window.showSaveFilePicker;"


def with_files(line: Line, *paths: Path) -> Receipt:
    """A report with these files, sent from the browser."""
    begin(line.page)
    choose(line.page, *paths)
    for path in paths:
        complete(line.page, path.name)
    return send(line.page)


def letter_file(page: Page, name: str = NAME) -> Locator:
    return page.locator("article.letter .file", has_text=name)


def test_a_file_opens_as_a_stream_to_the_place_that_the_person_chose(line: Line, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 2 * MEGABYTE)
    receipt = with_files(line, path)
    page.add_init_script(PICKER)
    open_conversation(page, receipt)
    expect(letter_file(page)).to_contain_text("1.9 MB")
    expect(letter_file(page)).to_contain_text("PDF")
    expect(page.get_by_text("saved where you say")).to_be_visible()
    letter_file(page).get_by_role("button").click()
    expect(letter_file(page)).to_contain_text("Opened and saved. It checks")
    assert base64.b64decode(page.evaluate(SAVED)) == path.read_bytes()
    assert page.evaluate("window.suggested") == NAME
    assert canary.found_in(line.relay.answered, [CONTENT, NAME]) == set()


def test_where_the_browser_cannot_choose_a_place_a_file_becomes_a_download(line: Line, tmp_path: Path) -> None:
    page = line.page
    paths = [make(tmp_path, 9 * MEGABYTE), make(tmp_path, 0, "empty.txt")]
    receipt = with_files(line, *paths)
    page.add_init_script(NO_PICKER)
    page.add_init_script(INSECURE)
    open_conversation(page, receipt)
    expect(page.get_by_text("among the downloads of this device")).to_be_visible()
    for path in paths:
        with page.expect_download() as download:
            letter_file(page, path.name).get_by_role("button").click()
        assert download.value.suggested_filename == path.name
        assert download.value.path().read_bytes() == path.read_bytes()
        expect(letter_file(page, path.name)).to_contain_text("It checks")


LATE_PICKER = """(() => {
  let calls = 0;
  Object.defineProperty(navigator, "userActivation", { value: { isActive: false } });
  window.showSaveFilePicker = async () => {
    if (calls++ === 0) throw new DOMException("", "SecurityError");
    return (await navigator.storage.getDirectory()).getFileHandle("saved", { create: true });
  };
})();"""
"""A browser to which the first press is too long ago. Not waited for: what drives the browser here counts as pressing."""


def test_a_press_that_is_too_long_ago_is_asked_for_once_more_and_becomes_no_download(line: Line, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 1000)
    receipt = with_files(line, path)
    page.add_init_script(LATE_PICKER)
    downloads: list[str] = []
    page.on("download", lambda download: downloads.append(download.suggested_filename))
    open_conversation(page, receipt)
    letter_file(page).get_by_role("button", name="Open and save").click()
    expect(letter_file(page)).to_contain_text("Press it again")
    letter_file(page).get_by_role("button", name="Open and save").click()
    expect(letter_file(page)).to_contain_text("It checks")
    assert base64.b64decode(page.evaluate(SAVED)) == path.read_bytes()
    assert downloads == []


def with_a_letter_that_does_not_check(desk: Desk, receipt: Receipt) -> Attachment:
    """A file that reached the server, named by a letter of the channel that nobody signed."""
    keys = organisations.portal(desk.ctx, desk.organisation).channels[0].keys
    assert keys is not None
    readers = [keys.recipient, str(receipt.identity.recipient)]
    sealed = files.seal_file(desk.ctx, desk.organisation, readers, NAME, "application/pdf", [b"not by an officer"], MEGABYTE)
    officer_writes(desk, receipt, "Look at this.", forged=True, attachments=(sealed,))
    return sealed


def test_a_file_of_a_letter_that_does_not_check_is_not_said_to_check(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    receipt = with_files(line, make(tmp_path, 1000, "own.txt"))
    with_a_letter_that_does_not_check(desk, receipt)
    page.add_init_script(PICKER)
    open_conversation(page, receipt)
    forged = page.locator("article.letter[data-mark=failed] .file")
    forged.get_by_role("button", name="Open and save").click()
    expect(forged).to_contain_text("The letter itself does not check: do not rely on it.")
    expect(forged).not_to_contain_text("It checks")


def blob(desk: Desk, attachment: Attachment) -> Path:
    (found,) = [path for path in desk.portal.log.parent.joinpath("data").rglob("*") if path.is_file() and str(attachment.id) in path.name]
    return found


def alter(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_file_that_was_altered_missing_or_cut_is_said_in_place_and_the_rest_stays(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    names = ("good.txt", "altered.txt", "missing.txt", "swapped.txt")
    receipt = with_files(line, *[make(tmp_path, 300_000, name) for name in names])
    by_name = {each.name: each for each in manifest(desk, receipt)}
    alter(blob(desk, by_name["altered.txt"]), -100)
    blob(desk, by_name["missing.txt"]).unlink()
    # A file of the same conversation in place of another: it opens, and is not what the message says.
    blob(desk, by_name["swapped.txt"]).write_bytes(blob(desk, by_name["good.txt"]).read_bytes())
    page.add_init_script(PICKER)
    open_conversation(page, receipt)
    for name, sentence in (
        ("altered.txt", "does not check"),
        ("missing.txt", "does not have this file"),
        ("swapped.txt", "does not check"),
    ):
        letter_file(page, name).get_by_role("button").click()
        expect(letter_file(page, name)).to_contain_text(sentence)
    assert page.evaluate("window.aborted") == 3
    assert page.evaluate(SAVED) == ""
    letter_file(page, "good.txt").get_by_role("button").click()
    expect(letter_file(page, "good.txt")).to_contain_text("It checks")
    expect(page.locator("article.letter .written").first).to_have_text("See the files.")


def test_a_file_that_does_not_come_whole_is_not_saved_and_comes_with_the_next_press(line: Line, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 5 * MEGABYTE)
    receipt = with_files(line, path)
    page.add_init_script(PICKER)
    open_conversation(page, receipt)
    with slowly(page) as network:
        network.conditions(download=SLOW)
        letter_file(page).get_by_role("button").click()
        expect(letter_file(page)).to_contain_text(re.compile(r"Opening: [1-9]\d? %"))
        line.relay.cut()
        expect(letter_file(page)).to_contain_text("did not come whole")
    assert (page.evaluate("window.aborted"), page.evaluate(SAVED)) == (1, "")
    letter_file(page).get_by_role("button").click()
    expect(letter_file(page)).to_contain_text("It checks")
    assert base64.b64decode(page.evaluate(SAVED)) == path.read_bytes()


def test_an_opening_can_be_stopped_and_leaves_nothing(line: Line, tmp_path: Path) -> None:
    page = line.page
    receipt = with_files(line, make(tmp_path, 5 * MEGABYTE))
    page.add_init_script(PICKER)
    open_conversation(page, receipt)
    with slowly(page) as network:
        network.conditions(download=SLOW)
        letter_file(page).get_by_role("button", name="Open and save").click()
        expect(letter_file(page)).to_contain_text(re.compile(r"Opening: [1-9]\d? %"))
        letter_file(page).get_by_role("button", name="Stop").click()
        expect(letter_file(page)).to_contain_text("Nothing was saved.")
    expect(letter_file(page).get_by_role("button", name="Open and save")).to_be_focused()
    assert (page.evaluate("window.aborted"), page.evaluate(SAVED)) == (1, "")


def test_an_opening_ends_after_a_minute_in_which_nothing_comes(line: Line, tmp_path: Path) -> None:
    page = line.page
    receipt = with_files(line, make(tmp_path, 1000))
    page.add_init_script(PICKER)
    page.clock.install()
    open_conversation(page, receipt)
    held: list[Route] = []
    page.route("**/sealed/attachment", lambda route: held.append(route))
    letter_file(page).get_by_role("button", name="Open and save").click()
    expect(letter_file(page)).to_contain_text("Opening: 0 %")
    wait_for_route(page, held)
    page.clock.run_for(61_000)
    expect(letter_file(page)).to_contain_text("did not come whole")
    assert page.evaluate("window.aborted") == 1


def wait_for_route(page: Page, held: list[Route]) -> None:
    while not held:
        page.wait_for_timeout(50)


def test_a_stored_answer_does_not_end_an_opening(line: Line, tmp_path: Path) -> None:
    page = line.page
    path = make(tmp_path, 3 * MEGABYTE)
    receipt = with_files(line, path)
    page.add_init_script(PICKER)
    open_conversation(page, receipt)
    with slowly(page) as network:
        network.conditions(download=SLOW)
        letter_file(page).get_by_role("button", name="Open and save").click()
        expect(letter_file(page)).to_contain_text(re.compile(r"Opening: [1-9]\d? %"))
        page.fill("#body:visible", "Meanwhile.")
        page.get_by_role("button", name="Seal and send").click()
        expect(page.locator("article.letter")).to_have_count(2)
    expect(page.locator("#newest [data-slot=body]")).to_have_text("Meanwhile.")
    expect(letter_file(page)).to_contain_text("It checks")
    assert base64.b64decode(page.evaluate(SAVED)) == path.read_bytes()


def test_letters_do_not_wait_for_what_shows_files_and_answers_go_without(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    receipt = with_files(line, make(tmp_path, 1000))
    held: list[Route] = []
    page.route(re.compile(r"/files$"), lambda route: held.append(route))
    open_conversation(page, receipt)
    expect(page.locator("article.letter .written").first).to_have_text("See the files.")
    expect(page.locator("[data-no-files]")).to_be_hidden()
    held[0].abort()
    expect(page.locator("article.letter")).to_contain_text("What shows them did not load")
    expect(page.locator("[data-no-files]")).to_contain_text("Files cannot be attached now")
    page.unroute(re.compile(r"/files$"))
    page.fill("#body:visible", "Without a file.")
    page.get_by_role("button", name="Seal and send").click()
    expect(page.locator("article.letter")).to_have_count(2)
    # Fetched with the conversation, which this time brought what was missing.
    expect(letter_file(page)).to_be_visible()
    expect(page.locator("[data-no-files]")).to_be_hidden()
    assert len(followup.open_sealed(desk.ctx, desk.organisation, receipt.mailbox_key).messages) == 2


def test_an_answer_takes_files_along_too(line: Line, desk: Desk, tmp_path: Path) -> None:
    page = line.page
    receipt = with_files(line, make(tmp_path, 1000))
    open_conversation(page, receipt)
    path = make(tmp_path, 200_000, "Answer canary.txt")
    choose(page, path)
    complete(page, path.name, "conversation")
    page.fill("#body:visible", "One more file.")
    page.get_by_role("button", name="Seal and send").click()
    expect(page.get_by_text("Your answer is sealed and stored.")).to_be_visible()
    expect(letter_file(page, path.name)).to_be_visible()
    (listed,) = manifest(desk, receipt, 1)
    assert stored(desk, receipt, listed) == path.read_bytes()
    assert page.locator("#files").evaluate("input => input.files.length") == 0
    assert line.sent_any_of(CONTENT, path.name) == set()


def test_closing_a_conversation_takes_back_the_files_of_an_answer_that_was_not_sent(line: Line, tmp_path: Path) -> None:
    page = line.page
    receipt = with_files(line, make(tmp_path, 1000))
    open_conversation(page, receipt)
    choose(page, make(tmp_path, 1000, "unsent.txt"))
    complete(page, "unsent.txt", "conversation")
    address = upload_addresses(line)[-1]
    page.click("[data-close]")
    wait_until(lambda: known(page, address) == 404)
    assert page.locator("[data-file], article.letter").count() == 0
