"""The page that a person without script sees while a form waits its turn: it keeps the text, and the answer follows on it by itself.

The server renders it from the form that waits (cli/waiting.py asks for it through the environment of the request), sends it, and leaves
it open; what the form is answered with is appended as soon as there is a thread for it. The style sheet hides the notice then.
"""

from __future__ import annotations

from typing import Final

from flask import Response, make_response, render_template, request
from werkzeug.datastructures import MultiDict

from app.web import multipart
from app.web.limits import MULTIPART
from app.web.multipart import Part
from app.web.reporter import kept

ASKED: Final = "quietline.waiting"
"""In the environment of a request: the notice is wanted, and nothing is to be done yet."""

_LARGEST: Final = 16 * 1024 * 1024


def notice() -> Response | None:
    """Before each request's view: the notice, where it is asked for. Files that the form holds are passed over; they come with the form."""
    if ASKED not in request.environ:
        return None
    if request.mimetype == MULTIPART:
        multipart.receive(_LARGEST, _pass_over)
    page = render_template("reporter/waiting.html", kept=kept.typed(), again=kept.to_send_again(), here=request.path)
    response = make_response(page)
    # nginx would hold back a page that has not ended.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _pass_over(part: Part, fields: MultiDict[str, str]) -> None:
    """What is not taken of a part is passed over."""
