"""Counts the work a verb does: the statements it sends to the database, and the SHA-256 it computes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from sqlalchemy import Engine, event


@dataclass
class Work:
    """What was done, the values left out."""

    statements: list[str] = field(default_factory=list)
    hashes: int = 0


@contextmanager
def work() -> Iterator[Work]:
    """Counts everything that happens in the block."""
    done = Work()
    real = hashlib.sha256

    def sha256(*arguments: Any, **named: Any) -> Any:
        done.hashes += 1
        return real(*arguments, **named)

    def before(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        done.statements.append(statement)

    event.listen(Engine, "before_cursor_execute", before)
    try:
        with mock.patch.object(hashlib, "sha256", sha256):
            yield done
    finally:
        event.remove(Engine, "before_cursor_execute", before)
