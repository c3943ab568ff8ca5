"""Files are shed first: beyond the bucket an upload is told to come again, and text reports are taken as ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from app.factory import create_app
from app.services.buckets import Bucket, MemoryBuckets, Rate
from app.services.redis_counters import RedisBuckets
from app.services.redis_link import RedisLink
from tests.redis_server import Server
from tests.support import Place
from tests.web.filling import Chosen, submit
from tests.web.reporter import Reporter
from tests.web.test_uploads import SEALED, Tus, says

TEXT = {"subject": "Doors", "body": "The doors are locked.", "q-category": "Safety"}
SMALL = {bucket: Rate(places=1, grain=30, burst=2) for bucket in Bucket}


class Tick:
    def __init__(self) -> None:
        self.now = 600.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def tick() -> Tick:
    return Tick()


@pytest.fixture
def app(place: Place, tick: Tick) -> Flask:
    """With room for two uploads, of which one is gone."""
    made = create_app(place.ctx.settings, replace(place.ctx, buckets=MemoryBuckets(SMALL, tick)))
    Tus(made).begin()
    return made


def test_beyond_the_bucket_an_upload_comes_again_and_then_gets_through(app: Flask, tick: Tick) -> None:
    tus = Tus(app)
    begun = tus.begin()
    tick.now += 0.5
    for _ in range(3):
        answer = tus.ask("POST", "/uploads", Upload_Length=str(len(SEALED)))
        says(answer, 503, "storage_busy")
        assert answer.headers["Retry-After"] == "30"
    assert tus.patch(begun, 0, SEALED).status_code == 204  # what has been begun goes on
    tick.now += float(answer.headers["Retry-After"])
    assert tus.patch(tus.begin(), 0, SEALED).status_code == 204


def test_two_servers_with_one_redis_shed_what_is_too_much_for_both(place: Place) -> None:
    rates = {bucket: Rate(places=1, grain=3600, burst=5) for bucket in Bucket}
    with Server() as server:
        clients = []
        for _ in range(2):
            shared = RedisBuckets(RedisLink(server.url), MemoryBuckets(), rates)
            clients.append(Tus(create_app(place.ctx.settings, replace(place.ctx, buckets=shared))))
        answers = [each.ask("POST", "/uploads", Upload_Length=str(len(SEALED))).status_code for _ in range(5) for each in clients]
        assert answers.count(201) in (5, 6)  # an hour of the clock may end just then
        assert answers.count(503) == 10 - answers.count(201)
        server.kill()
        assert {each.ask("POST", "/uploads", Upload_Length=str(len(SEALED))).status_code for each in clients} == {201}


def test_it_is_counted_as_busy_and_no_line_a_refusal_is_logged(app: Flask, place: Place, caplog: pytest.LogCaptureFixture) -> None:
    tus = Tus(app)
    place.ctx.vitals.began(place.ctx.today() - timedelta(days=1))
    tus.begin()
    tus.ask("POST", "/uploads", Upload_Length=str(len(SEALED)))
    counted = place.ctx.vitals.counted(place.ctx.today())
    assert counted is not None
    assert counted["storage_busy"] == 1
    assert caplog.text == ""


def test_reports_are_taken_while_the_bucket_is_empty_also_with_files_in_a_form(app: Flask, place: Place) -> None:
    Tus(app).begin()
    reporter = Reporter(app)
    for _ in range(5):
        assert submit(reporter, "/report/ethics/check", TEXT).status == 200
    assert submit(reporter, "/report/ethics/check", TEXT, Chosen("plan.txt", b"x" * 1000)).status == 200
    says(Tus(app).ask("POST", "/uploads", Upload_Length=str(len(SEALED))), 503, "storage_busy")
