"""Values as they stand in JSON bodies and in forms, read strictly: objects, base64url and ids."""

from __future__ import annotations

from app.crypto import encoding, jsontext
from app.crypto.jsontext import Fields
from app.domain import AttachmentId, CaseId, MessageId, SealedMessage
from app.errors import FormatError

__all__ = ["Fields", "attachment_ids", "binary", "case_id", "fields", "flag", "is_id", "listed", "message_id", "new_message_id", "text"]


def fields(data: bytes) -> Fields:
    """The JSON object in a body, its depth bounded before it is parsed. Its size is the caller's to bound. FormatError otherwise."""
    try:
        return jsontext.load(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise FormatError from None


def flag(body: Fields, key: str) -> bool:
    """True, or false, which is also what a missing key means. FormatError for anything else."""
    return body.has(key) and body.flag(key)


def binary(value: str, length: int | None = None) -> bytes:
    """The bytes of unpadded base64url, refused unless canonical (and of this length)."""
    return encoding.b64u_decode(value, length)


def text(data: bytes) -> str:
    """Bytes as unpadded base64url."""
    return encoding.b64u_encode(data)


def case_id(body: Fields, key: str) -> CaseId:
    """A case id. FormatError otherwise."""
    return CaseId(body.ident(key))


def message_id(body: Fields, key: str) -> MessageId:
    """A message id. FormatError otherwise."""
    return MessageId(body.ident(key))


def attachment_ids(body: Fields) -> tuple[AttachmentId, ...]:
    """The files that a sealed message names; none where the key is missing. What they are is for the store step to check. FormatError."""
    return tuple(AttachmentId(value) for value in body.texts("attachments")) if body.has("attachments") else ()


def listed(message: SealedMessage) -> dict[str, object]:
    """One message of a conversation, as clients get it: with the files that are kept for it, and whether it has been removed."""
    facts = {"number": message.number, "id": message.id, "kind": message.kind, "day": message.day.isoformat()}
    files = {"attachments": list(message.attachments)} if message.attachments else {}
    removed = {"removed": True} if message.removed else {}
    return {**facts, "sealed": text(message.sealed), **files, **removed}


def is_id(value: str) -> bool:
    """Whether this is an id of FORMATS.md section 1."""
    return encoding.is_id(value)


def new_message_id() -> MessageId:
    """A fresh message id."""
    return MessageId(encoding.new_id())
