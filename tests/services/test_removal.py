"""One message is taken away: who may, what stays, and that everything else still checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.crypto.conversation import Checked
from app.crypto.encoding import new_id
from app.crypto.receipt import Receipt
from app.domain import AttachmentId, Kind, Mark, MessageId, Problem
from app.errors import AttachmentsRefused, BlobMissing, Conflict, NotRemovable, QuietlineError, SealedRefused, StateRefused, UnknownCase
from app.services import followup, intake, removal, triage
from app.storage import cases
from app.storage import messages as rows
from tests.atonce import each_at_once
from tests.services.letters import addition, as_officer, as_reporter, letter, officer, remove, reply, report, send
from tests.services.sealed_files import upload_for
from tests.support import Person, Place, enrol, make_person


@pytest.fixture
def receipt(place: Place) -> Receipt:
    """Of a case with a report, a reply, a note and an answer."""
    made = Receipt.generate()
    send(place, made)
    reply(place, place.olivia, made, "Who is the manager of the north office?")
    reply(place, place.olivia, made, "Ask the north office.", Kind.NOTE)
    followup.post_sealed(place.ctx, place.id, made.mailbox_key, *addition(place, made, "It is Ada Example."))
    return made


def checked(place: Place, receipt: Receipt) -> tuple[Checked, ...]:
    found = triage.case(place.ctx, officer(place, place.olivia), receipt.case_id)
    return as_officer(place, receipt, found.messages)


def id_of(place: Place, receipt: Receipt, number: int) -> MessageId:
    return next(each.id for each in checked(place, receipt) if each.number == number)


def test_what_an_officer_removes_is_gone_and_everything_else_still_checks(place: Place, receipt: Receipt) -> None:
    posted = remove(place, place.olivia, receipt, id_of(place, receipt, 4))
    assert (posted.number, posted.repeated) == (5, False)
    found = checked(place, receipt)
    assert [each.mark for each in found] == [Mark.VERIFIED, Mark.VERIFIED, Mark.VERIFIED, Mark.REMOVED, Mark.VERIFIED]
    assert found[3].notice is not None
    assert found[3].notice.body == "It named a person."
    reply(place, place.olivia, receipt, "Thank you.")
    assert all(not each.problems for each in checked(place, receipt))


def test_the_reporter_sees_the_same(place: Place, receipt: Receipt) -> None:
    remove(place, place.olivia, receipt, id_of(place, receipt, 2))
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, *addition(place, receipt, "I see."))
    listed = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages
    assert [each.mark for each in as_reporter(receipt, listed)] == [Mark.VERIFIED, Mark.REMOVED, *[Mark.VERIFIED] * 3]
    opened = followup.open_plain(place.ctx, place.id, receipt).checked
    assert [(each.mark, each.kind) for each in opened[1:4:2]] == [(Mark.REMOVED, Kind.MESSAGE), (Mark.VERIFIED, Kind.REMOVED)]
    assert opened[1].notice == opened[3].payload
    followup.post_plain(place.ctx, place.id, receipt, MessageId(new_id()), "And so on.", seen_count=5)
    assert all(not each.problems for each in checked(place, receipt))


def test_a_note_is_removed_by_a_note_which_the_reporter_never_sees(place: Place, receipt: Receipt) -> None:
    before = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages
    remove(place, place.olivia, receipt, id_of(place, receipt, 3), Kind.NOTE, "Not for keeping.")
    assert [each.mark for each in checked(place, receipt)][2] is Mark.REMOVED
    assert followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages == before


def test_what_stays_is_its_place_and_a_mark(place: Place, receipt: Receipt) -> None:
    target = id_of(place, receipt, 4)
    remove(place, place.olivia, receipt, target)
    with place.ctx.database.read() as session:
        row = rows.by_id(session, place.id, receipt.case_id, target)
        case = cases.get(session, place.id, receipt.case_id)
        assert row is not None
        assert case is not None
        assert (row.sealed, row.removed, row.kind, row.number) == (b"", True, Kind.MESSAGE, 4)
        assert cases.buried(session, place.id, removal.mark_of(case.mailbox_hash, target))
        assert not cases.buried(session, place.id, removal.mark_of(case.mailbox_hash, id_of(place, receipt, 2)))


def test_the_mark_of_a_removed_message_is_the_published_one() -> None:
    # SHA-256 of b"quietline/removed/v1\n", 32 bytes of 1, and the id's 26 letters.
    mark = removal.mark_of(b"\1" * 32, MessageId("a" * 26))  # type: ignore[arg-type]
    assert mark.hex() == "f74e78c6d5a6d8258742937b3a462081271da42c68a2cfa867db34f2fd8a6dd4"


def with_file(place: Place, receipt: Receipt) -> tuple[MessageId, AttachmentId]:
    file = upload_for(place, receipt)
    message_id, sealed = addition(place, receipt, "See the file.")
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message_id, sealed, [file])
    return message_id, file


def test_its_files_go_with_it_and_others_stay(place: Place, receipt: Receipt) -> None:
    other_message, other = with_file(place, receipt)
    message, file = with_file(place, receipt)
    remove(place, place.olivia, receipt, message)
    with pytest.raises(BlobMissing):
        place.ctx.blobs.read(place.id, file)
    assert place.ctx.blobs.has(place.id, other)
    listed = {each.id: each.attachments for each in triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).messages}
    assert (listed[message], listed[other_message]) == ((), (other,))


def refusal(place: Place, receipt: Receipt, target: MessageId, kind: Kind) -> None:
    before = triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).messages
    with pytest.raises(NotRemovable):
        remove(place, place.olivia, receipt, target, kind)
    assert triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).messages == before


@pytest.mark.parametrize("kind", [Kind.REMOVED, Kind.NOTE])
def test_neither_the_report_nor_a_notice_nor_what_is_gone_can_be_removed(place: Place, receipt: Receipt, kind: Kind) -> None:
    remove(place, place.olivia, receipt, id_of(place, receipt, 2))
    remove(place, place.olivia, receipt, id_of(place, receipt, 3), Kind.NOTE)
    for number in (1, 2, 3, 5):
        target = id_of(place, receipt, number)
        message_id, sealed = letter(place, place.olivia, receipt, "", kind, removes=target)
        before = triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).messages
        with pytest.raises(NotRemovable):
            triage.post(place.ctx, officer(place, place.olivia), receipt.case_id, message_id, kind, sealed, removes=target)
        assert triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).messages == before


def test_the_kind_must_fit(place: Place, receipt: Receipt) -> None:
    refusal(place, receipt, id_of(place, receipt, 3), Kind.REMOVED)  # a note, by a notice that reporters see
    refusal(place, receipt, id_of(place, receipt, 4), Kind.NOTE)  # a message, by a note that they do not see


def test_what_is_not_in_the_case_cannot_be_removed(place: Place, receipt: Receipt) -> None:
    other = Receipt.generate()
    send(place, other)
    reply(place, place.olivia, other, "Another case.")
    target = id_of(place, other, 2)
    message_id, sealed = letter(place, place.olivia, receipt, "", Kind.REMOVED, removes=id_of(place, receipt, 2))
    for wrong in (target, MessageId(new_id()), message_id):
        with pytest.raises(NotRemovable):
            triage.post(place.ctx, officer(place, place.olivia), receipt.case_id, message_id, Kind.REMOVED, sealed, removes=wrong)
    assert all(not each.problems for each in checked(place, other))


def test_a_note_cannot_take_itself_away(place: Place, receipt: Receipt) -> None:
    message_id, sealed = letter(place, place.olivia, receipt, "", Kind.NOTE, removes=id_of(place, receipt, 3))
    with pytest.raises(NotRemovable):
        triage.post(place.ctx, officer(place, place.olivia), receipt.case_id, message_id, Kind.NOTE, sealed, removes=message_id)


def test_an_officer_without_access_removes_nothing(place: Place, receipt: Receipt) -> None:
    message_id, sealed = letter(place, place.olivia, receipt, "", Kind.REMOVED, removes=id_of(place, receipt, 2))
    with pytest.raises(UnknownCase):
        triage.post(
            place.ctx, officer(place, place.nathan), receipt.case_id, message_id, Kind.REMOVED, sealed, removes=id_of(place, receipt, 2)
        )
    assert all(not each.problems for each in checked(place, receipt))


def test_a_notice_says_what_it_removes_and_nothing_else_removes(place: Place, receipt: Receipt) -> None:
    target, desk = id_of(place, receipt, 2), officer(place, place.olivia)
    message_id, sealed = letter(place, place.olivia, receipt, "", Kind.REMOVED, removes=target)
    file = upload_for(place, receipt)
    wrong: list[tuple[type[QuietlineError], dict[str, object]]] = [
        (SealedRefused, {"kind": Kind.REMOVED}),
        (SealedRefused, {"kind": Kind.REPORT, "removes": target}),
        (NotRemovable, {"kind": Kind.MESSAGE, "removes": target}),
        (StateRefused, {"kind": Kind.REMOVED, "removes": target, "acknowledge": True}),
        (AttachmentsRefused, {"kind": Kind.REMOVED, "removes": target, "attachments": [file]}),
    ]
    for error, arguments in wrong:
        with pytest.raises(error):
            triage.post(place.ctx, desk, receipt.case_id, message_id, sealed=sealed, **arguments)  # type: ignore[arg-type]
    assert all(not each.problems for each in checked(place, receipt))


def test_a_notice_that_is_sent_again_gets_the_first_answer(place: Place, receipt: Receipt) -> None:
    target, desk = id_of(place, receipt, 2), officer(place, place.olivia)
    message_id, sealed = letter(place, place.olivia, receipt, "", Kind.REMOVED, removes=target)
    first, second = (triage.post(place.ctx, desk, receipt.case_id, message_id, Kind.REMOVED, sealed, removes=target) for _ in range(2))
    assert (first.number, first.repeated, second.number, second.repeated) == (5, False, 5, True)
    _, other = letter(place, place.olivia, receipt, "Other words.", Kind.REMOVED, removes=id_of(place, receipt, 4))
    with pytest.raises(Conflict):
        triage.post(place.ctx, desk, receipt.case_id, message_id, Kind.REMOVED, other, removes=target)
    assert len(checked(place, receipt)) == 5


def test_of_two_officers_at_once_one_notice_wins(place: Place, receipt: Receipt) -> None:
    oscar = make_person(place.id, "oscar", "Oscar Officer")
    enrol(place.ctx, oscar, place.ethics_id)
    for number in (2, 4):
        target = id_of(place, receipt, number)
        outcomes = each_at_once([_attempt(place, receipt, person, target) for person in (place.olivia, oscar)])
        assert sorted(outcomes) == ["not_removable", "removed"]
    marks = [each.mark for each in checked(place, receipt)]
    assert marks.count(Mark.REMOVED) == 2
    assert Mark.FAILED not in marks


def _attempt(place: Place, receipt: Receipt, person: Person, target: MessageId) -> Callable[[], str]:
    desk, made = officer(place, person), letter(place, person, receipt, "", Kind.REMOVED, removes=target)

    def work() -> str:
        try:
            triage.post(place.ctx, desk, receipt.case_id, made[0], Kind.REMOVED, made[1], removes=target)
        except NotRemovable as error:
            return error.code
        return "removed"

    return work


def test_a_message_that_is_sent_again_after_it_was_removed_does_not_come_back(place: Place, receipt: Receipt) -> None:
    message_id, sealed = addition(place, receipt, "Sent once, and again.")
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message_id, sealed)
    remove(place, place.olivia, receipt, message_id)
    with pytest.raises(Conflict):
        followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message_id, sealed)
    assert [each.mark for each in checked(place, receipt)][4] is Mark.REMOVED


def test_a_message_without_its_notice_is_shown_as_hidden(place: Place, receipt: Receipt) -> None:
    target = id_of(place, receipt, 2)
    with place.ctx.database.write() as session:
        case = cases.get(session, place.id, receipt.case_id)
        assert case is not None
        removal.empty(place.ctx, session, case, target)
    found = checked(place, receipt)
    assert found[1].problems == (Problem.REMOVED,)
    assert found[3].problems == (Problem.SEEN,)  # the answer was written to what is no longer there


def test_the_report_that_is_retried_is_still_the_first_answer(place: Place) -> None:
    receipt = Receipt.generate()
    message_id, sealed = report(place, receipt)
    arguments = (place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key, message_id, sealed)
    first = intake.accept_sealed(*arguments)
    posted = reply(place, place.olivia, receipt, "We have it.")
    remove(place, place.olivia, receipt, id_of(place, receipt, posted.number))
    assert intake.accept_sealed(*arguments) == replace(first, repeated=True)
