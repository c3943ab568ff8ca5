"""Conversations: marks and problems, for both readers."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto import conversation, message
from app.crypto.conversation import Listed
from app.crypto.encoding import b64u_encode
from app.crypto.message import EMPTY_SEEN, REPORTER, Seen
from app.crypto.padding import pad
from app.domain import Kind, Mark, MessageId, Problem
from tests.vectors import python_side
from tests.vectors.make.messages import CASE, report
from tests.vectors.make.messages import message as a_message
from tests.vectors.make.people import RECEIPT, TEAM, an_id, recipient, signing

from .vectors import Case, load

VECTORS = load("conversations.json")
DOCUMENTS: dict[str, str] = VECTORS["documents"]
KEY = RECEIPT.signing.verify


def _name(case: Case) -> str:
    return f"{case['side']}: {case['about']}"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=_name)
def test_a_conversation_is_marked(case: Case) -> None:
    found = python_side.check({**case, "documents": DOCUMENTS})
    assert found["expected"] == case["expected"]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=_name)
def test_a_writer_says_what_was_shown(case: Case) -> None:
    listed = python_side.listed_of(case, DOCUMENTS)
    checked = conversation.check(case["case"], listed, reporter_key=KEY, channel_keys=case["channel_keys"], recipients=None)
    seen = conversation.seen_after(checked)
    assert {"count": seen.count, "digest": b64u_encode(seen.digest)} == case["seen_after"]
    assert conversation.seen_after(checked, 0) == EMPTY_SEEN
    with pytest.raises(ValueError, match="more than there are"):
        conversation.seen_after(checked, seen.count + 1)


def test_every_problem_of_the_table_is_shown_alone_to_whom_it_concerns() -> None:
    alone = {"reporter": set(), "officer": set()}  # type: dict[str, set[str]]
    for case in VECTORS["cases"]:
        alone[case["side"]] |= {row["problems"][0] for row in case["expected"] if len(row["problems"]) == 1}
    assert alone["officer"] == {problem.value for problem in Problem}
    assert alone["reporter"] == alone["officer"] - {"channel"}


def test_marks_follow_from_problems() -> None:
    for row in itertools.chain.from_iterable(case["expected"] for case in VECTORS["cases"]):
        assert (row["mark"] in ("verified", "server", "removed")) is (row["problems"] == [])
        assert (row["mark"] == "removed") is ("notice" in row)
        assert (row["mark"] == "unreadable") is (row["problems"] == ["unreadable"])


def _listed(number: int, name: str | None, kind: Kind = Kind.MESSAGE) -> Listed:
    document = None if name is None else pad(DOCUMENTS[name].encode())
    return Listed(number, MessageId(an_id(f"message {number}")), kind, document)


def test_a_reporter_believes_the_key_their_own_report_names() -> None:
    listed = [_listed(1, "report", Kind.REPORT), _listed(2, "reply"), _listed(3, "answer")]
    checked = conversation.check_as_reporter(CASE, listed, KEY)
    assert [message.mark for message in checked] == [Mark.VERIFIED] * 3


@pytest.mark.parametrize("name", [None, "report of another case", "report by an officer", "report that has seen something", "no envelope"])
def test_a_reporter_believes_no_key_of_a_report_that_does_not_check(name: str | None) -> None:
    reply = _listed(2, "reply that has seen nothing")
    checked = conversation.check_as_reporter(CASE, [_listed(1, name, Kind.REPORT), reply], KEY)
    assert checked[0].problems
    assert checked[1].problems == (Problem.SIGNATURE,)


def test_a_server_that_swaps_the_report_does_not_choose_the_officers_key() -> None:
    forged = message.write(report(author=a_message(2).author), signing("stranger"))
    listed = [Listed(1, MessageId(an_id("message 1")), Kind.REPORT, forged), _listed(2, "reply by a stranger")]
    checked = conversation.check_as_reporter(CASE, listed, KEY)
    assert all(Problem.SIGNATURE in message.problems for message in checked)


def test_what_was_read_comes_with_its_mark() -> None:
    listed = [_listed(1, "report", Kind.REPORT), _listed(2, None), _listed(3, "malformed reply"), _listed(4, "no JSON")]
    checked = conversation.check(CASE, listed, reporter_key=KEY, channel_keys=[signing(TEAM).verify], recipients=None)
    assert [(m.payload is None, m.entry == bytes(32)) for m in checked] == [(False, False), (True, True), (True, False), (True, True)]
    assert checked[0].payload == report()
    assert [m.id for m in checked] == [m.id for m in listed]


def test_a_conversation_can_be_carried_on_by_both_sides() -> None:
    listed: list[Listed] = []
    for number in range(1, 8):
        checked = conversation.check(CASE, listed, reporter_key=KEY, channel_keys=[signing(TEAM).verify], recipients=[recipient(TEAM)])
        assert {m.mark for m in checked} <= {Mark.VERIFIED}
        seen = conversation.seen_after(checked)
        assert seen.count == len(listed) if number < 5 else seen.count == len(listed) - 1
        if number == 1:
            document = message.write(report(), RECEIPT.signing)
        elif number % 2:
            document = message.write(a_message(number, seen=seen), RECEIPT.signing)
        else:
            note = {"kind": Kind.NOTE} if number == 4 else {}
            document = message.write(a_message(number, seen=seen, author=_officer(), **note), signing(TEAM))
        kind = Kind.REPORT if number == 1 else Kind.NOTE if number == 4 else Kind.MESSAGE
        listed.append(Listed(number, MessageId(an_id(f"message {number}")), kind, document))


def _officer() -> message.Author:
    return message.read(DOCUMENTS["reply"].encode()).payload.author


def test_digests_are_over_the_hashes_of_the_texts() -> None:
    def digest(*texts: str | None) -> bytes:
        return conversation.digest([conversation.entry(text) for text in texts])

    assert digest() == EMPTY_SEEN.digest
    assert digest("a", None) != digest("a")
    assert digest("a", "b") != digest("b", "a")
    assert digest("ab") != digest("a", "b")
    assert Seen(0, digest()) == EMPTY_SEEN


def test_a_report_that_was_removed_tells_a_reporter_no_key() -> None:
    listed = [Listed(1, MessageId(an_id("message 1")), Kind.REPORT, None, removed=True), _listed(2, "removal of the report", Kind.REMOVED)]
    checked = conversation.check_as_reporter(CASE, listed, KEY)
    assert [m.problems for m in checked] == [(Problem.REMOVED,), (Problem.SIGNATURE,)]


def test_a_removed_message_comes_with_its_notice_and_nothing_else() -> None:
    named = ("report", "reply", "answer", "removal of the reply")
    listed = [
        _listed(number, name, {1: Kind.REPORT, 4: Kind.REMOVED}.get(number, Kind.MESSAGE)) for number, name in enumerate(named, start=1)
    ]
    before = conversation.check_as_reporter(CASE, listed, KEY)
    after = conversation.check_as_reporter(CASE, [*listed[:1], replace(listed[1], removed=True), *listed[2:]], KEY)
    assert (after[1].mark, after[1].payload, after[1].entry) == (Mark.REMOVED, None, before[1].entry)
    assert after[1].notice == after[3].payload
    assert [m.notice for m in (after[0], after[2], after[3])] == [None] * 3
    assert conversation.seen_after(after) == conversation.seen_after(before)


KINDS = st.sampled_from([Kind.MESSAGE, Kind.NOTE])


def _written(kinds: list[tuple[Kind, bool]]) -> list[Listed]:
    """A case that both sides carry on: a report, then messages (of the reporter or not) and notes."""
    listed: list[Listed] = []
    for number, (kind, by_reporter) in enumerate([(Kind.REPORT, True), *kinds], start=1):
        seen = conversation.seen_after(_checked(listed))
        reporter = by_reporter and kind is not Kind.NOTE
        payload = report() if number == 1 else a_message(number, seen=seen, kind=kind, author=REPORTER if reporter else _officer())
        listed.append(Listed(number, payload.id, kind, message.write(payload, RECEIPT.signing if reporter else signing(TEAM))))
    return listed


def _checked(listed: list[Listed]) -> tuple[conversation.Checked, ...]:
    return conversation.check(CASE, listed, reporter_key=KEY, channel_keys=[signing(TEAM).verify], recipients=[recipient(TEAM)])


def _remove(listed: list[Listed], at: int) -> list[Listed]:
    checked = _checked(listed)
    kind, number = Kind.NOTE if listed[at].kind is Kind.NOTE else Kind.REMOVED, len(listed) + 1
    notice = a_message(
        number, kind=kind, author=_officer(), seen=conversation.seen_after(checked), removed=conversation.removal_of(checked[at]), body=""
    )
    rest = [replace(row, document=None, removed=True) if position == at else row for position, row in enumerate(listed)]
    return [*rest, Listed(number, notice.id, kind, message.write(notice, signing(TEAM)))]


@settings(max_examples=25)
@given(st.lists(st.tuples(KINDS, st.booleans()), min_size=1, max_size=6), st.data())
def test_however_many_are_removed_with_notices_everything_else_stands(kinds: list[tuple[Kind, bool]], draw: st.DataObject) -> None:
    listed = _written(kinds)
    before = {each.id: each.entry for each in _checked(listed)}
    gone = draw.draw(st.lists(st.integers(1, len(kinds)), unique=True, max_size=4))
    for at in gone:
        listed = _remove(listed, at)
    checked = _checked(listed)
    assert [position for position, each in enumerate(checked) if each.mark is Mark.REMOVED] == sorted(gone)
    assert all(not each.problems for each in checked)
    assert before.items() <= {each.id: each.entry for each in checked}.items()
    as_reporter = [each for each in listed if each.kind is not Kind.NOTE]
    again = conversation.check_as_reporter(CASE, [replace(each, number=n) for n, each in enumerate(as_reporter, start=1)], KEY)
    assert all(not each.problems for each in again)
    assert conversation.seen_after(again) == conversation.seen_after(checked)


@settings(max_examples=25)
@given(st.lists(st.tuples(KINDS, st.booleans()), min_size=1, max_size=6), st.data())
def test_one_that_was_taken_away_without_a_notice_never_looks_as_if_there_were_one(
    kinds: list[tuple[Kind, bool]], draw: st.DataObject
) -> None:
    listed = _written(kinds)
    at = draw.draw(st.integers(0, len(listed) - 1))
    for other in draw.draw(st.lists(st.integers(1, len(kinds)).filter(lambda each: each != at), unique=True, max_size=2)):
        listed = _remove(listed, other)
    listed[at] = replace(listed[at], document=None, removed=True)
    found = _checked(listed)[at]
    assert (found.mark, found.problems, found.notice) == (Mark.FAILED, (Problem.REMOVED,), None)
