"""Reading the vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "vectors"

Case = dict[str, Any]  # a test's JSON, whatever it holds


def load(name: str) -> Case:
    """A whole vector file."""
    content: Case = json.loads((FOLDER / name).read_text(encoding="ascii"))
    return content


def cases(name: str, key: str) -> list[Case]:
    """One list of a vector file."""
    listed: list[Case] = load(name)[key]
    return listed


def about(case: object) -> str:
    """A case's name in the test report."""
    return str(case["about"]) if isinstance(case, dict) and "about" in case else "case"
