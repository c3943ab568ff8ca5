"""Looking at a page: axe in light and dark, whether it fits a narrow screen, and pictures for people to look at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "app/browser/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
PICTURES = ROOT / "screenshots"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PHONE, DESKTOP, NARROW, ENLARGED = 390, 1280, 320, 640


@dataclass(frozen=True)
class Looker:
    """Stops at a page and looks. `name` of each stop names its pictures.

    axe is a script: a page of a browser without JavaScript is looked at in `mirror`, a page with it that shows the same document.
    """

    page: Page
    folder: str
    mirror: Page | None = None

    def at(self, name: str) -> None:
        """axe finds nothing in light and dark, nothing is wider than 320 px; pictures at a phone's and a desktop's width are kept."""
        page = self._shown()
        before = page.viewport_size
        _fits(page, name, NARROW)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found = _axe(page)
            assert not found, f"{name}, {scheme}: {found}"
            for width in (PHONE, DESKTOP):
                self._picture(page, f"{name}-{width}-{scheme}", width)
        page.emulate_media(color_scheme="light")
        if before:
            page.set_viewport_size(before)

    def enlarged(self, name: str) -> None:
        """In forced colours and letters of twice the size, axe finds nothing and nothing is wider than 640 px."""
        page = self.page
        before = page.viewport_size
        page.emulate_media(forced_colors="active")
        page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        self._picture(page, f"{name}-forced-colours-200", ENLARGED)
        _fits(page, name, ENLARGED)
        found = _axe(page)
        page.evaluate("() => { document.documentElement.style.fontSize = ''; }")
        page.emulate_media(forced_colors="none")
        if before:
            page.set_viewport_size(before)
        assert not found, f"{name}, forced colours: {found}"

    def _shown(self) -> Page:
        if self.mirror is None:
            return self.page
        document = re.sub(r"</?noscript>|<script.*?</script>", "", self.page.content())
        address = self.page.url.partition("/")[2].partition("/")[2].partition("/")[0]
        self.mirror.route("**/mirror", lambda route: route.fulfill(body=document, content_type="text/html; charset=utf-8"))
        self.mirror.goto(f"http://{address}/mirror")
        self.mirror.unroute("**/mirror")
        return self.mirror

    def _picture(self, page: Page, name: str, width: int) -> None:
        page.set_viewport_size({"width": width, "height": 844})
        target = PICTURES / self.folder / f"{name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=target, full_page=True)


def _axe(page: Page) -> list[str]:
    if not page.evaluate("() => typeof window.axe === 'object'"):
        page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [f"{each['id']}: {node['target']}: {node['failureSummary']}" for each in found["violations"] for node in each["nodes"]]


def _fits(page: Page, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= width, f"{name} is {wide} px wide on a screen of {width}"
