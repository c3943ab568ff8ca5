"""A case: its messages stay sealed, its steps follow, and to everybody else it does not exist."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.crypto.age import unseal_bytes
from app.crypto.encoding import b64u_decode, b64u_encode
from app.crypto.receipt import Receipt
from app.domain import CaseId, Kind, State
from app.services import configuration, followup
from tests.services.counting import work
from tests.support import TWO_CHANNELS, Place
from tests.web.desk.helpers import BASE, Browser, Elements, letter, report

HOST = BASE.removeprefix("https://")

FORM_TOKEN = re.compile(r'(?<=name="csrf-token" content=")[^"]+|(?<=name="csrf_token" value=")[^"]+')
Arrived = tuple[CaseId, Receipt]


@pytest.fixture
def arrived(place: Place) -> Arrived:
    return report(place, subject="The ladder", body="It has no rungs.")


def acknowledged(olivia: Browser, place: Place, arrived: Arrived) -> CaseId:
    case, receipt = arrived
    answer = olivia.post(f"/desk/case/{case}/messages", letter(place, place.olivia, case, receipt, Kind.MESSAGE, acknowledge=True))
    assert answer.json == {"number": 2, "day": "2026-11-21", "state": "acknowledged"}
    olivia.get(f"/desk/case/{case}")
    return case


def state_of(browser: Browser, case: CaseId) -> tuple[str, str | None]:
    found = browser.get(f"/desk/case/{case}/messages").json
    assert found is not None
    return found["state"], found["outcome"]


def test_the_page_shows_what_the_server_knows_and_nothing_of_what_was_written(olivia: Browser, arrived: Arrived) -> None:
    page = olivia.get(f"/desk/case/{arrived[0]}").text
    assert "7 days left" in page
    assert "aria-invalid" not in page
    assert Elements(page).values("data-number") == ["1"]
    assert "ladder" not in page
    assert "rungs" not in page


def test_neither_the_page_nor_an_answer_reads_the_sealed_conversation(olivia: Browser, place: Place, arrived: Arrived) -> None:
    case, receipt = arrived
    body = letter(place, place.olivia, case, receipt, Kind.MESSAGE, acknowledge=True)
    olivia.get(f"/desk/case/{case}")
    with work() as done:
        assert olivia.get(f"/desk/case/{case}").status_code == 200
        assert olivia.post(f"/desk/case/{case}/messages", body).json == {"number": 2, "day": "2026-11-21", "state": "acknowledged"}
    assert not [each for each in done.statements if each.startswith("SELECT") and "messages.sealed" in each]


def test_messages_come_sealed_with_notes(olivia: Browser, place: Place, arrived: Arrived) -> None:
    case, receipt = arrived
    olivia.post(f"/desk/case/{case}/messages", letter(place, place.olivia, case, receipt, Kind.NOTE))
    found = olivia.get(f"/desk/case/{case}/messages")
    assert found.json is not None
    assert [(each["number"], each["kind"], each["day"]) for each in found.json["messages"]] == [
        (1, "report", "2026-11-21"),
        (2, "note", "2026-11-21"),
    ]
    assert b"rungs" in unseal_bytes(b64u_decode(found.json["messages"][0]["sealed"]), place.keyring.identities)
    assert b"rungs" not in found.data


def test_to_an_officer_of_another_channel_the_case_looks_like_one_that_does_not_exist(
    nathan: Browser, place: Place, arrived: Arrived
) -> None:
    case, receipt = arrived
    there, nowhere = case, "a" * 26
    body = letter(place, place.nathan, case, receipt, Kind.MESSAGE, acknowledge=True)

    def answers(id_: str) -> list[tuple[int, str]]:
        nathan.get("/desk/")
        got = [nathan.get(f"/desk/case/{id_}"), nathan.get(f"/desk/case/{id_}/messages"), nathan.post(f"/desk/case/{id_}/messages", body)]
        got += [nathan.post(f"/desk/case/{id_}/read", {"number": 1}), nathan.submit(f"/desk/case/{id_}/state", {"state": "in_progress"})]
        return [(answer.status_code, FORM_TOKEN.sub("", answer.text)) for answer in got]  # it holds the second it was made in

    assert answers(there) == answers(nowhere)
    assert {status for status, _ in answers(there)} == {404}


def test_acknowledging_sends_the_reporter_a_message_in_the_same_step(olivia: Browser, place: Place, arrived: Arrived) -> None:
    case = acknowledged(olivia, place, arrived)
    assert state_of(olivia, case) == ("acknowledged", None)
    seen = followup.open_sealed(place.ctx, place.id, arrived[1].mailbox_key)
    assert (seen.state, len(seen.messages)) == (State.ACKNOWLEDGED, 2)


def test_the_same_message_again_gets_the_same_answer(olivia: Browser, place: Place, arrived: Arrived) -> None:
    case, receipt = arrived
    body = letter(place, place.olivia, case, receipt, Kind.MESSAGE, acknowledge=True)
    first, again = (olivia.post(f"/desk/case/{case}/messages", body) for _ in range(2))
    assert (
        (first.status_code, first.json)
        == (again.status_code, again.json)
        == (200, {"number": 2, "day": "2026-11-21", "state": "acknowledged"})
    )
    other = {**letter(place, place.olivia, case, receipt, Kind.MESSAGE), "message": body["message"]}
    assert olivia.post(f"/desk/case/{case}/messages", other).json == {"error": "conflict"}


def test_a_note_does_not_acknowledge(olivia: Browser, place: Place, arrived: Arrived) -> None:
    case, receipt = arrived
    answer = olivia.post(f"/desk/case/{case}/messages", letter(place, place.olivia, case, receipt, Kind.NOTE, acknowledge=True))
    assert (answer.status_code, answer.json) == (409, {"error": "state"})
    assert state_of(olivia, case) == ("new", None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "report"}, "sealed"),
        ({"kind": "letter"}, "format"),
        ({"message": "x"}, "format"),
        ({"sealed": "not base64url!"}, "format"),
        ({"sealed": b64u_encode(b"plain text with a sealed flag")}, None),
        ({"acknowledge": "yes"}, "format"),
        ({"kind": "note"}, None),  # sealed to one recipient too many
    ],
)
def test_what_is_no_sealed_message_is_refused_and_nothing_is_stored(
    olivia: Browser, place: Place, arrived: Arrived, changes: dict[str, Any], code: str | None
) -> None:
    case, receipt = arrived
    answer = olivia.post(f"/desk/case/{case}/messages", {**letter(place, place.olivia, case, receipt, Kind.MESSAGE), **changes})
    assert answer.status_code == 400
    assert code is None or answer.json == {"error": code}
    assert len(olivia.get(f"/desk/case/{case}/messages").json["messages"]) == 1  # type: ignore[index]


def test_a_case_goes_from_acknowledged_to_in_progress_to_closed_and_back(olivia: Browser, place: Place, arrived: Arrived) -> None:
    case = acknowledged(olivia, place, arrived)
    for fields, wanted in (
        ({"state": "in_progress", "outcome": ""}, ("in_progress", None)),
        ({"state": "closed", "outcome": "partly"}, ("closed", "partly")),
        ({"state": "in_progress"}, ("in_progress", None)),
    ):
        answer = olivia.submit(f"/desk/case/{case}/state", fields)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/desk/case/{case}")
        assert state_of(olivia, case) == wanted
    assert "Close the case" in olivia.get(f"/desk/case/{case}").text


def test_a_closed_case_says_on_which_day_it_will_be_deleted(olivia: Browser, place: Place, arrived: Arrived) -> None:
    case = arrived[0]
    olivia.get(f"/desk/case/{case}")
    keeping = TWO_CHANNELS.replace('slug = "ethics"\n', 'slug = "ethics"\nretention_days = 90\n')
    configuration.configure(place.ctx, place.id, configuration.parse_toml(f'hosts = ["{HOST}"]\n{keeping}'))
    assert "Will be deleted on" not in olivia.get(f"/desk/case/{case}").text
    assert olivia.submit(f"/desk/case/{case}/state", {"state": "closed", "outcome": "referred"}).status_code == 303
    page = olivia.get(f"/desk/case/{case}").text
    assert "Will be deleted on" in page
    assert '<time datetime="2027-02-19">19 Feb 2027</time>' in page


def test_closing_asks_for_the_outcome_and_names_the_field(olivia: Browser, place: Place, arrived: Arrived) -> None:
    case = acknowledged(olivia, place, arrived)
    answer = olivia.submit(f"/desk/case/{case}/state", {"state": "closed", "outcome": ""})
    assert answer.status_code == 400
    assert '<a href="#outcome">Choose how it ended before you close the case.</a>' in answer.text
    outcome = next(attributes for _, attributes in Elements(answer.text).found if attributes.get("id") == "outcome")
    assert outcome["aria-invalid"] == "true"
    assert "autofocus" in outcome
    assert state_of(olivia, case) == ("acknowledged", None)


@pytest.mark.parametrize("fields", [{"state": "new"}, {"state": "acknowledged"}, {"state": "in_progress"}])
def test_a_new_case_is_acknowledged_by_a_message_only(olivia: Browser, arrived: Arrived, fields: dict[str, str]) -> None:
    case = arrived[0]
    assert olivia.submit(f"/desk/case/{case}/state", fields).status_code == 409
    assert state_of(olivia, case) == ("new", None)


def test_a_new_case_that_needs_no_answer_can_be_closed_with_an_outcome(olivia: Browser, arrived: Arrived) -> None:
    case = arrived[0]
    page = Elements(olivia.get(f"/desk/case/{case}").text)
    assert [form["value"] for form in page.with_attribute("value") if form.get("name") == "state"] == ["closed"]
    assert olivia.submit(f"/desk/case/{case}/state", {"state": "closed", "outcome": ""}).status_code == 400
    assert olivia.submit(f"/desk/case/{case}/state", {"state": "closed", "outcome": "out_of_scope"}).status_code == 303
    assert state_of(olivia, case) == ("closed", "out_of_scope")


def test_a_step_that_a_colleague_was_faster_with_is_explained_in_the_desk(olivia: Browser, place: Place, arrived: Arrived) -> None:
    case = acknowledged(olivia, place, arrived)
    assert olivia.submit(f"/desk/case/{case}/state", {"state": "closed", "outcome": "referred"}).status_code == 303
    answer = olivia.submit(f"/desk/case/{case}/state", {"state": "closed", "outcome": "partly"})
    assert answer.status_code == 409
    assert "a colleague may have moved it meanwhile" in answer.text
    assert state_of(olivia, case) == ("closed", "referred")


@pytest.mark.parametrize("fields", [{}, {"state": "gone"}, {"state": "closed", "outcome": "gone"}])
def test_a_state_or_outcome_that_does_not_exist_changes_nothing(
    olivia: Browser, place: Place, arrived: Arrived, fields: dict[str, str]
) -> None:
    case = acknowledged(olivia, place, arrived)
    assert olivia.submit(f"/desk/case/{case}/state", fields).status_code == 400
    assert state_of(olivia, case) == ("acknowledged", None)


def test_the_form_acknowledges_while_the_case_is_new_and_replies_afterwards(olivia: Browser, place: Place, arrived: Arrived) -> None:
    def shown(page: str) -> set[str | None]:
        return {attributes["data-when"] for attributes in Elements(page).with_attribute("data-when") if "hidden" not in attributes}

    assert shown(olivia.get(f"/desk/case/{arrived[0]}").text) == {"new"}
    acknowledged(olivia, place, arrived)
    assert shown(olivia.get(f"/desk/case/{arrived[0]}").text) == {"later"}


@pytest.mark.parametrize("id_", ["x", "a" * 27, "A" * 26, "a" * 25 + "b", "..%2f..%2fkeys"])
def test_an_address_without_the_form_of_an_id_leads_nowhere(olivia: Browser, id_: str) -> None:
    assert olivia.get(f"/desk/case/{id_}").status_code == 404


@pytest.mark.parametrize("number", [-1, "1", None, 1.5])
def test_a_read_mark_is_a_number(olivia: Browser, arrived: Arrived, number: object) -> None:
    assert olivia.post(f"/desk/case/{arrived[0]}/read", {"number": number}).json == {"error": "format"}
