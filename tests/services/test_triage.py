"""Olivia works on the cases of the ethics team. Nathan, an officer of another channel, has no access to any of them, in any way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import delete

from app.crypto.alias import alias
from app.crypto.encoding import new_id
from app.crypto.receipt import Receipt
from app.domain import CaseId, Kind, Mark, MessageId, Outcome, State
from app.errors import Conflict, FormatError, SealedRefused, StateRefused, UnknownCase
from app.services import followup, triage
from app.services.inbox import InboxRow, Sort
from app.services.sessions import Officer
from app.storage.models import Membership
from tests.services.counting import work
from tests.services.letters import as_officer, letter, officer, plant, reply, seal, send, team
from tests.support import Clock, Place


@pytest.fixture
def receipt(place: Place) -> Receipt:
    drawn = Receipt.generate()
    send(place, drawn)
    return drawn


@pytest.fixture
def olivia(place: Place) -> Officer:
    return officer(place, place.olivia)


@pytest.fixture
def nathan(place: Place) -> Officer:
    return officer(place, place.nathan)


def row(place: Place, who: Officer, receipt: Receipt) -> InboxRow:
    return triage.case(place.ctx, who, receipt.case_id).row


def everything(place: Place, receipt: Receipt) -> dict[str, Callable[[Officer, CaseId], object]]:
    """Every verb on a case."""
    ctx, message = place.ctx, MessageId(new_id())
    sealed = letter(place, place.olivia, receipt, "Hello.")[1]
    return {
        "case": lambda who, case: triage.case(ctx, who, case),
        "listed": lambda who, case: triage.listed(ctx, who, case),
        "post": lambda who, case: triage.post(ctx, who, case, message, Kind.MESSAGE, sealed),
        "acknowledge": lambda who, case: triage.post(ctx, who, case, message, Kind.MESSAGE, sealed, acknowledge=True),
        "change_state": lambda who, case: triage.change_state(ctx, who, case, State.IN_PROGRESS, None),
        "mark_read": lambda who, case: triage.mark_read(ctx, who, case, 1),
    }


@pytest.mark.parametrize("verb", ["case", "listed", "post", "acknowledge", "change_state", "mark_read"])
def test_the_case_of_another_channel_looks_like_one_that_does_not_exist(place: Place, receipt: Receipt, nathan: Officer, verb: str) -> None:
    act = everything(place, receipt)[verb]
    done = []
    for case in (receipt.case_id, CaseId(new_id())):
        with work() as each, pytest.raises(UnknownCase) as refused:
            act(nathan, case)
        done.append((each.statements, refused.value.parameters))
    assert done[0] == done[1]
    found = triage.case(place.ctx, officer(place, place.olivia), receipt.case_id)
    assert (found.row.state, len(found.messages)) == (State.NEW, 1)


def test_another_channels_officer_sees_none_of_its_cases(place: Place, receipt: Receipt, nathan: Officer, olivia: Officer) -> None:
    page = triage.inbox(place.ctx, nathan)
    assert (page.rows, page.pages, set(page.counts.values())) == ((), 1, {0})
    assert triage.reports(place.ctx, nathan, [receipt.case_id]) == ()
    assert [each.case for each in triage.inbox(place.ctx, olivia).rows] == [receipt.case_id]
    assert [each.case for each in triage.reports(place.ctx, olivia, [receipt.case_id])] == [receipt.case_id]


def test_an_officer_who_leaves_the_channel_loses_access_at_once(place: Place, receipt: Receipt, olivia: Officer) -> None:
    with place.ctx.database.write() as session:
        session.execute(delete(Membership).where(Membership.officer_id == olivia.id))
    with pytest.raises(UnknownCase):
        triage.case(place.ctx, olivia, receipt.case_id)
    assert triage.inbox(place.ctx, olivia).rows == ()
    assert triage.reports(place.ctx, olivia, [receipt.case_id]) == ()


def test_a_row_says_what_is_due_and_when(place: Place, receipt: Receipt, olivia: Officer, clock: Clock) -> None:
    found = row(place, olivia, receipt)
    assert (found.alias, found.channel, found.channel_name) == (alias(receipt.case_id), place.ethics_id, "Ethics team")
    assert (found.due_kind, found.due_on, found.days_left) == ("acknowledge", date(2026, 11, 28), 7)
    clock.move(days=9)
    assert row(place, olivia, receipt).days_left == -2
    reply(place, place.olivia, receipt, "Thank you.", acknowledge=True)
    found = row(place, olivia, receipt)
    assert (found.due_kind, found.due_on) == ("answer", date(2027, 2, 28))
    triage.change_state(place.ctx, olivia, receipt.case_id, State.CLOSED, Outcome.REFERRED)
    found = row(place, olivia, receipt)
    assert (found.due_kind, found.due_on, found.days_left, found.outcome) == (None, None, None, Outcome.REFERRED)


def test_the_inbox_sorts_by_what_is_due_first(place: Place, olivia: Officer) -> None:
    today = place.ctx.today()
    closed = plant(place, 1, state=State.CLOSED)
    overdue = plant(place, 1, received=today - timedelta(days=30))
    answer_soon = plant(place, 1, state=State.IN_PROGRESS, received=today - timedelta(days=90))
    new = plant(place, 1)
    answer_later = plant(place, 1, state=State.ACKNOWLEDGED)
    expected: dict[Sort, list[CaseId]] = {
        "due": overdue + answer_soon + new + answer_later + closed,
        "state": overdue + new + answer_later + answer_soon + closed,
    }
    for sort, cases in expected.items():
        assert [each.case for each in triage.inbox(place.ctx, olivia, sort=sort).rows] == cases
    days = [each.received_on for each in triage.inbox(place.ctx, olivia, sort="received").rows]
    assert days == sorted(days, reverse=True)


def test_the_inbox_filters_by_state_and_counts_all(place: Place, olivia: Officer) -> None:
    plant(place, 3)
    plant(place, 2, state=State.CLOSED)
    plant(place, 1, channel=place.audit_id)
    page = triage.inbox(place.ctx, olivia, states=frozenset({State.CLOSED}))
    assert [each.state for each in page.rows] == [State.CLOSED, State.CLOSED]
    assert dict(page.counts) == {State.NEW: 3, State.ACKNOWLEDGED: 0, State.IN_PROGRESS: 0, State.CLOSED: 2}


def test_pages_hold_fifty_rows_and_together_every_case_once(place: Place, olivia: Officer) -> None:
    cases = plant(place, 120)
    pages = [triage.inbox(place.ctx, olivia, page=number) for number in (1, 2, 3)]
    assert [len(page.rows) for page in pages] == [50, 50, 20]
    assert sorted(each.case for page in pages for each in page.rows) == sorted(cases)
    assert {page.pages for page in pages} == {3}
    for number, shown in ((0, 1), (-5, 1), (4, 3), (10**9, 3)):
        assert triage.inbox(place.ctx, olivia, page=number).page == shown


def test_cases_beyond_a_number_are_not_counted_and_can_all_be_reached(
    place: Place, olivia: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.inbox.MOST", 60)
    cases = plant(place, 120)
    plant(place, 5, state=State.CLOSED)
    first = triage.inbox(place.ctx, olivia, states=frozenset({State.NEW}))
    assert (first.counts[State.NEW], first.counts[State.CLOSED], first.pages, first.more) == (61, 5, None, True)
    pages = [triage.inbox(place.ctx, olivia, states=frozenset({State.NEW}), page=number) for number in (1, 2, 3)]
    assert sorted(each.case for page in pages for each in page.rows) == sorted(cases)
    assert [page.more for page in pages] == [True, True, False]
    past = triage.inbox(place.ctx, olivia, states=frozenset({State.NEW}), page=10**9)
    assert (past.page, past.rows) == (3, pages[-1].rows)


@pytest.mark.parametrize("sort", ["due", "received", "state"])
@pytest.mark.parametrize("states", [None, frozenset({State.NEW}), frozenset({State.IN_PROGRESS, State.CLOSED})])
def test_every_page_is_a_slice_of_one_order(place: Place, olivia: Officer, sort: Sort, states: frozenset[State] | None) -> None:
    for state in State:
        for days in (0, 3, 3, 89, 90, 91, 92, 400):
            plant(place, 7, state=state, received=place.ctx.today() - timedelta(days=days))
    plant(place, 30, channel=place.audit_id)
    first = triage.inbox(place.ctx, olivia, states=states, sort=sort)
    assert first.pages is not None
    rows = [row for page in range(1, first.pages + 1) for row in triage.inbox(place.ctx, olivia, states=states, sort=sort, page=page).rows]
    assert len(rows) == len({row.case for row in rows}) == 56 * len(states or State)
    due = {row.case: (row.due_on or date.max, row.received_on, row.case) for row in rows}
    order: dict[Sort, Callable[[InboxRow], object]] = {
        "due": lambda row: due[row.case],
        "received": lambda row: (-row.received_on.toordinal(), [-ord(letter) for letter in row.case]),
        "state": lambda row: (list(State).index(row.state), due[row.case]),
    }
    assert [row.case for row in rows] == [row.case for row in sorted(rows, key=order[sort])]  # type: ignore[arg-type]


def test_the_number_of_queries_does_not_grow_with_the_cases(place: Place, olivia: Officer) -> None:
    plant(place, 2)
    triage.inbox(place.ctx, olivia)
    with work() as few:
        triage.inbox(place.ctx, olivia)
    plant(place, 100)
    with work() as many:
        triage.inbox(place.ctx, olivia)
    assert len(few.statements) == len(many.statements) <= 8


def test_unread_is_what_came_after_the_mark(place: Place, receipt: Receipt, olivia: Officer) -> None:
    assert row(place, olivia, receipt).unread
    triage.mark_read(place.ctx, olivia, receipt.case_id, 1)
    assert not row(place, olivia, receipt).unread
    followup.post_plain(place.ctx, place.id, receipt, MessageId(new_id()), "More.", 1)
    assert row(place, olivia, receipt).unread
    triage.mark_read(place.ctx, olivia, receipt.case_id, 99)
    triage.mark_read(place.ctx, olivia, receipt.case_id, 1)
    assert not row(place, olivia, receipt).unread
    followup.post_plain(place.ctx, place.id, receipt, MessageId(new_id()), "Still more.", 2)
    assert row(place, olivia, receipt).unread


def test_an_own_answer_is_not_unread_but_hides_nothing_that_came_before(place: Place, receipt: Receipt, olivia: Officer) -> None:
    reply(place, place.olivia, receipt, "Answered without having opened it.")
    assert row(place, olivia, receipt).unread
    triage.mark_read(place.ctx, olivia, receipt.case_id, 2)
    reply(place, place.olivia, receipt, "And again.")
    assert not row(place, olivia, receipt).unread


def test_the_reports_of_a_page_come_bounded_and_in_order(place: Place, olivia: Officer) -> None:
    big = plant(place, 3, size=1024 * 1024)
    small = plant(place, 2)
    foreign = plant(place, 1, channel=place.audit_id)
    asked = [small[0], *foreign, big[0], CaseId(new_id()), small[0], small[1], big[1], big[2]]
    assert [each.case for each in triage.reports(place.ctx, olivia, asked)] == [small[0], big[0], small[1]]
    assert [each.case for each in triage.reports(place.ctx, olivia, [big[2]])] == [big[2]]
    assert len(triage.reports(place.ctx, olivia, plant(place, 60))) == 50
    assert triage.reports(place.ctx, olivia, []) == ()


def test_acknowledging_is_one_step_with_its_message(place: Place, receipt: Receipt, olivia: Officer, clock: Clock) -> None:
    clock.move(days=2)
    message, sealed = letter(place, place.olivia, receipt, "We have it.")
    first = triage.post(place.ctx, olivia, receipt.case_id, message, Kind.MESSAGE, sealed, acknowledge=True)
    found = followup.open_plain(place.ctx, place.id, receipt)
    assert (found.state, found.acknowledged_on) == (State.ACKNOWLEDGED, date(2026, 11, 23))
    assert found.checked[-1].mark is Mark.VERIFIED
    again = triage.post(place.ctx, olivia, receipt.case_id, message, Kind.MESSAGE, sealed, acknowledge=True)
    assert (again.number, again.repeated) == (first.number, True)


def test_posting_says_where_the_case_stands_and_reads_nothing_sealed(place: Place, receipt: Receipt, olivia: Officer) -> None:
    message, sealed = letter(place, place.olivia, receipt, "We have it.")
    with work() as done:
        posted = triage.post(place.ctx, olivia, receipt.case_id, message, Kind.MESSAGE, sealed, acknowledge=True)
    assert posted.state is State.ACKNOWLEDGED
    assert not [each for each in done.statements if each.startswith("SELECT") and "messages.sealed" in each]
    triage.change_state(place.ctx, olivia, receipt.case_id, State.IN_PROGRESS, None)
    again = triage.post(place.ctx, olivia, receipt.case_id, message, Kind.MESSAGE, sealed, acknowledge=True)
    assert (again.number, again.repeated, again.state) == (posted.number, True, State.IN_PROGRESS)


def test_what_is_listed_of_a_case_is_all_but_the_seals(place: Place, receipt: Receipt, olivia: Officer) -> None:
    reply(place, place.olivia, receipt, "Only for us.", Kind.NOTE)
    whole = triage.case(place.ctx, olivia, receipt.case_id)
    with work() as done:
        found = triage.listed(place.ctx, olivia, receipt.case_id)
    assert found.row == whole.row
    assert [(m.number, m.id, m.kind, m.day) for m in found.messages] == [(m.number, m.id, m.kind, m.day) for m in whole.messages]
    assert "sealed" not in "".join(done.statements)


def test_acknowledging_twice_stores_no_second_message(place: Place, receipt: Receipt, olivia: Officer) -> None:
    letters = [letter(place, place.olivia, receipt, f"We have it, {n}.") for n in range(8)]

    def acknowledge(number: int) -> bool:
        try:
            triage.post(place.ctx, olivia, receipt.case_id, letters[number][0], Kind.MESSAGE, letters[number][1], acknowledge=True)
        except StateRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(acknowledge, range(8))) == [False] * 7 + [True]
    assert len(followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages) == 2


def test_a_note_is_for_the_team_only_and_acknowledges_nothing(place: Place, receipt: Receipt, olivia: Officer) -> None:
    reply(place, place.olivia, receipt, "Only for us.", Kind.NOTE)
    found = triage.case(place.ctx, olivia, receipt.case_id)
    assert [message.kind for message in found.messages] == [Kind.REPORT, Kind.NOTE]
    assert [checked.mark for checked in as_officer(place, receipt, found.messages)] == [Mark.VERIFIED, Mark.VERIFIED]
    with pytest.raises(StateRefused):
        reply(place, place.olivia, receipt, "Only for us.", Kind.NOTE, acknowledge=True)
    assert found.row.state is State.NEW


def test_a_message_is_sealed_to_two_and_a_note_to_one(place: Place, receipt: Receipt, olivia: Officer) -> None:
    one = seal(b"{}".ljust(4096), team(place))
    two = seal(b"{}".ljust(4096), team(place), receipt.identity.recipient)
    for kind, sealed in ((Kind.MESSAGE, one), (Kind.NOTE, two), (Kind.REPORT, two), (Kind.MESSAGE, b"plain")):
        with pytest.raises(SealedRefused):
            triage.post(place.ctx, olivia, receipt.case_id, MessageId(new_id()), kind, sealed)
    with pytest.raises(FormatError):
        triage.post(place.ctx, olivia, receipt.case_id, MessageId("x"), Kind.NOTE, one)


def test_a_message_id_in_use_with_other_bytes_is_a_conflict(place: Place, receipt: Receipt, olivia: Officer) -> None:
    message, sealed = letter(place, place.olivia, receipt, "One.")
    assert not triage.post(place.ctx, olivia, receipt.case_id, message, Kind.MESSAGE, sealed).repeated
    assert triage.post(place.ctx, olivia, receipt.case_id, message, Kind.MESSAGE, sealed).repeated
    with pytest.raises(Conflict):
        triage.post(place.ctx, olivia, receipt.case_id, message, Kind.MESSAGE, letter(place, place.olivia, receipt, "Two.")[1])
    with pytest.raises(Conflict):
        triage.post(place.ctx, olivia, receipt.case_id, message, Kind.NOTE, seal(b"{}".ljust(4096), team(place)))
    assert len(triage.case(place.ctx, olivia, receipt.case_id).messages) == 2


STEPS = [
    (State.NEW, State.CLOSED, Outcome.OUT_OF_SCOPE),
    (State.ACKNOWLEDGED, State.IN_PROGRESS, None),
    (State.ACKNOWLEDGED, State.CLOSED, Outcome.OUT_OF_SCOPE),
    (State.IN_PROGRESS, State.CLOSED, Outcome.PARTLY),
    (State.CLOSED, State.IN_PROGRESS, None),
]


@pytest.mark.parametrize("start", State)
@pytest.mark.parametrize("to", State)
@pytest.mark.parametrize("outcome", [None, Outcome.OUT_OF_SCOPE, Outcome.PARTLY])
def test_states_follow_only_the_steps_there_are(place: Place, olivia: Officer, start: State, to: State, outcome: Outcome | None) -> None:
    (case,) = plant(place, 1, state=start)
    allowed = any((start, to) == step[:2] and (outcome is None) == (step[2] is None) for step in STEPS)
    if not allowed:
        with pytest.raises(StateRefused):
            triage.change_state(place.ctx, olivia, case, to, outcome)
        assert triage.case(place.ctx, olivia, case).row.state is start
    else:
        triage.change_state(place.ctx, olivia, case, to, outcome)
        found = triage.case(place.ctx, olivia, case).row
        assert (found.state, found.outcome) == (to, outcome)


def test_a_reopened_case_has_no_outcome_and_no_day_of_closing(place: Place, receipt: Receipt, olivia: Officer) -> None:
    reply(place, place.olivia, receipt, "Thank you.", acknowledge=True)
    triage.change_state(place.ctx, olivia, receipt.case_id, State.CLOSED, Outcome.NO_ANSWER)
    closed = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key)
    assert (closed.closed_on, closed.outcome) == (place.ctx.today(), Outcome.NO_ANSWER)
    followup.post_plain(place.ctx, place.id, receipt, MessageId(new_id()), "There is more.", 2)
    triage.change_state(place.ctx, olivia, receipt.case_id, State.IN_PROGRESS, None)
    again = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key)
    assert (again.closed_on, again.outcome) == (None, None)
