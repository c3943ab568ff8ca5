"""What was deleted stays deleted: a restored backup is made to delete it again (FORMATS.md section 14)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from app.crypto import jsontext
from app.crypto.encoding import b64u_encode
from app.domain import AttachmentId, CaseId, MessageId, OrganisationId
from app.services import removal
from app.services.context import Context
from app.services.storing import tombstone
from app.services.sweeping import forget_blobs
from app.storage import cases, organisations
from app.storage import tombstones as rows

_BATCH = 500
_MARK_BYTES = 32


@dataclass(frozen=True, slots=True)
class Stone:
    """What is left of a deleted case or message: 32 bytes, and the day."""

    organisation: OrganisationId
    mark: bytes
    day: date


@dataclass(frozen=True, slots=True)
class Applied:
    """How many cases and messages were deleted again, and how many tombstones are of organisations that are not here."""

    cases: int = 0
    messages: int = 0
    unknown: int = 0


def parse(line: str) -> Stone:
    """A line of `quietline tombstones`. FormatError for anything else."""
    fields = jsontext.load(line)
    return Stone(OrganisationId(fields.ident("organisation")), fields.raw("mark", _MARK_BYTES), fields.day("day"))


def line(stone: Stone) -> str:
    """The same as text."""
    return jsontext.dump({"organisation": stone.organisation, "mark": b64u_encode(stone.mark), "day": stone.day.isoformat()})


def every(ctx: Context) -> Iterator[Stone]:
    """All of them, organisation by organisation."""
    for org in _present(ctx):
        with ctx.database.read() as session:
            found = rows.all_of(session, org)
        yield from (Stone(org, mark, day) for mark, day in found)


def apply_tombstones(ctx: Context, stones: Iterable[Stone]) -> Applied:
    """Remember these, and delete what they are of: cases as if they were withdrawn, messages as if they were removed.

    A message whose notice is not there either (the backup is older) is from then on shown as removed without one.
    """
    present, applied = set(_present(ctx)), Applied()
    for org, group in groupby(sorted(stones, key=lambda stone: stone.organisation), key=lambda stone: stone.organisation):
        wanted = list(group)
        if org in present:
            _remember(ctx, org, wanted)
            applied = _sum(applied, _apply(ctx, org, {stone.mark for stone in wanted}))
        else:
            applied = _sum(applied, Applied(unknown=len(wanted)))
    return applied


def apply_own(ctx: Context) -> Applied:
    """The same with those in the database: what came back beside them goes again."""
    applied = Applied()
    for org in _present(ctx):
        with ctx.database.read() as session:
            marks = {mark for mark, _ in rows.all_of(session, org)}
        applied = _sum(applied, _apply(ctx, org, marks))
    return applied


def returned(ctx: Context, org: OrganisationId) -> int:
    """How many cases and messages are there although a tombstone says that they were deleted."""
    with ctx.database.read() as session:
        marks = {mark for mark, _ in rows.all_of(session, org)}
    count, after, done = 0, "", not marks
    while not done:
        whole, parts, after = _found(ctx, org, marks, after)
        count, done = count + len(whole) + len(parts), not after
    return count


def expire(ctx: Context, org: OrganisationId) -> None:
    """Forget those whose last backup has expired (QUIETLINE_BACKUP_DAYS)."""
    with ctx.database.write() as session:
        rows.drop_before(session, org, ctx.today() - timedelta(days=ctx.settings.backup_days))


def _present(ctx: Context) -> Sequence[OrganisationId]:
    with ctx.database.read() as session:
        return [each.id for each in organisations.all_of_them(session)]


def _sum(one: Applied, other: Applied) -> Applied:
    return Applied(one.cases + other.cases, one.messages + other.messages, one.unknown + other.unknown)


def _remember(ctx: Context, org: OrganisationId, stones: Sequence[Stone]) -> None:
    for start in range(0, len(stones), _BATCH):
        with ctx.database.write() as session:
            for stone in stones[start : start + _BATCH]:
                cases.bury(session, org, stone.mark, stone.day)


def _apply(ctx: Context, org: OrganisationId, marks: Collection[bytes]) -> Applied:
    gone, emptied, after = 0, 0, ""
    while marks:
        whole, parts, after = _found(ctx, org, marks, after)
        for case in whole:
            gone += _delete_case(ctx, org, case)
        for case, message in parts:
            emptied += _delete_message(ctx, org, case, message)
        if not after:
            break
    if gone or emptied:
        ctx.cut_journal()
    return Applied(gone, emptied)


def _found(
    ctx: Context, org: OrganisationId, marks: Collection[bytes], after: str
) -> tuple[Sequence[CaseId], Sequence[tuple[CaseId, MessageId]], str]:
    """Of the next cases: those that are to go, the messages of the others that are, and where to go on (empty: nowhere)."""
    with ctx.database.read() as session:
        batch = dict(rows.mailboxes(session, org, after, _BATCH))
        messages = rows.standing(session, org, batch)
    whole = [case for case, mailbox in batch.items() if tombstone(mailbox) in marks]
    others = batch.keys() - set(whole)
    parts = [(case, each) for case, each in messages if case in others and removal.mark_of(batch[case], each) in marks]
    return whole, parts, max(batch) if len(batch) == _BATCH else ""


def _delete_case(ctx: Context, org: OrganisationId, case: CaseId) -> bool:
    with ctx.database.write() as session:
        found = rows.locked(session, org, case)
        if found is None:
            return False
        files = removal.drop_case(session, found, ctx.today())
    forget_blobs(ctx, org, files)
    return True


def _delete_message(ctx: Context, org: OrganisationId, case: CaseId, message: MessageId) -> bool:
    files: tuple[AttachmentId, ...] = ()
    with ctx.database.write() as session:
        found = rows.locked(session, org, case)
        if found is None:
            return False
        files = removal.empty(ctx, session, found, message)
    forget_blobs(ctx, org, files)
    return True
