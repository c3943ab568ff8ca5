"""An officer's own keys: the fingerprint colleagues compare, and the identity file to keep."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from app.services import officers
from app.web.context import services
from app.web.desk import guards
from app.web.roles import Role, needs


@needs(Role.OFFICER)
def show() -> ResponseReturnValue:
    return render_template("desk/keys.html")


@needs(Role.OFFICER)
def download() -> ResponseReturnValue:
    """The identity file, armored; sealed with the officer's password."""
    response = Response(officers.identity_file(services(), guards.officer()), mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = 'attachment; filename="identity.age"'
    return response
