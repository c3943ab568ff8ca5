"""The map of the desk: what answers where. The id of a case or channel in a path is checked by its form before a view sees it."""

from __future__ import annotations

from typing import Final

from flask import Blueprint
from flask.typing import RouteCallable
from werkzeug.routing import BaseConverter, ValidationError

from app.services import wire
from app.web import uploads
from app.web.desk import attachments, case, channels, enrol, inbox, keys, login, preview
from app.web.roles import Role

_ROUTES: Final[tuple[tuple[str, str, str, RouteCallable], ...]] = (
    ("GET", "/", "inbox", inbox.show),
    ("GET", "/inbox/reports", "inbox_reports", inbox.reports),
    ("GET", "/login", "login", login.show),
    ("POST", "/login", "log_in", login.log_in),
    ("GET", "/form-token", "form_token", login.form_token),
    ("POST", "/logout", "log_out", login.log_out),
    ("POST", "/lock", "lock", login.lock),
    ("POST", "/unlock-key", "unlock_key", login.unlock_key),
    ("GET", "/enrol", "enrol", enrol.show),
    ("POST", "/enrol/start", "start_enrolment", enrol.start),
    ("POST", "/enrol/finish", "finish_enrolment", enrol.finish),
    ("GET", "/channels", "channels", channels.show),
    ("POST", "/channels/<id:channel>/open", "open_channel", channels.open_channel),
    ("GET", "/keyrings", "keyrings", channels.keyrings_json),
    ("GET", "/keys", "keys", keys.show),
    ("GET", "/identity.age", "identity_file", keys.download),
    ("GET", "/case/<id:case>", "case", case.show),
    ("GET", "/case/<id:case>/messages", "case_messages", case.messages),
    ("POST", "/case/<id:case>/messages", "post_message", case.post_message),
    ("POST", "/case/<id:case>/state", "change_state", case.change_state),
    ("POST", "/case/<id:case>/read", "mark_read", case.mark_read),
    ("GET", "/case/<id:case>/attachments/<id:attachment>", "attachment", attachments.download),
    ("GET", "/preview", "preview", preview.show),
)


class IdConverter(BaseConverter):
    """An id of FORMATS.md section 1; anything else leads nowhere."""

    def to_python(self, value: str) -> str:
        if not wire.is_id(value):
            raise ValidationError
        return value


def blueprint() -> Blueprint:
    """A new blueprint with every page of the desk."""
    desk = Blueprint("desk", __name__, url_prefix="/desk")
    desk.record_once(lambda state: state.app.url_map.converters.update(id=IdConverter))
    for method, path, endpoint, view in _ROUTES + uploads.routes(Role.OFFICER, "/desk"):
        desk.add_url_rule(path, endpoint, view, methods=[method])
    return desk
