from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.crypto.encoding import new_id
from app.domain import CaseId, Kind, MailboxHash, MessageId, OfficerId, OrganisationId, SealedBlob, State
from app.services.setup import initialise
from app.storage import cases, messages, sessions
from app.storage.models import Case, DeskSession, Message, ReadMark
from tests.databases import databases
from tests.support import Place

DAY = date(2026, 11, 21)
ALL = list(State)


def add_case(session: Session, place: Place, mailbox: bytes = b"m" * 32) -> CaseId:
    case = CaseId(new_id())
    values = {"organisation_id": place.id, "id": case, "channel_id": place.ethics_id, "mailbox_hash": MailboxHash(mailbox)}
    session.execute(insert(Case).values(**values, state=State.NEW, received_on=DAY))
    return case


def add_message(session: Session, place: Place, case: CaseId, kind: Kind = Kind.MESSAGE, message: str | None = None) -> int | None:
    return messages.add(session, place.id, case, MessageId(message or new_id()), kind, DAY, 4096, SealedBlob(b"sealed"))


def test_messages_are_numbered_from_one_in_their_case(place: Place) -> None:
    with place.ctx.database.write() as session:
        first, second = add_case(session, place), add_case(session, place, b"n" * 32)
        assert [add_message(session, place, case) for case in (first, first, second, first)] == [1, 2, 1, 3]


def test_a_message_id_is_taken_once_in_a_case_and_free_in_another(place: Place) -> None:
    with place.ctx.database.write() as session:
        first, second = add_case(session, place), add_case(session, place, b"n" * 32)
        add_message(session, place, first, message="i" * 26)
        add_message(session, place, second, message="i" * 26)
        assert add_message(session, place, first, message="i" * 26) is None


def test_a_mailbox_has_one_case_in_an_organisation(place: Place) -> None:
    with place.ctx.database.write() as session:
        add_case(session, place)
        with pytest.raises(IntegrityError), session.begin_nested():
            add_case(session, place)


def test_a_message_needs_its_case(place: Place) -> None:
    with pytest.raises(IntegrityError), place.ctx.database.write() as session:
        add_message(session, place, CaseId(new_id()))


def test_notes_are_given_to_the_team_only(place: Place) -> None:
    with place.ctx.database.write() as session:
        case = add_case(session, place)
        for kind in (Kind.REPORT, Kind.NOTE, Kind.MESSAGE):
            add_message(session, place, case, kind)
        assert [each.kind for each in messages.of_case(session, place.id, case, notes=False)] == [Kind.REPORT, Kind.MESSAGE]
        assert len(messages.of_case(session, place.id, case, notes=True)) == 3


def test_dropping_a_case_takes_its_messages_and_read_marks(place: Place) -> None:
    with place.ctx.database.write() as session:
        case = add_case(session, place)
        add_message(session, place, case)
        cases.mark_read(session, place.id, place.olivia.id, case, 1)
    with place.ctx.database.write() as session:
        cases.drop(session, place.id, case)
        assert [session.scalar(select(func.count()).select_from(table)) for table in (Message, ReadMark)] == [0, 0]


def test_nothing_is_found_under_another_organisation(place: Place) -> None:
    other = initialise(place.ctx, [str(place.recovery.recipient)], "Southwind").organisation
    with place.ctx.database.write() as session:
        case = add_case(session, place)
        add_message(session, place, case, Kind.REPORT)
        assert cases.get(session, other, case) is None
        assert cases.by_mailbox(session, other, MailboxHash(b"m" * 32)) is None
        assert messages.of_case(session, other, case, notes=True) == ()
        assert messages.reports(session, other, [case]) == []
        assert cases.days(session, other, [place.ethics_id], ALL) == []
        cases.drop(session, other, case)
        assert cases.get(session, place.id, case) is not None


def test_an_inbox_holds_the_asked_channels_and_states_only(place: Place) -> None:
    with place.ctx.database.write() as session:
        case = add_case(session, place)
        assert [each.id for each in cases.days(session, place.id, [place.ethics_id], ALL)] == [case]
        assert cases.days(session, place.id, [place.audit_id], ALL) == []
        assert cases.days(session, place.id, [place.ethics_id], [State.CLOSED]) == []


def test_an_inbox_row_says_what_the_officer_has_not_read(place: Place) -> None:
    with place.ctx.database.write() as session:
        case = add_case(session, place)
        add_message(session, place, case, Kind.REPORT)
        add_message(session, place, case)
        cases.mark_read(session, place.id, place.olivia.id, case, 1)
        rows = {person.user: cases.inbox(session, place.id, person.id, [case])[case] for person in (place.olivia, place.nathan)}
    assert {user: (row.last_number, row.read_number, row.report_size_class) for user, row in rows.items()} == {
        "olivia": (2, 1, 4096),
        "nathan": (2, 0, 4096),
    }


def test_a_read_mark_never_falls(place: Place) -> None:
    with place.ctx.database.write() as session:
        case = add_case(session, place)
        for number in (2, 5, 3):
            cases.mark_read(session, place.id, place.olivia.id, case, number)
        assert session.get_one(ReadMark, (place.id, place.olivia.id, case)).number == 5


def test_a_tombstone_is_found_and_may_be_set_twice(place: Place) -> None:
    with place.ctx.database.write() as session:
        assert not cases.buried(session, place.id, b"t" * 32)
        cases.bury(session, place.id, b"t" * 32, DAY)
        cases.bury(session, place.id, b"t" * 32, DAY + timedelta(days=1))
        assert cases.buried(session, place.id, b"t" * 32)


def add_session(session: Session, organisation: OrganisationId, officer: OfficerId, token: bytes, started: int, seen: int) -> None:
    row = DeskSession(
        organisation_id=organisation, token_hash=token, officer_id=officer, started_at=started, seen_at=seen, wrapping_key=b"w" * 32
    )
    sessions.add(session, row)


def test_idle_and_old_sessions_are_dropped(place: Place) -> None:
    with place.ctx.database.write() as session:
        for token, started, seen in ((b"fresh", 100, 190), (b"idle", 100, 110), (b"old", 10, 190)):
            add_session(session, place.id, place.olivia.id, token, started, seen)
        sessions.drop_expired(session, place.id, seen_before=150, seen_after=10_000, started_before=50)
    with place.ctx.database.read() as session:
        assert {token for token in (b"fresh", b"idle", b"old") if sessions.get(session, place.id, token)} == {b"fresh"}


def test_a_dropped_wrapping_key_is_gone_from_the_file(place: Place) -> None:
    key = b"canary-wrapping-key-of-32-bytes!"
    with place.ctx.database.write() as session:
        row = DeskSession(organisation_id=place.id, token_hash=b"t", officer_id=place.olivia.id, started_at=1, seen_at=1, wrapping_key=key)
        sessions.add(session, row)
    assert key in databases.raw(place.ctx.database)
    with place.ctx.database.write() as session:
        sessions.drop_key(session, place.id, b"t")
    if place.ctx.database.kind == "postgresql":
        databases.settle()
        place.ctx.database.vacuum()
    place.ctx.database.truncate_journal()
    assert key not in databases.raw(place.ctx.database)
