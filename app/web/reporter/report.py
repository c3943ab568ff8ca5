"""Reporting without script: the form, the check page, the receipt, and the check of two words."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.domain import LIMITS
from app.errors import (
    AttachmentsRefused,
    ChannelNotOpen,
    Conflict,
    DraftRefused,
    NoConversation,
    QuietlineError,
    StorageBusy,
    TicketExpired,
    UnknownChannel,
)
from app.services import drafts, followup, intake
from app.services.intake import Accepted
from app.services.organisations import Channel
from app.services.receipts import Receipt
from app.web import blanks, i18n
from app.web.context import forget_portal, organisation, portal, recall_portal, services
from app.web.limits import MULTIPART, streams_body
from app.web.reporter import attached, filling, forms, sentences
from app.web.reporter.attached import Refused
from app.web.reporter.filling import Filled
from app.web.roles import Role, needs
from app.web.trying import persistently

_TWO: Final = ("first", "second")
_lots = secrets.SystemRandom()


@needs(Role.ANYONE)
def write(slug: str) -> str:
    """The form. With `?way=server` it has no script and the server seals."""
    channel = open_channel(slug)
    return _form_page(channel, filling.blank(channel), way="server" if request.args.get("way") == "server" else "page")


@needs(Role.ANYONE)
def change(slug: str) -> str:
    """The form again, with what was written and its files: "Change" on the check page."""
    channel = open_channel(slug)
    return _form_page(channel, filling.read(channel), focus=request.form.get("change", ""))


@needs(Role.ANYONE)
@streams_body(MULTIPART)
def check(slug: str) -> ResponseReturnValue:
    """What will be sent; the receipt is drawn here, once, and travels in the ticket from then on. Files are sealed to it as they come."""
    channel = open_channel(slug)
    return _checked(channel, filling.read(channel))


@needs(Role.ANYONE)
def send(slug: str) -> ResponseReturnValue:
    """Seal and store; then, and only then, the twelve words."""
    return _sent_at_once(slug) or _sent(slug)


def _sent_at_once(slug: str) -> ResponseReturnValue | None:
    """What nearly always happens, without reading the portal first: the store step refuses a report made for one that has changed.

    None, and nothing stored, where it did not simply succeed: then everything is looked at anew.
    """
    recalled = recall_portal()
    try:
        channel = None if recalled is None else recalled.by_slug(slug)
        if recalled is None or channel is None or request.form.get(attached.FIELD):
            return None
        filled = filling.read(channel)
        if not filled.held:
            return None
        return _receipt_page(channel, filled.receipt, _accept(channel, filled, recalled.revision))
    except QuietlineError:
        return None
    finally:
        forget_portal()


def _sent(slug: str) -> ResponseReturnValue:
    channel = known_channel(slug)
    filled = filling.read(channel)
    if not filled.held:
        return _checked(open_channel(slug), replace(filled, expired=True))
    try:
        accepted = persistently(lambda: _accept(channel, filled))
    except StorageBusy:
        return _check_page(channel, filled, "busy"), 503
    except DraftRefused as refused:
        return _form_page(channel, filled, refused=refused), 422
    except AttachmentsRefused:
        return _form_page(channel, _without_gone(filled)), 409
    except Conflict:
        return _earlier_version(channel, filled), 409
    return _receipt_page(channel, filled.receipt, accepted)


def _accept(channel: Channel, filled: Filled, revision: int | None = None) -> Accepted:
    draft, files = filled.draft, filled.files
    return intake.accept_plain(services(), organisation(), channel.id, filled.receipt, draft, channel, files, revision)


@needs(Role.ANYONE)
def two_words(slug: str) -> ResponseReturnValue:
    """Compare two words with what was written on paper."""
    channel = known_channel(slug)
    form = forms.TwoWordsForm()
    try:
        receipt = filling.receipt_of(form.ticket.data or "")
        opened = followup.open_sealed(services(), organisation(), receipt.mailbox_key)
    except (TicketExpired, NoConversation):
        return render_template("reporter/done.html", opened=None)
    numbers = [_number(form[name].data) for name in _TWO]
    wrong = [name for name, number in zip(_TWO, numbers, strict=True) if not _fits(form.typed(name), receipt.words[number - 1])]
    if not wrong:
        return render_template("reporter/done.html", opened=opened)
    accepted = Accepted(opened.case, opened.received_on, opened.acknowledge_by, opened.feedback_by, repeated=True)
    return _receipt_page(channel, receipt, accepted, numbers=numbers, problems=wrong, typed=[form.typed(name) for name in _TWO]), 422


def open_channel(slug: str) -> Channel:
    """The channel of an address, to begin a report. UnknownChannel, ChannelNotOpen."""
    channel = portal().by_slug(slug)
    if channel is None:
        raise UnknownChannel
    if channel.keys is None:
        raise ChannelNotOpen
    return channel


def known_channel(slug: str) -> Channel:
    """The same to end one: also a channel that was retired meanwhile, whose reports are still answered for. UnknownChannel."""
    channel = portal().by_slug(slug, retired=True)
    if channel is None:
        raise UnknownChannel
    return channel


def _without_gone(filled: Filled) -> Filled:
    """The form once more, with those of its files that are still there."""
    return replace(filled, files=attached.still_there(filled.files), refused=(Refused("", "gone"),))


def _carried(filled: Filled) -> str:
    """The ticket of a form that is shown again. One that does not open stays as it is, and the check page says so."""
    if filled.held or filled.files:
        return filling.ticket(filled.receipt)
    return filled.form.ticket.data or ""


def _form_page(channel: Channel, filled: Filled, way: str = "server", focus: str = "", refused: DraftRefused | None = None) -> str:
    cut_off = [("body", "cut_off", LIMITS.body_characters)] if filled.problem == "text" else []
    marks = sentences.of_draft([*cut_off, *(refused.problems if refused else ())], channel)
    of_files = sentences.of_files(filled.refused)
    problems = [*marks.items(), *(("files", sentence) for sentence in of_files)]
    if len(problems) == 1:
        # One problem: to its field, which says it. Several: to the list of them.
        ((focus, _),) = problems
    largest_form, largest_file = sentences.sizes()
    return render_template(
        "reporter/report.html",
        channel=channel,
        form=filled.form,
        ticket=_carried(filled),
        files=filled.files,
        file_problems=of_files,
        largest_form=largest_form,
        largest_file=largest_file,
        notice=filled.lost or (filled.expired and filled.files),
        lost=filled.lost,
        way=way,
        focus=focus,
        marks=marks,
        problems=problems,
        today=services().today().isoformat(),
    )


def _checked(channel: Channel, filled: Filled) -> ResponseReturnValue:
    """The check page, or the form again with what is wrong.

    The receipt stays what it was, so that a report whose answer was lost, and then changed, is told from a new one.
    """
    try:
        page = _check_page(channel, filled, "expired" if filled.expired else "")
    except DraftRefused as refused:
        return _form_page(channel, filled, refused=refused), filled.status or 422
    return (_form_page(channel, filled), filled.status) if filled.status else page


def _check_page(channel: Channel, filled: Filled, notice: str) -> str:
    report = drafts.check_report(channel, filled.draft, filled.receipt)
    return render_template(
        "reporter/check.html",
        channel=channel,
        notice=notice,
        lost=filled.lost,
        hidden=list(forms.hidden(filled.form, channel)),
        rows=_rows(channel, report),
        files=filled.files,
        ticket=filling.ticket(filled.receipt),
    )


def _rows(channel: Channel, report: drafts.CleanReport) -> list[tuple[str, str, str]]:
    given = {answer.question: answer.value for answer in report.answers}
    rows = [("subject", sentences.label("subject", channel), report.subject or ""), ("body", sentences.label("body", channel), report.body)]
    for question in channel.questions:
        value = given.get(question.id, "")
        if value and question.kind == "date":
            value = i18n.format_day(date.fromisoformat(value))
        rows.append((f"q-{question.id}", question.label, value))
    return rows


def _receipt_page(
    channel: Channel,
    receipt: Receipt,
    accepted: Accepted,
    *,
    numbers: list[int] | None = None,
    problems: list[str] | None = None,
    typed: list[str] | None = None,
    conflict: str | None = None,
) -> str:
    first, second = numbers or sorted(_lots.sample(range(1, LIMITS.receipt_words + 1), 2))
    days = {name: i18n.format_day(getattr(accepted, name)) for name in _DAYS}
    values = {**days, "ticket": filling.ticket(receipt), "first": first, "second": second}
    if problems is None and conflict is None:
        written = {f"word_{number}": word for number, word in enumerate(receipt.words)}
        return blanks.page("reporter/receipt.html", channel.slug, {**values, **written}, channel=channel, **_BLANK)
    shown = {"problems": problems or [], "typed": typed or ["", ""], "conflict": conflict}
    return render_template("reporter/receipt.html", channel=channel, words=receipt.words, **shown, **values)


_DAYS: Final = ("received_on", "acknowledge_by", "feedback_by")
_BLANK: Final[dict[str, object]] = {
    **{name: blanks.place(name) for name in (*_DAYS, "ticket", "first", "second")},
    "words": [blanks.place(f"word_{number}") for number in range(LIMITS.receipt_words)],
    "problems": [],
    "typed": ["", ""],
    "conflict": None,
}


def _earlier_version(channel: Channel, filled: Filled) -> str:
    attached.drop(filled.files)  # of those that were stored with the earlier version nothing is lost
    stored = followup.open_sealed(services(), organisation(), filled.receipt.mailbox_key)
    accepted = Accepted(stored.case, stored.received_on, stored.acknowledge_by, stored.feedback_by, repeated=True)
    return _receipt_page(channel, filled.receipt, accepted, conflict=filled.form.body.data or "")


def _number(typed: str | None) -> int:
    # The numbers come back from the page; anything else only spoils this check for whoever sent it.
    return int(typed) if typed in {str(number) for number in range(1, LIMITS.receipt_words + 1)} else 1


def _fits(typed: str, word: str) -> bool:
    folded = typed.strip().lower()
    return folded in {word, word[:4]}
