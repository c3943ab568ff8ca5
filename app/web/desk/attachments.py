"""The sealed files of a case, for the officer's browser to open; and officers' own, on their way in (web/uploads.py)."""

from __future__ import annotations

from flask import Response

from app.domain import AttachmentId, CaseId
from app.services import files
from app.web import downloads
from app.web.context import services
from app.web.desk import guards
from app.web.limits import answers_json
from app.web.roles import Role, needs


@needs(Role.OFFICER)
@answers_json(0)
def download(case: str, attachment: str) -> Response:
    """One file as it is stored, piece by piece; errors are told as JSON."""
    return downloads.sealed(files.sealed_for_officer(services(), guards.officer(), CaseId(case), AttachmentId(attachment)))
