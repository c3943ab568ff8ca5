"""Messages: what is signed, and how it is written and read (FORMATS.md section 6)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from app.crypto import jsontext
from app.crypto.encoding import b64u_decode, b64u_encode, scalar_text
from app.crypto.hybrid import HybridRecipient, recipient_bytes, team_recipient_bytes
from app.crypto.jsontext import Fields, Json
from app.crypto.padding import pad
from app.crypto.signing import VERIFY_BYTES, Envelope, SigningKey, envelope_read, envelope_write
from app.domain import LIMITS, CaseId, Kind, MessageId, OfficerId, SealedBy
from app.errors import FormatError

CONTEXT: Final = "quietline/message/v1"
DIGEST_BYTES: Final = 32
_NOTICES: Final = frozenset({Kind.REMOVED, Kind.NOTE})
_QUESTION: Final = re.compile(r"[a-z0-9_-]{1,40}")
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message: the reporter (no id, no name) or an officer (both)."""

    role: Literal["reporter", "officer"]
    id: OfficerId | None = None
    name: str | None = None


REPORTER: Final = Author("reporter")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered question: its id, its words as they were shown, and the answer."""

    question: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A sealed file as its message names it. `size` is the true one in bytes, `sha256` (32 bytes) is of the file without padding."""

    id: str
    name: str
    type: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """How many shared messages the writer had been shown, and the digest (32 bytes) after them."""

    count: int
    digest: bytes


EMPTY_SEEN: Final = Seen(0, hashlib.sha256().digest())


@dataclass(frozen=True, slots=True)
class Removal:
    """The message that a notice takes away, and what it enters the digest with from then on (32 bytes)."""

    id: MessageId
    digest: bytes


@dataclass(frozen=True, slots=True)
class ChannelKeys:
    """A channel's recipient and verify key, as the reporter was shown them."""

    recipient: str
    verify: str


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """An officer a report is sealed to by name."""

    officer: OfficerId
    recipient: str
    verify: str


Readers = Literal["team"] | tuple[ReaderEntry, ...]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a message says. `removed` stands in notices of removal, and may in notes; `reply_to`, `channel` and `readers` in reports."""

    id: MessageId
    case: CaseId
    kind: Kind
    author: Author
    sealed_by: SealedBy
    written_on: date
    seen: Seen
    body: str
    subject: str | None = None
    answers: tuple[Answer, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    removed: Removal | None = None
    reply_to: str | None = None
    channel: ChannelKeys | None = None
    readers: Readers | None = None
    v: int = 1


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message as read: the envelope, whose signature nobody has checked yet, and the payload inside."""

    envelope: Envelope
    payload: Payload


def clean_text(text: str) -> str:
    """Text from a form: LF line ends, no control characters but LF and TAB, no white space at the end, no lone surrogates."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return scalar_text(text).rstrip()


def clean_line(text: str) -> str:
    """The same for a single line: LF and TAB become spaces."""
    return clean_text(clean_text(text).translate({0x09: " ", 0x0A: " "}))


def write(payload: Payload, signing: SigningKey, own: HybridRecipient | None = None) -> bytes:
    """The document of a payload: signed, and padded to its class. `own`: the recipient that `reply_to` is the text of, where it is at hand.
    FormatError when a reader would call it malformed, SizeError when it is too large."""
    text = jsontext.dump(_to_json(payload))
    _payload(jsontext.load(text), own)
    return pad(envelope_write(CONTEXT, text, signing))


def read(document: bytes) -> SignedMessage:
    """The message of a document. FormatError when it is malformed. The signature is not checked."""
    envelope = envelope_read(document)
    return SignedMessage(envelope, payload_read(envelope.signed))


def _to_json(payload: Payload) -> dict[str, Json]:
    value: dict[str, Json] = {"v": payload.v, "id": payload.id, "case": payload.case, "kind": payload.kind.value}
    value |= {"author": _author(payload.author), "sealed_by": payload.sealed_by.value, "written_on": payload.written_on.isoformat()}
    value |= {"seen": {"count": payload.seen.count, "digest": b64u_encode(payload.seen.digest)}}
    if payload.subject:
        value["subject"] = payload.subject
    value["body"] = payload.body
    value["answers"] = [{"question": a.question, "label": a.label, "value": a.value} for a in payload.answers]
    value["attachments"] = [
        {"id": a.id, "name": a.name, "type": a.type, "size": a.size, "sha256": b64u_encode(a.sha256)} for a in payload.attachments
    ]
    if payload.removed is not None:
        value |= _removed_json(payload.kind, payload.removed)
    if payload.kind is Kind.REPORT:
        value |= _report_json(payload)
    return value


def _removed_json(kind: Kind, removed: Removal) -> dict[str, Json]:
    if kind not in _NOTICES:
        raise FormatError  # nobody would read it there
    return {"removed": {"id": removed.id, "digest": b64u_encode(removed.digest)}}


def _author(author: Author) -> Json:
    if author.role == "reporter":
        return {"role": "reporter"}
    return {"role": "officer", "id": author.id, "name": author.name}


def _report_json(payload: Payload) -> dict[str, Json]:
    if payload.channel is None or payload.readers is None:
        raise FormatError
    readers: Json = "team"
    if payload.readers != "team":
        readers = [{"officer": r.officer, "recipient": r.recipient, "verify": r.verify} for r in payload.readers]
    channel: Json = {"recipient": payload.channel.recipient, "verify": payload.channel.verify}
    return {"reply_to": payload.reply_to, "channel": channel, "readers": readers}


def payload_read(text: str) -> Payload:
    """The payload a `signed` text is. FormatError when it breaks FORMATS.md section 6."""
    return _payload(jsontext.load(text), None)


def _payload(fields: Fields, own: HybridRecipient | None) -> Payload:
    fields.version()
    kind = fields.one_of("kind", Kind)
    report, removal = kind is Kind.REPORT, kind is Kind.REMOVED
    if removal and fields.has("subject"):
        raise FormatError
    return Payload(
        id=MessageId(fields.ident("id")),
        case=CaseId(fields.ident("case")),
        kind=kind,
        author=_read_author(fields.child("author")),
        sealed_by=fields.one_of("sealed_by", SealedBy),
        written_on=fields.day("written_on"),
        seen=_read_seen(fields.child("seen")),
        subject=fields.text("subject", 1, LIMITS.subject_characters) if fields.has("subject") else None,
        body=fields.text("body", 0, LIMITS.body_characters),
        answers=tuple(map(_read_answer, fields.children("answers", 0, LIMITS.questions if report else 0))),
        attachments=tuple(map(_read_attachment, fields.children("attachments", 0, 0 if removal else LIMITS.attachments))),
        removed=_read_removal(fields.child("removed")) if removal or (kind is Kind.NOTE and fields.has("removed")) else None,
        reply_to=_read_reply_to(fields, own) if report else None,
        channel=_read_channel(fields.child("channel")) if report else None,
        readers=_read_readers(fields) if report else None,
    )


def _read_author(fields: Fields) -> Author:
    role = fields.text("role")
    if role == "reporter":
        return REPORTER
    if role != "officer":
        raise FormatError
    return Author("officer", OfficerId(fields.ident("id")), fields.text("name", 1, LIMITS.name_characters))


def _read_seen(fields: Fields) -> Seen:
    return Seen(fields.integer("count"), fields.raw("digest", DIGEST_BYTES))


def _read_answer(fields: Fields) -> Answer:
    question = fields.text("question")
    if not _QUESTION.fullmatch(question):
        raise FormatError
    return Answer(question, fields.text("label", 1, LIMITS.label_characters), fields.text("value", 1, LIMITS.answer_characters))


def _read_attachment(fields: Fields) -> Attachment:
    name, kind = fields.text("name", 1, LIMITS.name_characters), fields.text("type", 0, LIMITS.name_characters)
    return Attachment(fields.ident("id"), name, kind, fields.integer("size"), fields.raw("sha256", 32))


def _read_removal(fields: Fields) -> Removal:
    return Removal(MessageId(fields.ident("id")), fields.raw("digest", DIGEST_BYTES))


def _read_reply_to(fields: Fields, own: HybridRecipient | None) -> str:
    text = fields.text("reply_to")
    if own is None or text != str(own):
        recipient_bytes(text)
    return text


def _read_recipient(fields: Fields) -> str:
    text = fields.text("recipient")
    team_recipient_bytes(text)
    return text


def _read_verify(fields: Fields) -> str:
    text = fields.text("verify")
    b64u_decode(text, VERIFY_BYTES)
    return text


def _read_channel(fields: Fields) -> ChannelKeys:
    return ChannelKeys(_read_recipient(fields), _read_verify(fields))


def _read_readers(fields: Fields) -> Readers:
    if fields.is_text("readers"):
        if fields.text("readers") != "team":
            raise FormatError
        return "team"
    return tuple(
        ReaderEntry(OfficerId(entry.ident("officer")), _read_recipient(entry), _read_verify(entry))
        for entry in fields.children("readers", 1, LIMITS.recipients)
    )
