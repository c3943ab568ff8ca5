"""A reporter at a browser, and what the tests know of the line: every byte that was sent, and an officer who writes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, expect

from app.crypto import conversation, identity_file, kdf, keyring, message
from app.crypto.age import seal_bytes, unseal_bytes
from app.crypto.conversation import Listed, seen_after
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridRecipient
from app.crypto.keyring import Keyring
from app.crypto.message import Attachment, Author, Payload
from app.crypto.receipt import Receipt
from app.domain import AttachmentId, CaseId, Kind, MessageId, SealedBy
from app.services import keyrings, officers, sessions, triage
from app.services.sessions import Officer
from app.storage import officers as officer_rows
from tests import canary
from tests.flows.desks import Desk, close, watched
from tests.relay import Relay

FORM = "/report/ethics"
SUBJECT = "Heron subject canary"
BODY = "Zephyr ledger canary: the north office changed its books on a Sunday."
PLACE = "Quartz harbour canary"
INSECURE = "delete Crypto.prototype.subtle; delete Crypto.prototype.randomUUID; delete window.WebAssembly;"
"""What a browser lacks on plain http, and at Tor Browser's safer settings."""


@dataclass(frozen=True)
class Line:
    """A page at the portal, with everything between them recorded."""

    page: Page
    relay: Relay

    def sent_any_of(self, *needles: str) -> set[str]:
        """Which of these texts left the browser, in any form."""
        return canary.found_in(self.relay.sent, needles)


@contextmanager
def open_line(chromium: Browser, desk: Desk) -> Iterator[Line]:
    """A fresh browser context whose traffic goes through a recording relay."""
    relay = Relay(desk.portal.port)
    context = chromium.new_context(base_url=f"http://127.0.0.1:{relay.port}", reduced_motion="reduce")
    try:
        yield Line(watched(context), relay)
    finally:
        close(context)
        relay.close()


def ready(page: Page) -> None:
    """Wait until the page says that it works in the browser."""
    expect(page.locator("#way [data-state=browser]")).to_be_visible()


def fill_report(page: Page) -> None:
    """Type a report with canaries in every kind of field."""
    page.fill("#subject", SUBJECT)
    page.fill("#body", BODY)
    page.fill("#q-where", PLACE)
    page.locator("#q-category input").nth(3).check()
    page.locator("#q-known input").nth(0).check()
    page.locator("#q-known input").nth(2).check()
    for part, value in (("day", "3"), ("month", "11"), ("year", "2026")):
        page.fill(f"#q-when [data-part={part}]", value)


def to_check(page: Page) -> None:
    """From an empty form to the check step."""
    page.goto(FORM)
    ready(page)
    fill_report(page)
    page.click("[data-primary]")
    expect(page.locator("[data-step=check]")).to_be_visible()


def to_receipt(page: Page) -> list[str]:
    """From an empty form to the receipt; gives the twelve words."""
    to_check(page)
    page.click("[data-send]")
    return shown_words(page)


def shown_words(page: Page) -> list[str]:
    words = page.locator("[data-step=receipt] .words li")
    expect(words).to_have_count(12)
    return words.all_inner_texts()


def check_words(page: Page, words: list[str]) -> None:
    """Answer the two-word check."""
    for name in ("first", "second"):
        number = int(page.locator(f"[data-step=receipt] label[for=word-{name}] [data-slot={name}]").inner_text())
        page.fill(f"#word-{name}", words[number - 1])
    page.click("#two-words button[type=submit]")


def open_conversation(page: Page, receipt: Receipt) -> None:
    """Come back with the words."""
    page.goto("/conversation")
    ready(page)
    page.fill("#words", " ".join(receipt.words))
    page.click("#words-form [data-primary]")
    expect(page.locator("[data-step=conversation]")).to_be_visible()


def officer_writes(
    desk: Desk,
    receipt: Receipt,
    body: str,
    *,
    acknowledge: bool = False,
    forged: bool = False,
    written_for: CaseId | None = None,
    removes: int | None = None,
    attachments: tuple[Attachment, ...] = (),
) -> None:
    """The officer's letter, as their browser seals it. `forged`: not signed with the channel's key; `written_for`: another case;
    `removes`: it is the notice of removal of the message with this number."""
    officer, ring = as_officer(desk)
    found = triage.case(desk.ctx, officer, receipt.case_id)
    opened = [None if each.removed else unseal_bytes(each.sealed, ring.identities) for each in found.messages]
    rows = zip(found.messages, opened, strict=True)
    listed = [Listed(each.number, each.id, each.kind, document, each.removed) for each, document in rows]
    checked = conversation.check(receipt.case_id, listed, reporter_key=None, channel_keys=ring.verify_keys, recipients=ring.recipients)
    taken = next((each for each in checked if each.number == removes), None)
    payload = Payload(
        id=MessageId(new_id()),
        case=written_for or receipt.case_id,
        kind=Kind.MESSAGE if taken is None else Kind.REMOVED,
        author=Author("officer", officer.id, officer.name),
        sealed_by=SealedBy.BROWSER,
        written_on=desk.ctx.today(),
        seen=seen_after(checked),
        body=body,
        removed=None if taken is None else conversation.removal_of(taken),
        attachments=attachments,
    )
    signing = receipt.signing if forged else ring.current.signing
    readers = [HybridRecipient.parse(ring.recipient), receipt.identity.recipient]
    sealed = seal_bytes(message.write(payload, signing), readers)
    gone = None if taken is None else taken.id
    ids = [AttachmentId(each.id) for each in attachments]
    triage.post(
        desk.ctx, officer, receipt.case_id, payload.id, payload.kind, sealed, acknowledge=acknowledge, attachments=ids, removes=gone
    )


def as_officer(desk: Desk) -> tuple[Officer, Keyring]:
    secrets = kdf.derive(desk.passphrase, desk.organisation, desk.user, kdf.PROFILES["testing"])
    started = officers.login(desk.ctx, desk.organisation, desk.user, secrets.login)
    session = sessions.load(desk.ctx, desk.organisation, started.session_token)
    assert session is not None
    with desk.ctx.database.read() as transaction:
        row = officer_rows.get(transaction, desk.organisation, session.officer.id)
        assert row is not None
        own = identity_file.open(row.identity, secrets.unlock)
    (sealed,) = [row.sealed for row in keyrings.for_officer(desk.ctx, session.officer) if row.channel == desk.channel()]
    assert sealed is not None
    return session.officer, keyring.open(sealed, [own.identity])
