"""The whole loop, by every mixture of ways: report, read, reply, come back, answer, withdraw. After each the whole server is searched."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.canary import found_in
from tests.flows.desks import Desk
from tests.flows.journeys import AtDesk, Traces, at_desk, search, visitor

pytestmark = pytest.mark.both_databases
WAYS = [
    pytest.param(True, True, id="with_javascript"),
    pytest.param(False, False, id="without_javascript"),
    pytest.param(True, False, id="reported_with_and_followed_up_without"),
    pytest.param(False, True, id="reported_without_and_followed_up_with"),
]


@pytest.mark.parametrize(("report_script", "return_script"), WAYS)
def test_a_report_is_read_answered_and_answered_again(chromium: Browser, desk: Desk, report_script: bool, return_script: bool) -> None:
    way = f"{'script' if report_script else 'plain'}-{'script' if return_script else 'plain'}"
    texts = [f"{what} canary {way}: the crane was never inspected" for what in ("report", "reply", "note", "answer")]
    report, reply, note, answer = texts
    with visitor(chromium, desk, script=report_script) as first, at_desk(chromium, desk) as officer:
        words = first.report(report)
        first.check_two_words(words)
        assert found_in(first.page.content().encode(), [" ".join(words[:2]), f"{words[0]}</li>"]) == set()
        officer.read(report)
        officer.reply(reply)
        officer.note(note)
        with visitor(chromium, desk, script=return_script) as second:
            second.come_back(words)
            letters = second.letters()
            assert [report in letters[0], reply in letters[1], len(letters)] == [True, True, 2]
            assert second.marks() == ["verified" if report_script else "server", "verified"]
            expect(second.page.locator(".state:visible")).to_contain_text("Confirmed.")
            second.answer(answer)
            assert second.marks()[-1] == ("verified" if return_script else "server")
            _officer_sees(officer, answer)
            for visit in (first, second):
                assert not visit.script or found_in(visit.relay.sent, texts) == set()
            search(Traces(desk.ctx.settings.data, desk.portal.log, [first.relay, second.relay], [officer.relay]), texts, words)


def _officer_sees(officer: AtDesk, answer: str) -> None:
    officer.page.reload()
    expect(officer.page.locator(".letters")).to_contain_text(answer)
    marks = {each.get_attribute("data-mark") for each in officer.page.locator(".letters [data-mark]").all()}
    assert marks <= {"verified", "server"}


@pytest.mark.parametrize("script", [True, False], ids=["with_javascript", "without_javascript"])
def test_a_withdrawn_report_is_gone_for_everybody(chromium: Browser, desk: Desk, script: bool) -> None:
    body = f"withdrawn canary {script}: the pump was never inspected"
    with visitor(chromium, desk, script=script) as reporter, at_desk(chromium, desk) as officer:
        words = reporter.report(body)
        officer.read(body)
        reporter.check_two_words(words)
        reporter.come_back(words)
        reporter.withdraw()
        officer.page.goto("/desk/")
        expect(officer.page.locator("[data-row-link]")).to_have_count(int(str(desk.value("SELECT count(*) FROM cases"))))
        reporter.page.goto("/conversation")
        reporter.page.fill("#words", " ".join(words))
        reporter.page.click("#words-form [data-primary]" if script else "noscript button")
        expect(reporter.page.locator("[data-summary]:visible")).to_contain_text("No conversation opens with these words.")
        search(Traces(desk.ctx.settings.data, desk.portal.log, [reporter.relay], [officer.relay]), [body], words)
