"""Sentences about what a person typed, as text: the same partials that scripts clone."""

from __future__ import annotations

from collections.abc import Iterable

from flask import get_template_attribute
from flask_babel import gettext

from app.errors import WordsError
from app.services.organisations import Channel
from app.web.context import services
from app.web.pages import size_text
from app.web.reporter.attached import Refused

Problems = Iterable[tuple[str, str, int | None]]


def label(field: str, channel: Channel) -> str:
    """The label of a field of the report form."""
    own: dict[str, str] = {"subject": gettext("Subject"), "body": gettext("What happened?"), "files": gettext("Files")}
    if field in own:
        return own[field]
    return next((question.label for question in channel.questions if f"q-{question.id}" == field), field)


def of_draft(problems: Problems, channel: Channel) -> dict[str, str]:
    """The first problem of each field as a sentence, in the order of the form."""
    macro = get_template_attribute("reporter/_problems.html", "draft_problem")
    found: dict[str, str] = {}
    for field, reason, limit in problems:
        found.setdefault(field, macro(reason, label(field, channel), limit).strip())
    return found


def of_answer(problems: Problems) -> dict[str, str]:
    """The first problem of an answer, as a sentence for its field."""
    macro = get_template_attribute("reporter/_problems.html", "draft_problem")
    return {field: macro(reason, gettext("Your answer"), limit).strip() for field, reason, limit in list(problems)[:1]}


def of_files(refused: Iterable[Refused]) -> list[str]:
    """Why files were not taken, a sentence each."""
    macro = get_template_attribute("reporter/_files.html", "problem_text")
    return [macro(each.reason, each.name, *sizes()).strip() for each in refused]


def sizes() -> tuple[str, str]:
    """How much a form may hold, and how much a file."""
    settings = services().settings
    return size_text(settings.form_upload_bytes), size_text(settings.upload_bytes)


def parts_of(error: WordsError) -> str:
    """Which of the typed words are not on the list, for the sentence about them."""
    macro = get_template_attribute("reporter/_problems.html", "words_part")
    parts = error.parameters.get("parts", ())
    assert isinstance(parts, Iterable)
    return ", ".join(macro(number, part) for number, part in parts)
