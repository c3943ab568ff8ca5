"""A reporter comes back: what they are shown, whom their answer is sealed to, and what is left when they take it all away."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.crypto.age import unseal_bytes
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridIdentity
from app.crypto.receipt import Receipt, mailbox_hash
from app.crypto.signing import SigningKey
from app.domain import Kind, Mark, MessageId, OrganisationId, Problem, SealedBlob, State
from app.errors import Conflict, DraftRefused, FormatError, NoConversation, NoMatch, SealedRefused
from app.services import followup, housekeeping, intake, triage
from app.services.context import Context
from app.services.setup import initialise
from app.storage import channels
from app.storage.models import Case, Message, ReadMark, Tombstone
from tests.databases import databases
from tests.services.counting import work
from tests.services.letters import BODY, DRAFT, addition, as_officer, letter, officer, reply, report, seal, send, team
from tests.support import Clock, Place

_LETTER: bytes = seal(b"{}".ljust(4096), HybridIdentity.generate().recipient, HybridIdentity.generate().recipient)
Verb = Callable[[Context, OrganisationId, Receipt], object]
VERBS: dict[str, Verb] = {
    "open_sealed": lambda ctx, org, receipt: followup.open_sealed(ctx, org, receipt.mailbox_key),
    "open_plain": followup.open_plain,
    "post_sealed": lambda ctx, org, receipt: followup.post_sealed(ctx, org, receipt.mailbox_key, MessageId(new_id()), _LETTER),
    "post_plain": lambda ctx, org, receipt: followup.post_plain(ctx, org, receipt, MessageId(new_id()), "More.", 1),
    "withdraw": lambda ctx, org, receipt: followup.withdraw(ctx, org, receipt.mailbox_key),
}


@pytest.fixture
def receipt(place: Place) -> Receipt:
    """Of a report that has been sent by a browser."""
    drawn = Receipt.generate()
    send(place, drawn)
    return drawn


def plain(place: Place) -> Receipt:
    """Of a report that has been sent as a form."""
    drawn = Receipt.generate()
    intake.accept_plain(place.ctx, place.id, place.ethics_id, drawn, DRAFT)
    return drawn


def say(place: Place, receipt: Receipt, body: str, seen: int = 1, message: MessageId | None = None) -> followup.Posted:
    return followup.post_plain(place.ctx, place.id, receipt, message or MessageId(new_id()), body, seen)


def marks(place: Place, receipt: Receipt) -> list[Mark]:
    return [message.mark for message in followup.open_plain(place.ctx, place.id, receipt).checked]


def for_the_team(place: Place, receipt: Receipt) -> list[tuple[str, Mark, tuple[Problem, ...]]]:
    found = triage.case(place.ctx, officer(place, place.olivia), receipt.case_id)
    return [(m.payload.body if m.payload else "", m.mark, m.problems) for m in as_officer(place, receipt, found.messages)]


@pytest.mark.parametrize("verb", VERBS)
def test_wrong_unknown_and_withdrawn_words_cost_the_same(place: Place, receipt: Receipt, verb: str) -> None:
    withdrawn = Receipt.generate()
    send(place, withdrawn)
    followup.withdraw(place.ctx, place.id, withdrawn.mailbox_key)
    elsewhere = initialise(place.ctx, [str(place.recovery.recipient)], "Southwind").organisation
    done = []
    for org, drawn in (
        (place.id, Receipt.generate()),
        (place.id, Receipt.from_entropy(bytes(16))),
        (place.id, withdrawn),
        (elsewhere, receipt),
    ):
        with work() as each, pytest.raises(NoConversation):
            VERBS[verb](place.ctx, org, drawn)
        done.append((each.statements, each.hashes))
    assert done[0] == done[1] == done[2] == done[3]
    statements, hashes = done[0]
    assert len([text for text in statements if text.startswith("SELECT")]) == 1
    assert not [text for text in statements if "IMMEDIATE" in text], "a stranger must not take the write lock"
    assert hashes >= 1


def test_a_mailbox_key_of_another_length_is_not_looked_up(place: Place) -> None:
    with work() as done, pytest.raises(FormatError):
        followup.open_sealed(place.ctx, place.id, bytes(31))
    assert done.statements == []


def test_the_case_says_where_it_stands(place: Place, receipt: Receipt, clock: Clock) -> None:
    clock.move(days=3)
    reply(place, place.olivia, receipt, "Thank you.", acknowledge=True)
    found = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key)
    assert (found.case, found.channel.name, found.state, found.outcome) == (receipt.case_id, "Ethics team", State.ACKNOWLEDGED, None)
    assert (found.received_on, found.acknowledged_on, found.closed_on) == (date(2026, 11, 21), date(2026, 11, 24), None)
    assert (found.acknowledge_by, found.feedback_by) == (date(2026, 11, 28), date(2027, 2, 24))


@pytest.mark.parametrize("sent_by", ["browser", "form"])
def test_the_conversation_opens_and_checks_with_the_words_alone(place: Place, receipt: Receipt, sent_by: str) -> None:
    receipt = receipt if sent_by == "browser" else plain(place)
    reply(place, place.olivia, receipt, "Where was it?")
    say(place, receipt, "In the north office.", seen=2)
    found = followup.open_plain(place.ctx, place.id, receipt)
    own = Mark.VERIFIED if sent_by == "browser" else Mark.SERVER
    assert [message.mark for message in found.checked] == [own, Mark.VERIFIED, Mark.SERVER]
    assert [message.payload.body for message in found.checked if message.payload] == [BODY, "Where was it?", "In the north office."]
    assert found.answerable
    assert [mark for _, mark, _ in for_the_team(place, receipt)] == [own, Mark.VERIFIED, Mark.SERVER]


def test_notes_of_the_team_are_never_handed_out(place: Place, receipt: Receipt) -> None:
    reply(place, place.olivia, receipt, "Only for us.", Kind.NOTE)
    reply(place, place.olivia, receipt, "For you.")
    assert [m.kind for m in followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages] == [Kind.REPORT, Kind.MESSAGE]
    assert [m.kind for m in followup.open_plain(place.ctx, place.id, receipt).checked] == [Kind.REPORT, Kind.MESSAGE]
    assert marks(place, receipt) == [Mark.VERIFIED, Mark.VERIFIED]


def test_what_a_person_was_shown_is_what_the_answer_says_they_saw(place: Place, receipt: Receipt) -> None:
    reply(place, place.olivia, receipt, "First.")
    reply(place, place.olivia, receipt, "Second, which came while they were writing.")
    for count, expected in ((2, 2), (99, 4), (-1, 0)):
        say(place, receipt, f"Saw {count}.", seen=count)
        last = followup.open_plain(place.ctx, place.id, receipt).checked[-1].payload
        assert last is not None
        assert last.seen.count == expected
    assert {problems for _, _, problems in for_the_team(place, receipt)} == {()}


def test_an_answer_is_sealed_to_the_readers_of_the_report_not_to_what_the_server_offers_now(place: Place, receipt: Receipt) -> None:
    intruder = HybridIdentity.generate()
    with place.ctx.database.write() as session:
        keys = {"recipient": str(intruder.recipient), "verify": SigningKey.generate().verify}
        channels.set_keys(session, place.id, place.ethics_id, **keys, epoch=2, day=place.ctx.today())
    say(place, receipt, "For the team that I wrote to.")
    sealed = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages[-1].sealed
    assert b"For the team" in unseal_bytes(sealed, place.keyring.identities)
    with pytest.raises(NoMatch):
        unseal_bytes(sealed, [intruder])


def test_an_officers_message_signed_with_another_key_is_shown_and_marked(place: Place, receipt: Receipt) -> None:
    _, sealed = letter(place, place.olivia, receipt, "Who are you?")
    document = unseal_bytes(sealed, place.keyring.identities).rstrip()
    forged = document.replace(b'"signature":"', b'"signature":"' + b"A" * 10, 1)
    start = forged.index(b'"signature":"') + 13
    forged = forged[: start + 10] + forged[start + 20 :]
    planted = seal(forged.ljust(4096), team(place), receipt.identity.recipient)
    triage.post(place.ctx, officer(place, place.olivia), receipt.case_id, MessageId(new_id()), Kind.MESSAGE, planted)
    found = followup.open_plain(place.ctx, place.id, receipt).checked[-1]
    assert found.mark is Mark.FAILED
    assert Problem.SIGNATURE in found.problems
    assert found.payload is not None


def test_nothing_is_sealed_when_the_own_report_does_not_check(place: Place, receipt: Receipt) -> None:
    _, sealed = report(place, Receipt.generate(), "Not what I wrote.")
    with place.ctx.database.write() as session:
        session.scalars(select(Message)).one().sealed = SealedBlob(sealed)
    assert not followup.open_plain(place.ctx, place.id, receipt).answerable
    with pytest.raises(SealedRefused) as refused:
        say(place, receipt, "More.")
    assert refused.value.parameters == {"reason": "own_report"}


def test_a_repeated_message_gets_the_first_answer_again(place: Place, receipt: Receipt, clock: Clock) -> None:
    message, sealed = addition(place, receipt, "More.")
    first = followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message, sealed)
    clock.move(days=1)
    again = followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message, sealed)
    assert (first.number, first.day, first.repeated, again.repeated) == (2, date(2026, 11, 21), False, True)
    assert (again.number, again.day) == (first.number, first.day)
    with pytest.raises(Conflict):
        followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message, addition(place, receipt, "More.")[1])


def test_a_repeated_form_gets_the_first_answer_again(place: Place, receipt: Receipt) -> None:
    message = MessageId(new_id())
    first = say(place, receipt, "More.", message=message)
    assert say(place, receipt, "More.\r\n", seen=2, message=message) == replace(first, repeated=True)
    with pytest.raises(Conflict):
        say(place, receipt, "Something else.", message=message)
    assert len(marks(place, receipt)) == 2


def test_the_id_of_another_message_is_a_conflict(place: Place, receipt: Receipt) -> None:
    reply(place, place.olivia, receipt, "More.")
    reply(place, place.olivia, receipt, "More.", Kind.NOTE)
    case = triage.case(place.ctx, officer(place, place.olivia), receipt.case_id)
    for taken, body in zip(case.messages, (BODY, "More.", "More."), strict=True):
        with pytest.raises(Conflict):
            say(place, receipt, body, message=taken.id)


def test_what_may_not_be_sent_is_refused(place: Place, receipt: Receipt) -> None:
    for body in ("", " \n", " ".join(receipt.words), "b" * 100_001):
        with pytest.raises(DraftRefused):
            say(place, receipt, body)
    with pytest.raises(FormatError):
        say(place, receipt, "More.", message=MessageId("short"))
    with pytest.raises(SealedRefused):
        followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, MessageId(new_id()), seal(b"{}".ljust(4096), team(place)))
    assert marks(place, receipt) == [Mark.VERIFIED]


def test_ten_writers_at_once_lose_nothing(place: Place, receipt: Receipt) -> None:
    ours = officer(place, place.olivia)
    letters = [letter(place, place.olivia, receipt, f"Officer {n}.") for n in range(5)]

    def write(number: int) -> int:
        if number < 5:
            return triage.post(place.ctx, ours, receipt.case_id, letters[number][0], Kind.MESSAGE, letters[number][1]).number
        return say(place, receipt, f"Reporter {number}.").number

    with ThreadPoolExecutor(10) as pool:
        numbers = list(pool.map(write, range(10)))
    assert sorted(numbers) == list(range(2, 12))
    assert sorted(body for body, _, _ in for_the_team(place, receipt)) == sorted(
        [BODY, *(f"Officer {n}." for n in range(5)), *(f"Reporter {n}." for n in range(5, 10))]
    )


def _process(place: Place, receipt: Receipt, number: int) -> None:
    place.ctx.database.after_fork()
    for turn in range(3):
        say(place, receipt, f"{number}-{turn}")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_several_processes_at_once_lose_nothing(place: Place, receipt: Receipt) -> None:
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=_process, args=(place, receipt, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    found = followup.open_plain(place.ctx, place.id, receipt).checked
    assert [message.number for message in found] == list(range(1, 14))
    assert {message.payload.body for message in found[1:] if message.payload} == {f"{n}-{t}" for n in range(4) for t in range(3)}


def pieces(sealed: bytes) -> list[bytes]:
    """Short runs of a sealed message, as pages may cut it anywhere; without its first line, which all have in common."""
    return [sealed[start : start + 24] for start in range(60, len(sealed) - 24, 150)]


@pytest.mark.parametrize("checkpointed", [False, True])
def test_withdrawn_means_gone_from_the_file_and_its_journal(place: Place, clock: Clock, receipt: Receipt, checkpointed: bool) -> None:
    bystander = Receipt.generate()
    send(place, bystander)
    reply(place, place.olivia, receipt, "A reply.")
    reply(place, place.olivia, receipt, "A note.", Kind.NOTE)
    triage.mark_read(place.ctx, officer(place, place.olivia), receipt.case_id, 3)
    stored = [message.sealed for message in triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).messages]
    ids = [receipt.case_id.encode(), mailbox_hash(receipt.mailbox_key)]
    needles = [piece for sealed in stored for piece in pieces(sealed)]
    if checkpointed:
        place.ctx.database.truncate_journal()
    before = databases.raw(place.ctx.database)
    assert all(each in before for each in ids)
    assert sum(needle in before for needle in needles) > 0.9 * len(needles)

    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    if place.ctx.database.kind == "postgresql":  # where it takes until the day is over, as SECURITY.md says
        clock.move(days=1)
        databases.settle()
        housekeeping.tidy(place.ctx)

    after = databases.raw(place.ctx.database)
    assert not [needle for needle in [*needles, *ids] if needle in after]
    assert bystander.case_id.encode() in after
    with place.ctx.database.read() as session:
        left = [session.scalar(select(func.count()).select_from(table)) for table in (Case, Message, ReadMark)]
        stone = session.scalars(select(Tombstone)).one()
    assert left == [1, 1, 0]
    assert (len(stone.mark), stone.day) == (32, date(2026, 11, 21))
    assert stone.mark != mailbox_hash(receipt.mailbox_key)


def test_a_second_withdrawal_finds_nothing(place: Place, receipt: Receipt) -> None:
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    with pytest.raises(NoConversation):
        followup.withdraw(place.ctx, place.id, receipt.mailbox_key)


def test_neither_text_nor_words_nor_keys_reach_the_disk(place: Place, tmp_path: Path) -> None:
    receipt = plain(place)
    say(place, receipt, "The second letter about the ledger.")
    disk = databases.raw(place.ctx.database) + b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert receipt.case_id.encode() in disk
    for secret in (BODY, "second letter", "About the ledger", " ".join(receipt.words), receipt.words[0] + " " + receipt.words[1]):
        assert secret.encode() not in disk
    for key in (receipt.entropy, receipt.mailbox_key, receipt.signing.seed, receipt.identity.seed):
        assert key not in disk
