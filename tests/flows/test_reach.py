"""A reporter with the keyboard alone, with letters of twice the size in forced colours, and in a language written from right to left."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.flows.desks import Desk
from tests.flows.journeys import visitor
from tests.flows.looking import Looker
from tests.flows.reporters import FORM, Line, fill_report, officer_writes, open_conversation, ready, shown_words, to_check, to_receipt

BODY = "The crane at the north quay has not been inspected since March."
ANSWER = "The second crane has the same page."
MOST_STOPS = 60
GROUPS = """code => [...code.firstChild.data.matchAll(/\\S+/g)].map(({ index, 0: { length } }) => {
  const range = document.createRange();
  range.setStart(code.firstChild, index);
  range.setEnd(code.firstChild, index + length);
  const { top, left } = range.getBoundingClientRect();
  return [Math.round(top), Math.round(left)];
})"""


def tab_to(page: Page, selector: str) -> None:
    """With Tab until the focus is there."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
    raise AssertionError(f"the keyboard does not come to {selector}")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    tab_to(page, selector)
    page.keyboard.press(key)


def follow(page: Page, path: str) -> None:
    """The link to this path."""
    press(page, f"main [href='{path}']")
    page.wait_for_url(f"**{path}")


def write(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.type(text)


def test_the_whole_loop_works_with_the_keyboard_alone(line: Line) -> None:
    page = line.page
    page.goto("/")
    follow(page, "/report")
    follow(page, "/report/ethics")
    ready(page)
    write(page, "#body", BODY)
    press(page, "#q-category input", "Space")
    press(page, "[data-primary]")
    expect(page.locator("[data-step=check] [data-heading]")).to_be_focused()
    press(page, "[data-row=body] [data-change]")
    expect(page.locator("#body")).to_be_focused()
    press(page, "[data-primary]")
    press(page, "[data-send]")
    words = shown_words(page)
    for name in ("first", "second"):
        number = int(page.locator(f"label[for=word-{name}] [data-slot={name}]").inner_text())
        write(page, f"#word-{name}", words[number - 1])
    page.keyboard.press("Enter")
    expect(page.locator("[data-step=done] [data-heading]")).to_be_focused()
    follow(page, "/")
    follow(page, "/conversation")
    ready(page)
    write(page, "#words", " ".join(words))
    press(page, "#words-form [data-primary]")
    expect(page.locator("article")).to_have_count(1)
    write(page, "#answer textarea", ANSWER)
    press(page, "#answer button[type=submit]")
    expect(page.locator("#newest [data-slot=body]")).to_have_text(ANSWER)
    press(page, "[data-withdraw]")
    press(page, "[data-confirm]")
    expect(page.locator("[data-step=withdrawn] [data-heading]")).to_be_focused()


def test_in_forced_colours_and_twice_as_large_a_page_fits_and_is_accessible(chromium: Browser, desk: Desk) -> None:
    receipt = desk.report(BODY)
    officer_writes(desk, receipt, "Which crane?", acknowledge=True)
    with visitor(chromium, desk, script=True) as reporter:
        page, look = reporter.page, Looker(reporter.page, "enlarged")
        page.goto(FORM)
        ready(page)
        look.enlarged("report")
        to_check(page)
        look.enlarged("check")
        page.click("[data-send]")
        shown_words(page)
        look.enlarged("receipt")
        open_conversation(page, receipt)
        look.enlarged("conversation")


def test_in_forced_colours_marks_take_the_colour_of_the_text_and_days_that_passed_are_full(chromium: Browser, desk: Desk) -> None:
    colour = "element => getComputedStyle(element, '::before').backgroundColor"
    receipt = desk.report(BODY)
    with visitor(chromium, desk, script=True) as reporter:
        page = reporter.page
        page.emulate_media(forced_colors="active", color_scheme="light")
        open_conversation(page, receipt)
        text = page.locator("main").evaluate("element => getComputedStyle(element).color")
        assert page.locator("[data-mark=server] .mark").evaluate(colour) == text
        past, coming = page.locator("[data-when=received]"), page.locator("[data-when=feedback]")
        assert past.evaluate(colour) == text != coming.evaluate(colour)


def test_on_paper_the_words_stand_black_on_white_also_where_the_screen_is_dark(line: Line) -> None:
    page = line.page
    to_receipt(page)
    page.emulate_media(media="print", color_scheme="dark")
    item = page.locator("[data-step=receipt] .words li").first
    expect(item).to_be_visible()
    expect(item).to_have_css("background-color", "rgb(255, 255, 255)")
    assert page.locator("body").evaluate("element => getComputedStyle(element).color") == "rgb(0, 0, 0)"
    assert page.locator("[data-step=receipt] .note").evaluate("element => getComputedStyle(element).color") == "rgb(0, 0, 0)"
    expect(page.locator("#two-words")).to_be_hidden()


def test_from_right_to_left_the_form_fits_and_a_fingerprint_keeps_its_order(line: Line) -> None:
    page = line.page
    page.add_init_script("addEventListener('DOMContentLoaded', () => { document.documentElement.dir = 'rtl'; })")
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/")
    places = [page.locator("main code").first.evaluate(GROUPS)]
    page.goto(FORM)
    ready(page)
    fill_report(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    page.click("[data-primary]")
    places.append(page.locator("[data-step=check] code").evaluate(GROUPS))
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    for groups in places:
        assert len(groups) == 8
        assert len({top for top, _ in groups}) == 2
        assert groups == sorted(groups)
