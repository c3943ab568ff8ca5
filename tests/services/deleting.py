"""Cases for deleting, and what of them to look for on the disk afterwards: slices of sealed messages and files, and ids."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from app.crypto.receipt import Receipt, mailbox_hash
from app.domain import Kind, MessageId, Outcome
from app.services import configuration, followup, retention, triage
from app.services.configuration import parse_toml
from tests.services.letters import addition, close, officer, remove, reply, send
from tests.services.sealed_files import readers, seal_for, upload
from tests.support import TWO_CHANNELS, Clock, Place

DAYS: Final = 30


@dataclass(frozen=True)
class Traces:
    """A case with a file, and slices of everything in it that was sealed. `message`: the one with the file."""

    receipt: Receipt
    message: MessageId
    of_message: list[bytes] = field(repr=False)
    of_the_rest: list[bytes] = field(repr=False)
    of_file: list[bytes] = field(repr=False)
    ids: list[bytes] = field(repr=False)

    @property
    def everything(self) -> list[bytes]:
        return [*self.of_message, *self.of_the_rest, *self.of_file, *self.ids]


def slices(sealed: bytes, most: int = 24) -> list[bytes]:
    """Short runs from all over, as pages and blocks may cut it anywhere; without its first line, which all have in common."""
    starts = range(60, len(sealed) - 24, max(150, len(sealed) // most))
    return [sealed[start : start + 24] for start in starts]


def make_case(place: Place, file_bytes: int = 300_000) -> Traces:
    """A report, a reply, a note, and an answer with a file."""
    receipt = Receipt.generate()
    send(place, receipt)
    reply(place, place.olivia, receipt, "A reply.")
    reply(place, place.olivia, receipt, "A note.", Kind.NOTE)
    sealed = seal_for(readers(place, receipt), os.urandom(file_bytes))
    message, letter = addition(place, receipt, "See the file. " * 500)
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, message, letter, [upload(place, sealed)])
    stored = triage.case(place.ctx, officer(place, place.olivia), receipt.case_id).messages
    rest = [piece for row in stored if row.id != message for piece in slices(row.sealed)]
    ids = [receipt.case_id.encode(), mailbox_hash(receipt.mailbox_key)]
    return Traces(receipt, message, slices(letter), rest, slices(sealed, 100), ids)


def keep_for(place: Place, days: int = DAYS) -> None:
    toml = TWO_CHANNELS.replace('slug = "ethics"\n', f'slug = "ethics"\nretention_days = {days}\n', 1)
    configuration.configure(place.ctx, place.id, parse_toml(toml))


def _withdraw(place: Place, clock: Clock, case: Traces) -> list[bytes]:
    followup.withdraw(place.ctx, place.id, case.receipt.mailbox_key)
    return case.everything


def _expire(place: Place, clock: Clock, case: Traces) -> list[bytes]:
    keep_for(place)
    close(place, place.olivia, case.receipt, Outcome.SUBSTANTIATED)
    clock.move(days=DAYS)
    assert retention.run(place.ctx) == 1
    return case.everything


def _remove(place: Place, clock: Clock, case: Traces) -> list[bytes]:
    remove(place, place.olivia, case.receipt, case.message)
    return [*case.of_message, *case.of_file]


WAYS: Final[Mapping[str, Callable[[Place, Clock, Traces], list[bytes]]]] = MappingProxyType(
    {"withdrawal": _withdraw, "retention": _expire, "removal": _remove}
)
"""Each deletes a case or a part of it, and gives what must not be found any more."""
