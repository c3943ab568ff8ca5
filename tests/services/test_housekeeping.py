"""Nobody has to come back for what is over to be gone: sessions, keys of tickets, a journal that was being read, the order of arrival."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app.crypto.encoding import id_decode, new_id
from app.crypto.receipt import Receipt
from app.domain import LIMITS, CaseId, SealedBlob
from app.errors import StorageBusy, TicketExpired
from app.services import followup, housekeeping, officers, sessions
from app.storage import organisations, sqlite
from app.storage.arrivals import Arrival, add
from app.storage.models import DeskSession
from tests.databases import databases
from tests.services.letters import report, send
from tests.support import Clock, Place


def _rows(place: Place) -> int:
    with place.ctx.database.read() as session:
        return session.scalar(select(func.count()).select_from(DeskSession)) or 0


def test_it_deletes_what_expired_and_nothing_else(place: Place, clock: Clock) -> None:
    officers.login(place.ctx, place.id, "olivia", place.olivia.secrets.login)
    clock.move(seconds=LIMITS.idle_minutes * 60 - 1)
    housekeeping.tidy(place.ctx)
    assert _rows(place) == 1
    clock.move(seconds=2)
    housekeeping.tidy(place.ctx)
    assert _rows(place) == 0


def test_it_cuts_the_journal(place: Place) -> None:
    housekeeping.tidy(place.ctx)
    assert journal(place) == b""


def journal(place: Place) -> bytes:
    """What is in the journal; PostgreSQL's is not ours."""
    database = place.ctx.database
    return database.path.with_name(database.path.name + "-wal").read_bytes() if database.kind == "sqlite" else b""


def test_it_forgets_keys_of_tickets_that_nobody_asks_for(place: Place, clock: Clock) -> None:
    ticket = place.ctx.tickets.issue(clock(), place.id, "report", Receipt.generate())
    first = clock()
    clock.move(seconds=61 * 60)
    housekeeping.tidy(place.ctx)
    with pytest.raises(TicketExpired):
        place.ctx.tickets.open(first, place.id, "report", ticket)


def test_what_fails_does_not_keep_the_rest_from_being_done(place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise StorageBusy

    ticket = place.ctx.tickets.issue(clock(), place.id, "report", Receipt.generate())
    first = clock()
    clock.move(seconds=61 * 60)
    monkeypatch.setattr(sessions, "sweep", busy)
    with pytest.raises(StorageBusy):
        housekeeping.tidy(place.ctx)
    assert not place.ctx.database.mark_day(clock.today)  # the file was put in order
    assert journal(place) == b""
    with pytest.raises(TicketExpired):
        place.ctx.tickets.open(first, place.id, "report", ticket)


@pytest.mark.only_sqlite
def test_a_journal_that_was_being_read_at_a_withdrawal_is_cut_within_seconds(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "PRAGMAS", (*sqlite.PRAGMAS, "busy_timeout=50"))
    monkeypatch.setattr(housekeeping, "RETRY_SECONDS", 0.01)
    place.ctx.database.dispose()
    receipt = Receipt.generate()
    send(place, receipt)
    in_five_minutes = time.monotonic() + 300
    with place.ctx.database.read() as reader:
        organisations.all_of_them(reader)
        followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
        assert receipt.case_id.encode() in journal(place)
        assert place.ctx.journal_due.is_set()
        assert housekeeping.turn(place.ctx, in_five_minutes) == in_five_minutes
        assert place.ctx.journal_due.is_set()
    assert housekeeping.turn(place.ctx, in_five_minutes) == in_five_minutes
    assert journal(place) == b""
    assert receipt.case_id.encode() not in place.ctx.database.path.read_bytes()
    assert not place.ctx.journal_due.is_set()


def test_a_turn_tidies_when_it_is_due_and_says_when_the_next_is(place: Place) -> None:
    now = time.monotonic()
    due = housekeeping.turn(place.ctx, now)
    assert now + housekeeping.SECONDS_BETWEEN <= due <= time.monotonic() + housekeeping.SECONDS_BETWEEN
    assert journal(place) == b""


def arrive(place: Place, cases: list[CaseId]) -> dict[CaseId, bytes]:
    """Reports that come in this order, each with bytes of its own to be found in the file by."""
    sealed = {}
    for case in cases:
        message_id, real = report(place, Receipt.generate())
        sealed[case] = real
        mailbox = id_decode(case) * 2
        arrival = Arrival(case, place.ethics_id, mailbox, mailbox, message_id, 4096, SealedBlob(real))  # type: ignore[arg-type]
        with place.ctx.database.store() as connection:
            assert add(connection, place.id, arrival, place.ctx.today())
    place.ctx.cut_journal()
    return {case: blob[-24:] for case, blob in sealed.items()}


def by_place_in_the_file(place: Place, marks: dict[CaseId, bytes]) -> list[CaseId]:
    """The cases in the order in which the ends of their sealed reports lie in the raw file."""
    file = databases.raw(place.ctx.database)
    assert [file.count(mark) for mark in marks.values()] == [1] * len(marks)
    return sorted(marks, key=lambda case: file.index(marks[case]))


def test_the_file_keeps_the_order_of_arrival_only_until_the_day_is_over(place: Place, clock: Clock) -> None:
    housekeeping.tidy(place.ctx)
    drawn = sorted(CaseId(new_id()) for _ in range(12))
    came = [drawn[position * 5 % 12] for position in range(12)]
    marks = arrive(place, came)
    lying = by_place_in_the_file(place, marks)
    assert lying != drawn
    # PostgreSQL fills pages for each of its connections, so it keeps the order of each of them only.
    assert lying == came or place.ctx.database.kind == "postgresql"
    housekeeping.tidy(place.ctx)
    assert by_place_in_the_file(place, marks) == lying  # once a day is enough
    clock.move(days=1)
    databases.settle()
    housekeeping.tidy(place.ctx)
    assert by_place_in_the_file(place, marks) == drawn


def test_one_process_a_day_puts_the_file_in_order(place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[date] = []
    real = type(place.ctx.database).vacuum

    def counted(database: Any) -> bool:
        done.append(clock.today)
        return real(database)

    monkeypatch.setattr(type(place.ctx.database), "vacuum", counted)
    for days in (0, 0, 1, 0, 2):
        clock.move(days=days)
        housekeeping.tidy(place.ctx)
    assert len(done) == len(set(done)) == 3


def test_an_order_that_could_not_be_made_is_tried_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = arrive(place, sorted((CaseId(new_id()) for _ in range(5)), reverse=True))

    def busy(*_: object) -> bool:
        raise StorageBusy

    with monkeypatch.context() as patched:
        patched.setattr(type(place.ctx.database), "vacuum", busy)
        with pytest.raises(StorageBusy):
            housekeeping.tidy(place.ctx)
    databases.settle()
    housekeeping.tidy(place.ctx)
    assert by_place_in_the_file(place, marks) == sorted(marks)


def test_a_large_file_is_left_as_it_is(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    came = sorted((CaseId(new_id()) for _ in range(5)), reverse=True)
    marks = arrive(place, came)
    lying = by_place_in_the_file(place, marks)
    monkeypatch.setattr(type(place.ctx.database), "rewritten_below", place.ctx.database.size())
    housekeeping.tidy(place.ctx)
    assert by_place_in_the_file(place, marks) == lying != sorted(came)
