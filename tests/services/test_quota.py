"""What is set aside for sealed files: refused beyond it, reports without files never; and what is told of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.crypto.receipt import Receipt
from app.domain import AttachmentId
from app.errors import NoRoom, QuotaReached, UnknownUpload
from app.services import files, followup, intake, quota, status, uploads
from app.services.context import Context
from app.services.quota import Quota, Shown
from tests.services.letters import report, send
from tests.services.sealed_files import PIECE, kept, pieces, readers, rows, seal_for, some_sealed_file, upload, upload_for
from tests.support import Clock, Place

SEALED = some_sealed_file(3 * PIECE)
SIZE = len(SEALED)


def limited(place: Place, limit: int) -> Place:
    """The same, with a limit."""
    settings = replace(place.ctx.settings, storage_bytes=limit)
    return replace(place, ctx=replace(place.ctx, settings=settings, quota=Quota()))


def stored(place: Place) -> int:
    return sum(place.ctx.blobs.read(place.id, AttachmentId(name))[0] for name in place.ctx.blobs.names(place.id))


def test_without_a_limit_nothing_is_summed_up(place: Place) -> None:
    upload(place, SEALED)
    assert place.ctx.quota.used() is None
    assert quota.shown(place.ctx) is None
    assert status.status(place.ctx, place.id).storage is None


def test_files_are_taken_up_to_the_limit_and_reports_without_files_beyond_it(place: Place) -> None:
    place = limited(place, 2 * SIZE)
    for _ in range(2):
        upload(place, SEALED)
    with pytest.raises(QuotaReached):
        uploads.create(place.ctx, place.id, SIZE)
    receipt = Receipt.generate()
    assert not send(place, receipt).repeated
    assert followup.open_plain(place.ctx, place.id, receipt).answerable
    assert rows(place)[0] == kept(place)[1]


def test_it_looks_like_a_full_disk_to_whoever_sends_a_file() -> None:
    assert issubclass(QuotaReached, NoRoom)
    assert QuotaReached.code == NoRoom.code


def test_a_file_sealed_here_is_refused_and_leaves_nothing(place: Place) -> None:
    place = limited(place, SIZE)
    with pytest.raises(QuotaReached):
        files.seal_file(
            place.ctx, place.id, list(map(str, readers(place, Receipt.generate()))), "a", "text/plain", [b"x" * 4 * PIECE], 10**9
        )
    assert (rows(place), kept(place)) == ((set(), set()), (set(), set()))


def test_what_is_only_promised_keeps_nobody_out(place: Place) -> None:
    place = limited(place, SIZE)
    promised = [uploads.create(place.ctx, place.id, SIZE).id for _ in range(20)]
    upload(place, SEALED)
    assert quota.used(place.ctx) == SIZE
    with pytest.raises(QuotaReached):
        uploads.write(place.ctx, place.id, promised[0], 0, pieces(SEALED), SIZE)


def test_half_a_file_that_has_no_room_gives_its_own_back(place: Place) -> None:
    place = limited(place, SIZE + PIECE)
    first, second = (uploads.create(place.ctx, place.id, SIZE).id for _ in range(2))
    uploads.write(place.ctx, place.id, first, 0, pieces(SEALED[: 2 * PIECE]), 2 * PIECE)
    with pytest.raises(QuotaReached):
        uploads.write(place.ctx, place.id, second, 0, pieces(SEALED), SIZE)
    with pytest.raises(UnknownUpload):
        uploads.status(place.ctx, place.id, second)
    uploads.write(place.ctx, place.id, first, 2 * PIECE, pieces(SEALED[2 * PIECE :]), SIZE - 2 * PIECE)
    assert quota.used(place.ctx) == stored(place) == SIZE


def test_what_messages_name_counts_until_it_is_deleted(place: Place) -> None:
    receipt = Receipt.generate()
    file = upload_for(place, receipt, os.urandom(2 * PIECE))
    size = stored(place)
    place = limited(place, size)
    message, sealed = report(place, receipt)
    intake.accept_sealed(place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key, message, sealed, [file])
    assert quota.used(place.ctx) == size
    with pytest.raises(QuotaReached):
        uploads.create(place.ctx, place.id, SIZE)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    assert quota.used(place.ctx) == 0
    small = seal_for(readers(place, receipt), b"x")
    assert len(small) < size
    upload(place, small)


def test_twenty_at_once_go_beyond_the_limit_by_a_piece_each_at_most(place: Place) -> None:
    place = limited(place, 8 * SIZE)

    def one(_: int) -> bool:
        try:
            upload(place, SEALED)
        except QuotaReached:
            return False
        return True

    with ThreadPoolExecutor(20) as threads:
        whole = sum(threads.map(one, range(20)))
    assert stored(place) == whole * SIZE
    assert 1 <= whole * SIZE <= 8 * SIZE + 20 * PIECE
    assert whole < 20
    assert kept(place)[0] == set()
    assert not send(place, Receipt.generate()).repeated


def test_processes_know_of_each_other_what_they_let_in(place: Place) -> None:
    held = Quota()
    held.end(held.begin(), 0)
    child = os.fork()
    if child == 0:
        os._exit(0 if held.let_in(90, 100, sure=False) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not held.let_in(11, 100, sure=False)
    assert held.let_in(10, 100, sure=False)


def test_a_sum_that_was_begun_before_another_changes_nothing() -> None:
    held = Quota()
    early = held.begin()
    held.end(held.begin(), 0)
    held.let_in(50, 100, sure=True)
    held.end(held.begin(), 50)
    held.end(early, 0)
    assert held.used() == 50


@pytest.fixture
def sized(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Context, list[int]]]:
    """A context with a limit of 1000 files of 64 KiB, and what the sum comes to."""
    total = [0]
    monkeypatch.setattr(quota, "_sum", lambda ctx: total[0])
    monkeypatch.setattr(quota, "SECONDS", -1)  # every look is a fresh one
    settings = replace(place.ctx.settings, storage_bytes=1000 * PIECE, upload_bytes=PIECE)
    yield replace(place.ctx, settings=settings, quota=Quota()), total


def test_what_is_shown_is_rounded_and_of_the_first_look_on_a_day(sized: tuple[Context, list[int]], clock: Clock) -> None:
    ctx, total = sized
    total[0] = 797 * PIECE
    assert quota.shown(ctx) == Shown(1000 * PIECE, 75)
    for files_more in (1, 4, 99):
        total[0] = (797 + files_more) * PIECE
        assert quota.shown(ctx) == Shown(1000 * PIECE, 75)
    total[0] = 600 * PIECE  # somebody withdrew
    assert quota.shown(ctx) == Shown(1000 * PIECE, 75)
    total[0] = 801 * PIECE
    clock.move(days=1)
    found = quota.shown(ctx)
    assert found == Shown(1000 * PIECE, 80)
    assert found is not None
    assert found.notice


def test_within_a_day_only_what_few_files_cannot_have_done_is_told(sized: tuple[Context, list[int]]) -> None:
    ctx, total = sized
    assert quota.shown(ctx) == Shown(1000 * PIECE, 0)
    total[0] = 100 * PIECE - 1
    assert quota.shown(ctx) == Shown(1000 * PIECE, 0)
    total[0] = 900 * PIECE
    assert quota.shown(ctx) == Shown(1000 * PIECE, 90)
    small = replace(ctx, settings=replace(ctx.settings, storage_bytes=8 * PIECE), quota=Quota())
    total[0] = 0
    quota.shown(small)
    for more, percent in ((3 * PIECE, 0), (4 * PIECE, 50)):
        total[0] = more
        assert quota.shown(small) == Shown(8 * PIECE, percent)
