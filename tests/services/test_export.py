from __future__ import annotations

import json
from typing import Any

import pytest

from app.crypto import keyring
from app.crypto.age import unseal_bytes
from app.crypto.encoding import b64u_decode
from app.crypto.receipt import Receipt
from app.domain import Kind, OrganisationId
from app.errors import UnknownHost
from app.services import followup
from app.services.context import Context
from app.services.export import export
from tests.services.letters import BODY, reply, send
from tests.support import Place


def lines(place: Place) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export(place.ctx, place.id)]


def test_the_head_says_whose_and_when(place: Place) -> None:
    head = {"type": "quietline/export", "v": 1, "organisation": place.id, "name": "Northwind Works", "made_on": "2026-11-21"}
    assert lines(place)[0] == head


def test_every_line_is_one_compact_document(place: Place) -> None:
    for line in export(place.ctx, place.id):
        assert line.endswith(b"}\n")
        assert line.count(b"\n") == 1
        assert json.dumps(json.loads(line), separators=(",", ":"), ensure_ascii=False).encode() + b"\n" == line


def test_an_open_channel_carries_its_keyring_and_a_closed_one_null(place: Place) -> None:
    audit, ethics = (each for each in lines(place) if each["type"] == "channel")
    assert (audit["slug"], audit["recipient"], audit["verify"], audit["keyring"]) == ("audit", None, None, None)
    assert ethics["keyring"]["version"] == 1
    sealed = b64u_decode(ethics["keyring"]["sealed"])
    assert keyring.open(sealed, [place.recovery], ethics["verify"]).recipient == ethics["recipient"]


def test_a_case_is_exported_as_it_is_stored_with_the_teams_notes(place: Place) -> None:
    receipt = Receipt.generate()
    send(place, receipt)
    reply(place, place.olivia, receipt, "We have it.", acknowledge=True)
    reply(place, place.olivia, receipt, "Ask the north office.", Kind.NOTE)
    *_, case = lines(place)
    facts = {name: case[name] for name in ("type", "id", "channel", "state", "outcome", "received_on", "acknowledged_on", "closed_on")}
    assert facts == {
        "type": "case",
        "id": receipt.case_id,
        "channel": place.ethics_id,
        "state": "acknowledged",
        "outcome": None,
        "received_on": "2026-11-21",
        "acknowledged_on": "2026-11-21",
        "closed_on": None,
    }
    assert [(each["number"], each["kind"]) for each in case["messages"]] == [(1, "report"), (2, "message"), (3, "note")]
    report = b64u_decode(case["messages"][0]["sealed"])
    assert BODY.encode() in unseal_bytes(report, place.keyring.identities)


def test_nothing_that_people_wrote_is_in_it(place: Place) -> None:
    send(place, Receipt.generate())
    whole = b"".join(export(place.ctx, place.id))
    assert b"Northwind" in whole
    assert b"ledger" not in whole


def test_a_case_withdrawn_on_the_way_is_left_out(place: Place) -> None:
    receipt = Receipt.generate()
    send(place, receipt)
    begun = export(place.ctx, place.id)
    next(begun)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    assert [json.loads(line)["type"] for line in begun] == ["channel", "channel"]


def test_an_unknown_organisation_is_refused_before_the_first_line(ctx: Context) -> None:
    with pytest.raises(UnknownHost):
        export(ctx, OrganisationId("a" * 26))
