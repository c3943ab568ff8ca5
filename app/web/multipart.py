"""multipart/form-data as it streams in: text is kept within its limits, files are handed on piece by piece and never held.

The parser is `multipart`'s push parser. Of those that do no input or output of their own it was the fastest here (100 MB of a file in 0.03
to 0.09 s in pieces of 64 and 256 KiB, whatever the bytes are; Werkzeug's sans-IO decoder takes 0.04 to 0.28 s), it bounds the headers
of a part by itself, its buffer never holds more than a piece and a boundary, and it is one file without dependencies whose author has
looked after it since 2010. Of Werkzeug only the parser for small forms is used here (limits.py); its own for multipart writes to the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from flask import g, request
from multipart import MultipartError, MultipartSegment, PushMultipartParser
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from app.domain import LIMITS
from app.errors import StorageBusy
from app.web import limits

FILES: Final = "files"
"""The one field whose parts are files, whatever else they say of themselves."""

_HEADER_BYTES: Final = 16 * 1024
_HEADERS: Final = 8
_LONGEST_TEXT: Final = LIMITS.form_bytes * 2 // 3
"""Bytes that one field may fill, so that one that is far too long does not cost the others."""
_LONGEST_BOUNDARY: Final = 70  # RFC 2046


class Part:
    """One part of a body; iterating gives its bytes, once. What is not taken of it is passed over before the next part."""

    def __init__(self, segment: Any, events: Iterator[Any]) -> None:
        self.name = _text(segment.name)
        self.file_name = _text(segment.filename or "")
        self.type: str = segment.content_type or ""
        self._events = events
        self._first: bytes | None = None
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        event: bytes | None = None if self._ended else next(self._events, None)
        if event is None:
            self._ended = True
            raise StopIteration
        return event

    def is_empty(self) -> bool:
        """Whether it has no bytes."""
        if self._first is None:
            self._first = next(self, None)
        return self._first is None


@dataclass
class Received:
    """What came. `problem` is empty, or says what is missing: too_large, parts (too many), text (too long, cut off), malformed, busy.

    `room`: bytes of names and text that may still come.
    """

    fields: MultiDict[str, str] = field(default_factory=MultiDict, repr=False)
    problem: str = ""
    room: int = LIMITS.form_bytes


TakeFile = Callable[[Part, MultiDict[str, str]], None]
"""Is given a file as it comes, and the text that came before it."""


def receive(most: int, take_file: TakeFile) -> Received:
    """Read the body of this request: text into fields, files to `take_file`, in the order in which they come.

    A body that cannot be read to its end leaves what was read until then, and says so in `problem`. One that declares more than `most`
    bytes is read to its first file, so that text which stands before is kept; so is one whose file `take_file` has no place for
    (StorageBusy). BodyStopped and RequestTimeout pass, and so does what
    `take_file` raises. What came is also there for error pages (limits.form_as_read).
    """
    received = Received()
    g.form_fields = received.fields
    declared = request.content_length
    refused = declared is not None and declared > most
    try:
        for part in _parts(limits.pieces(declared if refused and declared is not None else most)):
            if not part.name:
                received.problem = "malformed"
            elif part.name != FILES:
                _take_text(part, received)
            elif part.file_name or not part.is_empty():  # a browser sends an empty nameless part where no file was chosen
                if refused:
                    raise RequestEntityTooLarge
                take_file(part, received.fields)
    except RequestEntityTooLarge:
        received.problem = "too_large"
    except StorageBusy:
        received.problem = "busy"
    except _TooManyParts:
        received.problem = "parts"
    except MultipartError:
        received.problem = "malformed"
    return received


class _TooManyParts(Exception):
    pass


def _parts(pieces: Iterable[bytes]) -> Iterator[Part]:
    events = _events(pieces, request.mimetype_params.get("boundary", ""))
    for number, segment in enumerate(events, 1):
        if number > LIMITS.multipart_parts:
            raise _TooManyParts
        part = Part(segment, events)
        yield part
        for _ in part:
            pass


def _events(pieces: Iterable[bytes], boundary: str) -> Iterator[MultipartSegment | bytes | None]:
    # Headers are read as Latin-1 and decoded in Part, so that a name in another encoding costs the name and not the whole form. Strict
    # mode is left off: it takes the line end that browsers send after the last boundary for an error when it comes in a piece of its own.
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise MultipartError("no boundary")
    parser = PushMultipartParser(boundary.encode(), max_header_size=_HEADER_BYTES, max_header_count=_HEADERS, header_charset="latin-1")
    for piece in pieces:
        yield from parser.parse(piece)
    parser.close()


def _take_text(part: Part, received: Received) -> None:
    room = min(_LONGEST_TEXT, received.room - len(part.name))
    value = bytearray()
    for piece in part:
        value += piece[: max(0, room + 1 - len(value))]
    if len(value) > room:
        received.problem = "text"
        del value[max(0, room) :]
    received.room -= len(part.name) + len(value)
    received.fields.add(part.name, value.decode(errors="replace"))


def _text(header: str) -> str:
    return header.encode("latin-1", errors="replace").decode(errors="replace")
