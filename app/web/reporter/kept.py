"""What a form held that failed: shown to copy from, and given again to be sent again.

Back would bring an empty form: nothing is stored, and no browser is to keep it. Words are never among it, and a ticket is only sent again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from flask import request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from app.domain import LIMITS
from app.errors import StorageBusy
from app.services.organisations import Channel
from app.web import multipart, patience
from app.web.context import portal_if_known
from app.web.limits import MULTIPART, form_as_read, is_unread, read_late
from app.web.reporter import attached, sentences
from app.web.reporter.forms import PARTS

_MOST: Final = 2 + LIMITS.questions
_UNSEEN: Final = frozenset({"ticket", "message", "seen", attached.FIELD})
_COUNT_ONCE: Final = frozenset({"reporter.send", "reporter.answer"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A field of the form under its label; what was chosen of several stands on lines."""

    name: str
    label: str
    text: str = field(repr=False)


def read() -> None:
    """Where something failed before the form was read, read it now, up to its first file: what was typed must not be lost over that."""
    if not is_unread():
        return
    with suppress(HTTPException):
        if request.mimetype != MULTIPART:
            read_late()
            return
        with patience.hurried(request.environ, patience.SILENCE + LIMITS.form_bytes / patience.SLOWEST):
            multipart.receive(LIMITS.form_bytes, _no_file)


def _no_file(_part: multipart.Part, _fields: object) -> None:
    raise StorageBusy


def typed() -> list[Kept]:
    """Every field in which something was written: as many as a form can have, and together no more than limits.py lets in."""
    channel = _channel()
    dates = {f"q-{question.id}" for question in channel.questions if question.kind == "date"} if channel else set()
    found: dict[str, list[str]] = {}
    for name, value in form_as_read().items(multi=True):
        before, _, part = name.rpartition("-")
        key = before if part in PARTS and before in dates else name
        if value.strip() and _is_text(name) and (key in found or len(found) < _MOST):
            found.setdefault(key, []).append(value)
    return [Kept(key, _label(key, channel), (" " if key in dates else "\n").join(values)) for key, values in found.items()]


def to_send_again() -> list[tuple[str, str]]:
    """The hidden fields of a form that sends the same once more; none where it would not count once, or where files belong to it."""
    form = form_as_read()
    if request.endpoint not in _COUNT_ONCE or not form.get("ticket"):
        return []
    return [(name, value) for name, value in form.items(multi=True) if _is_text(name) or name in _UNSEEN]


def _is_text(name: str) -> bool:
    return name in {"subject", "body"} or name.startswith("q-")


def _channel() -> Channel | None:
    portal = portal_if_known()
    return portal.by_slug((request.view_args or {}).get("slug", ""), retired=True) if portal is not None else None


def _label(name: str, channel: Channel | None) -> str:
    label = sentences.label(name, channel) if channel is not None else name
    return label if label != name else gettext("Your text")
