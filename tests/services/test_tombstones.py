"""A backup is restored, and what was deleted since is deleted again."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from app.crypto.receipt import Receipt, mailbox_hash
from app.domain import CaseId, Kind, Mark, MessageId, Problem, SealedMessage
from app.errors import FormatError, ReportWithdrawn
from app.services import followup, intake, removal, tombstones, triage
from app.services.storing import tombstone
from app.services.tombstones import Applied, Stone
from app.storage.models import Case, Tombstone
from app.storage.models import Message as Row
from tests.services.letters import addition, as_officer, as_reporter, officer, remove, reply, report, send
from tests.services.sealed_files import upload_for
from tests.support import Clock, Place


class Backup:
    """The rows of every case and message, put back as a restored backup has them; what is left of the deleted goes, being younger."""

    def __init__(self, place: Place) -> None:
        self.place = place
        with place.ctx.database.read() as session:
            self.cases = [_values(row) for row in session.scalars(select(Case))]
            self.messages = [_values(row) for row in session.scalars(select(Row))]

    def restore(self) -> None:
        with self.place.ctx.database.write() as session:
            for table in (Row, Case, Tombstone):
                session.execute(table.__table__.delete())  # type: ignore[attr-defined]
            session.execute(Case.__table__.insert(), self.cases)  # type: ignore[attr-defined]
            session.execute(Row.__table__.insert(), self.messages)  # type: ignore[attr-defined]


def _values(row: Case | Row) -> dict[str, object]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def case(place: Place) -> Receipt:
    """A report, a reply, a note, an answer."""
    receipt = Receipt.generate()
    send(place, receipt)
    reply(place, place.olivia, receipt, "Who is it?")
    reply(place, place.olivia, receipt, "A note.", Kind.NOTE)
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, *addition(place, receipt, "Ada Example."))
    return receipt


def messages(place: Place, receipt: Receipt) -> tuple[SealedMessage, ...]:
    return triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).messages


def id_of(place: Place, receipt: Receipt, number: int) -> MessageId:
    return next(each.id for each in messages(place, receipt) if each.number == number)


def present(place: Place) -> set[CaseId]:
    with place.ctx.database.read() as session:
        return set(session.scalars(select(Case.id)))


def test_a_withdrawn_case_that_a_backup_brought_back_goes_again(place: Place, clock: Clock) -> None:
    stays, goes = case(place), case(place)
    backup = Backup(place)
    clock.move(days=1)
    followup.withdraw(place.ctx, place.id, goes.mailbox_key)
    stones = list(tombstones.every(place.ctx))
    before = messages(place, stays)
    clock.move(days=3)
    backup.restore()
    assert present(place) == {stays.case_id, goes.case_id}
    assert tombstones.apply_tombstones(place.ctx, stones) == Applied(cases=1)
    assert present(place) == {stays.case_id}
    assert messages(place, stays) == before
    assert list(tombstones.every(place.ctx)) == stones  # with the day of the deletion, not of the restoring
    assert tombstones.apply_tombstones(place.ctx, stones) == Applied()
    with pytest.raises(ReportWithdrawn):
        intake.accept_sealed(place.ctx, place.id, place.ethics_id, goes.case_id, goes.mailbox_key, *report(place, goes))


def test_a_removed_message_that_a_backup_brought_back_is_emptied_again(place: Place) -> None:
    receipt = case(place)
    target, note = id_of(place, receipt, 4), id_of(place, receipt, 3)
    backup = Backup(place)
    remove(place, place.olivia, receipt, target)
    remove(place, place.olivia, receipt, note, Kind.NOTE)
    stones = list(tombstones.every(place.ctx))
    backup.restore()
    assert tombstones.apply_tombstones(place.ctx, stones) == Applied(messages=2)
    assert [each.removed for each in messages(place, receipt)] == [False, False, True, True]
    assert tombstones.apply_tombstones(place.ctx, stones) == Applied()


def test_whose_notice_the_backup_does_not_have_is_shown_as_removed_without_one(place: Place) -> None:
    receipt = case(place)
    target = id_of(place, receipt, 2)
    backup = Backup(place)
    remove(place, place.olivia, receipt, target)
    stones = list(tombstones.every(place.ctx))
    backup.restore()
    tombstones.apply_tombstones(place.ctx, stones)
    found = as_officer(place, receipt, messages(place, receipt))
    assert [each.problems for each in found] == [(), (Problem.REMOVED,), (Problem.SEEN,), (Problem.SEEN,)]
    # What is written from then on checks, for both sides.
    reply(place, place.olivia, receipt, "We had to restore a backup: we had removed a message of ours.")
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, *addition(place, receipt, "I see."))
    assert [each.mark for each in as_officer(place, receipt, messages(place, receipt))[4:]] == [Mark.VERIFIED] * 2
    listed = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages
    assert [each.mark for each in as_reporter(receipt, listed)[3:]] == [Mark.VERIFIED] * 2


def test_whose_notice_the_backup_has_is_shown_with_it(place: Place) -> None:
    receipt = case(place)
    target = id_of(place, receipt, 2)
    before = Backup(place)
    remove(place, place.olivia, receipt, target)
    later = Backup(place)
    later.messages = [
        row if row["id"] != target else next(each for each in before.messages if each["id"] == target) for row in later.messages
    ]
    stones = list(tombstones.every(place.ctx))
    later.restore()
    assert tombstones.apply_tombstones(place.ctx, stones) == Applied(messages=1)
    assert all(not each.problems for each in as_officer(place, receipt, messages(place, receipt)))


def test_files_go_with_what_they_belong_to(place: Place) -> None:
    receipt = case(place)
    first, second = upload_for(place, receipt), upload_for(place, receipt)
    message, sealed = addition(place, receipt, "Two files.")
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message, sealed, [first])
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, *addition(place, receipt, "And one."), [second])
    mailbox = mailbox_hash(receipt.mailbox_key)
    tombstones.apply_tombstones(place.ctx, [Stone(place.id, removal.mark_of(mailbox, message), place.ctx.today())])
    assert (place.ctx.blobs.has(place.id, first), place.ctx.blobs.has(place.id, second)) == (False, True)


def test_those_in_the_database_are_applied_by_themselves(place: Place) -> None:
    receipt, other = case(place), case(place)
    backup = Backup(place)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    remove(place, place.olivia, other, id_of(place, other, 2))
    stones = [(place.id, stone.mark, stone.day) for stone in tombstones.every(place.ctx)]
    backup.restore()
    with place.ctx.database.write() as session:
        rows = [{"organisation_id": org, "mark": mark, "day": day} for org, mark, day in stones]
        session.execute(Tombstone.__table__.insert(), rows)  # type: ignore[attr-defined]
    assert tombstones.apply_own(place.ctx) == Applied(cases=1, messages=1)
    assert tombstones.apply_own(place.ctx) == Applied()


def test_more_cases_than_a_batch_are_looked_through(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tombstones, "_BATCH", 2)
    receipts = [Receipt.generate() for _ in range(7)]
    for receipt in receipts:
        send(place, receipt)
    backup = Backup(place)
    for receipt in receipts[::2]:
        followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    stones = list(tombstones.every(place.ctx))
    backup.restore()
    assert tombstones.apply_tombstones(place.ctx, stones) == Applied(cases=4)
    assert present(place) == {receipt.case_id for receipt in receipts[1::2]}


def test_those_of_other_organisations_are_counted_and_touch_nothing(place: Place) -> None:
    receipt = case(place)
    mark = tombstone(mailbox_hash(receipt.mailbox_key))
    elsewhere = type(place.id)("a" * 26)
    assert tombstones.apply_tombstones(place.ctx, [Stone(elsewhere, mark, place.ctx.today())]) == Applied(unknown=1)
    assert present(place) == {receipt.case_id}


def test_a_line_is_written_and_read(place: Place) -> None:
    stone = Stone(place.id, bytes(range(32)), place.ctx.today())
    text = tombstones.line(stone)
    assert json.loads(text) == {"organisation": place.id, "mark": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "day": "2026-11-21"}
    assert tombstones.parse(text) == stone
    for wrong in ("", "{}", text.replace("AAEC", "AAE="), text.replace("2026-11-21", "soon"), text.replace(place.id, "x"), f"[{text}]"):
        with pytest.raises(FormatError):
            tombstones.parse(wrong)
