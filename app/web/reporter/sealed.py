"""The same journeys for the script: what arrives here is sealed already, and what leaves has never been opened."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.domain import LIMITS, AttachmentId
from app.services import files, followup, intake, organisations, wire
from app.services.followup import SealedCase
from app.web import body, downloads
from app.web.context import organisation, services
from app.web.limits import answers_json
from app.web.roles import Role, needs
from app.web.trying import persistently

_KEY_BYTES = 32
_SMALL = 4096


@needs(Role.ANYONE)
@answers_json(LIMITS.sealed_request_bytes)
def report(slug: str) -> dict[str, str]:
    """Store a sealed report."""
    fields = body.read()
    letter = (
        organisations.channel_id(services(), organisation(), slug),
        wire.case_id(fields, "case"),
        fields.raw("mailbox", _KEY_BYTES),
        wire.message_id(fields, "message"),
        wire.binary(fields.text("sealed")),
        wire.attachment_ids(fields),
    )
    accepted = persistently(lambda: intake.accept_sealed(services(), organisation(), *letter))
    return {
        "received_on": accepted.received_on.isoformat(),
        "acknowledge_by": accepted.acknowledge_by.isoformat(),
        "feedback_by": accepted.feedback_by.isoformat(),
    }


@needs(Role.ANYONE)
@answers_json(_SMALL)
def conversation() -> dict[str, Any]:
    """The sealed conversation of a mailbox key."""
    return _case(followup.open_sealed(services(), organisation(), body.read().raw("mailbox", _KEY_BYTES)))


@needs(Role.ANYONE)
@answers_json(LIMITS.sealed_request_bytes)
def answer() -> dict[str, str]:
    """Store a sealed answer."""
    fields = body.read()
    posted = followup.post_sealed(
        services(),
        organisation(),
        fields.raw("mailbox", _KEY_BYTES),
        wire.message_id(fields, "message"),
        wire.binary(fields.text("sealed")),
        wire.attachment_ids(fields),
    )
    return {"day": posted.day.isoformat()}


@needs(Role.ANYONE)
@answers_json(_SMALL)
def attachment() -> Response:
    """One sealed file of the conversation."""
    fields = body.read()
    mailbox, file = fields.raw("mailbox", _KEY_BYTES), AttachmentId(fields.ident("attachment"))
    return downloads.sealed(files.sealed_for_reporter(services(), organisation(), mailbox, file))


@needs(Role.ANYONE)
@answers_json(_SMALL)
def withdraw() -> dict[str, str]:
    """Delete the case of a mailbox key. The page has asked twice."""
    followup.withdraw(services(), organisation(), body.read().raw("mailbox", _KEY_BYTES))
    return {}


def _case(case: SealedCase) -> dict[str, Any]:
    days = {name: getattr(case, name) for name in ("received_on", "acknowledged_on", "closed_on", "acknowledge_by", "feedback_by")}
    return {
        "case": case.case,
        "channel": case.channel.name,
        "state": case.state,
        "outcome": case.outcome,
        **{name: day.isoformat() if day else None for name, day in days.items()},
        "messages": [wire.listed(message) for message in case.messages],
    }
