"""One case: what is shown of what was sealed, what is refused, and what an officer writes."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Dialog, Page, Request, Route, expect

from app.crypto.receipt import Receipt
from app.domain import Kind, Mark, SealedBy, State
from app.services import followup, wire
from app.services.followup import OpenedCase
from tests.flows.desks import Desk, unlock
from tests.flows.officers import browser_report, foreign_keyring, keyring_replaced, open_case

MARKUP = '<img src=x onerror="document.title=\'taken over\'"><script>document.title="taken over"</script>'


def as_reporter(desk: Desk, receipt: Receipt) -> OpenedCase:
    return followup.open_plain(desk.ctx, desk.organisation, receipt)


def add(desk: Desk, receipt: Receipt, body: str) -> None:
    """The reporter writes again."""
    seen = len(as_reporter(desk, receipt).checked)
    followup.post_plain(desk.ctx, desk.organisation, receipt, wire.new_message_id(), body, seen)


def write(page: Page, kind: str, body: str) -> None:
    page.fill(f"#{kind}-body", body)
    page.click(f"#{kind} [data-submit]")


def body_of(page: Page, number: int) -> str:
    return page.locator(f"#message-{number} [data-slot=body]").inner_text()


def mark_of(page: Page, number: int) -> str | None:
    return page.locator(f"#message-{number}").get_attribute("data-mark")


def state_of(desk: Desk, receipt: Receipt) -> object:
    return desk.value("SELECT state FROM cases WHERE id = :case", case=receipt.case_id)


def test_a_report_is_read_with_its_answers_and_marks(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "The report body.\n\nIts second paragraph.", "The report subject")
    add(desk, receipt, "One thing more.")
    open_case(page, desk, receipt)
    expect(page.locator("#message-2[data-mark]")).to_be_visible()
    assert body_of(page, 1) == "The report body.\n\nIts second paragraph."
    assert page.locator(".case-subject").inner_text() == "The report subject"
    expect(page.locator("#message-1 .answers")).to_contain_text("Fraud or theft")
    expect(page.locator("#message-1 .mark-good")).to_contain_text("It says it was sealed in a browser.")
    expect(page.locator("#message-2 [data-slot=mark]")).to_contain_text("Sealed by the server")
    expect(page.locator("#message-2 [data-slot=who]")).to_have_text("The person who sent the report")
    assert desk.value("SELECT number FROM read_marks WHERE case_id = :case", case=receipt.case_id) == 2


def test_a_mark_claims_no_more_than_the_message_says(page: Page, desk: Desk) -> None:
    said = {SealedBy.BROWSER: "It says it was sealed in a browser.", SealedBy.OFFLINE: "It says it was sealed outside this site."}
    for sealed_by, sentence in said.items():
        open_case(page, desk, browser_report(desk, "Claimed", sealed_by=sealed_by))
        expect(page.locator("#message-1 [data-slot=mark]")).to_have_text(
            f"Verified: signed with the key of whoever sent this report. {sentence}"
        )
    open_case(page, desk, desk.report("Through the server"))
    expect(page.locator("#message-1 [data-slot=mark]")).to_contain_text("unless the server kept the key it made for this person")


def test_each_text_runs_in_its_own_direction_and_fingerprints_from_left_to_right(page: Page, desk: Desk) -> None:
    direction = "selector => getComputedStyle(document.querySelector(selector)).direction"
    places = ("#message-1 [data-slot=body]", "#message-1 [data-slot=letter-subject]", ".case-subject [data-slot=subject]")
    for text, wanted in (("\u0627\u0644\u0633\u0644\u0645 \u0645\u0643\u0633\u0648\u0631", "rtl"), ("The ladder is broken", "ltr")):
        open_case(page, desk, browser_report(desk, text, text))
        page.fill("#reply-body", text)
        assert [page.evaluate(direction, place) for place in (*places, "#reply-body")] == [wanted] * 4
        page.fill("#reply-body", "")
    page.goto("/desk/channels")
    page.evaluate("() => { document.documentElement.dir = 'rtl'; }")
    assert page.evaluate(direction, ".fingerprint") == "ltr"


def test_markup_in_a_message_is_text(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, MARKUP, MARKUP[:100], category="<b>bold</b>")
    add(desk, receipt, MARKUP)
    open_case(page, desk, receipt)
    expect(page.locator("#message-2[data-mark]")).to_be_visible()
    assert body_of(page, 1) == body_of(page, 2) == MARKUP
    assert page.locator(".case-subject").inner_text() == MARKUP[:100]
    assert page.locator("main img, main b, main script").count() == 0
    assert "taken over" not in page.title()


def test_acknowledging_sends_the_suggested_text_in_the_same_step(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "To acknowledge")
    open_case(page, desk, receipt)
    text = page.input_value("#reply-body")
    assert text.startswith("Thank you. We have received your report")
    assert "\n" not in text
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_focused()
    expect(page.locator(".case-side")).to_contain_text("Close the case")
    assert page.input_value("#reply-body") == ""
    case = as_reporter(desk, receipt)
    assert case.state is State.ACKNOWLEDGED
    assert [message.mark for message in case.checked] == [Mark.VERIFIED, Mark.VERIFIED]
    reply = case.checked[1].payload
    assert reply is not None
    assert (reply.body, reply.author.name, reply.seen.count) == (text, "Demo Officer", 1)


def test_a_reply_and_a_note_reach_those_they_are_for(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "To answer")
    open_case(page, desk, receipt)
    page.keyboard.press("n")
    expect(page.locator("#note-body")).to_be_focused()
    write(page, "note", "Only for the team.")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()
    expect(page.locator("#message-2")).to_contain_text("Note for the team")
    expect(page.locator("#message-2 .unseen")).to_have_text("Message 2")
    expect(page.locator("#note [data-status=sent]")).to_be_visible()
    assert page.input_value("#note-body") == ""
    write(page, "reply", "Which office was it?")
    expect(page.locator("#message-3 [data-slot=who]")).to_have_text("You")
    page.reload()
    expect(page.locator("#message-3[data-mark=verified]")).to_be_visible()
    assert mark_of(page, 2) == "verified"
    case = as_reporter(desk, receipt)
    assert [message.payload.body for message in case.checked if message.payload] == ["To answer", "Which office was it?"]
    assert [message.kind for message in case.checked] == [Kind.REPORT, Kind.MESSAGE]
    assert case.checked[1].mark is Mark.VERIFIED


def test_while_a_note_is_being_written_acknowledging_leaves_it_alone(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Two at once")
    open_case(page, desk, receipt)
    page.click("#note summary")
    page.fill("#note-body", "Half a note")
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()
    expect(page.locator("[data-slot=state]").first).to_have_text("Acknowledged")
    expect(page.locator("#reply-title")).to_have_text("Reply", use_inner_text=True)
    assert page.input_value("#note-body") == "Half a note"
    write(page, "reply", "And a second message.")
    expect(page.locator("#message-3[data-mark=verified]")).to_be_visible()


def test_what_a_colleague_wrote_meanwhile_appears_with_the_answer(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Meanwhile")
    open_case(page, desk, receipt)
    add(desk, receipt, "Written while the officer was reading.")
    write(page, "reply", "A reply.")
    expect(page.locator("#message-3[data-mark=verified]")).to_be_visible()
    add(desk, receipt, "Another.")
    page.reload()
    expect(page.locator("#message-4[data-mark]")).to_be_visible()
    assert [mark_of(page, number) for number in (1, 2, 3, 4)] == ["verified", "server", "verified", "server"]


def test_a_damaged_message_is_shown_and_the_rest_opens(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "The first is whole")
    add(desk, receipt, "The second is damaged")
    add(desk, receipt, "The third is whole")
    place = {"case": receipt.case_id}
    sealed = desk.value("SELECT sealed FROM messages WHERE case_id = :case AND number = 2", **place)
    assert isinstance(sealed, bytes)
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    desk.change("UPDATE messages SET sealed = :sealed WHERE case_id = :case AND number = 2", sealed=damaged, **place)
    open_case(page, desk, receipt)
    expect(page.locator("#message-2[data-mark=unreadable]")).to_be_visible()
    expect(page.locator("#message-2 [data-slot=mark]")).to_contain_text("Cannot be opened")
    expect(page.locator("#message-2 .problems li")).to_have_count(1)
    expect(page.locator("#message-2 [data-slot=who]")).to_have_text("Writer not known")
    assert body_of(page, 3) == "The third is whole"
    assert mark_of(page, 3) == "failed", "the reporter saw what is not there any more"


def test_to_a_report_that_does_not_check_nothing_is_sealed(page: Page, desk: Desk) -> None:
    receipt, other = browser_report(desk, "The real one"), browser_report(desk, "Of another case")
    sealed = desk.value("SELECT sealed FROM messages WHERE case_id = :case", case=other.case_id)
    desk.change("UPDATE messages SET sealed = :sealed WHERE case_id = :case", sealed=sealed, case=receipt.case_id)
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    open_case(page, desk, receipt)
    assert mark_of(page, 1) == "failed"
    expect(page.locator("#message-1 .problems li")).to_have_count(2)
    expect(page.locator('#reply [data-error="readers"]')).to_be_visible()
    assert page.input_value("#reply-body") == ""
    write(page, "reply", "To whom?")
    expect(page.locator('#reply [data-error="readers"]')).to_be_visible()
    assert not [url for url in posted if url.endswith("/messages")]
    page.click("#note summary")
    write(page, "note", "The report was exchanged.")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()


def test_a_foreign_keyring_stops_everything_with_an_alarm(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Alarm body canary", "Alarm subject canary")
    open_case(page, desk, receipt)
    ring = foreign_keyring(desk, desk.channel())
    for offered, kind in ((False, "keyring_differs"), (True, "keyring_replaced")):
        with keyring_replaced(desk, ring, offered=offered):
            page.reload()
            expect(page.locator("#alarm")).to_be_focused()
            expect(page.locator(f'#alarm [data-alarm="{kind}"]')).to_be_visible()
            assert page.locator("#alarm [data-alarm]:visible").count() == 1
            assert "canary" not in page.content()
            write(page, "reply", "To whom?")
            expect(page.locator('#reply [data-error="readers"]')).to_be_visible()
            page.fill("#reply-body", "")
            page.goto("/desk/")
            expect(page.locator("#alarm")).to_be_visible()
            expect(page.locator(f'tr[data-case="{receipt.case_id}"]')).to_contain_text("Stopped")
            page.goto("/desk/channels")
            expect(page.locator(f'section[data-channel="{desk.channel()}"] [data-slot=agreement] .mark-danger')).to_be_visible()
            page.go_back()
            page.go_back()
    page.reload()
    expect(page.locator("#message-1 [data-slot=body]")).to_have_text("Alarm body canary")
    expect(page.locator("#alarm")).to_be_hidden()


def test_an_older_keyring_than_was_seen_is_refused(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Older body canary")
    open_case(page, desk, receipt)
    remembered = page.evaluate("() => Object.entries(localStorage)")
    assert {name.split("/")[0] for name, _ in remembered} == {"quietline-keyring"}
    page.evaluate("() => { for (const [name, kept] of Object.entries(localStorage)) localStorage[name] = kept.replace(':1,', ':2,'); }")
    page.reload()
    expect(page.locator('#alarm [data-alarm="keyring_older"]')).to_be_visible()
    assert "canary" not in page.content()


def test_a_keyring_that_is_taken_away_is_an_alarm_too(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Taken body canary")
    open_case(page, desk, receipt)
    page.route("**/desk/keyrings", _without_keyrings)
    page.reload()
    expect(page.locator("#alarm")).to_be_visible()
    assert "canary" not in page.content()


def _without_keyrings(route: Route) -> None:
    answer = route.fetch()
    body = answer.json()
    for each in body["keyrings"]:
        each.update(recipient=None, verify=None, version=None, sealed=None)
    route.fulfill(response=answer, json=body)


def test_without_an_answer_the_text_is_locked_and_the_same_bytes_go_again(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Lost answer")
    open_case(page, desk, receipt)
    sent: list[str] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        sent.append(route.request.post_data or "")
        if len(sent) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort()

    page.route("**/messages", lose_the_first)
    write(page, "reply", "Once only.")
    expect(page.locator('#reply [data-error="network"]')).to_be_visible()
    assert page.locator("#reply-body").get_attribute("readonly") is not None
    assert page.input_value("#reply-body") == "Once only."
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2[data-mark=verified]")).to_be_visible()
    assert sent[0] == sent[1]
    assert [message.payload.body for message in as_reporter(desk, receipt).checked if message.payload] == ["Lost answer", "Once only."]
    assert page.locator("#reply-body").get_attribute("readonly") is None


def test_a_refusal_is_explained_and_the_text_can_be_changed(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Refused")
    open_case(page, desk, receipt)
    for status, code in ((409, "conflict"), (409, "state"), (403, "not_allowed"), (400, "sealed"), (503, "storage_busy")):
        page.route("**/messages", refusing(status, code))
        write(page, "reply", f"Kept through {code}.")
        expect(page.locator(f'#reply [data-error="{code}"]')).to_be_visible()
        assert page.locator("#reply [data-errors] p:visible").count() == 1
        assert page.input_value("#reply-body") == f"Kept through {code}."
        assert page.locator("#reply-body").get_attribute("readonly") is None
        page.unroute("**/messages")


def refusing(status: int, code: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, json={"error": code}) if route.request.method == "POST" else route.fallback()


def test_nothing_is_sent_without_text(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Nothing to say")
    open_case(page, desk, receipt)
    write(page, "reply", " \n ")
    expect(page.locator('#reply [data-error="empty"]')).to_be_visible()
    expect(page.locator("#reply-body")).to_be_focused()


def test_no_request_leaves_while_somebody_types(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Typing")
    open_case(page, desk, receipt)
    page.wait_for_load_state("networkidle")
    made: list[Request] = []
    page.on("request", lambda request: made.append(request))
    page.locator("#reply-body").press_sequentially("A sentence of some length. ", delay=15)
    assert made == []


def test_leaving_with_a_draft_asks_first(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Leaving")
    open_case(page, desk, receipt)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    page.goto("/desk/keys")
    assert asked == [], "the suggested text is nobody's draft"
    open_case(page, desk, receipt)
    page.locator("#reply-body").press_sequentially("x")
    page.goto("/desk/keys")
    assert asked == ["beforeunload"]


def test_the_keyboard_moves_through_the_letters_and_back(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "First letter")
    add(desk, receipt, "Second letter")
    open_case(page, desk, receipt)
    for key, number in (("j", 1), ("j", 2), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(page.locator(f"#message-{number}")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#keyboard-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keyboard-help")).to_be_hidden()
    page.keyboard.press("r")
    expect(page.locator("#reply-body")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator("h1")).to_have_text("Inbox")


def test_single_keys_can_be_turned_off_and_on_again(page: Page, desk: Desk) -> None:
    open_case(page, desk, browser_report(desk, "Without single keys"))
    opener, help_window, choice = page.locator('[data-opens="keyboard-help"]'), page.locator("#keyboard-help"), page.locator("#shortcuts")
    page.keyboard.press("?")
    choice.uncheck()
    page.keyboard.press("Escape")
    for again in (False, True):
        if again:
            page.reload()
            expect(page.locator("#message-1[data-mark]")).to_be_visible()
        for key in ("r", "n", "j", "u", "?"):
            page.keyboard.press(key)
        expect(page.locator("#reply-body")).not_to_be_focused()
        expect(help_window).to_be_hidden()
        assert page.locator("[data-current]").count() == 0
    opener.click()
    choice.check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#message-1")).to_be_focused()


def test_a_draft_stays_while_the_keys_are_locked(page: Page, desk: Desk) -> None:
    receipt = browser_report(desk, "Locked body canary")
    open_case(page, desk, receipt)
    page.fill("#reply-body", "Half a reply")
    page.click("[data-lock-now]")
    expect(page.locator("#unlock")).to_be_visible()
    assert "canary" not in page.content()
    page.click("#reply [data-submit]")
    expect(page.locator('#reply [data-error="locked"]')).to_be_visible()
    unlock(page, desk)
    expect(page.locator("#message-1 [data-slot=body]")).to_have_text("Locked body canary")  # before that nothing may be sent
    assert page.input_value("#reply-body") == "Half a reply"
    page.click("#reply [data-submit]")
    expect(page.locator("#message-2 [data-slot=body]")).to_have_text("Half a reply")
