"""Sealed files on their way between pages without script: what a manifest says of each stands in the form until a message names it.

It comes back from a browser, so it is read as strictly as anything else. Lying in it helps nobody: whether the file is there and whose
it may become is looked up when a message names it, and a name, size or hash that is not true spoils only the liar's own file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from app.crypto import jsontext
from app.crypto.encoding import b64u_encode
from app.crypto.filenames import clean_name, clean_type
from app.crypto.message import DIGEST_BYTES, Attachment
from app.domain import LIMITS, AttachmentId, OrganisationId
from app.errors import FormatError, QuietlineError
from app.services import uploads
from app.services.context import Context

__all__ = ["Attachment", "clean_name", "only_unnamed", "read", "text"]

_LONGEST: Final = 2048


def text(file: Attachment) -> str:
    """One file, as a form carries it."""
    facts: dict[str, jsontext.Json] = {
        "id": file.id,
        "name": file.name,
        "type": file.type,
        "size": file.size,
        "sha256": b64u_encode(file.sha256),
    }
    return jsontext.dump(facts)


def read(values: Iterable[str]) -> tuple[Attachment, ...]:
    """The files that a form carries. FormatError for anything that no page of ours wrote, for too many, and for one twice."""
    found = tuple(_read(value) for value in values)
    if len(found) > LIMITS.attachments or len({file.id for file in found}) != len(found):
        raise FormatError
    return found


def only_unnamed(ctx: Context, org: OrganisationId, files: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Those that are still there and that no message names."""
    return tuple(file for file in files if _is_unnamed(ctx, org, file))


def _read(value: str) -> Attachment:
    if len(value) > _LONGEST:
        raise FormatError
    fields = jsontext.load(value)
    name, kind = fields.text("name", 1, LIMITS.file_name_characters), fields.text("type", 0, LIMITS.name_characters)
    if clean_name(name) != name or clean_type(kind) != kind:
        raise FormatError
    return Attachment(fields.ident("id"), name, kind, fields.integer("size"), fields.raw("sha256", DIGEST_BYTES))


def _is_unnamed(ctx: Context, org: OrganisationId, file: Attachment) -> bool:
    try:
        uploads.status(ctx, org, AttachmentId(file.id))
    except QuietlineError:
        return False
    return True
