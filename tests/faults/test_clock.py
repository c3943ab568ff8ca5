"""A clock that is a day or ten years off, either way, loses nothing that was acknowledged, and leaves nothing open."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.crypto.receipt import Receipt
from app.domain import CaseId, Outcome
from app.errors import ClockJumped, NoConversation, ReportWithdrawn, TicketExpired
from app.services import files, followup, housekeeping, intake, officers, sessions
from app.services.clock import MOST_DAYS, REST_DAYS
from app.services.tickets import TicketBox
from app.storage.models import DeskSession, Tombstone
from tests.cli.runner import ROOT
from tests.faults.house import House, opened
from tests.faults.senders import Plain, Sealed
from tests.portal import Portal
from tests.services.letters import close, report, send
from tests.services.sealed_files import rows, upload_for
from tests.services.test_retention import DAYS, closed, keep_for, present
from tests.support import Clock, Place

DECADE = 3652
LIBRARY = next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), "")
OFF = (1, -1, DECADE, -DECADE)
pytestmark = pytest.mark.both_databases


def tidy_daily(place: Place, clock: Clock, days: int) -> None:
    for _ in range(days):
        clock.move(days=1)
        housekeeping.tidy(place.ctx)


def test_a_clock_ten_years_ahead_deletes_no_closed_case_before_a_week_has_gone_by(place: Place, clock: Clock) -> None:
    keep_for(place, DAYS)
    housekeeping.tidy(place.ctx)
    case = closed(place).case_id
    clock.move(days=DECADE)
    with pytest.raises(ClockJumped):
        housekeeping.tidy(place.ctx)
    housekeeping.tidy(place.ctx)  # said once
    tidy_daily(place, clock, REST_DAYS - 1)
    assert present(place) == {case}
    tidy_daily(place, clock, 1)  # a machine that was off for so long goes on as it should
    assert present(place) == set()


def test_a_clock_that_is_set_right_in_that_week_has_deleted_nothing(place: Place, clock: Clock) -> None:
    keep_for(place, DAYS)
    housekeeping.tidy(place.ctx)
    receipt = closed(place)
    withdrawn = Receipt.generate()
    send(place, withdrawn)
    followup.withdraw(place.ctx, place.id, withdrawn.mailbox_key)
    right = clock.now
    clock.move(days=DECADE)
    with pytest.raises(ClockJumped):
        housekeeping.tidy(place.ctx)
    tidy_daily(place, clock, 2)
    clock.now = right
    with pytest.raises(ClockJumped):
        housekeeping.tidy(place.ctx)
    assert present(place) == {receipt.case_id}
    with pytest.raises(ReportWithdrawn):  # and what is left of the deleted is there too
        intake.accept_sealed(place.ctx, place.id, place.ethics_id, withdrawn.case_id, withdrawn.mailbox_key, *report(place, withdrawn))
    tidy_daily(place, clock, DAYS)
    assert present(place) == set()


@pytest.mark.parametrize("step", [1, MOST_DAYS])
def test_a_weekend_without_power_delays_no_deletion(place: Place, clock: Clock, step: int) -> None:
    keep_for(place, 2 * step)
    housekeeping.tidy(place.ctx)
    closed(place)
    for left in (1, 0):
        clock.move(days=step)
        housekeeping.tidy(place.ctx)
        assert len(present(place)) == left


def test_the_week_is_the_databases_and_not_one_processs(place: Place, clock: Clock) -> None:
    assert place.ctx.database.note_days(lambda note: note) == (0, 0)
    assert place.ctx.database.note_days(lambda note: note + 5_900_000) == (0, 5_900_000)
    place.ctx.database.vacuum()
    assert place.ctx.database.note_days(lambda note: 7) == (5_900_000, 7)


@pytest.mark.parametrize("days", OFF)
def test_what_was_acknowledged_opens_whatever_day_it_is(place: Place, clock: Clock, days: int) -> None:
    receipt, gone = Receipt.generate(), Receipt.generate()
    send(place, gone)
    followup.withdraw(place.ctx, place.id, gone.mailbox_key)
    named = closed(place)
    send(place, receipt)
    upload_for(place, receipt)  # which no message names
    housekeeping.tidy(place.ctx)
    for step in (days, -days):
        clock.move(days=step)
        with suppress(ClockJumped):
            housekeeping.tidy(place.ctx)
        assert followup.open_plain(place.ctx, place.id, receipt).checked[0].payload is not None
        (file,) = rows(place)[1]
        assert files.sealed_for_reporter(place.ctx, place.id, named.mailbox_key, file).length
        with pytest.raises(NoConversation):
            followup.open_sealed(place.ctx, place.id, gone.mailbox_key)
        late = Receipt.generate()
        send(place, late)
        close(place, place.olivia, late, Outcome.NO_ANSWER)
        assert late.case_id in present(place)
    with place.ctx.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Tombstone)) == 1


@pytest.mark.parametrize("days", [1, DECADE])
def test_a_session_of_a_clock_that_was_ahead_ends_when_it_is_set_right(place: Place, clock: Clock, days: int) -> None:
    clock.move(days=days)
    tokens = [officers.login(place.ctx, place.id, "olivia", place.olivia.secrets.login).session_token for _ in range(2)]
    clock.move(days=-days)
    assert sessions.load(place.ctx, place.id, tokens[0]) is None
    housekeeping.tidy(place.ctx)
    with place.ctx.database.read() as session:
        assert session.scalar(select(func.count()).select_from(DeskSession)) == 0


def test_a_ticket_of_a_clock_that_was_ahead_is_good_for_an_hour_and_not_for_years(place: Place, clock: Clock) -> None:
    box = TicketBox()
    clock.move(days=DECADE)
    ticket = box.issue(clock(), place.id, "report", Receipt.generate())
    clock.move(days=-DECADE)
    box.open(clock(), place.id, "report", ticket)  # whoever holds one goes on
    clock.move(seconds=3600)
    with pytest.raises(TicketExpired):
        box.open(clock(), place.id, "report", ticket)


@pytest.mark.only_sqlite  # it is the same program
@pytest.mark.skipif(not LIBRARY, reason="faketime is not installed")
def test_the_program_itself_with_a_clock_off_by_ten_years_either_way(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        house.send(Plain(1000))
        (case,) = close_all(house)
        for step in (f"+{DECADE}d", f"-{DECADE}d", ""):
            restart(house, step)
            house.send(Plain())
            house.send(Sealed(house.keys, 1000))
            house.check()
            tidied(house, step)
            house.check()
        assert case in present(house.place)
        log = house.portal.log.read_text()
    assert "rror" not in log, log


def close_all(house: House) -> list[CaseId]:
    """Close every case, in a channel that keeps closed ones for a month."""
    keep_for(house.place, DAYS)
    for promise in house.promises:
        close(house.place, house.place.olivia, promise.receipt, Outcome.NO_ANSWER)
    housekeeping.tidy(house.place.ctx)
    return [promise.receipt.case_id for promise in house.promises]


def off_by(step: str) -> dict[str, str]:
    """The environment of a program whose clock is so far off."""
    return {"LD_PRELOAD": LIBRARY, "FAKETIME": step} if step else {}


def restart(house: House, step: str) -> None:
    """The portal once more, with the clock so far off."""
    house.portal.stop()
    house.portal = Portal({**house.environment, **off_by(step)}, house.folder / "log")
    house.portal.start()


def tidied(house: House, step: str) -> None:
    """What housekeeping does at that time."""
    script = "import os; from app.settings import from_env; from app.factory import make_context; from app.services import housekeeping"
    script += "; ctx = make_context(from_env(os.environ)); print(ctx.today()); housekeeping.tidy(ctx); ctx.database.dispose()"
    env = {**house.environment, **off_by(step)}
    done = subprocess.run([sys.executable, "-c", script], env=env, cwd=ROOT, capture_output=True, text=True)
    assert "ClockJumped" in done.stderr, done.stderr
    day = date.fromisoformat(done.stdout.strip())
    assert abs(day - house.place.ctx.today() - timedelta(days=int(step.strip("d") or 0))) <= timedelta(days=1)
