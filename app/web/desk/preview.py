"""The frame in which a desk page has pictures drawn: a page of an origin of its own that knows nothing and can reach nothing."""

from __future__ import annotations

from flask import Response, render_template

from app.web import headers
from app.web.roles import Role, needs


@needs(Role.ANYONE)
def show() -> Response:
    """The empty frame. It is the same for everybody, holds nothing of anybody, and needs no session."""
    response = Response(render_template("desk/preview.html"))
    response.headers["Content-Security-Policy"] = headers.PREVIEW_POLICY
    return response


def allow_frame(response: Response) -> Response:
    """After each page of the desk: it may hold that frame."""
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", headers.DESK_POLICY)
    return response
