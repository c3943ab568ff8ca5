"""Checking a conversation: what can be proved of each message, and what cannot (FORMATS.md section 6)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.crypto.checking import Listed, Opened, Reader, notices, problems_of_itself, read_listed
from app.crypto.message import DIGEST_BYTES, Payload, Removal, Seen
from app.domain import CaseId, Kind, Mark, MessageId, Problem, SealedBy

__all__ = ["Checked", "Listed", "check", "check_as_reporter", "digest", "entry", "removal_of", "seen_after"]

_NOTHING: Final = bytes(DIGEST_BYTES)


@dataclass(frozen=True, slots=True)
class Checked:
    """A message with its mark and problems. `id` and `kind` are the listed ones. `payload` is None when unreadable, malformed or removed.
    `entry` (32 bytes) is what it enters the digest with. `notice`: what the notice says that took a removed one away."""

    number: int
    id: MessageId
    kind: Kind
    mark: Mark
    problems: tuple[Problem, ...]
    payload: Payload | None
    entry: bytes
    notice: Payload | None = None


def entry(signed: str | None) -> bytes:
    """What a message with this text (None: without one) enters the digest with: 32 bytes."""
    return _NOTHING if signed is None else hashlib.sha256(signed.encode("utf-8")).digest()


def _digests(entries: Iterable[bytes]) -> Iterator[bytes]:
    """The digest after 0, 1, 2 ... messages."""
    running = hashlib.sha256()
    yield running.digest()
    for each in entries:
        running.update(each)
        yield running.digest()


def digest(entries: Sequence[bytes]) -> bytes:
    """The digest (32 bytes) after shared messages that enter it with these, in order."""
    *_, last = _digests(entries)
    return last


def seen_after(checked: Sequence[Checked], count: int | None = None) -> Seen:
    """What a writer puts in `seen` who was shown the first `count` shared messages of a checked conversation; all of them by default.
    ValueError when there are fewer."""
    shared = [message.entry for message in sorted(checked, key=lambda m: m.number) if message.kind is not Kind.NOTE]
    shown = len(shared) if count is None else count
    if not 0 <= shown <= len(shared):
        raise ValueError("more than there are")
    return Seen(shown, digest(shared[:shown]))


def removal_of(message: Checked) -> Removal:
    """What a notice says of the message that it takes away."""
    return Removal(message.id, message.entry)


def check(
    case: CaseId, listed: Sequence[Listed], *, reporter_key: str | None, channel_keys: Collection[str], recipients: Collection[str] | None
) -> tuple[Checked, ...]:
    """Every message with its mark and problems, in order of number.

    `reporter_key`: the reporter's own verify key, or None for an officer, who takes that of message 1. `channel_keys`: verify keys valid
    for officers. `recipients`: for an officer, the team recipients of the keyring; None for the reporter."""
    opened = [read_listed(message) for message in sorted(listed, key=lambda m: m.number)]
    if reporter_key is None:
        reporter_key = next((m.envelope.key for m in opened if m.listed.number == 1 and m.envelope), None)
    reader = Reader(case, reporter_key, channel_keys, recipients)
    counted = notices(opened, reader)
    entries = [_entry(message, counted.get(at)) for at, message in enumerate(opened)]
    digests = tuple(_digests(each for each, message in zip(entries, opened, strict=True) if message.listed.kind is not Kind.NOTE))
    earlier_ids: set[MessageId] = set()
    checked, before = [], 0
    for at, message in enumerate(opened):
        if message.listed.removed:
            checked.append(_removed(message.listed, entries[at], counted.get(at)))
        else:
            checked.append(_check_one(message, reader, digests[: before + 1], earlier_ids, entries[at]))
        earlier_ids |= _ids(message)
        before += message.listed.kind is not Kind.NOTE
    return tuple(checked)


def check_as_reporter(case: CaseId, listed: Sequence[Listed], reporter_key: str) -> tuple[Checked, ...]:
    """`check` for the reporter, who believes the officers' key that their own report names, once that report has checked."""
    own = check(case, [message for message in listed if message.number == 1], reporter_key=reporter_key, channel_keys=(), recipients=None)
    keys = {message.payload.channel.verify for message in own if not message.problems and message.payload and message.payload.channel}
    return check(case, listed, reporter_key=reporter_key, channel_keys=keys, recipients=None)


def _entry(message: Opened, notice: Payload | None) -> bytes:
    if notice is not None and notice.removed is not None:
        return notice.removed.digest
    return entry(message.signed)


def _ids(message: Opened) -> set[MessageId]:
    if message.listed.removed:
        return {message.listed.id}
    return {message.payload.id} if message.payload else set()


def _removed(listed: Listed, entered: bytes, notice: Payload | None) -> Checked:
    mark, problems = (Mark.FAILED, (Problem.REMOVED,)) if notice is None else (Mark.REMOVED, ())
    return Checked(listed.number, listed.id, listed.kind, mark, problems, None, entered, notice)


def _check_one(message: Opened, reader: Reader, digests: Sequence[bytes], earlier_ids: Collection[MessageId], entered: bytes) -> Checked:
    listed, envelope, payload = message.listed, message.envelope, message.payload
    if envelope is None or payload is None:
        problem = Problem.UNREADABLE if listed.document is None else Problem.MALFORMED
        mark = Mark.UNREADABLE if listed.document is None else Mark.FAILED
        return Checked(listed.number, listed.id, listed.kind, mark, (problem,), None, entered)
    found = problems_of_itself(listed, envelope, payload, reader)
    if payload.id in earlier_ids:
        found.add(Problem.DUPLICATE)
    if payload.seen.count >= len(digests) or digests[payload.seen.count] != payload.seen.digest:
        found.add(Problem.SEEN)
    problems = tuple(problem for problem in Problem if problem in found)
    return Checked(listed.number, listed.id, listed.kind, _mark(problems, payload), problems, payload, entered)


def _mark(problems: tuple[Problem, ...], payload: Payload) -> Mark:
    if problems:
        return Mark.FAILED
    return Mark.SERVER if payload.sealed_by is SealedBy.SERVER else Mark.VERIFIED
