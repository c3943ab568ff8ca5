"""Which requests wait for each other: the kinds of traffic, and how many threads of a process each may have.

A kind is all that is known of a request here: nothing is keyed to a person, a connection or an address. So a flood of one kind leaves
the others their share, and text reports have threads that nothing else may use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain import LIMITS
from app.errors import StorageBusy
from app.web.context import services
from app.web.limits import MULTIPART


class Lane(StrEnum):
    """A kind of traffic."""

    TEXT = "text"
    """A new report on its way: form, check, send, sealed, the two words."""
    PROVEN = "proven"
    """The same from a script that showed its work (cli/proofs.py)."""
    OPENING = "opening"
    """A conversation is opened by words or their key, which may be wrong."""
    FOLLOWUP = "followup"
    """In a conversation: answered, a file asked for, withdrawn."""
    LOGIN = "login"
    DESK = "desk"
    UPLOADS = "uploads"
    """Beginning, asking after and cancelling an upload."""
    PAGE = "page"
    """All the rest: pages and static files."""
    STREAM = "stream"
    """A body that a thread reads while it comes: files."""
    NOTICE = "notice"
    """The page for those who wait (waiting.py)."""
    ROUGH = "rough"
    """What only gunicorn's parser can make out, and bodies that are too large to be gathered. It is mostly refused."""


@dataclass(frozen=True, slots=True)
class Group:
    """Threads that take from these lanes in turn."""

    lanes: tuple[Lane, ...]
    threads: int


REPORTS: Final = (Lane.TEXT, Lane.PROVEN)
"""New reports. Where both lanes wait, threads take from them in turn: work buys half of the places, and the other half needs none."""

SLOWED: Final = 4
"""Logins of a process that wait on purpose at a time (services/slowdown.py)."""

_REPORT: Final = re.compile(r"/report/[a-z0-9-]{1,64}(/(check|send|sealed|words))?")
_CONVERSATION: Final = re.compile(r"/conversation(/[a-z/]{1,40})?")
_OPENING: Final = frozenset({"/conversation", "/conversation/sealed"})
_UPLOAD: Final = re.compile(r"(/desk)?/uploads(/[a-z0-9]*)?")


def groups(threads: int) -> tuple[Group, ...]:
    """The threads of a process. Those that wait for somebody else's bytes, or on purpose, are apart: they cost no processor."""
    reserved = max(1, threads // 4)
    return (
        Group((*REPORTS, Lane.OPENING, Lane.FOLLOWUP, Lane.DESK, Lane.PAGE, Lane.UPLOADS), max(1, threads - reserved)),
        Group(REPORTS, reserved),
        Group((Lane.STREAM,), max(1, threads // 2)),
        Group((Lane.LOGIN,), SLOWED + 1),
        Group((Lane.NOTICE,), 1),
        Group((Lane.ROUGH,), 2),
    )


def threads_in_all(threads: int) -> int:
    """How many there can be at once, each of which may want a connection to the database."""
    return sum(group.threads for group in groups(threads))


def lane_of(method: str, path: str) -> Lane:
    """The lane of a request that was gathered whole. Whether a report is proven is not known by what it asks for."""
    if path.startswith("/desk/"):
        return Lane.LOGIN if (method, path) == ("POST", "/desk/login") else Lane.UPLOADS if _UPLOAD.fullmatch(path) else Lane.DESK
    if method == "POST" and _REPORT.fullmatch(path):
        return Lane.TEXT
    if method == "POST" and _CONVERSATION.fullmatch(path):
        return Lane.OPENING if path in _OPENING else Lane.FOLLOWUP
    return Lane.UPLOADS if _UPLOAD.fullmatch(path) else Lane.PAGE


def streams(method: str, path: str, content_type: str, length: int | None) -> bool:
    """Whether a body is for a thread to read while it comes: parts of uploads, and forms with more in them than text can be."""
    if method == "PATCH":
        return _UPLOAD.fullmatch(path) is not None
    large = length is None or length > LIMITS.gathered_multipart_bytes
    return large and method == "POST" and content_type == MULTIPART and lane_of(method, path) in {Lane.TEXT, Lane.FOLLOWUP}


def comes_again(path: str) -> bool:
    """Whether a form can be asked for once more by a redirection to its own path, which is then surely one of ours."""
    return bool(_REPORT.fullmatch(path) or _CONVERSATION.fullmatch(path))


@contextmanager
def files() -> Iterator[None]:
    """While a file goes in. StorageBusy, at once, when too many do: a script tries again by itself, a person is told to."""
    with take():
        yield


def take() -> ExitStack:
    """The same for a file on its way out: the place is free again once what is given is closed. StorageBusy."""
    lane = services().files_lane
    if not lane.acquire(blocking=False):
        raise StorageBusy
    place = ExitStack()
    place.callback(lane.release)
    return place
