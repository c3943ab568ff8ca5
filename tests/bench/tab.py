"""Memory of a reporter's tab while a large file is sealed and sent, and while it is opened again. By hand: python -m tests.bench.tab [MiB]

Prints the most that the tab's process held above idle (anonymous memory, so array buffers are in it), and how long each way took.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.plainbrowser import PlainBrowser, PlainPage, plain_browser
from tests.flows.desks import open_desk
from tests.flows.reporters import FORM

MEBIBYTE = 2**20
FULL = 1024
MOST = 64
"""MiB above idle that a tab may take, whatever the size of the file."""
PATIENCE_SECONDS = 1800.0
READY = "document.querySelector('#way [data-state=browser]:not([hidden])')"
# In place of the person's choice of a place: a file of the browser's own, which is written to disk as it comes.
PICKER = """window.showSaveFilePicker = async () =>
  (await navigator.storage.getDirectory()).getFileHandle("saved", { create: true });"""


@dataclass(frozen=True)
class Figures:
    """One way: MiB above idle, and seconds."""

    mebibytes: float
    seconds: float


def anonymous(process: int) -> int:
    """Bytes of memory of a process's own."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:  # ended
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon:")), 0)


class Peak:
    """The most that one of some processes holds while a block runs, above what it held before: that of the page that works."""

    def __init__(self, processes: set[int]) -> None:
        self._before = {process: anonymous(process) for process in processes}
        self._most = 0
        self._began = time.monotonic()
        self._done = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[Peak]:
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        yield self
        self._done.set()
        thread.join()

    def figures(self) -> Figures:
        return Figures(round(self._most / MEBIBYTE, 1), round(time.monotonic() - self._began, 1))

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            for process, before in self._before.items():
                self._most = max(self._most, anonymous(process) - before)


def sparse(folder: Path, size: int) -> Path:
    """A file of zeros that takes no room."""
    path = folder / "large.bin"
    with path.open("wb") as file:
        file.truncate(size)
    return path


def send(browser: PlainBrowser, url: str, path: Path) -> tuple[str, Figures]:
    """Send the file with a report; the twelve words."""
    page = PlainPage(browser, url + FORM)
    page.wait(READY)
    page.run("document.querySelector('#body').value = 'A large file.'; document.querySelector('#q-category input').checked = true")
    with Peak(page.processes()).watched() as peak:
        page.choose("#files", path)
        page.wait("document.querySelector('[data-step=write] [data-file=complete]')", PATIENCE_SECONDS)
        figures = peak.figures()
    page.run("document.querySelector('[data-primary]').click()")
    page.run("document.querySelector('[data-send]').click()")
    words = "[...document.querySelectorAll('[data-step=receipt] .words li')].map((item) => item.textContent).join(' ')"
    page.wait(words)
    found = str(page.run(words))
    page.close()
    return found, figures


def fetch(browser: PlainBrowser, url: str, words: str) -> Figures:
    """Open it from the conversation."""
    page = PlainPage(browser, f"{url}/conversation", PICKER)
    page.wait(READY)
    page.run(f"document.querySelector('#words').value = '{words}'; document.querySelector('#words-form [data-primary]').click()")
    page.wait("document.querySelector('article.letter [data-open]')")
    with Peak(page.processes()).watched() as peak:
        page.run("document.querySelector('article.letter [data-open]').click()")
        page.wait("document.querySelector('article.letter [data-open][aria-disabled=false]')", PATIENCE_SECONDS)
        figures = peak.figures()
    said = page.run("document.querySelector('article.letter [data-slot=opening]').textContent")
    assert "It checks" in said, said
    page.close()
    return figures


def both_ways(url: str, path: Path) -> tuple[Figures, Figures]:
    """Up, then down, in a fresh browser and a tab each."""
    with plain_browser() as browser:
        words, up = send(browser, url, path)
        return up, fetch(browser, url, words)


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else FULL
    with tempfile.TemporaryDirectory(prefix="quietline-tab-") as folder, open_desk(Path(folder)) as desk:
        up, down = both_ways(desk.url, sparse(Path(folder), size * MEBIBYTE))
        print(f"{size} MiB up: {up}; down: {down}; at most {MOST} MiB above idle")


if __name__ == "__main__":
    main()
