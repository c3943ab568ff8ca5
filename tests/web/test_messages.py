"""Sentences can be translated: the catalogue holds every one, and dates and direction follow the language."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import force_locale

import app as package
from app.web import i18n
from tests.web.reporter import Reporter

ROOT = Path(package.__file__).parent


def test_the_catalogue_holds_every_sentence_and_no_other() -> None:
    with (ROOT / "translations/babel.cfg").open(encoding="utf-8") as mapping:
        method_map, options_map = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    found = {message[2] for message in extract_from_dir(ROOT, method_map, options_map)}
    with (ROOT / "translations/messages.pot").open("rb") as file:
        catalogue = {message.id for message in read_po(file) if message.id}
    assert found == catalogue, "run `make messages`"


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("he", "rtl"), ("zh-Hans", "ltr"), ("nonsense!", "ltr")])
def test_a_language_has_its_direction(language: str, direction: str) -> None:
    assert i18n.direction(language) == direction


def test_a_page_says_its_language_and_direction(reporter: Reporter) -> None:
    html = reporter.get("/").one("html")
    assert (html.get("lang"), html.get("dir")) == ("en", "ltr")


def test_a_day_is_written_in_the_language_of_the_portal(app: Flask) -> None:
    with app.test_request_context("/", base_url="http://localhost"):
        assert i18n.format_day(date(2026, 11, 21)) == "21 November 2026"
        with force_locale("pl"):
            assert i18n.format_day(date(2026, 11, 21)) == "21 listopada 2026"
            assert i18n.month_names().split("|")[10] == "listopada"
