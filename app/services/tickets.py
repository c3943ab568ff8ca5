"""Tickets: what a page without script carries in place of the receipt (FORMATS.md section 12).

Their keys lie in anonymous memory that is shared with every process forked after the box was made, and nowhere else: a restart
forgets them. A key serves for 30 minutes and is kept for 30 more, so a ticket is good for its whole life.
"""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Final

from app.crypto.receipt import Receipt
from app.crypto.tickets import Purpose, new_key, open_ticket, seal_ticket
from app.domain import OrganisationId
from app.errors import FormatError, TicketExpired
from app.services.shared import SharedPage

__all__ = ["LIFE", "Purpose", "TicketBox"]

LIFE: Final = 30 * 60
"""Seconds that a ticket is good for, and that a key seals new ones."""

_KEYS: Final = struct.Struct("<q32s?32s")  # the period of the newest key, that key, whether there is a predecessor, the predecessor


class TicketBox:
    """Seals and opens tickets for this process and those forked from it."""

    def __init__(self) -> None:
        self._page = SharedPage("quietline-tickets")
        self._write(-2, b"", b"")  # no period that could be the predecessor of a real one

    def issue(self, now: datetime, organisation: OrganisationId, purpose: Purpose, receipt: Receipt) -> str:
        """A ticket that holds this receipt for the next 30 minutes."""
        seconds = int(now.timestamp())
        newest, *_ = self._keys(seconds)
        return seal_ticket(newest, receipt.entropy, seconds + LIFE, organisation, purpose)

    def open(self, now: datetime, organisation: OrganisationId, purpose: Purpose, ticket: str) -> Receipt:
        """The receipt in a ticket.

        Raises TicketExpired: too old, made before a restart, altered, or for another purpose or organisation.
        """
        seconds = int(now.timestamp())
        try:
            return Receipt.from_entropy(open_ticket(self._keys(seconds), ticket, seconds, organisation, purpose))
        except FormatError:
            raise TicketExpired from None

    def rotate(self, now: datetime) -> None:
        """Forget the keys whose time is over, although nobody asks for a ticket."""
        self._keys(int(now.timestamp()))

    def _keys(self, seconds: int) -> list[bytes]:
        """The newest key and its predecessor where there is one, rotated first when it is time."""
        period = seconds // LIFE
        with self._page.locked() as memory:
            held, newest, has_previous, previous = _KEYS.unpack_from(memory)
            # A clock that is set back by a little keeps the newest key, and one that is set right after it was far ahead keeps it as the
            # predecessor: tickets that people still hold stay good, and no key stays until the clock is as late as that again.
            if period > held or period < held - 1:
                has_previous, previous = period <= held + 1, newest
                newest = new_key()
                self._write(period, newest, previous if has_previous else b"")
            return [newest, previous] if has_previous else [newest]

    def _write(self, period: int, newest: bytes, previous: bytes) -> None:
        _KEYS.pack_into(self._page.memory, 0, period, newest, bool(previous), previous)
