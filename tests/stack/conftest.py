"""One stack and one Chromium for each process that runs these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.stack import Stack
from tests.stack.visiting import launch

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """From deploy/, on PostgreSQL, with an organisation and an officer."""
    with Stack() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright, stack: Stack) -> Iterator[Browser]:
    launched = launch(playwright, stack)
    yield launched
    launched.close()
