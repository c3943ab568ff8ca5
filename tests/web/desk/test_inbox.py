"""The inbox: what is due first, what is unread, and only what is one's own."""

from __future__ import annotations

import re

import pytest

from app.crypto.age import unseal_bytes
from app.crypto.encoding import b64u_decode
from app.domain import Kind, Outcome, State
from app.services import sessions, triage
from app.services.sessions import Officer
from tests.support import Clock, Place
from tests.web.desk.helpers import Browser, Elements, letter, report


def officer(place: Place, browser: Browser) -> Officer:
    found = sessions.load(place.ctx, place.id, str(browser.cookie))
    assert found is not None
    return found.officer


def cases_on(page: str) -> list[str]:
    return Elements(page).values("data-case")


def test_it_says_so_while_nothing_has_arrived(olivia: Browser) -> None:
    assert "No report has arrived yet" in olivia.get("/desk/").text


def test_what_is_due_first_stands_first_under_words_for_how_urgent_it_is(olivia: Browser, place: Place, clock: Clock) -> None:
    overdue = report(place)[0]
    clock.move(days=8)
    soon = report(place)[0]
    later, receipt = report(place)
    olivia.log_in(place.olivia)
    olivia.post(f"/desk/case/{later}/messages", letter(place, place.olivia, later, receipt, Kind.MESSAGE, acknowledge=True))
    page = olivia.get("/desk/").text
    assert cases_on(page) == [overdue, soon, later]
    order = [page.index(words) for words in ("Overdue", "1 day overdue", "Due this week", "7 days left", "Later", "to answer")]
    assert order == sorted(order)


def test_a_closed_case_is_due_nothing(olivia: Browser, place: Place) -> None:
    case, receipt = report(place)
    olivia.post(f"/desk/case/{case}/messages", letter(place, place.olivia, case, receipt, Kind.MESSAGE, acknowledge=True))
    triage.change_state(place.ctx, officer(place, olivia), case, State.CLOSED, Outcome.REFERRED)
    page = olivia.get("/desk/").text
    assert page.count("Nothing due") == 2  # the group and the row
    assert "days left</strong>" not in page


def test_it_filters_by_state_and_counts_every_state(olivia: Browser, place: Place) -> None:
    new, (acknowledged, receipt) = report(place)[0], report(place)
    olivia.post(f"/desk/case/{acknowledged}/messages", letter(place, place.olivia, acknowledged, receipt, Kind.MESSAGE, acknowledge=True))
    assert cases_on(olivia.get("/desk/?state=new").text) == [new]
    assert cases_on(olivia.get("/desk/?state=acknowledged").text) == [acknowledged]
    closed = olivia.get("/desk/?state=closed").text
    assert "No case is in this state" in closed
    counts = re.findall(r'>([A-Z][a-z ]+) <span class="count">(\d+)</span></a>', closed)
    assert counts == [("All", "2"), ("New", "1"), ("Acknowledged", "1"), ("In progress", "0"), ("Closed", "0")]


def test_it_sorts_by_day_received_newest_first(olivia: Browser, place: Place, clock: Clock) -> None:
    older = report(place)[0]
    clock.move(days=2)
    newer = report(place)[0]
    olivia.log_in(place.olivia)
    assert cases_on(olivia.get("/desk/?sort=received").text) == [newer, older]
    assert cases_on(olivia.get("/desk/?sort=due").text) == [older, newer]


@pytest.mark.parametrize(
    "query", ["state=nonsense", "sort=nonsense", "page=0", "page=-1", "page=x", "page=²", "page=99999999999999", "page=9"]
)
def test_nonsense_in_the_address_is_as_if_it_were_not_there(olivia: Browser, place: Place, query: str) -> None:
    case = report(place)[0]
    assert cases_on(olivia.get(f"/desk/?{query}").text) == [case]


def test_a_page_has_fifty_rows_and_keeps_filter_and_sort_when_turned(olivia: Browser, place: Place) -> None:
    for _ in range(51):
        report(place)
    first = olivia.get("/desk/?state=new&sort=received").text
    following = "/desk/?state=new&amp;sort=received&amp;page=2"
    assert len(cases_on(first)) == 50
    assert f'rel="next" href="{following}"' in first
    second = olivia.get(following.replace("&amp;", "&")).text
    assert len(cases_on(second)) == 1
    assert "Page 2 of 2" in second
    assert 'rel="next"' not in second


def test_a_case_is_unread_until_it_was_read(olivia: Browser, place: Place) -> None:
    case = report(place)[0]
    assert len(Elements(olivia.get("/desk/").text).with_attribute("data-unread")) == 1
    assert olivia.post(f"/desk/case/{case}/read", {"number": 1}).json == {}
    page = olivia.get("/desk/").text
    assert not Elements(page).with_attribute("data-unread")
    assert ">unread<" not in page


def test_an_officer_of_another_channel_sees_nothing_of_it(nathan: Browser, place: Place) -> None:
    case = report(place)[0]
    page = nathan.get("/desk/").text
    assert case not in page
    assert "No report has arrived yet" in page
    assert nathan.get(f"/desk/inbox/reports?cases={case}").json == {"reports": []}


def test_reports_come_sealed_and_open_with_the_team_key_only_in_the_browser(olivia: Browser, place: Place) -> None:
    cases = [report(place, subject=f"Subject {number}")[0] for number in range(3)]
    page, answer = olivia.get("/desk/").text, olivia.get(f"/desk/inbox/reports?cases={','.join(cases)}")
    assert answer.json is not None
    assert [found["case"] for found in answer.json["reports"]] == cases
    assert set(answer.json["reports"][0]) == {"case", "message", "sealed"}
    opened = unseal_bytes(b64u_decode(answer.json["reports"][2]["sealed"]), place.keyring.identities)
    assert b"Subject 2" in opened
    assert b"Subject" not in answer.data
    assert "Subject 2" not in page


@pytest.mark.parametrize("asked", ["", "x", "a" * 26 + ",x", ",".join(["a" * 26] * 51), "A" * 26, "a" * 25 + "b"])
def test_reports_are_not_given_for_what_is_no_list_of_cases(olivia: Browser, asked: str) -> None:
    answer = olivia.get(f"/desk/inbox/reports?cases={asked}")
    assert (answer.status_code, answer.json) == (400, {"error": "format"})


def test_the_bar_of_days_left_needs_no_style_and_is_hidden_from_readers(olivia: Browser, place: Place) -> None:
    report(place)
    elements = Elements(olivia.get("/desk/").text)
    assert [attributes["width"] for tag, attributes in elements.found if tag == "rect"] == ["100", "2"]
    assert all(attributes.get("aria-hidden") == "true" for tag, attributes in elements.found if tag == "svg")
