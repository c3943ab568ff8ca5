"""What a reporter typed, checked before it is sealed. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.crypto.message import Answer, clean_line, clean_text
from app.crypto.receipt import Receipt
from app.domain import LIMITS
from app.errors import DraftRefused
from app.services.portal import Channel, Question

Problem = tuple[str, str, int | None]
"""Field, reason and, for lengths, the limit."""

Typed = str | tuple[str, ...]


@dataclass(frozen=True)
class PlainReport:
    """A report as it came from a form. `answers` is by question id; a tuple where several choices were possible."""

    subject: str = field(repr=False)
    body: str = field(repr=False)
    answers: Mapping[str, Typed] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class CleanReport:
    """A report that may be sealed: cleaned as FORMATS.md section 6 says, every answer checked, unanswered questions left out."""

    subject: str | None = field(repr=False)
    body: str = field(repr=False)
    answers: tuple[Answer, ...] = field(repr=False)


def check_report(channel: Channel, draft: PlainReport, words: Receipt | None) -> CleanReport:
    """Clean and check a whole report against the channel's questions; all problems are found at once.

    Raises DraftRefused.
    """
    problems: list[Problem] = []
    subject = clean_line(draft.subject)
    _length("subject", subject, LIMITS.subject_characters, problems)
    _words("subject", subject, words, problems)
    body = _body(draft.body, words, problems)
    answers: list[Answer] = []
    for question in channel.questions:
        name = f"q-{question.id}"
        value = _answer(name, question, draft.answers.get(question.id, ""), problems)
        _words(name, value, words, problems)
        if value:
            answers.append(Answer(question=question.id, label=question.label, value=value))
        elif question.required and not any(problem[0] == name for problem in problems):
            problems.append((name, "required", None))
    if problems:
        raise DraftRefused(tuple(problems))
    return CleanReport(subject=subject or None, body=body, answers=tuple(answers))


def check_answer(body: str, words: Receipt | None) -> str:
    """Clean and check what a reporter adds to a conversation. Raises DraftRefused, its field being `body`."""
    problems: list[Problem] = []
    cleaned = _body(body, words, problems)
    if problems:
        raise DraftRefused(tuple(problems))
    return cleaned


def _body(typed: str, words: Receipt | None, problems: list[Problem]) -> str:
    body = clean_text(typed)
    if not body.strip():
        problems.append(("body", "empty", None))
    _length("body", body, LIMITS.body_characters, problems)
    _words("body", body, words, problems)
    return body


def _length(name: str, value: str, limit: int, problems: list[Problem]) -> None:
    if len(value) > limit:
        problems.append((name, "too_long", limit))


def _words(name: str, value: str, words: Receipt | None, problems: list[Problem]) -> None:
    # Whoever reads the report could otherwise come back as its writer.
    if value and words is not None and words.appears_in(value):
        problems.append((name, "holds_words", None))


def _answer(name: str, question: Question, typed: Typed, problems: list[Problem]) -> str:
    """The value as it is sealed, empty where nothing was answered or a problem was found."""
    match question.kind:
        case "one":
            return _one(name, question, typed, problems)
        case "several":
            return _several(name, question, typed, problems)
        case "date":
            return _date(name, _single(typed), problems)
        case _:
            value = clean_text(_single(typed))
            _length(name, value, LIMITS.answer_characters, problems)
            return value if value.strip() else ""


def _one(name: str, question: Question, typed: Typed, problems: list[Problem]) -> str:
    value = _single(typed)
    if value and value not in question.options:
        problems.append((name, "not_an_option", None))
        return ""
    return value


def _several(name: str, question: Question, typed: Typed, problems: list[Problem]) -> str:
    chosen = {typed} if isinstance(typed, str) else set(typed)
    chosen.discard("")
    if not chosen <= set(question.options):
        problems.append((name, "not_an_option", None))
        return ""
    value = "\n".join(option for option in question.options if option in chosen)
    _length(name, value, LIMITS.answer_characters, problems)
    return value


def _date(name: str, typed: str, problems: list[Problem]) -> str:
    value = clean_line(typed).strip()
    if not value:
        return ""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    # fromisoformat also reads week dates and dates without hyphens; a browser's date field writes one form only.
    if day is None or day.isoformat() != value:
        problems.append((name, "not_a_date", None))
        return ""
    return value


def _single(typed: Typed) -> str:
    if isinstance(typed, str):
        return typed
    return typed[0] if typed else ""
