"""Who gets past: officers who are logged in, and posts that carry the form token of their own session."""

from __future__ import annotations

import re
from typing import Final

from flask import current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect

from app.services.officers import Officer
from app.services.sessions import Session
from app.settings import is_loopback
from app.web.desk.session import COOKIE, desk_session
from app.web.limits import json_limit

_NEXT: Final = re.compile(r"/desk/[A-Za-z0-9/-]{0,200}")


def require_officer() -> ResponseReturnValue | None:
    """The guard of Role.OFFICER: pages lead to the login, scripts are told."""
    row = desk_session().row
    if row is not None:
        g.desk_row = row
        return None
    if json_limit(current_app.view_functions.get(request.endpoint or "")) is not None:
        return {"error": "login"}, 401
    if from_another_site():
        return arrive()
    came_from = safe_next(request.path) if request.method == "GET" else None
    return redirect(url_for("desk.login", next=came_from), 303)


def from_another_site() -> bool:
    """Whether a link elsewhere led here, so that the browser kept a SameSite=Strict cookie back. A login page would then replace it."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site" and COOKIE not in request.cookies


def arrive() -> ResponseReturnValue:
    """A page that asks for the same address again, now from our own site."""
    return render_template("desk/arrive.html", address=safe_next(request.path) or url_for("desk.inbox"))


def require_form_token() -> None:
    """Every post, before its view runs. CSRFError, which `problems.py` answers, otherwise."""
    protection = current_app.extensions["csrf"]
    assert isinstance(protection, CSRFProtect)
    protection.protect()


def row() -> Session:
    """The session behind this request; for views of Role.OFFICER."""
    found: Session = g.desk_row
    return found


def officer() -> Officer:
    """Who is asking; for views of Role.OFFICER."""
    return row().officer


def officer_if_known() -> Officer | None:
    """Who is logged in, or nobody: for the frame around the pages that anyone may see."""
    found = desk_session().row
    return found.officer if found is not None else None


def safe_next(path: str) -> str | None:
    """A path of the desk to go on to after login; nothing for anything else, and nothing for the inbox, where login leads anyway."""
    return path if _NEXT.fullmatch(path) and path not in {"/desk/", "/desk/login", "/desk/enrol"} and "//" not in path else None


def cookie_can_be_kept() -> bool:
    """Whether a browser keeps a Secure cookie from this address: https, an onion address, or this very machine."""
    name = re.sub(r":\d*$", "", request.host)
    return request.scheme == "https" or is_loopback(name) or name.endswith((".onion", ".localhost"))
