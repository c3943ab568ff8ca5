"""Errors that officers meet on pages, said in the desk's own frame. Scripts get {"error": code}, as everywhere."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from app.errors import StateRefused, UnknownCase
from app.web.limits import json_limit


def install(blueprint: Blueprint) -> None:
    """Answer these here; everything else in web/errors.py."""
    blueprint.register_error_handler(CSRFError, form_token)
    blueprint.register_error_handler(UnknownCase, unknown_case)
    blueprint.register_error_handler(StateRefused, state_refused)


def form_token(_: CSRFError) -> ResponseReturnValue:
    """The form token is missing, or another session's. To an upload it is the same as nobody being logged in: it waits, and goes on."""
    view = current_app.view_functions.get(request.endpoint or "")
    return _answer(403 if view is not None and view.__dict__.get("tus") else 400, "csrf")


def unknown_case(error: UnknownCase) -> ResponseReturnValue:
    """No such case, or not one of this officer's channels: the same answer."""
    return _answer(404, error.code)


def state_refused(error: StateRefused) -> ResponseReturnValue:
    """A change of state that does not follow, for instance because a colleague was faster."""
    return _answer(409, error.code)


def _answer(status: int, code: str) -> ResponseReturnValue:
    if json_limit(current_app.view_functions.get(request.endpoint or "")) is not None:
        return {"error": code}, status
    return render_template("desk/problem.html", code=code), status
