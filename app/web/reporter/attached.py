"""The files of a form without script: sealed as they stream in, then carried from page to page until a message names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from flask import request
from werkzeug.datastructures import MultiDict

from app.domain import LIMITS, AttachmentId
from app.errors import NoRoom, QuietlineError, StorageBusy, UploadTooLarge
from app.services import carried, files
from app.services.carried import Attachment
from app.web import lanes, multipart
from app.web.context import organisation, services
from app.web.limits import MULTIPART
from app.web.multipart import Part, Received

FIELD: Final = "attachment"
"""The hidden field of a file that is sealed already."""

Fields = MultiDict[str, str]
Readers = Callable[[Fields], Sequence[str] | None]
"""The recipients that a file of this form is sealed to, as text, from what came before it; None when that cannot be known."""

_REASONS: Final[dict[type[QuietlineError], str]] = {UploadTooLarge: "too_large", NoRoom: "no_room", StorageBusy: "busy"}


_STATUS: Final = {"too_large": 413, "parts": 413, "text": 413, "malformed": 400, "no_room": 507, "busy": 503}
"""What an answer is numbered that shows a form again, by the reason; 422 for the others."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken, or a whole form that was not (no name). `reason` names the sentence."""

    name: str = field(repr=False)
    reason: str


@dataclass
class Taken:
    """A form as it came. The files sealed just now are in `new`, and in its hidden fields, so that whatever happens next carries them."""

    fields: Fields = field(repr=False)
    new: list[Attachment] = field(default_factory=list, repr=False)
    refused: list[Refused] = field(default_factory=list, repr=False)
    problem: str = ""

    @property
    def status(self) -> int:
        """Why the form has to be looked at again, as HTTP has it; 0 where everything in it was taken."""
        return status(self.refused, self.problem)

    def give_up_new(self, reason: str) -> None:
        """Discard what has just been sealed, and say why."""
        self.refused += [Refused(file.name, reason) for file in self.new]
        drop(self.new)
        put(self.fields, [file for file in kept(self.fields) if file not in self.new])
        self.new = []


def status(refused: Sequence[Refused], problem: str) -> int:
    """See Taken.status."""
    reasons = [*(each.reason for each in refused), *([problem] if problem else [])]
    return _STATUS.get(reasons[0], 422) if reasons else 0


def take(readers: Readers) -> Taken:
    """Read the form of this request, of either kind, and seal its files. FormatError when a hidden field is not ours."""
    if request.mimetype != MULTIPART:
        return _settled(Taken(request.form.copy()))
    taken = Taken(MultiDict())
    try:
        received = multipart.receive(services().settings.form_upload_bytes, partial(_in_lane, taken, readers))
        return _settled(_whole(taken, received))
    except BaseException:
        drop(taken.new)
        raise


def kept(fields: Fields) -> tuple[Attachment, ...]:
    """The files that a form carries, without those that its writer took out."""
    return carried.read(fields.getlist(FIELD))


def drop(unwanted: Sequence[Attachment]) -> None:
    """Delete files that no message will name."""
    files.discard(services(), organisation(), [AttachmentId(file.id) for file in unwanted])


def put(fields: Fields, carry: Iterable[Attachment]) -> None:
    """Have a form carry these files and no others."""
    fields.setlist(FIELD, [carried.text(file) for file in carry])


def still_there(files_before: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """Those that no message has named, and no sweep deleted, since the form was made."""
    return carried.only_unnamed(services(), organisation(), files_before)


def _in_lane(taken: Taken, readers: Readers, part: Part, fields: Fields) -> None:
    """Seal a file. StorageBusy, unread, when this process takes as many as it may already."""
    with lanes.files():
        _seal(taken, readers, part, fields)


def _seal(taken: Taken, readers: Readers, part: Part, fields: Fields) -> None:
    name = carried.clean_name(part.file_name)
    if len(fields.getlist(FIELD)) - len(fields.getlist("remove")) >= LIMITS.attachments:
        taken.refused.append(Refused(name, "too_many"))
        return
    recipients = readers(fields)
    if recipients is None:
        taken.refused.append(Refused(name, "again"))
        return
    context = services()
    try:
        file = files.seal_file(context, organisation(), recipients, part.file_name, part.type, part, context.settings.upload_bytes)
    except (UploadTooLarge, NoRoom, StorageBusy) as error:
        taken.refused.append(Refused(name, _REASONS[type(error)]))
        return
    taken.new.append(file)
    fields.add(FIELD, carried.text(file))


def _whole(taken: Taken, received: Received) -> Taken:
    taken.fields, taken.problem = received.fields, received.problem
    if taken.problem not in {"", "text"}:
        taken.refused.append(Refused("", taken.problem))
    return taken


def _settled(taken: Taken) -> Taken:
    """Take out what its writer marked to be removed."""
    unwanted = set(taken.fields.poplist("remove"))
    files_now = kept(taken.fields)
    drop([file for file in files_now if file.id in unwanted])
    put(taken.fields, [file for file in files_now if file.id not in unwanted])
    return taken
