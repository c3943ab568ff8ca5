"""The application on a place of its own, and a reporter's browser without script."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from app.factory import create_app
from tests.support import Place
from tests.web.reporter import Reporter


@pytest.fixture
def app(place: Place) -> Flask:
    return create_app(place.ctx.settings, place.ctx)


@pytest.fixture
def reporter(app: Flask) -> Reporter:
    return Reporter(app)


@pytest.fixture
def small(place: Place) -> Reporter:
    """A reporter of a portal that takes only small files, and few at once."""
    settings = replace(place.ctx.settings, upload_bytes=100_000, form_upload_bytes=400_000)
    return Reporter(create_app(settings, replace(place.ctx, settings=settings)))
