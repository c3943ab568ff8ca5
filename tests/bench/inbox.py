"""How long an officer waits for the inbox: from the page's last byte to the first and to the last of 50 rows opened, in Chromium."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from tests.bench.serving import machine
from tests.chromium import ARGUMENTS, executable
from tests.flows.desks import log_in, open_desk, open_page
from tests.flows.officers import browser_report

ROWS: Final = 50
TIMES: Final = 10

_WATCH: Final = """
    window.opened = [];
    new MutationObserver((changes) => {
        const now = performance.now();
        for (const { target } of changes) if (target.matches('tr[data-opened]')) window.opened.push(now);
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-opened'] });
"""
_WAITED: Final = """() => {
    const [page] = performance.getEntriesByType('navigation');
    return [window.opened.at(0), window.opened.at(-1)].map((at) => at - page.responseEnd);
}"""


def run(folder: Path) -> list[str]:
    """Lines to print: medians and ranges in milliseconds."""
    with open_desk(folder) as desk, sync_playwright() as playwright:
        for number in range(ROWS):
            browser_report(desk, f"Body of report {number}. " * 80, f"Subject of report {number}")
        chromium = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        with open_page(chromium, desk.url) as page:
            page.add_init_script(_WATCH)
            log_in(page, desk)
            waited = [_opened(page) for _ in range(TIMES)]
        chromium.close()
    first, last = zip(*waited, strict=True)
    opening = [end - start for start, end in waited]
    return [_line("first row opened", first), _line(f"last of {ROWS} rows opened", last), _line("from the first to the last", opening)]


def _opened(page: Page) -> tuple[float, float]:
    page.goto("/desk/")
    page.wait_for_function("rows => window.opened.length === rows", arg=ROWS)
    first, last = page.evaluate(_WAITED)
    return float(first), float(last)


def _line(name: str, times: Sequence[float]) -> str:
    return f"{name:34} {statistics.median(times):8.0f} ms ({min(times):.0f} to {max(times):.0f}, {len(times)} times)"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        lines = run(Path(name))
    print(f"machine: {machine()}")
    print(f"inbox of {ROWS} rows in Chromium, from the end of the page's response")
    for line in lines:
        print(line)


if __name__ == "__main__":
    main()
