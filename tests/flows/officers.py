"""What the desk's journeys share: logging in, unlocking, a report as a browser seals it, and what a hostile host does to a keyring."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from playwright.sync_api import Page, expect

from app.crypto import keyring, message
from app.crypto.age import seal_bytes
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridIdentity, HybridRecipient
from app.crypto.keyring import Keyring, Member
from app.crypto.message import Answer, ChannelKeys
from app.crypto.receipt import Receipt
from app.crypto.signing import SigningKey
from app.domain import CaseId, ChannelId, OfficerId, SealedBy
from app.services import intake, organisations, receipts
from tests import payloads
from tests.flows.desks import Desk


def case_path(case: CaseId) -> str:
    return f"/desk/case/{case}"


def open_keys(page: Page) -> None:
    """Wait until the keys are open in the tab."""
    expect(page.locator('[data-lock-is="open"]')).to_be_visible()


def open_case(page: Page, desk: Desk, receipt: Receipt) -> None:
    """Go to a case, logging in on the way, and wait until its messages are opened."""
    page.goto(case_path(receipt.case_id))
    if page.locator("#login").is_visible():
        page.fill("#user", desk.user)
        page.fill("#password", desk.passphrase)
        page.click("#login [data-submit]")
    expect(page.locator("#message-1[data-mark]")).to_be_visible()


def browser_report(
    desk: Desk,
    body: str,
    subject: str | None = None,
    *,
    category: str = "Fraud or theft",
    sealed_by: SealedBy = SealedBy.BROWSER,
    reply_to: str | None = None,
) -> Receipt:
    """A report as a reporter's browser seals it; `reply_to` is the reporter's own recipient unless another is named."""
    receipt = receipts.new()
    channel = organisations.portal(desk.ctx, desk.organisation).channels[0]
    assert channel.keys is not None
    written = payloads.report(receipt, ChannelKeys(channel.keys.recipient, channel.keys.verify), body, desk.ctx.today())
    payload = replace(
        written,
        sealed_by=sealed_by,
        subject=subject,
        answers=(Answer("category", "What is it about?", category),),
        reply_to=reply_to or written.reply_to,
    )
    readers = [HybridRecipient.parse(channel.keys.recipient), receipt.identity.recipient]
    sealed = seal_bytes(message.write(payload, receipt.signing), readers)
    intake.accept_sealed(desk.ctx, desk.organisation, channel.id, receipt.case_id, receipt.mailbox_key, payload.id, sealed)
    return receipt


def foreign_keyring(desk: Desk, channel: ChannelId, *, to_officer: bool = True) -> Keyring:
    """A keyring that a host makes for a channel: well formed, of keys that the host holds, sealed to the officer or to somebody else."""
    recipient = str(desk.value("SELECT recipient FROM officers WHERE user_name = :user", user=desk.user))
    readable = recipient if to_officer else str(HybridIdentity.generate().recipient)
    member = Member(OfficerId(new_id()), "Somebody", readable, SigningKey.generate().verify)
    recovery = str(HybridIdentity.generate().recipient)
    return keyring.new_keyring(desk.organisation, channel, desk.ctx.today(), [member], [recovery])


@contextmanager
def keyring_replaced(desk: Desk, ring: Keyring, *, offered: bool = False) -> Iterator[None]:
    """The host puts `ring` in the place of its channel's keyring; with `offered`, its keys are what reporters are offered too."""
    place = {"channel": ring.channel}
    before = {
        "sealed": desk.value("SELECT sealed FROM keyrings WHERE channel_id = :channel", **place),
        "recipient": desk.value("SELECT recipient FROM channels WHERE id = :channel", **place),
        "verify": desk.value("SELECT verify FROM channels WHERE id = :channel", **place),
    }
    after = {**before, "sealed": keyring.seal(ring)}
    if offered:
        after |= {"recipient": ring.recipient, "verify": ring.verify}
    _put(desk, ring.channel, after)
    try:
        yield
    finally:
        _put(desk, ring.channel, before)


def _put(desk: Desk, channel: ChannelId, values: dict[str, object]) -> None:
    desk.change("UPDATE keyrings SET sealed = :sealed WHERE channel_id = :channel", sealed=values["sealed"], channel=channel)
    keys = {"recipient": values["recipient"], "verify": values["verify"]}
    desk.change("UPDATE channels SET recipient = :recipient, verify = :verify WHERE id = :channel", **keys, channel=channel)
    # The portal's memory of an organisation is good for one revision.
    desk.change("UPDATE organisations SET revision = revision + 1")
