"""How long an officer waits in Chromium: for the inbox, until 50 rows are opened, and for a case of 200 messages, until they can be read.

Two times each, since they answer two questions: what the browser takes to open what it has, and what the person waits in all, from the
page's last byte on, with what has to be fetched before.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from app.crypto import message
from app.crypto.age import seal_bytes
from app.crypto.conversation import digest, entry
from app.crypto.hybrid import HybridRecipient
from app.crypto.message import Seen
from app.crypto.receipt import Receipt
from app.services import followup, organisations
from app.services.opening import open_all
from tests import payloads
from tests.bench.comparing import met
from tests.bench.serving import machine
from tests.chromium import ARGUMENTS, executable
from tests.flows.desks import Desk, log_in, open_desk, open_page
from tests.flows.officers import browser_report, case_path

ROWS: Final = 50
MESSAGES: Final = 200
TIMES: Final = 10
ROWS_AIM: Final = 500
CASE_AIM: Final = 1000

_WATCH: Final = """
    window.opened = [];
    new MutationObserver((changes) => {
        const now = performance.now();
        for (const { target } of changes) {
            if (target.matches('tr[data-opened]') || target.matches('[data-letter][data-mark]')) window.opened.push(now);
        }
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-opened', 'data-mark'] });
"""
# What was fetched last before anything was opened.
_WAITED: Final = """() => {
    const [page] = performance.getEntriesByType('navigation');
    const first = window.opened.at(0);
    const came = performance.getEntriesByType('resource').map((each) => each.responseEnd).filter((end) => end < first);
    return [Math.max(page.responseEnd, ...came), first, window.opened.at(-1)].map((at) => at - page.responseEnd);
}"""


def run(folder: Path) -> Iterator[str]:
    """Lines to print: medians and ranges in milliseconds."""
    with open_desk(folder) as desk, sync_playwright() as playwright:
        receipts = [browser_report(desk, f"Body of report {number}. " * 80, f"Subject of report {number}") for number in range(ROWS)]
        write_on(desk, receipts[0], MESSAGES - 1)
        chromium = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        with open_page(chromium, desk.url) as page:
            page.add_init_script(_WATCH)
            log_in(page, desk)
            rows = [_opened(page, "/desk/", ROWS) for _ in range(TIMES)]
            case = [_opened(page, case_path(receipts[0].case_id), MESSAGES) for _ in range(TIMES)]
        chromium.close()
    yield from _told(f"inbox of {ROWS} rows", rows, ROWS_AIM)
    yield from _told(f"case of {MESSAGES} messages", case, CASE_AIM)


def write_on(desk: Desk, receipt: Receipt, count: int) -> None:
    """So many more messages of the reporter's, each of 2 kB, whose writer had been shown everything before."""
    stored = followup.open_sealed(desk.ctx, desk.organisation, receipt.mailbox_key)
    entries = [each.entry for each in open_all(receipt, stored.messages)]
    keys = organisations.portal(desk.ctx, desk.organisation).channels[0].keys
    assert keys is not None
    readers = [HybridRecipient.parse(keys.recipient), receipt.identity.recipient]
    for number in range(count):
        seen = Seen(len(entries), digest(entries))
        payload = payloads.addition(receipt, f"Message {number}. " * 150, seen, desk.ctx.today())
        document = message.write(payload, receipt.signing)
        followup.post_sealed(desk.ctx, desk.organisation, receipt.mailbox_key, payload.id, seal_bytes(document, readers))
        entries.append(entry(message.read(document).envelope.signed))


def _opened(page: Page, path: str, count: int) -> tuple[float, float, float]:
    """From the page's last byte: until everything had come, until the first was opened, until the last was."""
    page.goto(path)
    page.wait_for_function("count => window.opened.length >= count", arg=count)
    came, first, last = page.evaluate(_WAITED)
    return float(came), float(first), float(last)


def _told(what: str, waited: Sequence[tuple[float, float, float]], aim: int) -> Iterator[str]:
    opening = [last - came for came, _, last in waited]
    yield f"{_line(f'{what}, opening them once all is there', opening)}  (aim {aim} ms, {met(statistics.median(opening) <= aim)})"
    yield _line(f"{what}, until the first can be read, in all", [first for _, first, _ in waited])
    yield _line(f"{what}, until the last can be read, in all", [last for _, _, last in waited])


def _line(name: str, times: Sequence[float]) -> str:
    return f"{name:62} {statistics.median(times):6.0f} ms ({min(times):.0f} to {max(times):.0f}, {len(times)} times)"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        lines = list(run(Path(name)))
    print(f"machine: {machine()}")
    for line in lines:
        print(line)


if __name__ == "__main__":
    main()
