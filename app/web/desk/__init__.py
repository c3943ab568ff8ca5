"""The desk: what officers use. `install` wires it into the application; `urls.py` is its map."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect

from app.web.desk import guards, labels, preview, problems, urls
from app.web.desk.session import DeskSessionInterface
from app.web.roles import Role, guard_with


def install(app: Flask) -> None:
    """Sessions, form tokens, the officers' guard and the pages. Needs app.secret_key and the services to be there."""
    app.session_interface = DeskSessionInterface()
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # reporter pages have no session; the desk asks for the token itself (guards.py)
    app.config["WTF_CSRF_SSL_STRICT"] = False  # no Referer is sent under our policy; Origin is checked for every request (web/origin.py)
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form token is good for as long as its session
    CSRFProtect(app)
    guard_with(app, Role.OFFICER, guards.require_officer)
    blueprint = urls.blueprint()
    blueprint.before_request(guards.require_form_token)
    blueprint.after_request(preview.allow_frame)
    problems.install(blueprint)
    blueprint.context_processor(labels.for_templates)
    app.jinja_env.filters.update(labels.FILTERS)
    app.register_blueprint(blueprint)
