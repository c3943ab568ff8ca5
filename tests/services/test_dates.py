from __future__ import annotations

from datetime import UTC, date

import pytest

from app.services.dates import acknowledge_by, add_months, feedback_by, utc_now


def test_a_report_is_acknowledged_within_seven_days() -> None:
    assert acknowledge_by(date(2026, 12, 28)) == date(2027, 1, 4)


def test_feedback_is_due_three_months_after_the_acknowledgement() -> None:
    assert feedback_by(date(2026, 11, 21), date(2026, 11, 23)) == date(2027, 2, 23)


def test_feedback_of_an_unacknowledged_report_counts_from_the_last_day_to_acknowledge() -> None:
    assert feedback_by(date(2026, 11, 21), None) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 10, 31), 3, date(2027, 1, 31)),
        (date(2026, 9, 15), 3, date(2026, 12, 15)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_the_month(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_the_clock_is_utc() -> None:
    assert utc_now().tzinfo is UTC
