"""Files on their way out: streamed, saved and never shown, whatever they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from flask import Response, request

from app.services.files import OpenedFile, SealedFile
from app.web import lanes, patience

TYPE: Final = "application/octet-stream"
POLICY: Final = "default-src 'none'; sandbox"
"""Should a browser show a file all the same: an origin of its own, no script, nothing loaded."""

_PIECE: Final = 64 * 1024
_ATTR_CHAR: Final = "!#$&+-.^_`|~"  # of RFC 8187; letters and digits are never quoted


def sealed(file: SealedFile) -> Response:
    """A file as it is stored. StorageBusy when too many are on their way."""
    return _streamed(file.chunks, file.length)


def opened(file: OpenedFile) -> Response:
    """A file in clear, under its name. When it turns out not to be the one that was sent, the answer stays short of its length."""
    response = _streamed(file.chunks, file.size)
    response.headers["Content-Disposition"] = disposition(file.name)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def disposition(name: str) -> str:
    """The header of a file to save under this name: for today's browsers as it is, for others with `_` for what is not ASCII."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHAR)}"


def _streamed(chunks: Iterator[bytes], length: int) -> Response:
    place = lanes.take()
    response = Response(_patiently(request.environ, chunks), mimetype=TYPE)
    response.content_length = length
    response.call_on_close(place.close)
    return response


def _patiently(environ: patience.Environ, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same in small pieces; while the server sends one, its client has only so long to take it."""
    with patience.limited(environ):
        for chunk in chunks:
            for start in range(0, len(chunk), _PIECE):
                yield chunk[start : start + _PIECE]
