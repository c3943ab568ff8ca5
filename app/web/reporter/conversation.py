"""Coming back without script: the words, the conversation, an answer, its files, and taking everything back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.domain import LIMITS, AttachmentId, MessageId
from app.errors import (
    AttachmentsRefused,
    BlobMissing,
    Conflict,
    DraftRefused,
    FormatError,
    NoConversation,
    SealedRefused,
    StorageBusy,
    TicketExpired,
    UnknownAttachment,
    WordsError,
)
from app.services import files, followup, receipts, wire
from app.services.carried import Attachment
from app.services.receipts import Receipt
from app.web import downloads
from app.web.context import organisation, services
from app.web.limits import MULTIPART, streams_body
from app.web.reporter import attached, forms, sentences
from app.web.reporter.attached import Fields, Refused, Taken
from app.web.roles import Role, needs

_LONGEST_WORDS: Final = LIMITS.receipt_words * 9


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer on its way round: the id it was first sent under (the same id and content again count once), and its files.

    `lost`: it had files that had to be given up.
    """

    body: str = field(default="", repr=False)
    message: str = ""
    files: tuple[Attachment, ...] = field(default=(), repr=False)
    lost: bool = False


_NO_ANSWER: Final = _Answer()


@needs(Role.ANYONE)
def words() -> str:
    """The field for the words, with what typing them means. With `?way=server` it has no script."""
    return _words_page(way="server" if request.args.get("way") == "server" else "page")


@needs(Role.ANYONE)
def enter() -> ResponseReturnValue:
    """The conversation, from the words or from the ticket of an earlier page."""
    form = forms.WordsForm()
    typed = form.words.data or ""
    kept = _kept(form)
    if form.ticket.data and not typed:
        try:
            return _conversation_page(_receipt(form.ticket.data), kept)
        except (TicketExpired, NoConversation):
            return _words_page(expired=True, kept=kept)
    if not typed.strip():
        return _words_page(problem="empty", kept=kept), 422
    try:
        receipt = receipts.read(typed)
    except WordsError as error:
        return _not_words(error, typed, kept), 422
    try:
        return _conversation_page(receipt, kept)
    except NoConversation:
        return _no_conversation(receipt, kept), 404


@needs(Role.ANYONE)
@streams_body(MULTIPART)
def answer() -> ResponseReturnValue:
    """Seal and store an answer with its files, which are sealed as they come; the conversation again with it."""
    taken = attached.take(_readers)
    form = forms.AnswerForm(formdata=taken.fields)
    written = replace(_kept(form), files=attached.kept(taken.fields))
    try:
        receipt = _receipt(form.ticket.data)
        return _posted(receipt, written, _seen(form.seen.data), taken)
    except (TicketExpired, NoConversation):
        attached.drop(written.files)
        lost = bool(written.files or taken.refused)
        return _words_page(expired=True, kept=replace(written, files=(), lost=lost))


def _posted(receipt: Receipt, written: _Answer, seen: int, taken: Taken) -> ResponseReturnValue:
    if taken.status:
        return _conversation_page(receipt, written, marks=_cut_off(taken), refused=taken.refused), taken.status
    try:
        followup.post_plain(services(), organisation(), receipt, MessageId(written.message), written.body, seen, written.files)
    except DraftRefused as refused:
        return _conversation_page(receipt, written, marks=sentences.of_answer(refused.problems)), 422
    except StorageBusy:
        return _conversation_page(receipt, written, notice="busy"), 503
    except AttachmentsRefused:
        return _conversation_page(receipt, _anew(written), refused=[Refused("", "gone")]), 409
    except Conflict:
        return _conversation_page(receipt, replace(_anew(written), message=""), notice="conflict"), 409
    return _conversation_page(receipt, notice="answered")


@needs(Role.ANYONE)
def attachment() -> ResponseReturnValue:
    """One file of the conversation, opened in memory while it goes out."""
    form = forms.AttachmentForm()
    try:
        receipt = _receipt(form.ticket.data)
        found = files.open_for_reporter(services(), organisation(), receipt, AttachmentId(form.attachment.data or ""))
    except (TicketExpired, NoConversation):
        return _words_page(expired=True)
    except (BlobMissing, UnknownAttachment):
        return _conversation_page(receipt, notice="missing"), 404
    except FormatError:
        return _conversation_page(receipt, notice="altered"), 409
    return downloads.opened(found)


@needs(Role.ANYONE)
def withdraw() -> ResponseReturnValue:
    """Ask a second time; then delete."""
    form = forms.WithdrawForm()
    try:
        receipt = _receipt(form.ticket.data)
        if form.confirm.data != "yes":
            return render_template("reporter/withdraw.html", withdrawn=False, ticket=form.ticket.data)
        followup.withdraw(services(), organisation(), receipt.mailbox_key)
    except (TicketExpired, NoConversation):
        return _words_page(expired=True)
    return render_template("reporter/withdraw.html", withdrawn=True)


def _receipt(ticket: str | None) -> Receipt:
    context = services()
    return context.tickets.open(context.clock(), organisation(), "conversation", ticket or "")


def _readers(fields: Fields) -> Sequence[str] | None:
    """Whom a file of an answer is sealed to: as the reporter's own report says. None without a ticket before it, or such a report."""
    try:
        receipt = _receipt(fields.get("ticket"))
        return followup.readers(services(), organisation(), receipt)
    except (TicketExpired, NoConversation, SealedRefused):
        return None


def _kept(form: forms.WordsForm | forms.AnswerForm) -> _Answer:
    message = form.message.data or ""
    return _Answer(form.body.data or "", message if wire.is_id(message) else "")


def _anew(written: _Answer) -> _Answer:
    return replace(written, files=attached.still_there(written.files))


def _cut_off(taken: Taken) -> dict[str, str]:
    return sentences.of_answer([("body", "cut_off", LIMITS.body_characters)]) if taken.problem == "text" else {}


def _seen(typed: str | None) -> int:
    return int(typed) if typed is not None and typed.isascii() and typed.isdecimal() and len(typed) < 9 else 0


def _conversation_page(
    receipt: Receipt,
    written: _Answer = _NO_ANSWER,
    *,
    notice: str = "",
    marks: dict[str, str] | None = None,
    refused: Sequence[Refused] = (),
) -> str:
    context = services()
    of_files = sentences.of_files(refused)
    return render_template(
        "reporter/conversation.html",
        case=followup.open_plain(context, organisation(), receipt),
        ticket=context.tickets.issue(context.clock(), organisation(), "conversation", receipt),
        message=written.message or wire.new_message_id(),
        body=written.body,
        files=written.files,
        largest_form=sentences.sizes()[0],
        notice=notice,
        marks=marks or {},
        file_problems=of_files,
        problems=[*(marks or {}).items(), *(("files", sentence) for sentence in of_files)],
    )


def _words_page(
    way: str = "server",
    *,
    problem: str = "",
    parts: str = "",
    count: object = "",
    typed: str = "",
    padding: str = "",
    expired: bool = False,
    kept: _Answer = _NO_ANSWER,
) -> str:
    return render_template(
        "reporter/words.html",
        way=way,
        problem=problem,
        parts=parts,
        count=count,
        typed=typed,
        padding=padding,
        expired=expired,
        body=kept.body,
        message=kept.message,
        lost=kept.lost,
        today=services().today().isoformat(),
    )


def _not_words(error: WordsError, typed: str, kept: _Answer) -> str:
    shown = typed if len(typed) <= LIMITS.typed_words_characters else ""
    return _words_page(
        problem=error.reason, parts=sentences.parts_of(error), count=error.parameters.get("count", ""), typed=shown, kept=kept
    )


def _no_conversation(receipt: Receipt, kept: _Answer) -> str:
    # Wrong, unknown and withdrawn words: the same page in the same number of bytes, however long the words are.
    typed = " ".join(receipt.words)
    return _words_page(problem="no_conversation", typed=typed, padding=" " * (_LONGEST_WORDS - len(typed)), kept=kept)
