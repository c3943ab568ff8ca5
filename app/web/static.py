"""Static files: read and compressed once, at the start; they hold no secret. Nothing else is ever compressed."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import NotFound

from app.web.roles import Role, needs

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_THE_FRAME: Final = "js/preview.js"
"""The frame that draws pictures has an origin of its own, and without this word could not load its script from here."""
_EXTENSION: Final = "quietline.static"
_STYLE_NOTES: Final = re.compile(rb"/\*.*?\*/", re.DOTALL)
_STYLE_ROOM: Final = re.compile(rb"\s*([{};,>])\s*|(:) ")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, ready to send."""

    content_type: str
    plain: bytes
    compressed: bytes


def install(app: Flask, folder: Path) -> None:
    """Load the files of known types and serve them, and no others, under /static/."""
    app.extensions[_EXTENSION] = {path.relative_to(folder).as_posix(): _load(path) for path in folder.rglob("*") if path.suffix in _TYPES}
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=serve, methods=["GET"])


def _load(path: Path) -> StaticFile:
    plain = path.read_bytes()
    if path.suffix == ".css":
        plain = lean(plain)  # what only authors read weighs on every first visit; scripts stay as they are, to be compared
    return StaticFile(_TYPES[path.suffix], plain, _compressed(plain))


@lru_cache(maxsize=256)
def _compressed(content: bytes) -> bytes:
    """Once a process, however many applications it makes (the tests make one each)."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def lean(style: bytes) -> bytes:
    """A style sheet without its comments, and without white space that means nothing."""
    return _STYLE_ROOM.sub(rb"\1\2", _STYLE_NOTES.sub(b"", style)).replace(b";}", b"}").strip()


@needs(Role.ANYONE)
def serve(filename: str) -> Response:
    """One file, compressed where the browser takes that."""
    file: StaticFile | None = current_app.extensions[_EXTENSION].get(filename)
    if file is None:
        raise NotFound
    compressed = request.accept_encodings["gzip"] > 0
    response = Response(file.compressed if compressed else file.plain, content_type=file.content_type)
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    if filename == _FOR_THE_FRAME:
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
