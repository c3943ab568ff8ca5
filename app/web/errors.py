"""The one map from errors to answers: a page in the portal's look, or {"error": code} on JSON routes. Neither carries a detail."""

from __future__ import annotations

import logging
import math
from types import TracebackType
from typing import Final

from flask import Flask, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.errors import ComesAgain, QuietlineError
from app.web.context import services
from app.web.limits import JSON, json_limit
from app.web.reporter import kept

_log = logging.getLogger("quietline.web")

_STATUS_OF_OURS: Final = {
    "unknown_host": 400,
    "sealed": 400,
    "draft": 400,
    "words": 400,
    "user_name": 400,
    "password_length": 400,
    "invitation": 400,
    "ticket_expired": 400,
    "login": 401,
    "not_allowed": 403,
    "unknown_channel": 404,
    "unknown_case": 404,
    "no_conversation": 404,
    "channel_not_open": 409,
    "conflict": 409,
    "portal_changed": 409,
    "withdrawn": 409,
    "user_name_taken": 409,
    "state": 409,
    "keyring": 409,
    # FormatError and those below it
    "format": 400,
    "age_header": 400,
    "age_armor": 400,
    "age_no_match": 400,
    "age_mac": 400,
    "age_payload": 400,
    "age_recipient": 400,
    "size_class": 400,
    "signature": 400,
    "storage_busy": 503,
    "commit_unknown": 500,
    # sealed files; the first ones as tus 1.0 has them
    "unknown_upload": 404,
    "upload_offset": 409,
    "upload_busy": 423,
    "upload_too_large": 413,
    "upload_checksum": 460,
    "upload_checksum_kind": 400,
    "upload_refused": 422,
    "no_room": 507,
    "attachments": 409,
    "unknown_attachment": 404,
    "blob_missing": 404,
    "not_removable": 409,
}

_CODE_OF_STATUS: Final = {
    400: "bad_request",
    403: "cross_site",
    404: "not_found",
    405: "method",
    408: "timeout",
    412: "tus_version",
    413: "too_large",
    415: "content_type",
}


def install(app: Flask) -> None:
    """Answer every error here, and let nothing else log one."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(QuietlineError, _ours)
    app.register_error_handler(Exception, _unexpected)
    app.log_exception = _of_an_answer  # type: ignore[method-assign]


def _of_an_answer(exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
    """What Flask would log with its traceback and the time: an answer that failed while an error was being told."""
    if exc_info[1] is not None:
        _record(exc_info[1], "internal")


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, RequestRedirect) or error.response is not None:
        return error.get_response(request.environ)
    status = error.code or 500
    if status >= 500:
        _record(error, "internal")
    response = current_app.make_response(answer(status, _CODE_OF_STATUS.get(status, "internal")))
    for name, value in error.get_headers(request.environ):
        if name == "Allow":
            response.headers[name] = value
    return response


def _ours(error: QuietlineError) -> ResponseReturnValue:
    status = _STATUS_OF_OURS.get(error.code, 500)
    if isinstance(error, ComesAgain):  # nothing went wrong, and a flood is not to fill the log
        services().vitals.count(error.code, services().today())
        response = current_app.make_response(answer(status, error.code))
        response.headers["Retry-After"] = str(math.ceil(error.seconds))
        return response
    if status >= 500:
        _record(error, error.code)
    return answer(status, error.code)


def _unexpected(error: Exception) -> ResponseReturnValue:
    _record(error, "internal")
    return answer(500, "internal")


def answer(status: int, code: str) -> ResponseReturnValue:
    """The page or the JSON of an error."""
    if _wants_json():
        return jsonify(error=code), status
    if status >= 500:
        kept.read()
    again = kept.to_send_again() if status >= 500 else []
    desk = f"{request.path}/".startswith("/desk/")
    return render_template("error.html", status=status, code=code, desk=desk, kept=kept.typed(), again=again, here=request.path), status


def _wants_json() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return json_limit(view) is not None or request.mimetype == JSON


def _record(error: BaseException, code: str) -> None:
    services().vitals.count(code, services().today())
    # Kind and place only. A message, parameter, path or traceback could hold what a person wrote.
    _log.error("%s at %s", type(error).__name__, _place(error.__traceback__))


def _place(trace: TracebackType | None) -> str:
    """Module and line of the innermost frame that is ours."""
    place = "unknown"
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith("app."):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
