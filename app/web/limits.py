"""What a request may carry, checked before anything is parsed: its type, its length however it is declared, its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from flask import Request, current_app, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from app.domain import LIMITS
from app.web import patience

View = TypeVar("View", bound=Callable[..., Any])

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
MULTIPART: Final = "multipart/form-data"
_PASSED_OVER: Final = 4096
_BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def answers_json(limit: int = LIMITS.sealed_request_bytes) -> Callable[[View], View]:
    """Declare that a view takes a JSON body of at most `limit` bytes (if any) and answers, errors included, in JSON."""

    def declare(view: View) -> View:
        view.__dict__["json_limit"] = limit
        return view

    return declare


def json_limit(view: Callable[..., Any] | None) -> int | None:
    """The limit a JSON view declares; nothing for a view of forms and pages."""
    limit = view.__dict__.get("json_limit") if view is not None else None
    return limit if isinstance(limit, int) else None


def streams_body(content_type: str) -> Callable[[View], View]:
    """Declare that a view reads a body of this type by itself, with `pieces`, as it comes. Forms are still taken where it takes forms.

    An empty type: it takes none. A small one is then passed over, whatever it is.
    """

    def declare(view: View) -> View:
        view.__dict__["streams"] = content_type
        return view

    return declare


class BoundedRequest(Request):
    """A request whose multipart body nobody can have parsed by accident.

    Werkzeug's own parser writes each part over 500 kB into a temporary file, in clear: unlinked, and on the disk all the same.
    """

    def make_form_data_parser(self) -> Any:
        """What request.form and request.files begin with."""
        if self.mimetype == MULTIPART:
            raise RuntimeError("a multipart body is read with multipart.receive, never with request.form or request.files")
        return super().make_form_data_parser()


def bound() -> None:
    """Before each request: read the body, whole and once, under the limit of its view, or refuse it; or leave it to a view that streams."""
    if request.method in _BODILESS or request.routing_exception is not None:
        return
    view = current_app.view_functions.get(request.endpoint or "")
    json, streams = json_limit(view), _streams(view)
    if streams == "":
        _body(_PASSED_OVER)
        return
    if streams is not None and request.mimetype == streams:
        return
    if request.mimetype != (FORM if json is None else JSON if streams is None else streams):
        raise UnsupportedMediaType
    body = _body(LIMITS.form_bytes if json is None else json)
    if json is None:
        g.form_body = body
        if body.count(b"&") >= LIMITS.form_fields:
            raise RequestEntityTooLarge


def pieces(most: int) -> Iterator[bytes]:
    """The body as it comes, for views that declare `streams_body`.

    Raises RequestEntityTooLarge after `most` bytes when there are more, BodyStopped when it has fewer than declared,
    RequestTimeout when it stalls. What came before stands.
    """
    declared = request.content_length
    if declared is None and not request.environ.get("wsgi.input_terminated"):
        return  # neither a length nor chunks: there is no body
    left = most + 1 if declared is None else declared
    while left and (piece := patience.read(request.environ, min(patience.PIECE, left))):
        left -= len(piece)
        if most:
            yield piece[:most]
        if len(piece) > most:
            raise RequestEntityTooLarge
        most -= len(piece)
    if declared is not None and left:
        raise patience.BodyStopped


def is_unread() -> bool:
    """Whether this request carries a form that nobody has begun to read."""
    return request.method == "POST" and request.mimetype in {FORM, MULTIPART} and "form_body" not in g and "form_fields" not in g


def read_late() -> None:
    """Read a form of the smaller kind, for an error page. Raises what `bound` raises."""
    g.form_body = b""
    g.form_body = _body(LIMITS.form_bytes)


def form_as_read() -> MultiDict[str, str]:
    """For error pages: the form as far as it may be read. Where it has too many fields, the first; where it was refused unread, none."""
    if "form_fields" in g:
        fields: MultiDict[str, str] = g.form_fields  # of a multipart body
        return fields
    first = g.get("form_body", b"").split(b"&", LIMITS.form_fields)[: LIMITS.form_fields]
    return MultiDict(parse_qsl(b"&".join(first).decode(errors="replace"), keep_blank_values=True, errors="replace"))


def _streams(view: Callable[..., Any] | None) -> str | None:
    declared = view.__dict__.get("streams") if view is not None else None
    return declared if isinstance(declared, str) else None


def _body(limit: int) -> bytes:
    declared = request.content_length
    if declared is not None and declared > limit:
        raise RequestEntityTooLarge
    # Werkzeug cuts a chunked body off at its limit without a word, so one byte more than the limit is let in to be told.
    request.max_content_length = limit + 1
    seconds = patience.SILENCE + (limit if declared is None else declared) / patience.SLOWEST
    with patience.hurried(request.environ, seconds), patience.waiting(request.environ):
        body = request.get_data(cache=True)
    if len(body) > limit:
        raise RequestEntityTooLarge
    if declared is not None and len(body) != declared:
        raise BadRequest
    return body
