"""Room for files that runs out: administrators are told at the desk, and nobody else."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import update

from app.domain import OfficerRole
from app.factory import create_app
from app.services.quota import Quota
from app.storage.models import Officer
from tests.services.sealed_files import seal_for, strangers, upload
from tests.support import Clock, Place
from tests.web.desk.helpers import Browser, Elements

LIMIT = 1_000_000


@pytest.fixture
def limited(place: Place, app: Flask) -> Place:
    """The same place with a limit. Nathan is an administrator."""
    settings = replace(place.ctx.settings, storage_bytes=LIMIT)
    with place.ctx.database.write() as session:
        session.execute(update(Officer).where(Officer.id == place.nathan.id).values(role=OfficerRole.ADMINISTRATOR.value))
    return replace(place, ctx=replace(place.ctx, settings=settings, quota=Quota()))


def page(place: Place, person: str) -> str:
    browser = Browser(create_app(place.ctx.settings, place.ctx))
    browser.log_in(getattr(place, person))
    return browser.get("/desk/").text


def notices(text: str) -> int:
    return len(Elements(text).with_attribute("data-storage"))


def fill(place: Place, size: int) -> None:
    upload(place, seal_for(strangers(2), os.urandom(size)))


def test_administrators_and_only_they_are_told_from_eighty_per_cent_on(limited: Place, clock: Clock) -> None:
    fill(limited, 700_000)
    assert notices(page(limited, "nathan")) == 0
    fill(limited, 100_000)
    assert notices(page(limited, "nathan")) == 0, "nothing moves within a day"
    clock.move(days=1)
    text = page(limited, "nathan")
    assert notices(text) == 1
    assert "About 80 % of the 1 MB set aside for files" in text
    assert "QUIETLINE_STORAGE_BYTES" in text
    assert notices(page(limited, "olivia")) == 0


def test_nobody_is_told_where_no_limit_is_set(place: Place, limited: Place) -> None:
    fill(place, 900_000)
    assert notices(page(place, "nathan")) == 0
