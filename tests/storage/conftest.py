"""A database of either kind, without anything in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage import migrate
from app.storage.database import Database
from app.storage.engine import open_database
from tests.databases import Kind, databases


@pytest.fixture
def database(database_kind: Kind, tmp_path: Path) -> Iterator[Database]:
    """A migrated one."""
    with databases.lent(tmp_path / "data"):
        opened = open_database(databases.url(tmp_path / "data"), create_folder=True)
        migrate.upgrade(opened)
        yield opened
        opened.dispose()


@pytest.fixture
def empty(database_kind: Kind, tmp_path: Path) -> Iterator[Database]:
    """One without tables."""
    opened = open_database(databases.url(tmp_path / "empty"), create_folder=True)
    yield opened
    opened.dispose()
