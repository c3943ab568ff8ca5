"""What the monitor answers: whether the server lives and is ready, in plain words, and its metrics as Prometheus reads them.

No metric has a label that came with a request, and none moves with a single report (app/services/figures.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.services.context import Context
from app.services.figures import Figures
from app.services.quota import Shown
from app.services.readiness import Finding
from app.services.vitals import HANGS_AFTER, Workers

METRICS_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

_PREFIX: Final = "quietline_"


def health(found: Workers, wanted: int) -> tuple[bool, str]:
    """Whether all workers live, and what to say."""
    if found.hanging:
        return False, f"not live: {found.hanging} of {found.known} workers not heard of for {HANGS_AFTER} seconds\n"
    if found.known < wanted:
        return False, f"not live: {found.known} of {wanted} workers are there\n"
    return True, f"live: {found.known} workers\n"


def readiness(findings: Iterable[Finding], storage: Finding | None) -> tuple[bool, str]:
    """Whether everything needed is there, and a line for each thing."""
    needed = list(findings)
    ready = all(each.ok for each in needed)
    listed = needed if storage is None else [*needed, storage]
    return ready, "\n".join(["ready" if ready else "not ready", *map(_line, listed), ""])


def metrics(
    ctx: Context, figures: Figures | None, storage: Shown | None, findings: Sequence[Finding], shared: Finding | None = None
) -> bytes:
    """The exposition. `figures` is None while no finished day can be counted, `storage` where no limit is set or nothing can be said,
    `shared` where there is no Redis."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once([*_technical(ctx, findings), *_shared(shared), *_storage(storage), *_of_day(figures)]))
    return generate_latest(registry)


class _Once(Collector):
    def __init__(self, families: Sequence[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families


def _line(finding: Finding) -> str:
    return f"{finding.name}: {'ok' if finding.ok else f'not ok, {finding.says}'}"


def _technical(ctx: Context, findings: Sequence[Finding]) -> Iterator[GaugeMetricFamily]:
    found = ctx.vitals.workers()
    yield _gauge("workers", "Workers that answer.", found.known - found.hanging)
    yield _gauge("workers_wanted", "Workers that there should be.", ctx.settings.workers)
    ready = GaugeMetricFamily(f"{_PREFIX}ready", "1 where the server can work with it.", labels=["check"])
    for each in findings:
        ready.add_metric([each.name.replace(" ", "_")], float(each.ok))
    yield ready
    tidied = ctx.vitals.last_tidied()
    if tidied is not None:
        yield _gauge("housekeeping_day_seconds", "Midnight of the UTC day on which housekeeping last went well.", _midnight(tidied))


def _shared(found: Finding | None) -> Iterator[GaugeMetricFamily]:
    if found is not None:
        yield _gauge("redis_answers", "1 where Redis does; while it does not, each server counts by itself.", float(found.ok))


def _storage(found: Shown | None) -> Iterator[GaugeMetricFamily]:
    if found is not None:
        yield _gauge("storage_limit_bytes", "What is set aside for sealed files.", found.limit)
        yield _gauge("storage_used_ratio", "How much of it is used, in steps of 0.05, looked at once a UTC day.", found.percent / 100)


def _of_day(found: Figures | None) -> Iterator[GaugeMetricFamily]:
    if found is None:
        return
    yield _gauge("last_day_seconds", "When the last finished UTC day began; all last_day figures are of that day.", _midnight(found.day))
    yield _gauge("last_day_reports", "Reports received on that day.", found.reports)
    yield _gauge("last_day_messages", "Messages of either side on that day, reports and notes not among them.", found.messages)
    yield _gauge("last_day_files", "Files that came with reports, messages and notes of that day.", found.files)
    yield _gauge("last_day_errors_known", "1 where errors were counted for the whole of that day.", float(found.errors is not None))
    if found.errors is not None:
        errors = GaugeMetricFamily(f"{_PREFIX}last_day_errors", "What went wrong on that day, by kind.", labels=["kind"])
        for kind, count in found.errors.items():
            errors.add_metric([kind], count)
        yield errors
    yield _gauge("database_bytes", "Size of the database after that day, upwards in steps of 16 MiB.", found.database_bytes)
    yield _gauge("disk_free_bytes", "Free bytes where sealed files lie after that day, rounded down to two digits.", found.disk_free_bytes)


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, about, value=value)


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
