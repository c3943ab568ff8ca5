"""The application on a place of its own, reached over https, and browsers in which Olivia and Nathan are logged in."""

from __future__ import annotations

import pytest
from flask import Flask

from app.factory import create_app
from app.services import configuration
from app.services.configuration import parse_toml
from tests.support import TWO_CHANNELS, Place
from tests.web.desk.helpers import BASE, Browser


@pytest.fixture
def app(place: Place) -> Flask:
    host = BASE.removeprefix("https://")
    toml = f'hosts = ["{host}", "127.0.0.1", "localhost", "plain.example"]\nonion = "http://{"a" * 56}.onion"\n{TWO_CHANNELS}'
    configuration.configure(place.ctx, place.id, parse_toml(toml))
    return create_app(place.ctx.settings, place.ctx)


@pytest.fixture
def nobody(app: Flask) -> Browser:
    """A browser in which nobody is logged in."""
    return Browser(app)


@pytest.fixture
def olivia(app: Flask, place: Place) -> Browser:
    browser = Browser(app)
    assert browser.log_in(place.olivia).status_code == 200
    return browser


@pytest.fixture
def nathan(app: Flask, place: Place) -> Browser:
    """An officer of another channel: no access to what Olivia reads."""
    browser = Browser(app)
    assert browser.log_in(place.nathan).status_code == 200
    return browser
