"""Files in a conversation without script: answers with files, and letters whose files are handed out."""

from __future__ import annotations

import json
import os

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.crypto.message import Attachment
from app.domain import AttachmentId, Kind
from app.errors import StorageBusy
from app.services import files, followup, receipts, triage, wire
from app.web.downloads import disposition
from tests.services import letters
from tests.support import Clock, Place
from tests.web.filling import Chosen, attachments, end, file_part, file_problem, listed, parts, post, stored, submit, unnamed
from tests.web.page import Page
from tests.web.reporter import BASE, TYPED, Reporter, words

CHECK, SEND, ANSWER, GIVE = "/report/ethics/check", "/report/ethics/send", "/conversation/answer", "/conversation/attachment"
TEXT = "There is a second scaffold with the same fault."
PHOTO = Chosen("photo.jpg", b"\xff\xd8" + bytes(range(256)) * 900, "image/jpeg")
LEDGER = Chosen("ledger.csv", b"a;b\r\n1;2\r\n", "text/csv")


def report(reporter: Reporter, *chosen: Chosen) -> str:
    return words(reporter.post(SEND, submit(reporter, CHECK, TYPED, *chosen).form(SEND)))


def answer(reporter: Reporter, page: Page, *chosen: Chosen, body: str = TEXT, **changes: str) -> Page:
    return submit(reporter, ANSWER, {**page.form(ANSWER), "body": body, **changes}, *chosen)


def give(reporter: Reporter, page: Page, position: int = 0) -> TestResponse:
    """What the button beside a file answers."""
    form = page.all("form", action=GIVE)[position]
    values = {e.get("name") or "": e.get("value") or "" for e in page.all("input") if form in e.parents}
    answered: TestResponse = reporter.client.post(GIVE, base_url=BASE, data=values)
    return answered


def test_an_answer_brings_its_files_and_its_letter_lists_them(reporter: Reporter, place: Place) -> None:
    typed = reporter.report()
    page = answer(reporter, reporter.open(typed), PHOTO, LEDGER)
    assert page.status == 200
    assert "Your answer is sealed and stored" in page.focused().text
    assert listed(page) == ["photo.jpg", "ledger.csv"]
    assert [element.text for element in page.all("span", class_="file-size")] == ["225 kB, picture", "10 bytes, text"]
    assert attachments(place, typed) == [("photo.jpg", "image/jpeg", len(PHOTO.content)), ("ledger.csv", "text/csv", 10)]
    assert unnamed(place) == []


def test_a_file_is_handed_out_as_it_was_under_its_name_and_never_shown(reporter: Reporter) -> None:
    page = reporter.open(report(reporter, PHOTO, Chosen("<b>täglich</b> 100%.html", b"<script>alert(1)</script>", "text/html")))
    first, second = give(reporter, page), give(reporter, page, 1)
    assert first.data == PHOTO.content
    assert first.headers["Content-Length"] == str(len(PHOTO.content))
    assert second.data == b"<script>alert(1)</script>"
    assert second.headers["Content-Type"] == "application/octet-stream"
    assert second.headers["X-Content-Type-Options"] == "nosniff"
    assert second.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert second.headers["Cache-Control"] == "no-store"
    # "/" in the name ends a path: what stands before it is not part of the name.
    assert second.headers["Content-Disposition"] == disposition("b> 100%.html")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.pdf", "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf"),
        ("täg lich.txt", "attachment; filename=\"t_g lich.txt\"; filename*=UTF-8''t%C3%A4g%20lich.txt"),
        ('a"b\\c%41.txt', "attachment; filename=\"a_b_c_41.txt\"; filename*=UTF-8''a%22b%5Cc%2541.txt"),
        ("a'b(c);d=e,f*g.txt", "attachment; filename=\"a'b(c);d=e,f*g.txt\"; filename*=UTF-8''a%27b%28c%29%3Bd%3De%2Cf%2Ag.txt"),
        ("漢\u0301\ud7ff.doc", "attachment; filename=\"___.doc\"; filename*=UTF-8''%E6%BC%A2%CC%81%ED%9F%BF.doc"),
        ("\r\nX: 1", "attachment; filename=\"__X: 1\"; filename*=UTF-8''%0D%0AX%3A%201"),
    ],
)
def test_the_name_of_a_download_is_quoted_for_every_browser(name: str, header: str) -> None:
    assert disposition(name) == header


def test_files_of_the_report_stay_to_be_had_and_those_of_officers_too(reporter: Reporter, place: Place) -> None:
    typed = report(reporter, LEDGER)
    receipt = receipts.read(typed)
    officer = letters.officer(place, place.olivia)
    readers = [place.keyring.recipient, str(receipt.identity.recipient)]
    made: Attachment = files.seal_file(place.ctx, place.id, readers, "reply.pdf", "application/pdf", [b"%PDF-"], 1000)
    message, sealed = letters.letter(place, place.olivia, receipt, "See the file.", files=[made])
    triage.post(place.ctx, officer, receipt.case_id, message, Kind.MESSAGE, sealed, attachments=[AttachmentId(made.id)])
    page = reporter.open(typed)
    assert listed(page) == ["ledger.csv", "reply.pdf"]
    assert [give(reporter, page, at).data for at in (0, 1)] == [LEDGER.content, b"%PDF-"]


def test_with_a_problem_in_the_text_the_files_stay(reporter: Reporter, place: Place) -> None:
    typed = reporter.report()
    page = answer(reporter, reporter.open(typed), LEDGER, body=" ")
    assert page.status == 422
    assert page.focused().get("name") == "body"
    assert listed(page) == ["ledger.csv"]
    again = answer(reporter, page)
    assert again.status == 200
    assert [name for name, *_ in attachments(place, typed)] == ["ledger.csv"]


def test_a_file_can_be_taken_out_of_an_answer_again(reporter: Reporter, place: Place) -> None:
    page = answer(reporter, reporter.open(reporter.report()), LEDGER, PHOTO, body=" ")
    box = page.all("input", name="remove")[1]
    again = answer(reporter, page, remove=box.get("value") or "")
    assert listed(again) == ["ledger.csv"]
    assert len(stored(place)) == 1


def test_the_same_answer_twice_counts_once_and_leaves_no_copy(reporter: Reporter, place: Place) -> None:
    page = reporter.open(reporter.report())
    answer(reporter, page, PHOTO)
    again = answer(reporter, page, PHOTO)
    assert again.status == 200
    assert len(again.all("article")) == 2
    assert len(stored(place)) == 1


def test_another_answer_under_the_same_id_keeps_the_files_that_came_with_it(reporter: Reporter, place: Place) -> None:
    typed = reporter.report()
    page = reporter.open(typed)
    answer(reporter, page, PHOTO)
    other = answer(reporter, page, LEDGER)
    assert other.status == 409
    assert "An earlier version of your answer has arrived" in other.focused().text
    assert [json.loads(value)["name"] for value in other.form(ANSWER)["attachment"]] == ["ledger.csv"]
    assert answer(reporter, other).status == 200
    assert [name for name, *_ in attachments(place, typed)] == ["ledger.csv"]


def test_an_answer_changed_after_its_files_had_arrived_does_not_take_them_twice(reporter: Reporter, place: Place) -> None:
    typed = reporter.report()
    page = answer(reporter, reporter.open(typed), PHOTO, body=" ")
    answer(reporter, page)
    other = answer(reporter, page, body="Something else.")
    assert other.status == 409
    assert "attachment" not in other.form(ANSWER)
    assert answer(reporter, other, body="Something else.").status == 200
    assert attachments(place, typed) == []
    assert len(stored(place)) == 1


def test_files_that_were_swept_meanwhile_are_asked_for_again(reporter: Reporter, place: Place) -> None:
    typed = reporter.report()
    page = answer(reporter, reporter.open(typed), PHOTO, body=" ")
    files.discard(place.ctx, place.id, stored(place))
    again = answer(reporter, page)
    assert again.status == 409
    assert "Some of the files are not with us any more, so nothing was stored" in file_problem(again)
    assert again.form(ANSWER)["body"] == [TEXT]
    assert answer(reporter, again, PHOTO).status == 200
    assert len(attachments(place, typed)) == 1


def test_when_the_database_is_busy_text_and_files_stay(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    page = reporter.open(reporter.report())

    def busy(*_: object) -> None:
        raise StorageBusy

    with monkeypatch.context() as failure:
        failure.setattr(followup, "post_plain", busy)
        refused = answer(reporter, page, LEDGER)
    assert refused.status == 503
    assert refused.form(ANSWER)["body"] == [TEXT]
    assert len(answer(reporter, refused).all("article")) == 2


def test_a_failure_gives_the_form_to_send_again_with_its_files(reporter: Reporter, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = reporter.report()
    page = reporter.open(typed)

    def fail(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as failure:
        failure.setattr(followup, "post_plain", fail)
        broken = answer(reporter, page, LEDGER)
    assert broken.status == 500
    assert "the same thing is sent, and counts once" in broken.text
    again = reporter.post(ANSWER, broken.form(ANSWER))
    assert again.status == 200
    assert [name for name, *_ in attachments(place, typed)] == ["ledger.csv"]


def test_an_expired_ticket_keeps_the_text_and_asks_for_the_files_again(reporter: Reporter, place: Place, clock: Clock) -> None:
    typed = reporter.report()
    kept = answer(reporter, reporter.open(typed), LEDGER, body=" ")
    clock.move(seconds=31 * 60)
    for chosen in ((), (PHOTO,)):
        expired = answer(reporter, kept, *chosen)
        assert "longer than 30 minutes" in expired.focused().text
        assert "Its files could not be kept: choose them again on the next page" in expired.focused().text
        assert stored(place) == []
        kept = reporter.post("/conversation", {**expired.form("/conversation"), "words": typed})
        assert kept.form(ANSWER)["body"] == [TEXT]
        clock.move(seconds=31 * 60)


def test_an_answer_whose_ticket_stands_after_its_files_keeps_the_text_and_asks_for_them_again(reporter: Reporter, place: Place) -> None:
    form = reporter.open(reporter.report()).form(ANSWER)
    page = post(reporter, ANSWER, file_part(LEDGER) + b"".join(parts({**form, "body": TEXT})) + end())
    assert page.status == 422
    assert "“ledger.csv” has to be chosen again" in file_problem(page)
    assert page.form(ANSWER)["body"] == [TEXT]
    assert stored(place) == []
    assert len(page.all("article")) == 1


def test_a_file_that_the_server_has_lost_says_so_in_its_letter_and_on_its_page(reporter: Reporter, place: Place) -> None:
    typed = report(reporter, PHOTO, LEDGER)
    page = reporter.open(typed)
    lost = next(AttachmentId(e.get("value") or "") for e in page.all("input", name="attachment"))
    place.ctx.blobs.delete(place.id, lost)
    refused = Page(give(reporter, page))
    assert refused.status == 404
    assert "Our server does not have this file any more" in refused.focused().text
    assert give(reporter, page, 1).data == LEDGER.content


def test_a_file_that_was_altered_is_not_handed_out(reporter: Reporter, place: Place) -> None:
    page = reporter.open(report(reporter, PHOTO))
    blob = next(path for path in place.ctx.settings.data.rglob(stored(place)[0]))
    data = bytearray(blob.read_bytes())
    data[-200_000] ^= 1
    blob.write_bytes(data)
    refused = Page(give(reporter, page))
    assert refused.status == 409
    assert "This file does not check" in refused.focused().text


def test_a_file_that_was_altered_further_on_comes_short(reporter: Reporter, place: Place) -> None:
    big = Chosen("big.bin", os.urandom(400_000))
    page = reporter.open(report(reporter, big))
    blob = next(path for path in place.ctx.settings.data.rglob(stored(place)[0]))
    data = bytearray(blob.read_bytes())
    data[-10] ^= 1
    blob.write_bytes(data)
    given = reporter.client.post(
        GIVE,
        base_url=BASE,
        data={e.get("name") or "": e.get("value") or "" for e in page.all("input") if page.one("form", action=GIVE) in e.parents},
        buffered=False,
    )
    assert given.headers["Content-Length"] == "400000"
    got = 0
    with pytest.raises(Exception, match="age_payload"):
        for piece in given.response:
            got += len(piece)
    assert 0 < got < 400_000


def test_asking_for_a_file_with_an_expired_ticket_asks_for_the_words(reporter: Reporter, clock: Clock) -> None:
    page = reporter.open(report(reporter, LEDGER))
    clock.move(seconds=31 * 60)
    assert "Type your words again" in Page(give(reporter, page)).text


def test_a_file_of_another_conversation_or_none_is_not_there(reporter: Reporter) -> None:
    theirs = reporter.open(report(reporter, LEDGER))
    own = reporter.open(report(reporter, PHOTO))
    ticket = own.form(ANSWER)["ticket"][0]
    for wanted in (theirs.one("input", name="attachment").get("value") or "", "a" * 26, "", "../x"):
        answered = reporter.post(GIVE, {"ticket": ticket, "attachment": wanted})
        assert answered.status == 404


def test_a_browser_with_script_gets_the_sealed_bytes(app: Flask, reporter: Reporter, place: Place) -> None:
    typed = report(reporter, PHOTO)
    (file,) = stored(place)
    mailbox = receipts.read(typed).mailbox_key
    answered = reporter.json("/conversation/sealed/attachment", {"mailbox": wire.text(mailbox), "attachment": file})
    _, chunks = place.ctx.blobs.read(place.id, file)
    assert answered.data == b"".join(chunks)
    assert answered.headers["Content-Type"] == "application/octet-stream"
    assert answered.headers["Content-Length"] == str(len(answered.data))
    unknown = reporter.json("/conversation/sealed/attachment", {"mailbox": wire.text(mailbox), "attachment": "a" * 26})
    assert (unknown.status_code, unknown.json) == (404, {"error": "unknown_attachment"})
    place.ctx.blobs.delete(place.id, file)
    missing = reporter.json("/conversation/sealed/attachment", {"mailbox": wire.text(mailbox), "attachment": file})
    assert (missing.status_code, missing.json) == (404, {"error": "blob_missing"})
    nobody = reporter.json("/conversation/sealed/attachment", {"mailbox": "A" * 43, "attachment": file})
    assert (nobody.status_code, nobody.json) == (404, {"error": "no_conversation"})
    assert reporter.json("/conversation/sealed/attachment", {"mailbox": wire.text(mailbox), "attachment": "x"}).status_code == 400
