"""A reporter at a browser without script: opens pages, fills forms, presses buttons."""

from __future__ import annotations

from typing import Any

from flask import Flask

from tests.web.page import Page

BASE = "http://localhost"
SUBJECT = "About the scaffold"
BODY = "The scaffold in the north hall\nhas no side boards."
TYPED: dict[str, str | list[str]] = {
    "subject": SUBJECT,
    "body": BODY.replace("\n", "\r\n"),
    "q-category": "Safety",
    "q-since-day": "2",
    "q-since-month": "11",
    "q-since-year": "2026",
    "q-known": ["Nobody", "A manager"],
}


class Reporter:
    """Talks to the application as a browser without script does."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client(use_cookies=False)

    def get(self, path: str, **headers: str) -> Page:
        return Page(self.client.get(path, base_url=BASE, headers=headers))

    def post(self, path: str, values: Any, **headers: str) -> Page:
        return Page(self.client.post(path, base_url=BASE, data=values, headers=headers))

    def json(self, path: str, value: Any) -> Any:
        return self.client.post(path, base_url=BASE, json=value)

    def check(self, **changes: Any) -> Page:
        """The check page of a whole report."""
        return self.post("/report/ethics/check", {**TYPED, **changes})

    def send(self, **changes: Any) -> Page:
        """The receipt page of a whole report."""
        return self.post("/report/ethics/send", self.check(**changes).form("/report/ethics/send"))

    def report(self) -> str:
        """Report, and keep the twelve words."""
        return words(self.send())

    def open(self, typed: str) -> Page:
        """The conversation of these words."""
        return self.post("/conversation", {"words": typed})


def words(receipt: Page) -> str:
    """The twelve words on a receipt page."""
    (grid,) = receipt.all("ol", class_="words")
    return " ".join(element.text for element in receipt.elements if element.tag == "li" and grid in element.parents)
