"""What a reporter without script sees of messages that were removed; and how long closed reports are kept."""

from __future__ import annotations

import pytest

from app.domain import CaseId, Kind, MessageId
from app.services import configuration, followup, receipts, removal, triage
from app.services.configuration import parse_toml
from app.services.receipts import Receipt
from app.storage import cases
from tests.services import letters
from tests.support import TWO_CHANNELS, Place
from tests.web.page import Page
from tests.web.reporter import Reporter


def id_of(place: Place, receipt: Receipt, number: int) -> MessageId:
    found = triage.case(place.ctx, letters.officer(place, place.olivia), receipt.case_id)
    return next(each.id for each in found.messages if each.number == number)


@pytest.fixture
def typed(reporter: Reporter, place: Place) -> str:
    """The words of a conversation with a reply and a note."""
    words = reporter.report()
    letters.reply(place, place.olivia, receipts.read(words), "Bo Example told us.")
    letters.reply(place, place.olivia, receipts.read(words), "A note.", Kind.NOTE)
    return words


def article(page: Page, number: int) -> list[str]:
    """The visible words of a letter, by its place in the page."""
    found = page.all("article")[number - 1]
    hidden = [element for element in page.elements if found in element.parents and "hidden" in element]
    inside = [each for each in page.elements if found in each.parents and not any(up in hidden for up in (each, *each.parents))]
    return [each.text for each in inside]


def test_a_removed_letter_says_who_removed_it_when_and_why(reporter: Reporter, place: Place, typed: str) -> None:
    receipt = receipts.read(typed)
    letters.remove(place, place.olivia, receipt, id_of(place, receipt, 2), body="It named <b>a person</b>.")
    page = reporter.open(typed)
    gone, notice = " ".join(article(page, 2)), " ".join(article(page, 3))
    assert page.all("article")[1].get("data-mark") == "removed"
    for words in (
        "A letter that was removed",
        "Removed on 21 November 2026 by Olivia Officer",
        "The reason given:",
        "It named <b>a person</b>.",
    ):
        assert words in gone
    assert "Bo Example" not in page.text
    assert "Olivia Officer" in notice
    assert "Took a letter out of this conversation." in notice
    assert "Does not check" not in page.text
    assert len(page.all("article")) == 3


def test_a_notice_without_a_reason_is_a_short_line(reporter: Reporter, place: Place, typed: str) -> None:
    receipt = receipts.read(typed)
    letters.remove(place, place.olivia, receipt, id_of(place, receipt, 2), body="")
    page = reporter.open(typed)
    for number in (2, 3):
        assert "The reason given:" not in article(page, number)
    assert "Took a letter out of this conversation." in article(page, 3)
    assert "Took a letter out of this conversation." not in article(page, 1)


def test_a_letter_that_is_gone_without_a_notice_is_a_warning(reporter: Reporter, place: Place, typed: str) -> None:
    receipt = receipts.read(typed)
    target = id_of(place, receipt, 2)
    with place.ctx.database.write() as session:
        case = cases.get(session, place.id, CaseId(receipt.case_id))
        assert case is not None
        removal.empty(place.ctx, session, case, target)
    page = reporter.open(typed)
    said = " ".join(article(page, 2))
    assert page.all("article")[1].get("data-mark") == "failed"
    assert "no signed notice says that the readers removed it" in said
    assert "Writer not known" in said


def test_one_can_answer_after_a_removal(reporter: Reporter, place: Place, typed: str) -> None:
    receipt = receipts.read(typed)
    letters.remove(place, place.olivia, receipt, id_of(place, receipt, 2))
    page = reporter.open(typed)
    answered = reporter.post("/conversation/answer", {**page.form("/conversation/answer"), "body": "Why?"})
    assert "Your answer is sealed and stored." in answered.text
    assert "Does not check" not in answered.text
    assert len(followup.open_plain(place.ctx, place.id, receipt).checked) == 4


@pytest.mark.parametrize("path", ["/", "/report"])
def test_how_long_closed_reports_are_kept_is_said_where_it_is_set(reporter: Reporter, place: Place, path: str) -> None:
    assert "deleted after" not in reporter.get(path).text
    toml = TWO_CHANNELS.replace('slug = "ethics"\n', 'slug = "ethics"\nretention_days = 400\n')
    configuration.configure(place.ctx, place.id, parse_toml(toml.replace('slug = "audit"\n', 'slug = "audit"\nretention_days = 1\n')))
    text = reporter.get(path).text
    assert "Closed reports are deleted after 400 days, with the whole conversation and its files." in text
    assert "A closed report is deleted after 1 day, with the whole conversation and its files." in text
