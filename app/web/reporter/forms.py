"""What the reporter's forms carry. They only read: services/drafts.py says what is wrong, in one place for every way in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField, RadioField, SelectMultipleField, StringField

from app.services.drafts import PlainReport
from app.services.organisations import Channel, Question

PARTS = ("day", "month", "year")


class ReporterForm(FlaskForm):  # type: ignore[misc]
    """No session, so no token: origin.py refuses what other sites send. Without fields of its own it reads an urlencoded request."""

    class Meta:
        """Settings of Flask-WTF."""

        csrf = False

    ticket = HiddenField()


class DateField(Field):
    """A day in three small fields, which work with every keyboard and need no script."""

    def process(self, formdata: Any, *_: object, **__: object) -> None:
        """Read the three fields."""
        values = {part: formdata.get(f"{self.name}-{part}", "").strip() if formdata else "" for part in PARTS}
        self.data: dict[str, str] = values
        self.process_errors = []


def _field(question: Question) -> Field:
    match question.kind:
        case "one":
            return RadioField(validate_choice=False)
        case "several":
            return SelectMultipleField(validate_choice=False)
        case "date":
            return DateField()
        case _:
            return StringField()


class ReportForm(ReporterForm):
    """A report as typed; a channel's questions are added to a class of its own."""

    subject = StringField()
    body = StringField()


def report_form(channel: Channel, fields: MultiDict[str, str] | None = None) -> ReportForm:
    """The form of this channel, filled with what was typed; empty without."""
    return _form_class(channel.questions)(formdata=fields)


@lru_cache(maxsize=64)
def _form_class(questions: tuple[Question, ...]) -> type[ReportForm]:
    return type("ChannelReportForm", (ReportForm,), {f"q-{question.id}": _field(question) for question in questions})


def draft(fields: MultiDict[str, str], channel: Channel) -> PlainReport:
    """What was typed, as the services take it: the same as stands in the fields of `report_form`, without making them."""
    answers = {question.id: _typed(question, fields) for question in channel.questions}
    return PlainReport(subject=fields.get("subject", ""), body=fields.get("body", ""), answers=answers)


def _typed(question: Question, fields: MultiDict[str, str]) -> str | tuple[str, ...]:
    name = f"q-{question.id}"
    match question.kind:
        case "several":
            return tuple(fields.getlist(name))
        case "date":
            return _day({part: fields.get(f"{name}-{part}", "").strip() for part in PARTS})
        case _:
            return fields.get(name, "")


def _day(typed: Mapping[str, str]) -> str:
    """As services/drafts.py takes it: YYYY-MM-DD, nothing, or what was typed instead."""
    if not any(typed.values()):
        return ""
    year, month, day = (typed[part] for part in reversed(PARTS))
    return f"{year}-{month:0>2}-{day:0>2}"


def hidden(form: ReportForm, channel: Channel) -> Iterator[tuple[str, str]]:
    """Every field of the form as name and value, for the check page to carry on."""
    yield "subject", form.subject.data or ""
    yield "body", form.body.data or ""
    for question in channel.questions:
        field = form[f"q-{question.id}"]
        if isinstance(field, DateField):
            yield from ((f"{field.name}-{part}", value) for part, value in field.data.items())
        elif question.kind == "several":
            yield from ((field.name, value) for value in field.data or ())
        else:
            yield field.name, field.data or ""


class TwoWordsForm(ReporterForm):
    """Two of the twelve words, copied back from paper."""

    first = HiddenField()
    second = HiddenField()

    def typed(self, name: str) -> str:
        """What stands in the field `word-NAME`."""
        value: str = self[f"word-{name}"].data or ""
        return value


for _name in ("first", "second"):
    setattr(TwoWordsForm, f"word-{_name}", StringField())


class WordsForm(ReporterForm):
    """The twelve words, or the ticket of a page that already had them; and an answer that an expired page held, with its id."""

    words = StringField()
    message = HiddenField()
    body = StringField()


class AnswerForm(ReporterForm):
    """An answer in a conversation."""

    message = HiddenField()
    seen = HiddenField()
    body = StringField()


class AttachmentForm(ReporterForm):
    """One file of a conversation, to be handed out."""

    attachment = HiddenField()


class WithdrawForm(ReporterForm):
    """The question asked twice."""

    confirm = HiddenField()
