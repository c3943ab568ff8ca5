"""The pages of a reporter: no account, no cookie, no session, and no script needed."""

from __future__ import annotations

from flask import Flask

from app.web.reporter.urls import blueprint


def install(app: Flask) -> None:
    """Register the pages at the root of the site."""
    app.register_blueprint(blueprint)
