"""The store step that every message takes: framing checked, one transaction, and the case locked while repeats are looked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from app.crypto.encoding import is_id
from app.crypto.inspect import inspect_message
from app.crypto.message import Attachment, Payload
from app.domain import LIMITS, AttachmentId, CaseId, Kind, MailboxHash, MessageId, OrganisationId, SealedBlob, SealedMessage, State
from app.errors import AttachmentsRefused, Conflict, FormatError, SealedRefused
from app.services.context import Context
from app.services.dates import oldest_upload
from app.storage import attachments as attachment_rows
from app.storage import messages, uploads
from app.storage.models import Case

TEAM_STANZAS: Final = 2
"""A team channel's report or message is sealed to the team and to the reporter."""

NOTE_STANZAS: Final = 1
"""A note is sealed to the team only."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A sealed message whose framing is in order, its size class, how many it is sealed to, and the files that it names."""

    sealed: SealedBlob
    size_class: int
    stanzas: int
    attachments: tuple[AttachmentId, ...] = ()

    def is_stored_as(self, stored: SealedMessage) -> bool:
        """Whether these very bytes are stored already, with these files."""
        return stored.sealed == self.sealed and names_the_same(stored, self.attachments)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands in its case, and where the case stands. `repeated`: it was there already, and is the same."""

    number: int
    day: date
    repeated: bool
    state: State


def framed(sealed: bytes, stanzas: int, attachments: Sequence[AttachmentId] = ()) -> Framed:
    """Check what can be checked without a key: age, hybrid stanzas only, exactly so many, a size class; and the list of files.

    Raises SealedRefused, its `reason` naming the kind of flaw; FormatError or AttachmentsRefused for the list.
    """
    require_list(attachments)
    try:
        return Framed(SealedBlob(sealed), inspect_message(sealed, stanzas).plaintext_length, stanzas, tuple(attachments))
    except FormatError as error:
        raise SealedRefused(reason=error.code) from None


def require_list(attachments: Sequence[AttachmentId]) -> None:
    """Raises FormatError for what are no ids, AttachmentsRefused for too many or the same twice."""
    require_ids(*attachments)
    if len(attachments) > LIMITS.attachments or len(set(attachments)) != len(attachments):
        raise AttachmentsRefused(reason="count")


def ids_of(attachments: Sequence[Attachment]) -> tuple[AttachmentId, ...]:
    """The ids of files as a manifest names them."""
    return tuple(AttachmentId(each.id) for each in attachments)


def says_the_same(stored: Payload, written: Payload) -> bool:
    """Whether two messages differ in nothing a person wrote or added. Files sealed once more have other ids, and are the same."""
    mine, theirs = ([(each.name, each.type, each.size, each.sha256) for each in payload.attachments] for payload in (stored, written))
    return (stored.subject, stored.body, mine) == (written.subject, written.body, theirs)


def names_the_same(stored: SealedMessage, attachments: Sequence[AttachmentId]) -> bool:
    """Whether a stored message names just these files."""
    return sorted(stored.attachments) == sorted(attachments)


def claim(
    ctx: Context, session: Session, org: OrganisationId, case: CaseId, message: MessageId, wanted: Sequence[AttachmentId], stanzas: int
) -> None:
    """Make uploads the files of a message, in the transaction that stores it: all of them, or none.

    Raises AttachmentsRefused unless each is whole, not expired, sealed to `stanzas` readers, and named by nobody else.
    """
    if not wanted:
        return
    oldest = oldest_upload(ctx.today())
    found = [each for each in uploads.held(session, org, wanted) if each.day >= oldest]
    if len(found) != len(wanted):
        raise AttachmentsRefused(reason="taken" if attachment_rows.taken(session, org, wanted) else "unknown")
    if any(each.stanzas is None for each in found):
        raise AttachmentsRefused(reason="incomplete")
    if any(each.stanzas != stanzas for each in found):
        raise AttachmentsRefused(reason="readers")
    # What decides is how many rows are deleted here, whatever was read above.
    if uploads.drop_all(session, org, wanted) != len(wanted):
        raise AttachmentsRefused(reason="taken")
    attachment_rows.add(session, org, case, message, [(each.id, each.length, each.digest) for each in found])


def require_ids(*values: str) -> None:
    """Raises FormatError unless each is an id of FORMATS.md section 1."""
    if not all(is_id(value) for value in values):
        raise FormatError


def tombstone(mailbox: MailboxHash) -> bytes:
    """What is left of a deleted case: it recognises a retry, and finds nothing."""
    return hashlib.sha256(mailbox).digest()


def append(
    ctx: Context,
    org: OrganisationId,
    find: Callable[[Session], Case],
    message: MessageId,
    kind: Kind,
    letter: Framed,
    *,
    same: Callable[[SealedMessage], bool] | None = None,
    also: Callable[[Session, Case, int], None] | None = None,
) -> Posted:
    """Add a message with its files to the case that `find` gives and locks, and do `also` in the same transaction.

    A message id that is there already is a retry: the first answer again when `same` says so (by default: identical bytes and files).
    Raises Conflict when it is not the same, what `claim` raises, and whatever `find` and `also` raise.
    """
    today = ctx.today()
    with ctx.database.write() as session:
        case = find(session)
        number = messages.add(session, org, case.id, message, kind, today, letter.size_class, letter.sealed)
        if number is not None:
            claim(ctx, session, org, case.id, message, letter.attachments, letter.stanzas)
            if also is not None:
                also(session, case, number)
            return Posted(number, today, repeated=False, state=case.state)
        stored = messages.by_id(session, org, case.id, message)
    if stored is None or stored.kind != kind or not (same or letter.is_stored_as)(stored):
        raise Conflict
    return Posted(stored.number, stored.day, repeated=True, state=case.state)
