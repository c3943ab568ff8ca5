"""A message names the files that come with it: all of them or none, once, and in the same step as itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest

from app.crypto.encoding import new_id
from app.crypto.message import Attachment
from app.crypto.receipt import Receipt
from app.domain import LIMITS, AttachmentId, Kind, MessageId, SealedMessage
from app.errors import AttachmentsRefused, Conflict, DraftRefused, FormatError, NoConversation, ReportWithdrawn, StorageBusy
from app.services import files, followup, housekeeping, intake, triage, uploads
from app.services.drafts import PlainReport
from app.services.followup import Posted
from app.services.intake import Accepted
from app.storage import attachments as attachment_rows
from app.storage.blobs_local import LocalBlobs
from tests.services.letters import DRAFT, addition, letter, officer, report, send, team
from tests.services.sealed_files import kept, rows, seal_for, some_sealed_file, strangers, upload, upload_for
from tests.support import Clock, Place


@pytest.fixture
def receipt() -> Receipt:
    return Receipt.generate()


@pytest.fixture
def sent(place: Place, receipt: Receipt) -> Receipt:
    """Somebody whose report is there."""
    send(place, receipt)
    return receipt


def send_with(place: Place, receipt: Receipt, named: list[AttachmentId], sealed: tuple[MessageId, bytes] | None = None) -> Accepted:
    message, data = sealed or report(place, receipt)
    return intake.accept_sealed(place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key, message, data, named)


def add_with(place: Place, receipt: Receipt, named: list[AttachmentId], sealed: tuple[MessageId, bytes] | None = None) -> Posted:
    message, data = sealed or addition(place, receipt, "More.")
    return followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message, data, named)


def reply_with(place: Place, receipt: Receipt, named: list[AttachmentId], kind: Kind = Kind.MESSAGE) -> Posted:
    message, data = letter(place, place.olivia, receipt, "A reply.", kind)
    return triage.post(place.ctx, officer(place, place.olivia), receipt.case_id, message, kind, data, attachments=named)


def for_reporter(place: Place, receipt: Receipt) -> tuple[SealedMessage, ...]:
    return followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages


def for_team(place: Place, receipt: Receipt) -> tuple[SealedMessage, ...]:
    return triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).messages


def sealed_here(place: Place, receipt: Receipt, data: bytes = b"A page.", name: str = "page.txt") -> Attachment:
    """A file as it comes from a form."""
    own = str(receipt.identity.recipient)
    return files.seal_file(place.ctx, place.id, [place.keyring.recipient, own], name, "text/plain", [data], 10**9)


def test_a_report_names_its_files(place: Place, receipt: Receipt) -> None:
    named = [upload_for(place, receipt, bytes([n])) for n in range(3)]
    waiting = upload_for(place, receipt)
    send_with(place, receipt, named)
    assert rows(place) == ({waiting}, set(named))
    for seen in (for_reporter, for_team):
        assert [sorted(message.attachments) for message in seen(place, receipt)] == [sorted(named)]


def test_messages_of_both_sides_name_theirs(place: Place, sent: Receipt) -> None:
    one, other, third = upload_for(place, sent), upload_for(place, sent), upload(place, seal_for([team(place)], b"for us"))
    add_with(place, sent, [one])
    reply_with(place, sent, [other])
    reply_with(place, sent, [third], Kind.NOTE)
    assert [message.attachments for message in for_team(place, sent)] == [(), (one,), (other,), (third,)]
    assert [message.attachments for message in for_reporter(place, sent)] == [(), (one,), (other,)]


def test_a_file_is_named_once(place: Place, sent: Receipt) -> None:
    file = upload_for(place, sent)
    add_with(place, sent, [file])
    for again in (add_with, reply_with):
        with pytest.raises(AttachmentsRefused) as refused:
            again(place, sent, [file])
        assert refused.value.parameters == {"reason": "taken"}
    other = Receipt.generate()
    with pytest.raises(AttachmentsRefused):
        send_with(place, other, [file])
    with pytest.raises(NoConversation):
        for_reporter(place, other)
    assert [message.attachments for message in for_reporter(place, sent)] == [(), (file,)]


def test_what_cannot_be_named_is_refused_and_nothing_is_named_or_lost(place: Place, sent: Receipt, clock: Clock) -> None:
    expired = upload_for(place, sent)
    clock.move(days=2)
    good, begun = upload_for(place, sent), uploads.create(place.ctx, place.id, len(some_sealed_file())).id
    wrong = {
        "unknown": (AttachmentId(new_id()), expired),
        "incomplete": (begun,),
        "readers": (upload(place, seal_for(strangers(3), b"x")), upload(place, seal_for([team(place)], b"x"))),
    }
    before = rows(place)
    for reason, each in wrong.items():
        for bad in each:
            for call in (add_with, reply_with):
                with pytest.raises(AttachmentsRefused) as refused:
                    call(place, sent, [good, bad])
                assert refused.value.parameters == {"reason": reason}
    with pytest.raises(AttachmentsRefused):
        reply_with(place, sent, [good], Kind.NOTE)  # sealed to the reporter too, and so not for a note
    assert rows(place) == before
    assert len(for_team(place, sent)) == 1
    add_with(place, sent, [good])


def test_a_list_that_is_none_is_refused_before_anything_is_looked_up(place: Place, sent: Receipt) -> None:
    file = upload_for(place, sent)
    for wrong in ([file, file], [AttachmentId(new_id()) for _ in range(LIMITS.attachments + 1)]):
        with pytest.raises(AttachmentsRefused) as refused:
            add_with(place, sent, wrong)
        assert refused.value.parameters == {"reason": "count"}
    for no_id in ("", "../x", "A" * 26):
        with pytest.raises(FormatError):
            add_with(place, sent, [AttachmentId(no_id)])


def test_as_many_files_as_are_allowed_can_be_named_at_once(place: Place, sent: Receipt) -> None:
    named = [upload_for(place, sent) for _ in range(LIMITS.attachments)]
    add_with(place, sent, named)
    assert rows(place) == (set(), set(named))


def test_the_same_message_again_is_the_first_answer_and_other_files_are_a_conflict(place: Place, receipt: Receipt) -> None:
    first, second, third = (upload_for(place, receipt) for _ in range(3))
    sealed = report(place, receipt)
    done = send_with(place, receipt, [first, second], sealed)
    again = send_with(place, receipt, [second, first], sealed)
    assert (done.repeated, again.repeated, again.case) == (False, True, done.case)
    for other in ([], [first], [first, second, third], [first, third]):
        with pytest.raises(Conflict):
            send_with(place, receipt, other, sealed)
    more = addition(place, receipt, "More.")
    assert not add_with(place, receipt, [third], more).repeated
    assert add_with(place, receipt, [third], more).repeated
    for other in ([], [first]):
        with pytest.raises(Conflict):
            add_with(place, receipt, other, more)
    assert rows(place) == (set(), {first, second, third})


def test_of_twenty_messages_that_name_one_file_one_is_stored(place: Place, sent: Receipt) -> None:
    file = upload_for(place, sent)
    own = [partial(add_with, place, sent, [file], addition(place, sent, f"Number {n}.")) for n in range(10)]
    others = [partial(send_with, place, other, [file], report(place, other)) for other in (Receipt.generate() for _ in range(10))]

    def attempt(call: partial[object]) -> bool:
        try:
            call()
        except AttachmentsRefused:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(attempt, own + others))
    assert won.count(True) == 1
    assert rows(place) == (set(), {file})
    assert len(for_reporter(place, sent)) == (2 if any(won[:10]) else 1)
    assert kept(place) == (set(), {file})


def test_the_same_report_twenty_times_at_once_names_its_files_once(place: Place, receipt: Receipt) -> None:
    named = [upload_for(place, receipt) for _ in range(3)]
    sealed = report(place, receipt)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send_with(place, receipt, named, sealed), range(20)))
    assert sum(not answer.repeated for answer in answers) == 1
    assert rows(place) == (set(), set(named))


def test_a_form_names_its_files_and_the_same_again_needs_no_new_ones(place: Place, receipt: Receipt) -> None:
    first = sealed_here(place, receipt)
    done = intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, DRAFT, attachments=[first])
    for again in (first, sealed_here(place, receipt)):
        answer = intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, DRAFT, attachments=[again])
        assert (done.repeated, answer.repeated) == (False, True)
    assert rows(place) == (set(), {first.id})
    assert kept(place) == (set(), {first.id})
    for other in ([], [sealed_here(place, receipt, b"Another page.")], [sealed_here(place, receipt, name="other.txt")], [first, first]):
        with pytest.raises((Conflict, AttachmentsRefused)):
            intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, DRAFT, attachments=other)
    assert rows(place)[1] == {first.id}


def test_an_answer_from_a_form_does_too(place: Place, sent: Receipt) -> None:
    message, first = MessageId(new_id()), sealed_here(place, sent)
    say = partial(followup.post_plain, place.ctx, place.id, sent, message, "Here it is.", 1)
    assert not say([first]).repeated
    assert say([first]).repeated
    assert say([sealed_here(place, sent)]).repeated
    with pytest.raises(Conflict):
        say([])
    with pytest.raises(Conflict):
        say([sealed_here(place, sent, b"Another page.")])
    opened = followup.open_plain(place.ctx, place.id, sent).checked[-1].payload
    assert opened is not None
    assert opened.attachments == (first,)
    assert rows(place)[1] == {first.id}


def test_a_draft_that_is_refused_leaves_its_files_waiting(place: Place, receipt: Receipt) -> None:
    file = sealed_here(place, receipt)
    with pytest.raises(DraftRefused):
        intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, PlainReport("", "", {}), attachments=[file])
    assert rows(place) == ({file.id}, set())


def test_a_withdrawal_takes_the_files_with_it(place: Place, receipt: Receipt) -> None:
    named, sealed = [upload_for(place, receipt) for _ in range(2)], report(place, receipt)
    send_with(place, receipt, named, sealed)
    third, other = upload_for(place, receipt), Receipt.generate()
    add_with(place, receipt, [third])
    theirs = upload_for(place, other)
    send_with(place, other, [theirs])
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    assert rows(place) == (set(), {theirs})
    assert kept(place) == (set(), {theirs})
    with pytest.raises(ReportWithdrawn):
        send_with(place, receipt, named, sealed)


@pytest.mark.parametrize("failure", [StorageBusy, OSError])
def test_a_withdrawal_that_cannot_reach_the_files_leaves_them_to_the_sweep(
    place: Place, receipt: Receipt, failure: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = upload_for(place, receipt)
    send_with(place, receipt, [file])
    housekeeping.tidy(place.ctx)

    def fails(*_: object) -> None:
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(LocalBlobs, "delete", fails)
        followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    assert kept(place) == (set(), {file})
    housekeeping.tidy(place.ctx)
    assert kept(place) == (set(), set())


def test_a_withdrawal_and_messages_with_files_at_the_same_time_leave_nothing_behind(place: Place, sent: Receipt) -> None:
    letters = [(addition(place, sent, f"Number {n}."), upload_for(place, sent)) for n in range(10)]

    def add(each: tuple[tuple[MessageId, bytes], AttachmentId]) -> None:
        with suppress(NoConversation):
            add_with(place, sent, [each[1]], each[0])

    with ThreadPoolExecutor(11) as pool:
        adding = [pool.submit(add, each) for each in letters]
        pool.submit(followup.withdraw, place.ctx, place.id, sent.mailbox_key).result()
        for each in adding:
            each.result()
    waiting, named = rows(place)
    assert named == set()
    uploads.sweep(place.ctx)
    assert kept(place) == (set(), set(waiting))


def test_files_are_counted(place: Place, receipt: Receipt) -> None:
    named = [upload_for(place, receipt, bytes(size)) for size in (10, 100_000)]
    send_with(place, receipt, named)
    sizes = sum(place.ctx.blobs.read(place.id, each)[0] for each in named)
    with place.ctx.database.read() as session:
        assert attachment_rows.totals(session, place.id) == (2, sizes)
