"""What one part of a sweep has to say, as it goes from the process that looked to the one that prints."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from tests.faults.sweep.searcher import Looked


@dataclass(frozen=True)
class Row:
    """One place: how much was looked at, and which kinds of secret were found, with the form of one."""

    place: str
    files: int
    bytes: int
    found: dict[str, str]

    @classmethod
    def of(cls, place: str, looked: Looked) -> Row:
        return cls(place, looked.files, looked.bytes, {needle.kind: needle.form for needle in looked.found})


@dataclass
class Result:
    """Of one stack, or of the control. `told`: what a reader should know; `amiss`: what makes the sweep fail."""

    name: str
    rows: list[Row] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    amiss: list[str] = field(default_factory=list)

    def add(self, place: str, looked: Looked) -> set[str]:
        """A row for a place; what was found there."""
        self.rows.append(Row.of(place, looked))
        return looked.kinds

    def write(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Result:
        said = json.loads(text)
        return cls(said["name"], [Row(**row) for row in said["rows"]], said["told"], said["amiss"])

    def table(self, *, expected: bool) -> str:
        """For people. `expected`: whether finding something is what was hoped for."""
        lines = [f"\n{self.name}", f"  {'looked in':<58} {'files':>6} {'MB':>8}  found"]
        for row in self.rows:
            found = f"{len(row.found)} kinds" if expected else "; ".join(f"{kind} ({form})" for kind, form in sorted(row.found.items()))
            lines.append(f"  {row.place:<58} {row.files:>6} {row.bytes / 1e6:>8.1f}  {found or '0'}")
        lines += [f"  - {line}" for line in self.told]
        lines += [f"  AMISS: {line}" for line in self.amiss]
        return "\n".join(lines)
