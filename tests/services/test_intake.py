"""A report arrives once, whole, or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import func, select

from app.crypto.age import seal_bytes
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridIdentity
from app.crypto.receipt import Receipt
from app.domain import LIMITS, CaseId, ChannelId, Mark, MessageId
from app.errors import ChannelNotOpen, Conflict, DraftRefused, FormatError, ReportWithdrawn, SealedRefused, UnknownChannel
from app.services import configuration, followup, intake, triage
from app.services.drafts import PlainReport
from app.services.intake import Accepted
from app.storage.models import Case, Message
from tests.services.letters import BODY, DRAFT, as_officer, officer, report, seal, send, team
from tests.support import TWO_CHANNELS, Clock, Place


@pytest.fixture
def receipt() -> Receipt:
    return Receipt.generate()


def stored(place: Place) -> tuple[int, int]:
    """How many cases and messages there are."""
    with place.ctx.database.read() as session:
        counted = [session.scalar(select(func.count()).select_from(table)) for table in (Case, Message)]
    return counted[0] or 0, counted[1] or 0


def sealed_again(place: Place, receipt: Receipt, message_id: MessageId, sealed: bytes, channel: ChannelId | None = None) -> Accepted:
    return intake.accept_sealed(place.ctx, place.id, channel or place.ethics_id, receipt.case_id, receipt.mailbox_key, message_id, sealed)


def plain(place: Place, receipt: Receipt, draft: PlainReport = DRAFT, channel: ChannelId | None = None) -> Accepted:
    return intake.accept_plain(place.ctx, place.id, channel or place.ethics_id, receipt, draft)


def retire_ethics(place: Place) -> None:
    only_audit = TWO_CHANNELS[: TWO_CHANNELS.index("[[channels]]")] + TWO_CHANNELS[TWO_CHANNELS.rindex("[[channels]]") :]
    configuration.configure(place.ctx, place.id, configuration.parse_toml(only_audit))


def test_an_accepted_report_names_its_case_and_both_days(place: Place, receipt: Receipt) -> None:
    expected = Accepted(receipt.case_id, date(2026, 11, 21), date(2026, 11, 28), date(2027, 2, 28), repeated=False)
    assert send(place, receipt) == expected
    assert plain(place, Receipt.generate()).feedback_by == date(2027, 2, 28)


def test_identical_bytes_get_the_first_answer_again(place: Place, receipt: Receipt, clock: Clock) -> None:
    message_id, sealed = report(place, receipt)
    first = sealed_again(place, receipt, message_id, sealed)
    clock.move(days=3)
    again = sealed_again(place, receipt, message_id, sealed)
    assert again.repeated
    assert (again.case, again.received_on, again.acknowledge_by) == (first.case, first.received_on, first.acknowledge_by)
    assert stored(place) == (1, 1)


def test_other_bytes_for_the_same_mailbox_are_a_conflict(place: Place, receipt: Receipt) -> None:
    message_id, sealed = report(place, receipt)
    sealed_again(place, receipt, message_id, sealed)
    with pytest.raises(Conflict):
        sealed_again(place, receipt, message_id, report(place, receipt)[1])
    with pytest.raises(Conflict):
        sealed_again(place, receipt, MessageId(new_id()), sealed)
    with pytest.raises(Conflict):
        intake.accept_sealed(place.ctx, place.id, place.ethics_id, CaseId(new_id()), receipt.mailbox_key, message_id, sealed)
    assert stored(place) == (1, 1)


def test_a_case_id_of_another_mailbox_is_a_conflict_and_changes_nothing(place: Place, receipt: Receipt) -> None:
    send(place, receipt)
    other = Receipt.generate()
    message_id, sealed = report(place, other)
    with pytest.raises(Conflict):
        intake.accept_sealed(place.ctx, place.id, place.ethics_id, receipt.case_id, other.mailbox_key, message_id, sealed)
    assert stored(place) == (1, 1)


def test_the_same_report_to_another_channel_is_a_conflict(place: Place, receipt: Receipt) -> None:
    message_id, sealed = report(place, receipt)
    sealed_again(place, receipt, message_id, sealed)
    with pytest.raises(Conflict):
        sealed_again(place, receipt, message_id, sealed, place.audit_id)


def test_the_same_report_twenty_times_at_once_is_one_case(place: Place, receipt: Receipt) -> None:
    message_id, sealed = report(place, receipt)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: sealed_again(place, receipt, message_id, sealed), range(20)))
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 19
    assert stored(place) == (1, 1)


def test_the_same_form_twenty_times_at_once_is_one_case(place: Place, receipt: Receipt) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: plain(place, receipt), range(20)))
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 19
    assert stored(place) == (1, 1)


def test_a_withdrawn_report_is_refused_ever_after(place: Place, receipt: Receipt) -> None:
    message_id, sealed = report(place, receipt)
    sealed_again(place, receipt, message_id, sealed)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    with pytest.raises(ReportWithdrawn):
        sealed_again(place, receipt, message_id, sealed)
    with pytest.raises(ReportWithdrawn):
        plain(place, receipt)
    assert stored(place) == (0, 0)


def test_what_is_not_framed_as_a_team_report_is_refused_and_not_stored(place: Place, receipt: Receipt) -> None:
    message_id, sealed = report(place, receipt)
    stranger = HybridIdentity.generate().recipient
    document = b"{}".ljust(4096)
    x25519 = b"age-encryption.org/v1\n-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n" + bytes(16 + 4096 + 16)
    for bad in (
        b"",
        b'{"body": "plain", "sealed": true}'.ljust(4096),
        x25519,
        seal(document, team(place)),
        seal(document, team(place), receipt.identity.recipient, stranger),
        seal(document[:-1], team(place), receipt.identity.recipient),
        seal(document + b" ", team(place), receipt.identity.recipient),
        sealed[:-1],
        sealed + b"x",
        sealed + sealed,
    ):
        with pytest.raises(SealedRefused):
            sealed_again(place, receipt, message_id, bad)
    assert stored(place) == (0, 0)


def test_keys_and_ids_of_another_form_are_refused(place: Place, receipt: Receipt) -> None:
    message_id, sealed = report(place, receipt)
    for case, key, message in (
        (receipt.case_id, receipt.mailbox_key[:31], message_id),
        (receipt.case_id.upper(), receipt.mailbox_key, message_id),
        (receipt.case_id, receipt.mailbox_key, message_id[:-1]),
        ("", receipt.mailbox_key, message_id),
    ):
        with pytest.raises(FormatError):
            intake.accept_sealed(place.ctx, place.id, place.ethics_id, CaseId(case), key, MessageId(message), sealed)
    assert stored(place) == (0, 0)


def test_a_channel_without_keys_or_unknown_takes_nothing(place: Place, receipt: Receipt) -> None:
    message_id, sealed = report(place, receipt)
    with pytest.raises(ChannelNotOpen):
        sealed_again(place, receipt, message_id, sealed, place.audit_id)
    with pytest.raises(UnknownChannel):
        sealed_again(place, receipt, message_id, sealed, ChannelId(new_id()))
    with pytest.raises(ChannelNotOpen):
        plain(place, receipt, channel=place.audit_id)
    with pytest.raises(UnknownChannel):
        plain(place, receipt, channel=ChannelId(new_id()))
    assert stored(place) == (0, 0)


def test_a_retired_channel_takes_nothing_new_but_answers_a_retry(place: Place, receipt: Receipt) -> None:
    message_id, sealed = report(place, receipt)
    sealed_again(place, receipt, message_id, sealed)
    retire_ethics(place)
    assert sealed_again(place, receipt, message_id, sealed).repeated
    with pytest.raises(UnknownChannel):
        send(place, Receipt.generate())


def test_a_retired_channel_takes_no_new_form_but_answers_a_repeated_one(place: Place, receipt: Receipt, clock: Clock) -> None:
    first = plain(place, receipt)
    clock.move(days=1)
    retire_ethics(place)
    bare = PlainReport(DRAFT.subject, DRAFT.body)  # its questions are no longer known, so its page has no fields for them
    for draft in (DRAFT, bare):
        again = plain(place, receipt, draft)
        assert (again.case, again.received_on, again.repeated) == (first.case, first.received_on, True)
    with pytest.raises(Conflict):
        plain(place, receipt, PlainReport(DRAFT.subject, "Something else."))
    with pytest.raises(UnknownChannel):
        plain(place, Receipt.generate(), bare)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    with pytest.raises(ReportWithdrawn):
        plain(place, receipt, bare)
    assert stored(place) == (0, 0)


def test_a_form_is_sealed_so_that_team_and_reporter_read_it_and_its_mark_says_server(place: Place, receipt: Receipt) -> None:
    plain(place, receipt)
    found = triage.case(place.ctx, officer(place, place.olivia), receipt.case_id)
    (checked,) = as_officer(place, receipt, found.messages)
    assert (checked.mark, checked.problems) == (Mark.SERVER, ())
    assert checked.payload is not None
    assert (checked.payload.subject, checked.payload.body) == ("About the ledger", BODY)
    assert [(a.question, a.label, a.value) for a in checked.payload.answers] == [
        ("category", "What is it about?", "Fraud"),
        ("place", "Where?", "North office"),
        ("known", "Who knows?", "Nobody\nA manager"),
    ]
    assert checked.payload.reply_to == str(receipt.identity.recipient)
    assert checked.payload.channel is not None
    assert checked.payload.channel.recipient == place.keyring.recipient
    assert followup.open_plain(place.ctx, place.id, receipt).checked[0].payload == checked.payload


def test_the_same_form_again_is_the_same_report(place: Place, receipt: Receipt, clock: Clock) -> None:
    first = plain(place, receipt)
    clock.move(days=1)
    again = plain(place, receipt, PlainReport(" About the ledger".strip() + " ", BODY + "\r\n", DRAFT.answers))
    assert (again.received_on, again.repeated) == (first.received_on, True)


def test_another_form_with_the_same_receipt_is_a_conflict(place: Place, receipt: Receipt) -> None:
    plain(place, receipt)
    for other in (
        PlainReport("About the ledger", BODY + " Twice.", DRAFT.answers),
        PlainReport("Another subject", BODY, DRAFT.answers),
        PlainReport("About the ledger", BODY, {**DRAFT.answers, "category": "Safety"}),
    ):
        with pytest.raises(Conflict):
            plain(place, receipt, other)
    assert stored(place) == (1, 1)


def test_a_form_after_a_browsers_report_with_the_same_receipt_is_a_conflict(place: Place, receipt: Receipt) -> None:
    send(place, receipt, "Something else.")
    with pytest.raises(Conflict):
        plain(place, receipt)


def test_a_stored_report_that_does_not_check_is_never_called_the_same(place: Place, receipt: Receipt) -> None:
    plain(place, receipt)
    forged = seal_bytes(b"{}".ljust(4096), [team(place), receipt.identity.recipient])
    with place.ctx.database.write() as session:
        row = session.scalars(select(Message)).one()
        row.sealed = forged  # type: ignore[assignment]
    with pytest.raises(Conflict):
        plain(place, receipt)


def test_a_form_that_holds_its_words_or_nothing_is_refused(place: Place, receipt: Receipt) -> None:
    for draft in (PlainReport("", " ".join(receipt.words), DRAFT.answers), PlainReport("", "", {})):
        with pytest.raises(DraftRefused):
            plain(place, receipt, draft)
    assert stored(place) == (0, 0)


@pytest.mark.parametrize("character", ['"', "\\", "\t.", "\U0001f426"])
def test_the_longest_form_fits_however_it_is_escaped(place: Place, receipt: Receipt, character: str) -> None:
    body = (character * LIMITS.body_characters)[: LIMITS.body_characters - 1] + "."
    answers = {"category": "Fraud", "place": '"' * LIMITS.answer_characters}
    plain(place, receipt, PlainReport("", body, answers))
    payload = followup.open_plain(place.ctx, place.id, receipt).checked[0].payload
    assert payload is not None
    assert payload.body == body


def test_a_row_of_a_report_tells_nothing_finer_than_a_day(place: Place, receipt: Receipt) -> None:
    send(place, receipt)
    with place.ctx.database.read() as session:
        for table in (Case, Message):
            row = session.scalars(select(table)).one()
            values = [getattr(row, column.name) for column in table.__table__.columns]
            assert not [value for value in values if isinstance(value, int) and value > 1_000_000]
