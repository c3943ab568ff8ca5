"""Resumable uploads of sealed files: tus 1.0 (creation, termination, expiration, checksum), the same for reporters and for officers.

What comes here was sealed in a browser. Nobody is asked who they are; the random id of an upload is the only way to it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final

from flask import Response, current_app, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.http import http_date

from app.domain import AttachmentId
from app.services import buckets, uploads
from app.services.buckets import Bucket
from app.services.uploads import Upload
from app.web import lanes, limits
from app.web.context import organisation, services
from app.web.limits import answers_json, streams_body
from app.web.roles import Role, needs

VERSION: Final = "1.0.0"
BODY: Final = "application/offset+octet-stream"
_EXTENSIONS: Final = "creation,termination,expiration,checksum"
_NOT_TAKEN: Final = ("Upload-Metadata", "Upload-Defer-Length", "Upload-Concat")
"""Names and types never leave the seal, and lengths are known beforehand."""

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")

View = Callable[..., Any]
Route = tuple[str, str, str, View]
"""Method, path, endpoint and view."""


class OtherVersion(HTTPException):
    """A client of another version of tus; the answer says which is spoken here."""

    code = 412


def routes(role: Role, prefix: str = "") -> tuple[Route, ...]:
    """The routes of one audience, to be registered below `prefix`, which stands in the addresses that are handed out."""

    @_view(role, "")
    def offer(upload: str = "") -> Response:  # noqa: ARG001
        """What is spoken here."""
        response = Response(status=204)
        response.headers["Tus-Version"] = VERSION
        response.headers["Tus-Extension"] = _EXTENSIONS
        response.headers["Tus-Max-Size"] = str(uploads.largest(services()))
        response.headers["Tus-Checksum-Algorithm"] = ",".join(uploads.CHECKSUMS)
        return response

    @_view(role, "")
    def create() -> Response:
        """Begin an upload of so many sealed bytes."""
        _require_version()
        if any(name in request.headers for name in _NOT_TAKEN):
            raise BadRequest
        length = _number("Upload-Length")
        if role is Role.ANYONE:  # a flood from outside is not to keep officers from sending a file
            buckets.require(services().buckets, Bucket.UPLOADS)
        made = uploads.create(services(), organisation(), length)
        response = _expiring(made, 201)
        response.headers["Location"] = f"{prefix}/uploads/{made.id}"
        return response

    @_view(role, "")
    def status(upload: str) -> Response:
        """How far it has come."""
        _require_version()
        found = uploads.status(services(), organisation(), AttachmentId(upload))
        response = _reached(found, 200)
        response.headers["Upload-Length"] = str(found.length)
        return response

    @_view(role, BODY)
    def write(upload: str) -> Response:
        """Go on where it stopped."""
        _require_version()
        offset, checksum, declared = _number("Upload-Offset"), _checksum(), request.content_length
        chunks = limits.pieces(uploads.largest(services()))  # how many are left of this very file is the service's to compare
        with lanes.files():
            return _reached(uploads.write(services(), organisation(), AttachmentId(upload), offset, chunks, declared, checksum), 204)

    @_view(role, "")
    def cancel(upload: str) -> Response:
        """Throw away what has come."""
        _require_version()
        uploads.cancel(services(), organisation(), AttachmentId(upload))
        return Response(status=204)

    one = "/uploads/<upload>"
    return (
        ("OPTIONS", "/uploads", "upload_offer", offer),
        ("POST", "/uploads", "create_upload", create),
        ("OPTIONS", one, "upload_offer", offer),
        ("HEAD", one, "upload_status", status),
        ("PATCH", one, "write_upload", write),
        ("DELETE", one, "cancel_upload", cancel),
    )


def speak(response: Response) -> Response:
    """After each request to one of these views, also one that failed: the version, and which one it is where another was asked for."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and view.__dict__.get("tus"):
        response.headers["Tus-Resumable"] = VERSION
        if response.status_code == 412:
            response.headers["Tus-Version"] = VERSION
    return response


def _view(role: Role, content_type: str) -> Callable[[View], View]:
    def declare(view: View) -> View:
        view.__dict__["tus"] = True
        return needs(role)(streams_body(content_type)(answers_json(0)(view)))

    return declare


def _require_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise OtherVersion


def _number(header: str) -> int:
    value = request.headers.get(header, "")
    if not _NUMBER.fullmatch(value):
        raise BadRequest
    return int(value)


def _checksum() -> tuple[str, bytes] | None:
    """Algorithm and digest, as they were sent. Which algorithms there are is the service's to say."""
    value = request.headers.get("Upload-Checksum")
    if value is None:
        return None
    algorithm, _, digest = value.partition(" ")
    try:
        return algorithm, base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest from None


def _reached(upload: Upload, status: int) -> Response:
    response = _expiring(upload, status)
    response.headers["Upload-Offset"] = str(upload.offset)
    return response


def _expiring(upload: Upload, status: int) -> Response:
    response = Response(status=status)
    response.headers["Upload-Expires"] = http_date(upload.expires)
    return response
