"""What a reporter typed: which drafts are refused, with which field and reason, and how the others are cleaned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.crypto.receipt import Receipt
from app.domain import LIMITS, ChannelId
from app.errors import DraftRefused
from app.services.drafts import CleanReport, PlainReport, Problem, check_answer, check_report
from app.services.portal import Channel, Question

RECEIPT = Receipt.from_entropy(bytes(range(16)))


def question(identifier: str, kind: str, *options: str, required: bool = False) -> Question:
    return Question(id=identifier, kind=kind, label=f"About {identifier}", hint=None, required=required, options=options)  # type: ignore[arg-type]


CHANNEL = Channel(
    id=ChannelId("a" * 26),
    slug="ethics",
    name="Ethics team",
    description="",
    readers_text="",
    questions=(
        question("category", "one", "Fraud", "Safety", required=True),
        question("how", "several", "I saw it", "I heard it", "I have papers"),
        question("when", "date"),
        question("where", "text"),
    ),
    keys=None,
)


def draft(body: str = "The ledger was changed.", subject: str = "", **answers: str | tuple[str, ...]) -> PlainReport:
    return PlainReport(subject=subject, body=body, answers={"category": "Fraud", **answers})


def accepted(given: PlainReport, words: Receipt | None = RECEIPT) -> CleanReport:
    return check_report(CHANNEL, given, words)


def problems(given: PlainReport, words: Receipt | None = RECEIPT) -> tuple[Problem, ...]:
    with pytest.raises(DraftRefused) as refused:
        check_report(CHANNEL, given, words)
    return refused.value.problems


def values(given: PlainReport) -> dict[str, str]:
    return {answer.question: answer.value for answer in accepted(given).answers}


@pytest.mark.parametrize("body", ["", "  \r\n\t ", "\x00\x07"])
def test_a_body_without_text_is_empty(body: str) -> None:
    assert problems(draft(body)) == (("body", "empty", None),)


def test_lengths_are_refused_one_character_over_the_limit() -> None:
    long = draft("b" * (LIMITS.body_characters + 1), "s" * (LIMITS.subject_characters + 1), where="w" * (LIMITS.answer_characters + 1))
    assert problems(long) == (
        ("subject", "too_long", LIMITS.subject_characters),
        ("body", "too_long", LIMITS.body_characters),
        ("q-where", "too_long", LIMITS.answer_characters),
    )
    accepted(draft("b" * LIMITS.body_characters, "s" * LIMITS.subject_characters, where="w" * LIMITS.answer_characters))


def test_length_counts_characters_after_cleaning() -> None:
    assert accepted(draft("\U0001f426" * LIMITS.body_characters + "\r\n  ")).body == "\U0001f426" * LIMITS.body_characters


@pytest.mark.parametrize("typed", ["", "   ", ()])
def test_a_required_question_must_be_answered(typed: str | tuple[str, ...]) -> None:
    expected = "not_an_option" if typed == "   " else "required"
    assert problems(draft(category=typed)) == (("q-category", expected, None),)


def test_a_choice_must_be_one_of_the_options() -> None:
    assert problems(draft(category="Arson", how=("I saw it", "I dreamt it"))) == (
        ("q-category", "not_an_option", None),
        ("q-how", "not_an_option", None),
    )


def test_several_choices_stand_in_the_order_of_the_questionnaire() -> None:
    assert values(draft(how=("I have papers", "I saw it", "I saw it")))["how"] == "I saw it\nI have papers"


@pytest.mark.parametrize("typed", ["2026-02-30", "20260102", "2026-W01-1", "yesterday", "2026-1-2"])
def test_a_date_is_a_real_day_in_one_form(typed: str) -> None:
    assert problems(draft(when=typed)) == (("q-when", "not_a_date", None),)


def test_a_good_date_is_kept() -> None:
    assert values(draft(when="2024-02-29"))["when"] == "2024-02-29"


def test_unanswered_questions_are_left_out_and_unknown_ones_ignored() -> None:
    assert values(draft(where="  ", name="my name")) == {"category": "Fraud"}


def test_an_answer_carries_the_label_it_was_asked_with() -> None:
    assert accepted(draft()).answers[0].label == "About category"


def test_a_subject_is_one_line_and_optional() -> None:
    assert accepted(draft(subject="Two\r\nlines")).subject == "Two lines"
    assert accepted(draft(subject=" \n")).subject is None


@pytest.mark.parametrize("separator", [" ", ", ", "\n", "-"])
@pytest.mark.parametrize("field", ["body", "where", "subject"])
def test_a_report_that_holds_its_own_words_is_refused(field: str, separator: str) -> None:
    text = "my words: " + separator.join(RECEIPT.words).upper()
    given = {
        "body": draft(text),
        "where": draft(where=text),
        "subject": draft(subject=text),
    }[field]
    name = "q-where" if field == "where" else field
    assert (name, "holds_words", None) in problems(given)


def test_other_words_are_no_problem() -> None:
    other = Receipt.from_entropy(b"\x01" * 16)
    assert accepted(draft(" ".join(other.words))).body == " ".join(other.words)
    assert accepted(draft(" ".join(RECEIPT.words[:11]))).body == " ".join(RECEIPT.words[:11])


def test_all_problems_are_named_at_once_in_the_order_of_the_form() -> None:
    assert [problem[0] for problem in problems(PlainReport("s" * 121, "", {"when": "x"}))] == ["subject", "body", "q-category", "q-when"]


def test_neither_the_draft_nor_the_refusal_shows_what_was_typed() -> None:
    secret = "the ledger of the north office"
    given = replace(draft(secret), subject=secret * 9)
    with pytest.raises(DraftRefused) as refused:
        check_report(CHANNEL, given, RECEIPT)
    assert secret not in repr(given) + repr(refused.value) + str(refused.value) + repr(refused.value.parameters)


def test_an_answer_to_the_team_is_checked_the_same_way() -> None:
    assert check_answer("Yes.\r\nTwice. \n", RECEIPT) == "Yes.\nTwice."
    for body, reason, limit in (
        ("", "empty", None),
        ("b" * (LIMITS.body_characters + 1), "too_long", LIMITS.body_characters),
        (" ".join(RECEIPT.words), "holds_words", None),
    ):
        with pytest.raises(DraftRefused) as refused:
            check_answer(body, RECEIPT)
        assert refused.value.problems == (("body", reason, limit),)
