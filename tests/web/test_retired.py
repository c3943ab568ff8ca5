"""A channel is retired while somebody reports to it: what has arrived is still answered for, and nothing new is taken."""

from __future__ import annotations

from app.crypto.encoding import b64u_encode
from app.crypto.receipt import Receipt
from app.services import configuration
from tests.services.letters import report
from tests.support import TWO_CHANNELS, Clock, Place
from tests.web.reporter import Reporter, words


def retire_ethics(place: Place) -> None:
    only_audit = TWO_CHANNELS[: TWO_CHANNELS.index("[[channels]]")] + TWO_CHANNELS[TWO_CHANNELS.rindex("[[channels]]") :]
    configuration.configure(place.ctx, place.id, configuration.parse_toml(only_audit))


def test_a_form_whose_answer_was_lost_gets_its_words_again(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    first = reporter.post("/report/ethics/send", form)
    retire_ethics(place)
    again = reporter.post("/report/ethics/send", form)
    assert again.status == 200
    assert words(again) == words(first)


def test_the_check_of_two_words_still_answers(reporter: Reporter, place: Place) -> None:
    page = reporter.send()
    form = page.form("/report/ethics/words")
    right = [words(page).split()[int(form[name][0]) - 1] for name in ("first", "second")]
    retire_ethics(place)
    wrong = reporter.post("/report/ethics/words", {**form, "word-first": right[0], "word-second": "zzz"})
    assert wrong.status == 422
    done = reporter.post("/report/ethics/words", {**form, "word-first": right[0], "word-second": right[1]})
    assert "What you wrote down fits" in done.text


def test_a_browsers_retry_gets_the_first_answer_again(reporter: Reporter, place: Place) -> None:
    receipt = Receipt.generate()
    message, sealed = report(place, receipt)
    keys = {"case": receipt.case_id, "mailbox": b64u_encode(receipt.mailbox_key), "message": message}
    body = {**keys, "sealed": b64u_encode(sealed)}
    first = reporter.json("/report/ethics/sealed", body)
    retire_ethics(place)
    again = reporter.json("/report/ethics/sealed", body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json == first.json


def test_nothing_new_is_taken(reporter: Reporter, place: Place, clock: Clock) -> None:
    form = reporter.check().form("/report/ethics/send")
    receipt = Receipt.generate()
    message, sealed = report(place, receipt)
    retire_ethics(place)
    keys = {"case": receipt.case_id, "mailbox": b64u_encode(receipt.mailbox_key), "message": message}
    assert reporter.json("/report/ethics/sealed", {**keys, "sealed": b64u_encode(sealed)}).status_code == 404
    assert reporter.post("/report/ethics/send", form).status == 404
    assert reporter.get("/report/ethics").status == 404
    clock.move(seconds=31 * 60)
    assert reporter.post("/report/ethics/send", form).status == 404
    with place.ctx.database.read() as session:
        assert session.connection().exec_driver_sql("select count(*) from cases").scalar() == 0
