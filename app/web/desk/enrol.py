"""From a one-time invitation to an officer with keys. The invitation's token stands in the page's fragment and is posted."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.domain import OfficerId
from app.services import officers, wire
from app.services.officers import Enrolment
from app.web import body
from app.web.context import organisation, portal, services
from app.web.desk.login import begin
from app.web.limits import answers_json
from app.web.roles import Role, needs

_START = 4096
_FINISH = 65536


@needs(Role.ANYONE)
def show() -> ResponseReturnValue:
    return render_template("desk/enrol.html")


@needs(Role.ANYONE)
@answers_json(_START)
def start() -> ResponseReturnValue:
    """What the invitation is for."""
    invited = officers.invitation(services(), organisation(), body.read().text("token"))
    return {"organisation": organisation(), "organisation_name": portal().name, "channels": list(invited.channels)}


@needs(Role.ANYONE)
@answers_json(_FINISH)
def finish() -> ResponseReturnValue:
    """The new officer's public halves and sealed identity; answered like a login."""
    fields = body.read()
    login = fields.raw("login", 32)
    enrolment = Enrolment(
        officer=OfficerId(fields.ident("officer")),
        user=fields.text("user"),
        name=fields.text("name"),
        login=login,
        recipient=fields.text("recipient"),
        verify=fields.text("verify"),
        identity=wire.binary(fields.text("identity")),
    )
    context = services()
    officers.enrol(context, organisation(), fields.text("token"), enrolment)
    return begin(officers.login(context, organisation(), enrolment.user, login))
