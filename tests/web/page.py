"""A page as a person without script has it: what it says, its fields, and its forms with what a browser would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = frozenset({"input", "link", "meta", "br", "hr", "img"})


@dataclass
class Element:
    """One element, with everything written inside it."""

    tag: str
    attributes: dict[str, str]
    parents: tuple[Element, ...] = field(repr=False, default=())
    raw: str = field(default="", repr=False)

    @property
    def text(self) -> str:
        return " ".join(self.raw.split())

    def inside(self, tag: str) -> bool:
        return any(parent.tag == tag for parent in self.parents)

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.attributes


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1].tag == tag, f"</{tag}> closes nothing"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.raw += data


class Page:
    """The parsed answer of the test client. Unbalanced markup is an error."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.html: str = response.get_data(as_text=True)
        reader = _Reader()
        reader.feed(self.html.replace("\r\n", "\n"))  # as every browser reads a page
        assert not reader.open, "not every element is closed"
        self.elements = reader.elements

    @property
    def text(self) -> str:
        """What is shown: nothing from templates and hidden elements."""
        return self.one("html").text

    def all(self, tag: str | None = None, **attributes: str | bool) -> list[Element]:
        """Elements with this tag and these attributes (True: present; _ stands for -)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [element for element in self.elements if (tag is None or element.tag == tag) and _matches(element, wanted)]

    def one(self, tag: str | None = None, **attributes: str | bool) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag} {attributes}"
        return found[0]

    def focused(self) -> Element:
        """Where the page puts the focus."""
        return self.one(autofocus=True)

    def form(self, action: str) -> dict[str, list[str]]:
        """What a browser would send from the form with this action, before anything is typed or chosen."""
        form = self.one("form", action=action)
        values: dict[str, list[str]] = {}
        for element in self.elements:
            if form in element.parents and (name := element.get("name")) and element.tag in {"input", "textarea"}:
                if element.get("type") == "file" or (element.get("type") in {"radio", "checkbox"} and "checked" not in element):
                    continue
                value = element.raw.removeprefix("\n") if element.tag == "textarea" else element.get("value") or ""
                values.setdefault(name, []).append(value)
        return values


def _matches(element: Element, wanted: dict[str, str | bool]) -> bool:
    return all(name in element if value is True else element.get(name) == value for name, value in wanted.items())
