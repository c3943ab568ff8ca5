"""Twenty at once, on either database: nothing is lost, nothing is stored twice, and whoever comes too late is told so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from sqlalchemy import func, select

from app.crypto import keyring
from app.crypto.receipt import Receipt
from app.domain import Kind, Outcome, State
from app.errors import (
    Conflict,
    InvitationInvalid,
    KeyringRefused,
    NoConversation,
    QuietlineError,
    ReportWithdrawn,
    StateRefused,
    UnknownCase,
)
from app.services import configuration, followup, intake, keyrings, officers, organisations, sessions, setup, triage
from app.services.officers import Enrolment
from app.services.sessions import Officer
from app.storage import organisations as organisation_rows
from app.storage.models import Case, DeskSession, Message, ReadMark
from app.storage.models import Officer as OfficerRow
from tests.atonce import at_once, each_at_once
from tests.services.letters import addition, letter, officer, reply, report, send
from tests.services.test_officers import enrolment
from tests.support import TWO_CHANNELS, Place, make_person

WRITERS = 20


@pytest.fixture
def receipt(place: Place) -> Receipt:
    """Of a report that has arrived."""
    made = Receipt.generate()
    send(place, made)
    return made


@pytest.fixture
def olivia(place: Place) -> Officer:
    return officer(place, place.olivia)


def count(place: Place, table: type) -> int:
    with place.ctx.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def outcome(work: Callable[[], object]) -> Callable[[], str]:
    """The work, which gives the name of the error of ours that it ended in, or "done"."""

    def tried() -> str:
        try:
            work()
        except QuietlineError as error:
            return type(error).__name__
        return "done"

    return tried


def outcomes(works: Sequence[Callable[[], object]]) -> Counter[str]:
    return Counter(each_at_once([outcome(work) for work in works]))


def test_messages_from_both_sides_are_numbered_without_a_gap_and_all_are_there(place: Place, receipt: Receipt, olivia: Officer) -> None:
    sent = [addition(place, receipt, f"r{number}") for number in range(WRITERS // 2)]
    answered = [letter(place, place.olivia, receipt, f"o{number}") for number in range(WRITERS // 2)]
    works: list[Callable[[], int]] = []
    for message, sealed in sent:
        works.append(lambda m=message, s=sealed: followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, m, s).number)  # type: ignore[misc]
    for message, sealed in answered:
        works.append(lambda m=message, s=sealed: triage.post(place.ctx, olivia, receipt.case_id, m, Kind.MESSAGE, s).number)  # type: ignore[misc]
    assert sorted(each_at_once(works)) == list(range(2, WRITERS + 2))
    stored = triage.case(place.ctx, olivia, receipt.case_id).messages
    assert [each.number for each in stored] == list(range(1, WRITERS + 2))
    assert {each.id: each.sealed for each in stored[1:]} == dict([*sent, *answered])


def test_one_message_sent_many_times_is_one_with_one_answer(place: Place, receipt: Receipt) -> None:
    message, sealed = addition(place, receipt, "Once.")
    answers = at_once(lambda: followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message, sealed), WRITERS)
    assert {(each.number, each.day) for each in answers} == {(2, place.ctx.today())}
    assert Counter(each.repeated for each in answers) == {False: 1, True: WRITERS - 1}
    other = addition(place, receipt, "Twice.", message)[1]
    with pytest.raises(Conflict):
        followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message, other)
    assert count(place, Message) == 2


def test_different_reports_are_all_there(place: Place) -> None:
    at_once(lambda: send(place, Receipt.generate()), WRITERS)
    assert (count(place, Case), count(place, Message)) == (WRITERS, WRITERS)


def test_a_report_with_many_bodies_at_once_keeps_the_first(place: Place) -> None:
    receipt = Receipt.generate()
    drafts = [report(place, receipt, f"Version {number}") for number in range(WRITERS)]
    accept = partial(intake.accept_sealed, place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key)
    assert outcomes([partial(accept, *draft) for draft in drafts]) == {"done": 1, "Conflict": WRITERS - 1}
    assert (count(place, Case), count(place, Message)) == (1, 1)


def test_a_report_withdrawn_while_it_is_sent_again_stays_withdrawn(place: Place) -> None:
    for _ in range(5):
        receipt = Receipt.generate()
        draft = report(place, receipt)
        retry = partial(intake.accept_sealed, place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key, *draft)
        retry()
        works: list[Callable[[], object]] = [retry] * (WRITERS - 1)
        works.insert(WRITERS // 2, partial(followup.withdraw, place.ctx, place.id, receipt.mailbox_key))
        assert set(outcomes(works)) <= {"done", "ReportWithdrawn"}
        assert count(place, Case) == 0
        with pytest.raises(ReportWithdrawn):
            retry()


def test_whoever_works_on_a_case_that_is_just_withdrawn_is_told_that_it_is_gone(place: Place, olivia: Officer) -> None:
    for _ in range(3):
        receipt = Receipt.generate()
        send(place, receipt)
        case, key = receipt.case_id, receipt.mailbox_key
        works: list[Callable[[], object]] = [partial(followup.withdraw, place.ctx, place.id, key) for _ in range(2)]
        works += [partial(followup.post_sealed, place.ctx, place.id, key, *addition(place, receipt, f"{n}")) for n in range(6)]
        answers = [letter(place, place.olivia, receipt, f"{n}") for n in range(6)]
        works += [partial(triage.post, place.ctx, olivia, case, message, Kind.MESSAGE, sealed) for message, sealed in answers]
        works += [partial(triage.mark_read, place.ctx, olivia, case, 1) for _ in range(4)]
        works += [partial(triage.change_state, place.ctx, olivia, case, State.CLOSED, Outcome.REFERRED) for _ in range(2)]
        found = outcomes(works)
        assert set(found) <= {"done", NoConversation.__name__, UnknownCase.__name__, StateRefused.__name__}
        assert [count(place, table) for table in (Case, Message, ReadMark)] == [0, 0, 0]


def test_a_case_is_acknowledged_once_and_no_other_confirmation_is_stored(place: Place, receipt: Receipt, olivia: Officer) -> None:
    drafts = [letter(place, place.olivia, receipt, f"Confirmed {number}") for number in range(WRITERS)]
    works: list[Callable[[], object]] = [
        partial(triage.post, place.ctx, olivia, receipt.case_id, message, Kind.MESSAGE, sealed, acknowledge=True)
        for message, sealed in drafts
    ]
    assert outcomes(works) == {"done": 1, StateRefused.__name__: WRITERS - 1}
    assert count(place, Message) == 2


def test_a_case_is_closed_once_and_the_outcome_is_the_one_that_was_told_so(place: Place, receipt: Receipt, olivia: Officer) -> None:
    reply(place, place.olivia, receipt, "Confirmed.", acknowledge=True)
    kinds = list(Outcome)
    works = [
        partial(triage.change_state, place.ctx, olivia, receipt.case_id, State.CLOSED, kinds[number % len(kinds)])
        for number in range(WRITERS)
    ]
    said = each_at_once([outcome(work) for work in works])
    assert Counter(said) == {"done": 1, StateRefused.__name__: WRITERS - 1}
    assert triage.case(place.ctx, olivia, receipt.case_id).row.outcome is kinds[said.index("done") % len(kinds)]


def test_a_read_mark_ends_at_the_highest(place: Place, receipt: Receipt, olivia: Officer) -> None:
    for number in range(5):
        reply(place, place.olivia, receipt, f"{number}", Kind.NOTE)
    with place.ctx.database.write() as session:
        session.query(ReadMark).delete()
    each_at_once([partial(triage.mark_read, place.ctx, olivia, receipt.case_id, number % 7) for number in range(WRITERS)])
    with place.ctx.database.read() as session:
        assert [mark.number for mark in session.scalars(select(ReadMark))] == [6]


def test_every_login_has_a_session_of_its_own_while_old_ones_are_swept(place: Place) -> None:
    log_in = partial(officers.login, place.ctx, place.id, "olivia", place.olivia.secrets.login)
    before = count(place, DeskSession)
    works: list[Callable[[], object]] = [log_in] * WRITERS
    works += [partial(sessions.sweep, place.ctx, place.id)] * 4
    made = [each for each in each_at_once(works) if each is not None]
    assert len({each.session_token for each in made}) == WRITERS  # type: ignore[attr-defined]
    assert count(place, DeskSession) == before + WRITERS


def test_a_lock_is_not_undone_by_requests_that_come_with_it(place: Place) -> None:
    logged_in = officers.login(place.ctx, place.id, "olivia", place.olivia.secrets.login)
    found = sessions.load(place.ctx, place.id, logged_in.session_token)
    assert found is not None
    place.ctx.clock.move(seconds=sessions.TOUCH_SECONDS + 1)  # type: ignore[attr-defined]
    works: list[Callable[[], object]] = [partial(sessions.load, place.ctx, place.id, logged_in.session_token)] * (WRITERS - 1)
    works.insert(WRITERS // 2, partial(sessions.lock, place.ctx, found))
    each_at_once(works)
    assert sessions.unlock_key(place.ctx, found) is None
    after = sessions.load(place.ctx, place.id, logged_in.session_token)
    assert after is not None
    assert not after.unlocked


def test_one_keyring_follows_another_once(place: Place) -> None:
    def install(number: int) -> None:
        ring = keyring.new_keyring(place.id, place.ethics_id, place.ctx.today(), [place.olivia.member], [str(place.recovery.recipient)])
        keyrings.install(place.ctx, place.id, "ethics", 2, keyring.seal(ring))

    found = outcomes([partial(install, number) for number in range(WRITERS)])
    assert found.pop("done") == 1
    assert set(found) <= {KeyringRefused.__name__, Conflict.__name__}
    (row,) = keyrings.for_officer(place.ctx, officer(place, place.olivia))
    assert row.version == 2


def test_a_channel_gets_the_keys_of_one_keyring_and_not_of_two(place: Place) -> None:
    nathan = officer(place, place.nathan)
    rings = [
        keyring.new_keyring(place.id, place.audit_id, place.ctx.today(), [place.nathan.member], [str(place.recovery.recipient)])
        for _ in range(WRITERS)
    ]
    works = [
        partial(keyrings.open_channel, place.ctx, nathan, place.audit_id, ring.recipient, ring.verify, keyring.seal(ring)) for ring in rings
    ]
    said = each_at_once([outcome(work) for work in works])
    assert Counter(said) == {"done": 1, Conflict.__name__: WRITERS - 1}
    won = rings[said.index("done")]
    (row,) = keyrings.for_officer(place.ctx, nathan)
    assert row.sealed is not None
    assert keyring.open(row.sealed, [place.recovery], won.verify).identities == won.identities
    assert place.audit.keys is not None
    assert (place.audit.keys.recipient, place.audit.keys.verify) == (won.recipient, won.verify)


def test_every_configuration_gets_a_version_while_a_channel_is_opened(place: Place) -> None:
    nathan = officer(place, place.nathan)
    ring = keyring.new_keyring(place.id, place.audit_id, place.ctx.today(), [place.nathan.member], [str(place.recovery.recipient)])
    wanted = [configuration.parse_toml(TWO_CHANNELS.replace("Northwind Works", f"Northwind {number}")) for number in range(WRITERS)]
    first = organisations.portal(place.ctx, place.id).name
    works: list[Callable[[], object]] = [partial(configuration.configure, place.ctx, place.id, each) for each in wanted]
    sealed = keyring.seal(ring)
    works.append(partial(keyrings.open_channel, place.ctx, nathan, place.audit_id, ring.recipient, ring.verify, sealed))
    versions = each_at_once(works)[:-1]
    assert sorted(versions) == list(range(3, 3 + WRITERS))  # type: ignore[type-var]
    newest = versions.index(max(versions))  # type: ignore[type-var]
    assert organisations.portal(place.ctx, place.id).name == wanted[newest].name != first
    assert place.audit.open


def test_an_invitation_lets_one_person_in(place: Place) -> None:
    token = setup.invite(place.ctx, place.id)
    people = [enrolment(make_person(place.id, f"ada{number}", "Ada Archer")) for number in range(WRITERS)]
    found = outcomes([partial(officers.enrol, place.ctx, place.id, token, each) for each in people])
    assert found == {"done": 1, InvitationInvalid.__name__: WRITERS - 1}
    assert count(place, OfficerRow) == 3


def test_one_enrolment_sent_many_times_is_one_officer(place: Place) -> None:
    token = setup.invite(place.ctx, place.id)
    ada: Enrolment = enrolment(make_person(place.id, "ada", "Ada Archer"))
    made = at_once(lambda: officers.enrol(place.ctx, place.id, token, ada), WRITERS)
    assert {each.id for each in made} == {ada.officer}
    assert count(place, OfficerRow) == 3


def test_a_user_name_is_given_once(place: Place) -> None:
    tokens = [setup.invite(place.ctx, place.id) for _ in range(WRITERS)]
    people = [enrolment(make_person(place.id, "ada", f"Ada {number}")) for number in range(WRITERS)]
    works = [partial(officers.enrol, place.ctx, place.id, *each) for each in zip(tokens, people, strict=True)]
    assert outcomes(works) == {"done": 1, "UserNameTaken": WRITERS - 1}


@pytest.mark.only_postgresql
def test_a_report_waits_for_nobody(place: Place, receipt: Receipt, olivia: Officer) -> None:
    """Neither for a case, a channel or an organisation that somebody has locked. SQLite has one lock for all."""
    with place.ctx.database.write() as session:
        organisation_rows.lock(session, place.id)
        organisation_rows.touch(session, place.id)
        followup._case(session, place.id, session.get_one(Case, (place.id, receipt.case_id)).mailbox_hash, lock=True)
        done = at_once(lambda: send(place, Receipt.generate()), 4)
        assert len(done) == 4
    assert count(place, Case) == 5
