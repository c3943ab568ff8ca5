"""What a scraper that comes every few seconds learns: of today, nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.cli import monitor_text
from app.crypto.receipt import Receipt
from app.services import followup, intake, quota
from app.services.context import Context
from app.services.figures import LastDay
from app.services.readiness import Finding
from app.services.vitals import Workers
from tests.services.letters import report, send
from tests.services.sealed_files import upload_for
from tests.support import Clock, Place

FINDINGS = [Finding("database", True), Finding("disk space", False, "it is full")]


class Scraper:
    """The monitor's part that has to do with days."""

    def __init__(self, ctx: Context) -> None:
        self._ctx, self._last_day = ctx, LastDay()

    def __call__(self) -> bytes:
        return monitor_text.metrics(self._ctx, self._last_day.figures(self._ctx), quota.shown(self._ctx), FINDINGS)


def value(text: bytes, name: str, **labels: str) -> float:
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            if sample.name == f"quietline_{name}" and sample.labels == labels:
                return sample.value
    raise KeyError(name)


@pytest.fixture
def limited(place: Place) -> Place:
    ctx = replace(place.ctx, settings=replace(place.ctx.settings, storage_bytes=2 * 1024 * 1024, upload_bytes=512 * 1024))
    ctx.vitals.began(datetime(2026, 11, 1, tzinfo=UTC).date())
    return replace(place, ctx=ctx)


def everything_happens(place: Place) -> Receipt:
    """Two reports, one of them with a file, an error of each kind; one report is withdrawn."""
    kept, withdrawn = Receipt.generate(), Receipt.generate()
    file = upload_for(place, kept, b"x" * 300_000)
    message, sealed = report(place, kept)
    intake.accept_sealed(place.ctx, place.id, place.ethics_id, kept.case_id, kept.mailbox_key, message, sealed, [file])
    send(place, withdrawn)
    place.ctx.vitals.count("storage_busy", place.ctx.today())
    followup.withdraw(place.ctx, place.id, withdrawn.mailbox_key)
    return kept


def test_where_there_is_a_redis_it_says_whether_that_answers_and_nothing_else_of_it(limited: Place) -> None:
    texts = [
        monitor_text.metrics(limited.ctx, None, None, FINDINGS, shared)
        for shared in (None, Finding("redis", True), Finding("redis", False))
    ]
    assert b"redis" not in texts[0]
    assert [value(text, "redis_answers") for text in texts[1:]] == [1.0, 0.0]
    assert value(texts[2], "ready", check="database") == 1.0


def test_nothing_moves_on_the_day_on_which_it_happens_and_the_day_after_tells_it_once(limited: Place, clock: Clock) -> None:
    scrape = Scraper(limited.ctx)
    before = scrape()
    receipt = everything_happens(limited)
    assert scrape() == before
    clock.move(seconds=12 * 3600 + 599)  # just before ten past midnight
    assert value(scrape(), "last_day_seconds") == value(before, "last_day_seconds")
    clock.move(seconds=1)
    after = scrape()
    counts = {"last_day_reports": 1, "last_day_messages": 0, "last_day_files": 1, "last_day_errors_known": 1}
    assert {name: value(after, name) for name in counts} == counts
    assert value(after, "last_day_errors", kind="storage_busy") == 1
    assert value(after, "last_day_seconds") == datetime(2026, 11, 21, tzinfo=UTC).timestamp()
    assert value(before, "last_day_reports") == 0
    followup.withdraw(limited.ctx, limited.id, receipt.mailbox_key)
    send(limited, Receipt.generate())
    assert scrape() == after


def test_a_clock_that_is_set_back_brings_no_new_sample(limited: Place, clock: Clock) -> None:
    scrape = Scraper(limited.ctx)
    before = scrape()
    send(limited, Receipt.generate())
    clock.move(days=-1)
    assert value(scrape(), "last_day_seconds") == value(before, "last_day_seconds")


def test_errors_of_a_day_with_a_start_in_it_are_said_to_be_unknown(limited: Place, clock: Clock) -> None:
    limited.ctx.vitals.began(clock.today)
    limited.ctx.vitals.count("internal", clock.today)
    clock.move(days=1)
    text = Scraper(limited.ctx)()
    assert value(text, "last_day_errors_known") == 0
    assert b"quietline_last_day_errors{" not in text


def test_it_can_be_read_as_prometheus_reads_it_and_labels_are_ours(limited: Place) -> None:
    text = Scraper(limited.ctx)()
    families = list(text_string_to_metric_families(text.decode()))
    assert all(each.type == "gauge" and each.documentation and each.samples for each in families)
    labels = {(name, wanted) for each in families for sample in each.samples for name, wanted in sample.labels.items()}
    kinds = {("kind", each) for each in ("internal", "storage_busy", "no_room", "worker_lost")}
    assert labels == kinds | {("check", "database"), ("check", "disk_space")}
    assert value(text, "ready", check="disk_space") == 0
    assert value(text, "database_bytes") % (16 * 1024 * 1024) == 0
    assert len(f"{value(text, 'disk_free_bytes'):.0f}".rstrip("0")) <= 2


def test_health_is_of_all_workers() -> None:
    assert monitor_text.health(Workers(2, 0), 2) == (True, "live: 2 workers\n")
    assert monitor_text.health(Workers(2, 1), 2) == (False, "not live: 1 of 2 workers not heard of for 10 seconds\n")
    assert monitor_text.health(Workers(1, 0), 2) == (False, "not live: 1 of 2 workers are there\n")


def test_storage_that_fills_up_is_told_and_is_no_reason_not_to_be_ready() -> None:
    ready = [FINDINGS[0]]
    filling = Finding("storage quota", False, "about 80 % used")
    assert monitor_text.readiness(ready, filling) == (True, "ready\ndatabase: ok\nstorage quota: not ok, about 80 % used\n")
    assert monitor_text.readiness(FINDINGS, None) == (False, "not ready\ndatabase: ok\ndisk space: not ok, it is full\n")
