"""A report's form as it comes, with script off: whose receipt it is, its text, and its files, sealed to that receipt's reporter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from werkzeug.datastructures import MultiDict

from app.errors import TicketExpired
from app.services import receipts
from app.services.carried import Attachment
from app.services.drafts import PlainReport
from app.services.organisations import Channel
from app.services.receipts import Receipt
from app.web.context import organisation, services
from app.web.reporter import attached, forms
from app.web.reporter.attached import Fields, Refused, Taken


@dataclass(frozen=True)
class Filled:
    """A form that was read. `receipt` is its ticket's, or a fresh one where there is none (`held` False) or it does not open (`expired`).

    `lost`: files came with it that were sealed for a receipt that nobody has any more.
    """

    channel: Channel
    fields: Fields | None = field(repr=False)
    receipt: Receipt = field(repr=False)
    held: bool
    expired: bool
    files: tuple[Attachment, ...] = field(default=(), repr=False)
    refused: tuple[Refused, ...] = ()
    problem: str = ""
    lost: bool = False

    @cached_property
    def form(self) -> forms.ReportForm:
        """Its fields as a page shows them: the last post, which shows none, does without."""
        return forms.report_form(self.channel, self.fields)

    @property
    def draft(self) -> PlainReport:
        """What was typed, as the services take it."""
        return forms.draft(self.fields or MultiDict(), self.channel)

    @property
    def status(self) -> int:
        """See Taken.status."""
        return attached.status(self.refused, self.problem)


def blank(channel: Channel) -> Filled:
    """A form that nobody has typed anything into."""
    return Filled(channel, None, receipts.new(), held=False, expired=False)


def read(channel: Channel) -> Filled:
    """The form of this request, its files sealed to the channel as its page shows it, and to the reporter."""
    holder = _Holder(channel)
    taken = attached.take(holder.readers)
    holder.settle(taken)
    receipt = holder.receipt or receipts.new()
    lost = not holder.held and _lose_carried(taken)
    files = attached.kept(taken.fields)
    return Filled(channel, taken.fields, receipt, holder.held, holder.expired, files, tuple(taken.refused), taken.problem, lost)


def ticket(receipt: Receipt) -> str:
    """What carries this receipt to the next page."""
    context = services()
    return context.tickets.issue(context.clock(), organisation(), "report", receipt)


def receipt_of(ticket: str) -> Receipt:
    """The receipt in a ticket of a report. TicketExpired."""
    context = services()
    return context.tickets.open(context.clock(), organisation(), "report", ticket)


class _Holder:
    """Finds out whose form it is, at its first file or at its end, whichever comes first."""

    def __init__(self, channel: Channel) -> None:
        self.receipt: Receipt | None = None
        self.held = self.expired = False
        self._channel = channel

    def readers(self, fields: Fields) -> Sequence[str]:
        if self.receipt is None:
            self.held = self._open(fields)
        receipt = self.receipt = self.receipt or receipts.new()
        assert self._channel.keys is not None  # the page of a channel without keys has no form
        return (self._channel.keys.recipient, str(receipt.identity.recipient))

    def settle(self, taken: Taken) -> None:
        """At the end of the form. A ticket that stood after the files still counts: the report must stay the one that it was."""
        if self.held:
            return
        self.held = self._open(taken.fields)
        if self.held and taken.new:
            taken.give_up_new("again")

    def _open(self, fields: Fields) -> bool:
        """Whether the form holds a ticket that opens; the receipt is then the ticket's."""
        typed = fields.get("ticket", "")
        try:
            if typed:
                self.receipt = receipt_of(typed)
        except TicketExpired:
            self.expired = True
        return bool(typed) and not self.expired


def _lose_carried(taken: Taken) -> bool:
    """Files from an earlier page whose receipt is lost go; those that have just been sealed to the new one stay."""
    fresh = [file.id for file in taken.new]
    old = [file for file in attached.kept(taken.fields) if file.id not in fresh]
    attached.drop(old)
    attached.put(taken.fields, taken.new)
    return bool(old)
