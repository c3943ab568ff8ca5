"""Who may call a view. Every view says so with `@needs(...)`; one that does not answers 500, and a test finds it first."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue

View = TypeVar("View", bound=Callable[..., Any])
Guard = Callable[[], ResponseReturnValue | None]
_EXTENSION = "quietline.guards"


class Role(StrEnum):
    """Who is asking."""

    ANYONE = "anyone"
    OFFICER = "officer"


def needs(role: Role) -> Callable[[View], View]:
    """Declare the role a view needs."""

    def declare(view: View) -> View:
        view.__dict__["needs"] = role
        return view

    return declare


def role_of(view: Callable[..., Any]) -> Role | None:
    """The role a view declares, or nothing."""
    role = view.__dict__.get("needs")
    return role if isinstance(role, Role) else None


def guard_with(app: Flask, role: Role, guard: Guard) -> None:
    """Have `guard` let requests for this role through (nothing) or answer them itself (a response, or an error raised)."""
    app.extensions.setdefault(_EXTENSION, {})[role] = guard


def enforce() -> ResponseReturnValue | None:
    """Before each request: hold the view to its role. A role without a guard lets nobody through."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return None
    role = role_of(view)
    if role is None:
        raise RuntimeError("a view declares no role")
    if role is Role.ANYONE:
        return None
    guard: Guard = current_app.extensions[_EXTENSION][role]
    return guard()
