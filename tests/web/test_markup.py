"""What holds for every page and template: weight, no inline code, names and labels, and the marks that scripts rely on."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import app as package
from app.factory import create_app
from app.services import demo
from app.services.context import Context
from tests.databases import Kind
from tests.support import Clock, Place, make_context, make_place
from tests.web.filling import Chosen, file_part, multipart, post, submit
from tests.web.page import Element, Page
from tests.web.reporter import BASE, TYPED, Reporter

ROOT = Path(package.__file__).parent
TEMPLATES = sorted((ROOT / "web/templates").rglob("*.html"))
LARGEST = 20_000
STYLES = sorted((ROOT / "static/css").glob("*.css"))
LARGEST_SCRIPTS = 75_000


@pytest.fixture(scope="module")
def pages(database_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Page]]:
    context = make_context(tmp_path_factory.mktemp("markup") / "data", Clock())
    make_place(context)
    yield every_page(Reporter(create_app(context.settings, context)))
    context.database.dispose()


def every_page(reporter: Reporter) -> dict[str, Page]:
    """Every page that a reporter can come to."""
    typed = reporter.report()
    opened = reporter.open(typed)
    form = opened.form("/conversation/withdraw")
    pages = {
        path: reporter.get(path) for path in ("/", "/report", "/report/ethics", "/report/ethics?way=server", "/conversation", "/nothing")
    }
    return pages | {
        "words without script": reporter.get("/conversation?way=server"),
        "form with problems": reporter.post("/report/ethics/check", {"subject": ""}),
        "check": reporter.check(),
        "receipt": reporter.send(),
        "wrong words": reporter.open("abandon hosue"),
        "no conversation": reporter.open("abandon " * 11 + "about"),
        "files on the check page": submit(reporter, "/report/ethics/check", TYPED, *CHOSEN),
        "files on the form": submit(reporter, "/report/ethics/check", {**TYPED, "body": ""}, *CHOSEN),
        "files in a letter": with_files(reporter, opened),
        "a file that was not taken": post(
            reporter, "/report/ethics/check", file_part(CHOSEN[0]) + multipart(reporter.check().form("/report/ethics/send"))
        ),
        "conversation": opened,
        "withdraw": reporter.post("/conversation/withdraw", form),
        "withdrawn": reporter.post("/conversation/withdraw", {**form, "confirm": "yes"}),
    }


CHOSEN = (Chosen("photo.jpg", b"\xff\xd8", "image/jpeg"), Chosen("list.pdf", b"%PDF", "application/pdf"))


def with_files(reporter: Reporter, opened: Page) -> Page:
    """A conversation with files in a letter, and in an answer that is not sent."""
    sent = submit(reporter, "/conversation/answer", {**opened.form("/conversation/answer"), "body": "See these."}, *CHOSEN)
    return submit(reporter, "/conversation/answer", {**sent.form("/conversation/answer"), "body": ""}, CHOSEN[0])


def weight(page: Page, reporter: Reporter) -> int:
    """A page with every sheet it links, as they are sent: the page never compressed, style compressed, since it holds no secret."""
    linked = {link.get("href") or "" for link in page.all("link", rel="stylesheet") if not link.inside("noscript")}
    assert "/static/css/quietline.css" in linked
    sheets = [reporter.client.get(path, base_url=BASE, headers={"Accept-Encoding": "gzip"}).data for path in linked]
    return len(page.html.encode()) + sum(map(len, sheets))


def test_no_page_weighs_more_than_20_kb_with_its_style(pages: dict[str, Page], reporter: Reporter) -> None:
    weights = {name: weight(page, reporter) for name, page in pages.items()}
    assert {name: weight for name, weight in weights.items() if weight >= LARGEST} == {}


def test_the_forms_of_the_demo_with_their_questions_stay_under_it_too(ctx: Context) -> None:
    demo.prepare(ctx)
    demo_reporter = Reporter(create_app(ctx.settings, ctx))
    links = [link.get("href") or "" for link in demo_reporter.get("/report").all("a") if (link.get("href") or "").startswith("/report/")]
    assert len(links) == 2
    for link in links:
        assert weight(demo_reporter.get(link), demo_reporter) < LARGEST


def test_the_scripts_of_the_report_page_weigh_less_than_75_kb_compressed(reporter: Reporter) -> None:
    sources = [script.get("src") or "" for script in reporter.get("/report/ethics").all("script")]
    assert sorted(sources) == ["/static/js/guard.js", "/static/js/leave.js", "/static/js/report.js"]
    assert sum(len(gzip.compress((ROOT / source[1:]).read_bytes(), 9)) for source in sources) < LARGEST_SCRIPTS


def test_no_page_holds_inline_code_or_style(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for element in page.elements:
            assert not [attribute for attribute in element.attributes if attribute.startswith("on") or attribute == "style"], name
            assert element.tag != "style", name
            if element.tag == "script":
                assert "src" in element, name
                assert element.raw == "", name


def test_no_page_loads_anything_from_elsewhere(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for element in page.elements:
            if element.tag in {"script", "link", "img"}:
                assert (element.get("src") or element.get("href") or "").startswith("/static/"), name


def test_every_id_is_there_once_and_every_reference_leads_somewhere(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        elements = [element for element in page.elements if not element.inside("template")]
        ids = [element.get("id") for element in elements if "id" in element]
        # A step of the script that is hidden may repeat a field of another step only under another id.
        assert len(ids) == len(set(ids)), name
        for element in elements:
            for attribute in ("for", "aria-describedby", "aria-labelledby"):
                assert set((element.get(attribute) or "").split()) <= set(ids), (name, element)
            if element.tag == "a" and (element.get("href") or "").startswith("#"):
                assert (element.get("href") or "")[1:] in ids, (name, element)


def test_every_field_that_is_seen_has_a_label(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        labelled = {label.get("for") for label in page.all("label")}
        for element in page.elements:
            if element.tag in {"input", "textarea", "select"} and element.get("type") != "hidden":
                assert element.get("id") in labelled or element.inside("label") or "aria-labelledby" in element, (name, element)


def is_free_text(element: Element) -> bool:
    """A field for anything one likes: no choice, and no part of a day."""
    return element.tag == "textarea" or (element.tag == "input" and "type" not in element and "data-part" not in element)


def test_what_people_write_runs_its_own_way_and_words_and_fingerprints_run_from_left_to_right(pages: dict[str, Page]) -> None:
    words = {"words", "word-first", "word-second"}
    seen: set[str] = set()
    for name, page in pages.items():
        for element in page.elements:
            if is_free_text(element):
                wanted = "ltr" if element.get("id") in words else "auto"
                assert element.get("dir") == wanted, (name, element)
                seen.add(wanted)
            if element.tag == "code" or element.get("class") == "words":
                assert element.get("dir") == "ltr", (name, element)
                seen.add(element.tag)
            if element.get("class") in {"written", "subject"}:
                assert element.get("dir") == "auto", (name, element)
                seen.add("written")
    assert seen == {"auto", "ltr", "code", "ol", "written"}


def test_a_field_is_not_described_by_a_problem_that_it_does_not_have(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for place in page.all(data_problem=True):
            assert ("hidden" in place) == (place.text == ""), (name, place)


def test_every_form_of_the_servers_way_that_holds_text_says_what_to_do_when_no_page_comes(pages: dict[str, Page]) -> None:
    said = "press Reload, not Back"
    for name in ("/report/ethics?way=server", "form with problems", "check", "conversation", "words without script"):
        assert said in pages[name].text, name
    for name in ("/report/ethics", "/conversation"):
        hints = [element for element in pages[name].all("p") if said in element.text]
        assert [element.inside("noscript") for element in hints] == [True, False], name
        assert hints[1].inside("details"), name


def test_what_people_write_is_kept_from_spelling_services_and_translators(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for element in page.elements:
            if is_free_text(element):
                assert element.get("translate") == "no", (name, element)
                if "readonly" not in element:
                    (form,) = [parent for parent in element.parents if parent.tag == "form"]
                    assert "off" in {element.get("autocomplete"), form.get("autocomplete")}, (name, element)
                    assert "false" in {element.get("spellcheck"), form.get("spellcheck")}, (name, element)


def test_one_heading_of_the_first_level_is_shown(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        shown = [h for h in page.all("h1") if not any("hidden" in parent for parent in h.parents)]
        assert len(shown) == 1, name


def test_no_script_but_that_of_leaving_stands_on_a_page_of_the_server_way(pages: dict[str, Page]) -> None:
    for name in set(pages) - {"/report/ethics", "/conversation"}:
        assert [script.get("src") for script in pages[name].all("script")] == ["/static/js/leave.js"], name


@pytest.mark.parametrize(("path", "form"), [("/report/ethics", "report"), ("/conversation", "words-form")])
def test_without_a_guard_a_guarded_form_sends_nothing_and_without_script_it_works(reporter: Reporter, path: str, form: str) -> None:
    page = reporter.get(path)
    guarded = page.one("form", id=form)
    assert guarded.get("method") == "dialog"
    assert "action" not in guarded
    buttons = [element for element in page.all("button") if guarded in element.parents]
    first, primary, other = buttons
    assert first.inside("noscript")
    assert first.get("formmethod") == "post"
    assert "data-primary" in primary
    assert "formmethod" not in primary
    assert "data-server-way" in other
    assert other.inside("details")


@pytest.mark.parametrize(("path", "form"), [("/report/ethics", "report"), ("/conversation", "words-form")])
def test_the_guard_stands_directly_before_the_form_and_blocks(reporter: Reporter, path: str, form: str) -> None:
    page = reporter.get(path)
    guard = page.one("script", src="/static/js/guard.js")
    following = page.elements[page.elements.index(guard) + 1]
    assert following.get("id") == form
    assert set(guard.attributes) == {"src"}


def test_the_report_page_tells_scripts_the_keys_of_its_channel(reporter: Reporter, place: Place) -> None:
    main = reporter.get("/report/ethics").one("main")
    assert main.get("data-recipient") == place.keyring.recipient
    assert main.get("data-verify") == place.keyring.verify
    assert main.get("data-today") == "2026-11-21"
    assert (main.get("data-months") or "").split("|")[10] == "November"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_trusts_what_it_is_given(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape|<style|\sstyle=|\son[a-z]+=", source)


@pytest.mark.parametrize("template", [path for path in TEMPLATES if "desk" not in path.parts], ids=lambda path: path.name)
def test_every_sentence_goes_through_gettext(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    markup = (
        r"\{#.*?#\}",
        r"\{% block (?:body_class|main_attributes) %\}.*?\{% endblock %\}",
        r"\{\{.*?\}\}|\{%.*?%\}",
        r"[\w-]+=\"[^\"]*\"",
        r"<[^>]*>",
    )
    for part in markup:
        source = re.sub(part, " ", source, flags=re.DOTALL)
    assert set(re.findall(r"[A-Za-z]{3,}", source)) <= {"autofocus"}


def test_no_part_of_the_program_reads_an_address_or_a_user_agent() -> None:
    words = re.compile(r"remote_addr|REMOTE_ADDR|access_route|user_agent|HTTP_USER_AGENT|X-Forwarded-For", re.IGNORECASE)
    found = [str(path) for path in ROOT.rglob("*.py") for line in path.read_text(encoding="utf-8").splitlines() if words.search(line)]
    assert found == []


@pytest.mark.parametrize("sheet", [path for path in STYLES if not path.name.startswith("desk")], ids=lambda path: path.name)
def test_the_style_has_no_shadow_gradient_animation_or_physical_side(sheet: Path) -> None:
    source = sheet.read_text(encoding="utf-8")
    assert not re.search(r"gradient|animation|transition|text-shadow|@import|https?:", source)
    assert not re.search(r"\b(margin|padding|border|inset)-(left|right|top|bottom)\b|text-align: (left|right)|float: (left|right)", source)
    assert re.findall(r"box-shadow: (?!0 0 0 3px var\(--focus\)|none)", source) == []


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_a_contrast_of_7_and_edges_of_3(scheme: str) -> None:
    source = (ROOT / "static/css/quietline.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", source, flags=re.DOTALL)
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", blocks[0 if scheme == "light" else 1]))
    grounds = ("paper", "sheet", "wash", "attention-wash", "danger-wash", "done-wash")
    for ground in grounds:
        assert _contrast(tokens["ink"], tokens[ground]) >= 7, ground
    for text in ("soft", "accent", "attention", "danger", "done"):
        for ground in grounds:
            assert _contrast(tokens[text], tokens[ground]) >= 7, (text, ground)
    assert _contrast(tokens["on-accent"], tokens["accent"]) >= 7
    for ground in ("paper", "sheet"):
        assert _contrast(tokens["edge"], tokens[ground]) >= 3
        assert max(_contrast(tokens["ink"], tokens[ground]), _contrast(tokens["focus"], tokens[ground])) >= 3
    assert _contrast(tokens["ink"], tokens["focus"]) >= 3 or scheme == "dark"


def test_dark_colours_are_for_screens_so_that_paper_stays_black_on_white() -> None:
    source = (ROOT / "static/css/quietline.css").read_text(encoding="utf-8")
    assert re.findall(r"@media (.*prefers-color-scheme.*) \{", source) == ["screen and (prefers-color-scheme: dark)"]


def test_the_script_has_a_sentence_for_every_code_it_can_meet(reporter: Reporter) -> None:
    templates = {
        path: {element.get("id") for element in reporter.get(path).all("template")} for path in ("/report/ethics", "/conversation")
    }
    assert {f"t-{reason}" for reason in ("empty", "required", "too_long", "not_an_option", "not_a_date", "holds_words")} <= templates[
        "/report/ethics"
    ]
    assert {
        f"t-{code}" for code in ("network", "storage_busy", "conflict", "withdrawn", "channel_not_open", "too_large", "refused")
    } <= templates["/report/ethics"]
    assert {
        f"t-words-{reason}" for reason in ("not_on_list", "wrong_count", "checksum", "too_long", "empty", "no_conversation")
    } <= templates["/conversation"]
    assert {"t-open-network", "t-open-unreadable", "t-withdraw-network", "t-network", "t-storage_busy"} <= templates["/conversation"]


def test_the_same_partial_makes_the_letter_of_the_page_and_that_of_the_script(reporter: Reporter, place: Place) -> None:
    def shape(page: Page, inside: str) -> list[str]:
        (article,) = [element for element in page.all("article") if element.inside("template") == (inside == "template")]
        return [element.get("data-slot") or "" for element in page.elements if article in element.parents and "data-slot" in element]

    opened = reporter.open(reporter.report())
    made = [name for name in shape(opened, "page") if name not in {"label", "value"}]
    assert made == shape(reporter.get("/conversation"), "template")
