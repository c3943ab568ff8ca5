"""One message is taken away: its seal and its files go, its place stays, and a signed notice says so (FORMATS.md section 6)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from app.domain import AttachmentId, Kind, MailboxHash, MessageId, OrganisationId
from app.errors import NotRemovable
from app.services.context import Context
from app.services.storing import tombstone
from app.services.sweeping import forget_blobs
from app.storage import attachments, cases, messages
from app.storage.models import Case

TAKEN_BY: Final = {Kind.REMOVED: Kind.MESSAGE, Kind.NOTE: Kind.NOTE}
"""What a notice of each kind takes away."""

_CONTEXT: Final = b"quietline/removed/v1\n"


def mark_of(mailbox: MailboxHash, message: MessageId) -> bytes:
    """What is left of a removed message: 32 bytes (FORMATS.md section 14)."""
    return hashlib.sha256(_CONTEXT + mailbox + message.encode()).digest()


def take_away(ctx: Context, session: Session, case: Case, notice: Kind, number: int, target: MessageId) -> tuple[AttachmentId, ...]:
    """In the transaction that stores a notice of this kind under this number: empty the message that it names, and remember that it is
    gone. The case must be locked. Gives the files whose bytes are to be deleted once that is committed.

    Raises NotRemovable: no such message before the notice, another kind, or gone already. Of two officers at once the second gets it.
    """
    found = messages.by_id(session, case.organisation_id, case.id, target)
    if found is None or found.removed or found.number >= number or found.kind is not TAKEN_BY.get(notice):
        raise NotRemovable
    return empty(ctx, session, case, target)


def empty(ctx: Context, session: Session, case: Case, message: MessageId) -> tuple[AttachmentId, ...]:
    """Take the seal and the files of a message away, and remember it; gives the files, as above."""
    messages.empty(session, case.organisation_id, case.id, message)
    cases.bury(session, case.organisation_id, mark_of(case.mailbox_hash, message), ctx.today())
    return attachments.drop_of_message(session, case.organisation_id, case.id, message)


def drop_case(session: Session, case: Case, day: date) -> tuple[AttachmentId, ...]:
    """Delete a whole case, and remember that; gives the files, as above. The case must be locked."""
    files = attachments.of_case(session, case.organisation_id, case.id)
    cases.drop(session, case.organisation_id, case.id)
    cases.bury(session, case.organisation_id, tombstone(case.mailbox_hash), day)
    return files


def forget(ctx: Context, org: OrganisationId, files: Sequence[AttachmentId]) -> None:
    """Once it is committed: delete what the journal still holds, and the bytes of the files."""
    try:
        ctx.cut_journal()  # first: overwriting large files takes its time
    finally:
        forget_blobs(ctx, org, files)
