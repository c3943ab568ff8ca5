"""Fixtures for journeys: one real Chromium for the whole run, and a real portal with open channels and an officer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.chromium import ARGUMENTS, executable
from tests.databases import Kind
from tests.flows.desks import Desk, open_desk, open_page
from tests.flows.reporters import Line, open_line

# Several browsers share two cores with the servers they talk to; what comes is still waited for no longer than it takes.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium; a test makes a context of its own in it."""
    browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(autouse=True, scope="session")
def on_a_database(database_kind: Kind) -> Kind:
    """Every flow runs on the database that the run, or the test's marks, ask for."""
    return database_kind


@pytest.fixture(scope="module")
def desk(database_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A served demo: two open channels and one officer. One a module; each test makes the cases it needs."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture
def page(chromium: Browser, desk: Desk) -> Iterator[Page]:
    """A page in a fresh browser context, which fails the test when the page's script threw."""
    with open_page(chromium, desk.url) as opened:
        yield opened


@pytest.fixture
def line(chromium: Browser, desk: Desk) -> Iterator[Line]:
    """A reporter's page, with everything that leaves it recorded; fails the test when the page's script threw."""
    with open_line(chromium, desk) as opened:
        yield opened
