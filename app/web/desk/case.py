"""One case: its conversation as sealed messages, what may be sent, and where it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.domain import CaseId, Kind, MessageId
from app.services import triage, wire
from app.web import body
from app.web.context import services
from app.web.desk import guards
from app.web.desk.forms import StateForm
from app.web.limits import answers_json
from app.web.roles import Role, needs

_SMALL: Final = 4096


@needs(Role.OFFICER)
def show(case: str) -> ResponseReturnValue:
    return _page(CaseId(case), StateForm(formdata=None))


@needs(Role.OFFICER)
@answers_json()
def messages(case: str) -> ResponseReturnValue:
    found = triage.case(services(), guards.officer(), CaseId(case))
    row = found.row
    return {
        "case": row.case,
        "alias": row.alias,
        "channel": row.channel,
        "state": row.state,
        "outcome": row.outcome,
        "received_on": row.received_on.isoformat(),
        "messages": [wire.listed(message) for message in found.messages],
    }


@needs(Role.OFFICER)
@answers_json()
def post_message(case: str) -> ResponseReturnValue:
    """A message or note that the officer's browser sealed; acknowledging is part of the same step."""
    fields = body.read()
    message, kind = MessageId(fields.ident("message")), fields.one_of("kind", Kind)
    sealed, acknowledge = wire.binary(fields.text("sealed")), wire.flag(fields, "acknowledge")
    files = wire.attachment_ids(fields)
    removes = wire.message_id(fields, "removes") if fields.has("removes") else None
    posted = triage.post(
        services(), guards.officer(), CaseId(case), message, kind, sealed, acknowledge=acknowledge, attachments=files, removes=removes
    )
    return {"number": posted.number, "day": posted.day.isoformat(), "state": posted.state}


@needs(Role.OFFICER)
def change_state(case: str) -> ResponseReturnValue:
    form = StateForm()
    if not form.validate_on_submit():
        return _page(CaseId(case), form), 400
    triage.change_state(services(), guards.officer(), CaseId(case), form.next_state, form.next_outcome)
    return redirect(url_for("desk.case", case=case), 303)


@needs(Role.OFFICER)
@answers_json(_SMALL)
def mark_read(case: str) -> ResponseReturnValue:
    triage.mark_read(services(), guards.officer(), CaseId(case), body.read().integer("number"))
    return {}


def _page(case: CaseId, form: StateForm) -> str:
    context = services()
    found = triage.listed(context, guards.officer(), case)
    return render_template(
        "desk/case.html",
        messages=found.messages,
        row=found.row,
        form=form,
        next_states=triage.NEXT_STATES[found.row.state],
        largest=context.settings.upload_bytes,
        backups_until=context.today() + timedelta(days=context.settings.backup_days),
    )
