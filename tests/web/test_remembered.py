"""A process remembers a portal: sending a report makes use of it, and what has changed meanwhile is in force all the same."""

from __future__ import annotations

from app.crypto import keyring, message
from app.crypto.age import unseal_bytes
from app.crypto.receipt import Receipt
from app.domain import State
from app.services import configuration, followup
from app.services.configuration import parse_toml
from app.storage import channels
from app.storage.models import Channel
from tests.services.counting import work
from tests.support import TWO_CHANNELS, Place
from tests.web.reporter import Reporter, words


def other_keys(place: Place) -> keyring.Keyring:
    """New keys of the channel, put into the database as another process does it: this one is not told."""
    ring = keyring.new_keyring(place.id, place.ethics_id, place.ctx.today(), [place.olivia.member], [str(place.recovery.recipient)])
    with place.ctx.database.write() as session:
        own = (session, place.id, place.ethics_id)
        channels.set_keys(*own, recipient=ring.recipient, verify=ring.verify, epoch=2, day=place.ctx.today())
    return ring


def test_a_report_is_sent_without_reading_the_portal_first(reporter: Reporter) -> None:
    form = reporter.check().form("/report/ethics/send")
    with work() as done:
        assert reporter.post("/report/ethics/send", form).status == 200
    assert not [each for each in done.statements if each.startswith("SELECT")]


def test_keys_that_another_process_changed_are_in_force_for_the_next_report(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    ring = other_keys(place)
    page = reporter.post("/report/ethics/send", form)
    assert page.status == 200
    receipt = Receipt.read(words(page))
    (stored,) = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages
    written = message.read(unseal_bytes(stored.sealed, ring.identities)).payload
    assert written.channel == message.ChannelKeys(ring.recipient, ring.verify)


def test_a_form_sent_again_after_a_change_is_still_the_same_report(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    first = reporter.post("/report/ethics/send", form)
    other_keys(place)
    again = reporter.post("/report/ethics/send", form)
    assert (again.status, words(again)) == (200, words(first))
    found = followup.open_sealed(place.ctx, place.id, Receipt.read(words(first)).mailbox_key)
    assert (found.state, len(found.messages)) == (State.NEW, 1)


def test_a_question_that_was_added_meanwhile_is_asked(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    more = TWO_CHANNELS.replace(
        '[[channels.questions]]\nid = "place"',
        '[[channels.questions]]\nid = "who"\nkind = "text"\nlabel = "Who?"\nrequired = true\n\n[[channels.questions]]\nid = "place"',
    )
    configuration.configure(place.ctx, place.id, parse_toml(more))
    page = reporter.post("/report/ethics/send", form)
    assert page.status == 422
    assert "Who?" in page.text


def test_a_channel_that_was_closed_meanwhile_takes_nothing(reporter: Reporter, place: Place) -> None:
    form = reporter.check().form("/report/ethics/send")
    with place.ctx.database.write() as session:
        session.get_one(Channel, (place.id, place.ethics_id)).recipient = None
        channels.describe(session, place.id, place.ethics_id, name="Ethics team", retired=False)
    assert reporter.post("/report/ethics/send", form).status == 409


def test_the_receipt_page_is_filled_anew_for_everybody(reporter: Reporter, place: Place) -> None:
    first, second = reporter.send(), reporter.send()
    assert words(first) != words(second)
    tickets = [page.form("/report/ethics/words")["ticket"][0] for page in (first, second)]
    assert tickets[0] != tickets[1]
    configuration.configure(place.ctx, place.id, parse_toml(TWO_CHANNELS.replace("Northwind Works", "<Southwind> & Sons")))
    assert "<Southwind> & Sons" in reporter.send().text
