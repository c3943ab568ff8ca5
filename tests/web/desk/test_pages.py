"""What holds for every page of the desk, and the names that its scripts rely on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import update

from app.domain import Mark, Problem
from app.errors import QuietlineError
from app.storage.models import Officer
from tests.support import Place
from tests.web.desk.helpers import Browser, Elements, report

SCRIPTS = Path(__file__).parents[3] / "app" / "browser" / "desk"
TEMPLATES = Path(__file__).parents[3] / "app" / "web" / "templates" / "desk"


@pytest.fixture
def pages(olivia: Browser, nathan: Browser, nobody: Browser, place: Place) -> dict[str, str]:
    case = report(place)[0]
    found = {path: olivia.get(path).text for path in ("/desk/", "/desk/channels", "/desk/keys", f"/desk/case/{case}")}
    found["not open"] = nathan.get("/desk/channels").text
    return found | {path: nobody.get(path).text for path in ("/desk/login", "/desk/enrol")}


def test_no_template_marks_text_as_safe_or_carries_style_or_script() -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html")}
    assert len(sources) > 10
    for name, source in sources.items():
        assert "|safe" not in source.replace(" ", ""), name
        assert "autoescape" not in source, name
        for tag, attributes in Elements(source).found:
            assert tag != "style", name
            assert tag != "script" or "src" in attributes, name
            assert not [attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")], name


def test_every_id_stands_once(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        ids = Elements(page).values("id")
        assert len(ids) == len(set(ids)), name


def test_every_label_and_description_leads_somewhere(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        elements = Elements(page)
        ids = set(elements.values("id"))
        led = elements.values("for")
        for reference in ("aria-labelledby", "aria-describedby"):
            led += [part for value in elements.values(reference) for part in value.split()]
        assert set(led) <= ids, name


def test_every_page_has_what_its_script_needs(pages: dict[str, str], place: Place) -> None:
    for name, page in pages.items():
        main = next(attributes for tag, attributes in Elements(page).found if tag == "main")
        assert str(main["data-page"]).startswith("desk-"), name
        assert main["data-organisation"] == place.id, name
        assert main["data-kdf-profile"] == "testing", name
        assert main["data-today"] == "2026-11-21", name
        assert f'<script type="module" src="/static/js/{main["data-page"]}.js"></script>' in page, name


def test_the_case_has_words_for_every_mark_and_every_problem(pages: dict[str, str]) -> None:
    page = next(page for name, page in pages.items() if "/case/" in name)
    ids = set(Elements(page).values("id"))
    assert {f"t-problem-{problem}" for problem in Problem} <= ids
    assert {f"t-mark-{mark}" for mark in Mark if mark is not Mark.VERIFIED} <= ids
    assert {f"t-mark-verified-{what}" for what in ("browser", "offline", "officer", "note")} <= ids
    assert {"t-letter", "t-answer", "t-who-you", "t-who-reporter", "t-who-officer", "t-who-unknown", "t-acknowledge-text"} <= ids


def test_every_error_a_person_may_meet_has_a_sentence(pages: dict[str, str]) -> None:
    wanted = {
        "/desk/login": {"login", "user_name", "password_length", "network", "csrf", "storage_busy", "other"},
        "/desk/enrol": {"no_invitation", "invitation", "user_name", "user_name_taken", "password_length", "network", "csrf", "other"},
        "not open": {"not_compared", "conflict", "keyring", "not_allowed", "network", "csrf", "storage_busy", "other"},
    }
    for name, codes in wanted.items():
        assert codes <= set(Elements(pages[name]).values("data-error")), name
    case = next(page for name, page in pages.items() if "/case/" in name)
    shown = set(Elements(case).values("data-error"))
    assert {"empty", "too_long", "conflict", "state", "sealed", "csrf", "network", "storage_busy", "other"} <= shown
    assert {"attachments", "files_stuck", "not_removable"} <= shown


def test_the_case_has_words_for_all_that_its_script_says_of_files(pages: dict[str, str]) -> None:
    page = next(page for name, page in pages.items() if "/case/" in name)
    ids = set(Elements(page).values("id"))
    scripts = "".join(
        (SCRIPTS / name).read_text(encoding="utf-8") for name in ("fileline.ts", "filefacts.ts", "drawing.ts", "letters.ts", "extras.ts")
    )
    said = set(re.findall(r'"((?:letter-file|opening|notice|who|by)(?:-[a-z]+)+)"', scripts))
    assert {"letter-file-shown", "letter-file-too-many-pixels", "opening-missing", "notice-taken", "by-you"} <= said
    assert {f"t-{name}" for name in said} <= ids
    kinds = set(re.findall(r'\["([a-z]+)", /', scripts)) | {"other"}
    assert len(kinds) > 10
    assert {f"t-kind-{kind}" for kind in kinds} <= ids
    codes = {"missing", "altered", "network", "unsaved", "stopped", "saved"}
    assert {f"t-opening-{code}" for code in codes} <= ids


def test_an_error_of_ours_that_the_pages_name_is_one_that_exists(pages: dict[str, str]) -> None:
    local = {"network", "csrf", "other", "password", "identity", "no_invitation", "name", "password_differs"}
    local |= {"empty", "too_long", "locked", "readers", "reply_key", "opening", "not_fetched", "unread", "not_compared", "no_recovery"}
    local |= {"files_stuck"}
    known = {each.code for each in _errors(QuietlineError)}
    shown = {code for page in pages.values() for code in Elements(page).values("data-error")}
    assert shown - local <= known


def _errors(error: type[QuietlineError]) -> set[type[QuietlineError]]:
    return {error}.union(*(_errors(below) for below in error.__subclasses__()))


def test_nothing_is_shown_as_said_by_the_script_before_it_spoke(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        elements = Elements(page)
        for attribute in ("data-error", "data-reason", "data-alarm", "data-alarm-panel", "data-unlock"):
            assert all("hidden" in attributes for attributes in elements.with_attribute(attribute)), (name, attribute)


def test_a_name_with_markup_in_it_stays_text(olivia: Browser, place: Place) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    with place.ctx.database.write() as session:
        session.execute(update(Officer).where(Officer.id == place.olivia.id).values(name=hostile))
    for path in ("/desk/", "/desk/channels", f"/desk/case/{report(place)[0]}"):
        page = olivia.get(path).text
        assert "&lt;img src=x" in page
        assert hostile not in page
