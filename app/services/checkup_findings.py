"""What a check came upon."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject`: what kind of thing; `text`: which one, by random ids or by its path, and what is wrong with it. With `harmless` it is only
    said."""

    subject: str
    text: str
    harmless: bool = False

    @property
    def line(self) -> str:
        return f"{self.subject}: {self.text}"
