"""Looking for times: what is finer than a day is recognised in every way to write it, and a day is not."""

from __future__ import annotations

import base64
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.crypto.encoding import new_id
from tests.faults.sweep import days

NOW = time.time()
MIDNIGHT = int(NOW) // days.DAY * days.DAY


def dated(head: bytes) -> str:
    return base64.b32encode(head.ljust(16, b"\x55")).decode().rstrip("=").lower()


def _kind(value: object) -> str:
    """The name of a case: the same in every process of a run, unlike the value."""
    return type(value).__name__


@pytest.mark.parametrize(
    "value",
    [
        MIDNIGHT + 1,
        (MIDNIGHT + 60) * 1000,
        NOW * 1e6,
        datetime(2026, 11, 22, 4, 12, tzinfo=UTC),
        "2026-11-22T04",
        "at 4:12",
        "seen 04:12:47",
        str(MIDNIGHT + 5),
        dated(int(NOW).to_bytes(4, "big")),
        dated(int(NOW * 1000).to_bytes(6, "big")),
    ],
    ids=_kind,
)
def test_a_finer_time_is_recognised(value: Any) -> None:
    assert days.is_finer(value, NOW)


@pytest.mark.parametrize(
    "value",
    [None, True, 7, MIDNIGHT, MIDNIGHT * 1000, date(2026, 11, 22), "2026-11-22", "age1pq1", new_id(), b"\1", 4096],
    ids=_kind,
)
def test_a_day_and_what_is_no_time_are_not(value: Any) -> None:
    assert not days.is_finer(value, NOW)
