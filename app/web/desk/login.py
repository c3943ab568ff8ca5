"""Login with the derived key, logout, and the tab's lock."""

from __future__ import annotations

from typing import Final

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from app.services import officers, sessions, wire
from app.services.officers import LoggedIn
from app.web import body
from app.web.context import organisation, services
from app.web.desk import guards
from app.web.desk.session import desk_session
from app.web.limits import answers_json
from app.web.roles import Role, needs

_SMALL: Final = 4096
_NAME: Final = 256
"""More than a user name may have, so that one that is a little too long is answered like an unknown one."""


@needs(Role.ANYONE)
def show() -> ResponseReturnValue:
    """The login page; also for somebody who is logged in, whose tab may have lost its keys."""
    if guards.from_another_site():
        return guards.arrive()
    after = guards.safe_next(request.args.get("next", "")) or url_for("desk.inbox")
    return render_template("desk/login.html", next=after)


@needs(Role.ANYONE)
@answers_json(_SMALL)
def log_in() -> ResponseReturnValue:
    fields = body.read()
    return begin(officers.login(services(), organisation(), fields.text("user", most=_NAME), fields.raw("login", 32)))


def begin(logged_in: LoggedIn) -> ResponseReturnValue:
    """Put the new session in the place of whatever was there, and hand over what opens the officer's keys."""
    session = desk_session()
    if session.row is not None:
        sessions.end(services(), session.row)
    session.start(logged_in.session_token)
    g.pop("csrf_token", None)
    return {
        "organisation": logged_in.officer.organisation,
        "officer": logged_in.officer.id,
        "user": logged_in.officer.user_name,
        "identity": wire.text(logged_in.identity),
        "wrapping_key": wire.text(logged_in.wrapping_key),
        "csrf": generate_csrf(),
    }


@needs(Role.ANYONE)
@answers_json(_SMALL)
def form_token() -> ResponseReturnValue:
    """The form token of the session that the browser has now: for a page that stayed open while another tab began a session."""
    return {"csrf": generate_csrf()}


@needs(Role.OFFICER)
def log_out() -> ResponseReturnValue:
    sessions.end(services(), guards.row())
    desk_session().end()
    return redirect(url_for("desk.login"), 303)


@needs(Role.OFFICER)
@answers_json(_SMALL)
def lock() -> ResponseReturnValue:
    """Destroy the server's half of the key that opens a tab."""
    sessions.lock(services(), guards.row())
    return {}


@needs(Role.OFFICER)
@answers_json(_SMALL)
def unlock_key() -> ResponseReturnValue:
    """The server's half, or 409 once it is gone."""
    key = sessions.unlock_key(services(), guards.row())
    return ({"error": "locked"}, 409) if key is None else {"wrapping_key": wire.text(key)}
