"""The first page: what it says, in which order, and what it says only where it is configured."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.services import configuration
from app.services.configuration import parse_toml
from app.storage.models import Organisation
from tests.support import TWO_CHANNELS, Place
from tests.web.reporter import BASE, TYPED, Reporter

ONION = f"http://{'a' * 56}.onion"
TEXTS = f"""
hosts = ["localhost"]
onion = "{ONION}"
intro = "We want to hear it."
emergency = "Call 112."
neutral_url = "https://weather.example/"

[[outside_help]]
name = "The ombudsman"
text = "Independent of us."
url = "https://ombudsman.example/"
"""


def configure(place: Place, texts: str = TEXTS) -> None:
    head, channels = TWO_CHANNELS.split("[[channels]]", 1)
    tables = texts.index("[[outside_help]]")
    toml = f"{head}{texts[:tables]}{texts[tables:]}\n[[channels]]{channels}"
    configuration.configure(place.ctx, place.id, parse_toml(toml))


def test_what_matters_stands_in_the_order_in_which_it_is_needed(reporter: Reporter, place: Place) -> None:
    configure(place)
    text = reporter.get("/").one("main").text
    marks = [
        "This is where people at Northwind Works",
        "Report a concern",
        "Open my conversation",
        "Not from a work device",
        "We want to hear it.",
        "Who reads it",
        "What is protected",
        "What is not",
        place.ethics.keys.fingerprint[:9] if place.ethics.keys else "",
        "The ombudsman",
        "Call 112.",
        ONION,
    ]
    places = [text.index(mark) for mark in marks]
    assert places[0] < places[2] < places[3]
    assert places[3:] == sorted(places[3:])


def test_the_fingerprint_of_each_open_channel_is_shown_whole(reporter: Reporter, place: Place) -> None:
    assert place.ethics.keys is not None
    page = reporter.get("/")
    shown = " ".join(element.text for element in page.all("code"))
    assert shown == place.ethics.keys.fingerprint


@pytest.mark.parametrize("path", ["/", "/report"])
def test_whoever_can_read_is_named_with_those_who_keep_the_recovery_words(reporter: Reporter, path: str) -> None:
    assert "whoever keeps the recovery words of this line" in reporter.get(path).one("p", class_="lead").text


def test_who_knows_the_twelve_words_is_said_for_both_ways(reporter: Reporter) -> None:
    text = reporter.get("/").text
    assert "Nobody but you has" not in text
    assert "our server makes them, and forgets them within 30 minutes" in text


def test_what_a_browser_lists_by_itself_is_not_promised_away(reporter: Reporter) -> None:
    text = reporter.get("/").text
    assert "nothing is kept in your browser" not in text
    assert "it may list this page among those you visited" in text


def test_without_an_onion_address_none_is_promised(reporter: Reporter) -> None:
    assert "With Tor Browser" not in reporter.get("/").text


def test_somebody_to_call_is_always_named(reporter: Reporter) -> None:
    assert "call the emergency services" in reporter.get("/").text


def test_leaving_is_the_first_link_of_every_page_and_tells_the_next_site_nothing(reporter: Reporter, place: Place) -> None:
    configure(place)
    for page in (
        reporter.get("/"),
        reporter.get("/report/ethics"),
        reporter.get("/conversation"),
        reporter.get("/nothing"),
        reporter.send(),
    ):
        link = page.all("a")[0]
        assert link.text == "Leave this page"
        assert link.get("href") == "https://weather.example/"
        assert link.get("rel") == "noreferrer"
        assert "Back returns here" in page.text


def test_a_single_open_channel_needs_no_choice(reporter: Reporter, place: Place) -> None:
    only = TWO_CHANNELS[: TWO_CHANNELS.rindex("[[channels]]")]
    configuration.configure(place.ctx, place.id, parse_toml(only))
    response = reporter.client.get("/report", base_url=BASE)
    assert (response.status_code, response.headers["Location"]) == (303, "/report/ethics")


@pytest.mark.parametrize(
    "path", ["/", "/report", "/report/ethics", "/report/ethics?way=server", "/conversation", "/nothing", "/report/audit"]
)
def test_a_demo_says_so_on_every_page(reporter: Reporter, place: Place, path: str) -> None:
    assert "Demo." not in reporter.get(path).text
    make_demo(place)
    assert "Demo." in reporter.get(path).text


def test_a_demo_says_so_on_the_pages_after_a_post(reporter: Reporter, place: Place) -> None:
    make_demo(place)
    for page in (reporter.check(), reporter.send(), reporter.open(reporter.report()), reporter.post("/report/ethics", TYPED)):
        assert "Demo." in page.text


def make_demo(place: Place) -> None:
    with place.ctx.database.write() as session:
        session.execute(update(Organisation).values(demo=True))
    configure(place)
