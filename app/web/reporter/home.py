"""The first page, and the choice of a channel."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.web.context import portal
from app.web.roles import Role, needs


@needs(Role.ANYONE)
def home() -> str:
    """What this is, and what it can and cannot protect."""
    return render_template("reporter/home.html", portal=portal())


@needs(Role.ANYONE)
def choose() -> ResponseReturnValue:
    """The channels, where there is a choice to make."""
    channels = portal().channels
    if len(channels) == 1 and channels[0].keys is not None:
        return redirect(url_for("reporter.report", slug=channels[0].slug), 303)
    return render_template("reporter/choose.html")
