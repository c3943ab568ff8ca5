from __future__ import annotations

import pytest

from app.crypto.receipt import Receipt
from app.domain import OrganisationId, State
from app.errors import UnknownHost
from app.services import configuration, intake
from app.services.context import Context
from app.services.status import status
from tests.services.letters import reply, report, send
from tests.services.sealed_files import upload_for
from tests.support import TWO_CHANNELS, Clock, Place


def late(place: Place) -> tuple[int, int]:
    ethics = status(place.ctx, place.id).channels[0]
    return ethics.overdue_to_acknowledge, ethics.overdue_to_answer


def test_cases_are_counted_by_channel_and_state(place: Place) -> None:
    first, second = Receipt.generate(), Receipt.generate()
    send(place, first)
    send(place, second)
    reply(place, place.olivia, first, "We have it.", acknowledge=True)
    found = status(place.ctx, place.id)
    assert {each.slug: each.cases[State.NEW] for each in found.channels} == {"ethics": 1, "audit": 0}
    assert found.channels[0].cases[State.ACKNOWLEDGED] == 1
    assert (found.officers, found.name) == (2, "Northwind Works")


def test_a_report_is_overdue_to_acknowledge_after_its_last_day(place: Place, clock: Clock) -> None:
    send(place, Receipt.generate())
    clock.move(days=7)
    assert late(place) == (0, 0)
    clock.move(days=1)
    assert late(place) == (1, 0)


def test_an_acknowledged_report_is_overdue_to_answer_after_three_months(place: Place, clock: Clock) -> None:
    receipt = Receipt.generate()
    send(place, receipt)
    reply(place, place.olivia, receipt, "We have it.", acknowledge=True)
    clock.move(days=92)
    assert late(place) == (0, 0)
    clock.move(days=1)
    assert late(place) == (0, 1)
    assert status(place.ctx, place.id).overdue == 1


def test_cases_of_a_retired_channel_are_still_counted(place: Place) -> None:
    send(place, Receipt.generate())
    _, _, audit = TWO_CHANNELS.rpartition("[[channels]]")
    configuration.configure(place.ctx, place.id, configuration.parse_toml('name = "N"\n[[channels]]' + audit))
    found = {each.slug: each for each in status(place.ctx, place.id).channels}
    assert (found["ethics"].retired, found["ethics"].cases[State.NEW]) == (True, 1)


def test_files_that_messages_name_are_counted_with_their_bytes(place: Place) -> None:
    receipt = Receipt.generate()
    assert (status(place.ctx, place.id).files, status(place.ctx, place.id).files_bytes) == (0, 0)
    named, waiting = (upload_for(place, receipt, bytes(100_000)) for _ in range(2))
    message, sealed = report(place, receipt)
    intake.accept_sealed(place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key, message, sealed, [named])
    found = status(place.ctx, place.id)
    assert waiting != named
    assert (found.files, found.files_bytes) == (1, place.ctx.blobs.read(place.id, named)[0])


def test_an_unknown_organisation_has_no_status(ctx: Context) -> None:
    with pytest.raises(UnknownHost):
        status(ctx, OrganisationId("a" * 26))
