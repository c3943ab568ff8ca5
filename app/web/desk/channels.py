"""An officer's channels: open or not, the fingerprints to compare, and opening one with keys made in the browser."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from app.domain import ChannelId
from app.services import keyrings, wire
from app.services.keyrings import OfficerKeyring
from app.web import body
from app.web.context import portal, services
from app.web.desk import guards
from app.web.limits import answers_json
from app.web.roles import Role, needs


@needs(Role.OFFICER)
def show() -> ResponseReturnValue:
    rows = keyrings.for_officer(services(), guards.officer())
    return render_template("desk/channels.html", rows=[(row, portal().by_id(row.channel)) for row in rows])


@needs(Role.OFFICER)
@answers_json()
def keyrings_json() -> ResponseReturnValue:
    return {"keyrings": [_keyring(row) for row in keyrings.for_officer(services(), guards.officer())]}


@needs(Role.OFFICER)
@answers_json()
def open_channel(channel: str) -> ResponseReturnValue:
    """The channel's first keys: their public halves and the sealed keyring."""
    fields = body.read()
    keyrings.open_channel(
        services(),
        guards.officer(),
        ChannelId(channel),
        fields.text("recipient"),
        fields.text("verify"),
        wire.binary(fields.text("sealed")),
    )
    return {}


def _keyring(row: OfficerKeyring) -> dict[str, Any]:
    return {
        "channel": row.channel,
        "name": row.name,
        "slug": row.slug,
        "recipient": row.recipient,
        "verify": row.verify,
        "version": row.version,
        "sealed": None if row.sealed is None else wire.text(row.sealed),
        "officers": [
            {"id": member.id, "name": member.name, "recipient": member.recipient, "verify": member.verify} for member in row.members
        ],
        "recovery": list(row.recovery),
    }
