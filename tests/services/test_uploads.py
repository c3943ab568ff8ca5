"""Sealed files on their way: in any number of requests, through failures of every kind, and out again when nobody names them."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from app.crypto import attachment
from app.crypto.encoding import new_id
from app.crypto.receipt import Receipt
from app.domain import LIMITS, AttachmentId, OrganisationId
from app.errors import (
    AttachmentsRefused,
    ChecksumMismatch,
    ChecksumUnknown,
    FormatError,
    NoRoom,
    OffsetConflict,
    QuietlineError,
    StorageBusy,
    UnknownUpload,
    UploadBusy,
    UploadRefused,
    UploadTooLarge,
)
from app.services import housekeeping, intake, uploads
from app.services.context import Context
from app.services.uploads import Upload
from app.storage import staging
from app.storage import uploads as upload_rows
from app.storage.blobs_local import LocalBlobs
from app.storage.engine import Database
from tests.services.letters import report, send
from tests.services.sealed_files import kept, pieces, rows, seal_for, some_sealed_file, staged, strangers, upload, upload_for
from tests.support import Clock, Place

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC).timestamp()


@pytest.fixture
def sealed() -> bytes:
    """Three pieces of 64 KiB and a bit."""
    return some_sealed_file(3 * 64 * 1024 + 100)


def begin(place: Place, sealed: bytes) -> AttachmentId:
    return uploads.create(place.ctx, place.id, len(sealed)).id


def write(place: Place, file: AttachmentId, offset: int, data: bytes, checksum: tuple[str, bytes] | None = None) -> Upload:
    return uploads.write(place.ctx, place.id, file, offset, pieces(data), len(data), checksum)


def status(place: Place, file: AttachmentId) -> Upload:
    return uploads.status(place.ctx, place.id, file)


def offset(place: Place, file: AttachmentId) -> int:
    return status(place, file).offset


def stored(place: Place, file: AttachmentId) -> bytes:
    return b"".join(place.ctx.blobs.read(place.id, file)[1])


def is_gone(place: Place, file: AttachmentId) -> bool:
    in_staging, in_store = kept(place)
    return file not in rows(place)[0] | in_staging | in_store


def sha256(data: bytes) -> tuple[str, bytes]:
    return "sha256", hashlib.sha256(data).digest()


def test_a_file_arrives_in_as_many_requests_as_it_takes(place: Place, sealed: bytes) -> None:
    made = uploads.create(place.ctx, place.id, len(sealed))
    assert (made.length, made.offset) == (len(sealed), 0)
    for start, end in ((0, 1), (1, 70_000), (70_000, 70_000), (70_000, len(sealed))):
        assert write(place, made.id, start, sealed[start:end]).offset == end
        assert offset(place, made.id) == end
    assert stored(place, made.id) == sealed
    assert kept(place) == (set(), {made.id})


def test_what_it_is_sealed_to_is_counted_once_it_is_whole(place: Place) -> None:
    for count in (1, 2, 7):
        file = upload(place, seal_for(strangers(count), b"data"))
        with place.ctx.database.read() as session:
            row = upload_rows.get(session, place.id, file)
        assert row is not None
        assert row.stanzas == count


def test_it_is_kept_until_the_end_of_the_next_day_in_utc(place: Place, sealed: bytes, clock: Clock) -> None:
    file = begin(place, sealed)
    assert status(place, file).expires == datetime(2026, 11, 23, tzinfo=UTC)
    clock.move(days=1, seconds=12 * 3600 - 1)
    assert clock().isoformat() == "2026-11-22T23:59:59+00:00"
    write(place, file, 0, sealed[:1000])
    clock.move(seconds=1)
    for refused in (partial(status, place, file), partial(write, place, file, 1000, sealed[1000:])):
        with pytest.raises(UnknownUpload):
            refused()


def test_a_wrong_offset_changes_nothing(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    write(place, file, 0, sealed[:1000])
    for wrong in (0, 999, 1001, len(sealed)):
        with pytest.raises(OffsetConflict):
            write(place, file, wrong, b"")
    assert write(place, file, 1000, sealed[1000:]).offset == len(sealed)
    with pytest.raises(OffsetConflict):
        write(place, file, 0, sealed)
    assert stored(place, file) == sealed


def test_more_than_was_declared_is_not_kept(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    write(place, file, 0, sealed[:1000])
    with pytest.raises(UploadTooLarge):
        write(place, file, 1000, sealed[1000:] + b"x")
    with pytest.raises(UploadTooLarge):  # not declared either: found out while it comes
        uploads.write(place.ctx, place.id, file, 1000, pieces(sealed[1000:] + b"x"), None)
    assert offset(place, file) == 1000
    assert staged(place, file).stat().st_size == 1000
    write(place, file, 1000, sealed[1000:])
    with pytest.raises(UploadTooLarge):
        write(place, file, len(sealed), b"x")
    assert stored(place, file) == sealed


def test_a_checksum_that_does_not_fit_cuts_off_what_came(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    write(place, file, 0, sealed[:1000], sha256(sealed[:1000]))
    with pytest.raises(ChecksumMismatch):
        write(place, file, 1000, sealed[1000:], sha256(sealed))
    assert offset(place, file) == 1000
    assert write(place, file, 1000, sealed[1000:], sha256(sealed[1000:])).offset == len(sealed)


@pytest.mark.parametrize("checksum", [("md5", bytes(16)), ("sha1", bytes(21)), ("SHA256", bytes(32)), ("sha256", bytes(31)), ("", b"")])
def test_a_checksum_of_another_kind_is_refused_before_anything_is_read(place: Place, sealed: bytes, checksum: tuple[str, bytes]) -> None:
    file = begin(place, sealed)
    with pytest.raises(ChecksumUnknown):
        write(place, file, 0, sealed, checksum)
    assert offset(place, file) == 0


class Broken(Exception):
    pass


def breaking(data: bytes, kind: type[BaseException] = Broken) -> Iterator[bytes]:
    yield from pieces(data, 5000)
    raise kind


@pytest.mark.parametrize("kind", [Broken, ConnectionResetError, GeneratorExit, SystemExit])
def test_a_request_that_breaks_off_keeps_what_came(place: Place, sealed: bytes, kind: type[BaseException]) -> None:
    file = begin(place, sealed)
    with pytest.raises(kind):
        uploads.write(place.ctx, place.id, file, 0, breaking(sealed[:50_000], kind), len(sealed))
    assert offset(place, file) == 50_000
    write(place, file, 50_000, sealed[50_000:])
    assert stored(place, file) == sealed


def test_a_request_that_ends_early_keeps_what_came(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    assert uploads.write(place.ctx, place.id, file, 0, [sealed[:777]], len(sealed)).offset == 777


def test_damage_to_the_header_is_a_wrong_checksum_and_not_a_file_that_is_none(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    with pytest.raises(ChecksumMismatch):
        write(place, file, 0, b"x" + sealed[1:], ("sha1", hashlib.sha1(sealed).digest()))
    assert offset(place, file) == 0
    assert write(place, file, 0, sealed, ("sha1", hashlib.sha1(sealed).digest())).offset == len(sealed)


def test_a_file_that_is_none_is_refused_with_its_right_checksum_too(place: Place, sealed: bytes) -> None:
    file, junk = begin(place, sealed), bytes(len(sealed))
    with pytest.raises(UploadRefused):
        write(place, file, 0, junk, ("sha256", hashlib.sha256(junk).digest()))
    assert is_gone(place, file)


def test_after_a_start_of_the_machine_no_upload_goes_on_behind_what_may_not_be_on_the_disk(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    place.ctx.staging.distrust("one start")
    write(place, file, 0, sealed[:100_000])
    place.ctx.staging.distrust("one start")
    assert offset(place, file) == 100_000
    place.ctx.staging.distrust("the next")
    assert offset(place, file) == 0
    assert write(place, file, 0, sealed).offset == len(sealed)
    assert stored(place, file) == sealed


def test_one_file_that_cannot_be_deleted_does_not_keep_the_others(place: Place, sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [upload(place, sealed) for _ in range(3)]
    with place.ctx.database.write() as session:
        for each in left:
            upload_rows.drop(session, place.id, each)
    delete = LocalBlobs.delete

    def fail(self: LocalBlobs, organisation: OrganisationId, name: AttachmentId) -> None:
        if name == sorted(left)[0]:
            raise OSError(errno.EIO, "damaged")
        delete(self, organisation, name)

    monkeypatch.setattr(LocalBlobs, "delete", fail)
    uploads.sweep(place.ctx)
    assert [place.ctx.blobs.has(place.id, each) for each in sorted(left)] == [True, False, False]
    monkeypatch.undo()
    uploads.sweep(place.ctx)
    assert not place.ctx.blobs.has(place.id, sorted(left)[0])


def test_what_broke_off_cannot_be_compared_with_its_checksum_and_is_cut_off(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    with pytest.raises(Broken):
        uploads.write(place.ctx, place.id, file, 0, breaking(sealed[:50_000]), len(sealed), sha256(sealed))
    assert offset(place, file) == 0
    with pytest.raises(ChecksumMismatch):
        uploads.write(place.ctx, place.id, file, 0, [sealed[:500]], len(sealed), sha256(sealed))
    assert offset(place, file) == 0


def test_the_last_request_may_break_off_after_its_last_byte(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    with pytest.raises(Broken):
        uploads.write(place.ctx, place.id, file, 0, breaking(sealed), len(sealed))
    assert offset(place, file) == len(sealed)  # asking finishes it
    assert stored(place, file) == sealed
    assert kept(place) == (set(), {file})


def test_one_request_writes_at_a_time(place: Place, sealed: bytes) -> None:
    file, inside, go_on = begin(place, sealed), threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        yield sealed[:1000]
        inside.set()
        assert go_on.wait(30)
        yield sealed[1000:]

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(uploads.write, place.ctx, place.id, file, 0, slow(), len(sealed))
        assert inside.wait(30)
        try:
            with pytest.raises(UploadBusy):
                write(place, file, 1000, sealed[1000:])
            assert offset(place, file) == 1000
        finally:
            go_on.set()
        assert first.result(30).offset == len(sealed)
    assert stored(place, file) == sealed


def test_twenty_requests_at_once_leave_one_right_file(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)

    def attempt(_: int) -> str:
        try:
            return str(write(place, file, 0, sealed).offset)
        except (UploadBusy, OffsetConflict) as refused:
            return refused.code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert answers.count(str(len(sealed))) == 1
    assert set(answers) <= {str(len(sealed)), "upload_busy", "upload_offset"}
    assert stored(place, file) == sealed


def test_a_workers_death_gives_the_lock_back_and_loses_nothing_that_was_written(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    script = f"""
import sys, time
from pathlib import Path
from app.storage.staging import Staging
with Staging(Path({str(place.ctx.settings.staging)!r})).open({place.id!r}, {file!r}) as partial:
    partial.append(sys.stdin.buffer.read(1000))
    print("writing", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(sealed[:1000])
        worker.stdin.flush()
        assert worker.stdout.readline() == b"writing\n"
        with pytest.raises(UploadBusy):
            write(place, file, 1000, sealed[1000:])
        worker.send_signal(signal.SIGKILL)
    assert offset(place, file) == 1000
    assert staged(place, file).stat().st_mtime % 86400
    uploads.sweep(place.ctx)  # the dead could not date what they wrote
    assert staged(place, file).stat().st_mtime % 86400 == 0
    write(place, file, 1000, sealed[1000:])
    assert stored(place, file) == sealed


KEY = b"A" * 43
NOT_SEALED = {
    "zeros": bytes(200_000),
    "text": b"A report in plain text. " * 10_000,
    "armored": b"-----BEGIN AGE ENCRYPTED FILE-----\n" + b"YWdl\n" * 50_000,
    "a passphrase": b"age-encryption.org/v1\n-> scrypt c2FsdHNhbHRzYWx0c2FsdA 18\n%b\n--- %b\n" % (KEY, KEY) + bytes(200_000),
    "one key only": b"age-encryption.org/v1\n-> X25519 %b\n%b\n--- %b\n" % (KEY, KEY, KEY) + bytes(200_000),
}


@pytest.mark.parametrize("kind", NOT_SEALED)
def test_what_is_no_sealed_file_is_refused_and_deleted(place: Place, kind: str) -> None:
    length = len(some_sealed_file(200_000))
    file = uploads.create(place.ctx, place.id, length).id
    with pytest.raises(UploadRefused):
        write(place, file, 0, NOT_SEALED[kind].ljust(length, b"x")[:length])
    assert is_gone(place, file)
    with pytest.raises(UnknownUpload):
        status(place, file)


def test_a_huge_file_of_junk_is_refused_long_before_its_end(place: Place) -> None:
    length = attachment.sealed_length(LIMITS.attachment_bytes, 2)
    came = 0

    def junk() -> Iterator[bytes]:
        nonlocal came
        while True:
            came += 64 * 1024
            yield b"junk" * 16 * 1024

    file = uploads.create(place.ctx, place.id, length).id
    with pytest.raises(UploadRefused):
        uploads.write(place.ctx, place.id, file, 0, junk(), None)
    assert came <= 1024 * 1024
    assert is_gone(place, file)


def test_a_sealed_file_that_is_off_the_classes_is_refused(place: Place) -> None:
    """A right header before a payload one byte too long; another such file has that length, so that beginning it is no error."""
    one, two = seal_for(strangers(1), b"x"), seal_for(strangers(2), b"x")
    header = two[: two.index(b"\n---")] + two[two.index(b"\n---") :][:49]
    forged = header + bytes(len(one) - len(header))
    assert len(forged) == len(one)
    file = begin(place, one)
    with pytest.raises(UploadRefused):
        write(place, file, 0, forged)
    assert is_gone(place, file)


def test_a_slow_sender_of_single_bytes_is_looked_at_all_the_same(place: Place) -> None:
    file = uploads.create(place.ctx, place.id, attachment.sealed_length(65536, 2)).id
    head = b"age-encryption.org/v1\n-> nothing we know\n\n--- " + b"A" * 43 + b"\n"
    with pytest.raises(UploadRefused):
        uploads.write(place.ctx, place.id, file, 0, pieces(head, 1), None)
    assert is_gone(place, file)


def test_lengths_that_no_sealed_file_has_are_refused(place: Place) -> None:
    right = attachment.sealed_length(65536, 2)
    for length in (-1, 0, 1, 65536, right - 1, right + 1, right + 16):
        with pytest.raises(FormatError):
            uploads.create(place.ctx, place.id, length)
    assert rows(place) == (set(), set())
    assert uploads.create(place.ctx, place.id, right).length == right


def test_a_file_over_the_largest_is_refused_before_it_is_sent(place: Place) -> None:
    largest = uploads.largest(place.ctx)
    assert largest == attachment.sealed_length(LIMITS.attachment_bytes, LIMITS.recipients)
    with pytest.raises(UploadTooLarge):
        uploads.create(place.ctx, place.id, largest + 1)
    smaller = Context(place.ctx.database, replace(place.ctx.settings, upload_bytes=100_000), place.ctx.clock)
    with pytest.raises(UploadTooLarge):
        uploads.create(smaller, place.id, attachment.sealed_length(4 * 65536, 2))
    assert rows(place) == (set(), set())


@pytest.mark.parametrize("unknown", ["", "..", "a" * 26, "../" * 8 + "aa", "A" * 26, "x" * 1000])
def test_an_upload_that_is_not_there_is_unknown_whatever_it_is_called(place: Place, sealed: bytes, unknown: str) -> None:
    file = AttachmentId(unknown)
    for call in (partial(status, place, file), partial(write, place, file, 0, sealed), partial(uploads.cancel, place.ctx, place.id, file)):
        with pytest.raises(UnknownUpload):
            call()


def test_another_organisations_upload_is_unknown(place: Place, sealed: bytes) -> None:
    file, other = begin(place, sealed), OrganisationId(new_id())
    with pytest.raises(UnknownUpload):
        uploads.status(place.ctx, other, file)
    with pytest.raises(UnknownUpload):
        uploads.cancel(place.ctx, other, file)
    assert offset(place, file) == 0


def test_cancelling_leaves_nothing(place: Place, sealed: bytes) -> None:
    begun, half, whole = begin(place, sealed), begin(place, sealed), upload(place, sealed)
    write(place, half, 0, sealed[:1000])
    for file in (begun, half, whole):
        uploads.cancel(place.ctx, place.id, file)
        assert is_gone(place, file)
        with pytest.raises(UnknownUpload):
            uploads.cancel(place.ctx, place.id, file)
    assert kept(place) == (set(), set())


@pytest.mark.parametrize("last", [False, True])
def test_cancelling_reaches_who_is_still_writing(place: Place, sealed: bytes, last: bool) -> None:
    file, inside, go_on = begin(place, sealed), threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        yield sealed[:1000]
        inside.set()
        assert go_on.wait(30)
        yield sealed[1000:] if last else sealed[1000:2000]

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(uploads.write, place.ctx, place.id, file, 0, slow(), None)
        assert inside.wait(30)
        uploads.cancel(place.ctx, place.id, file)
        go_on.set()
        with pytest.raises(UnknownUpload):
            writing.result(30)
    assert is_gone(place, file)


def test_a_full_disk_is_told_and_what_was_written_stays(place: Place, sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    file, real, left = begin(place, sealed), os.pwrite, [100_000]

    def filling(descriptor: int, data: bytes, at: int) -> int:
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = real(descriptor, data[: left[0]], at)
        left[0] -= done
        return done

    with monkeypatch.context() as patched:
        patched.setattr("app.storage.staging.os.pwrite", filling)
        with pytest.raises(NoRoom):
            write(place, file, 0, sealed)
    assert offset(place, file) == 100_000
    write(place, file, 100_000, sealed[100_000:])
    assert stored(place, file) == sealed


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_turns_out_full_when_it_is_synced_is_told(
    place: Place, sealed: bytes, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = begin(place, sealed)
    write(place, file, 0, sealed[:1000])

    def full(_: int) -> None:
        raise OSError(number, "full")

    with monkeypatch.context() as patched:
        patched.setattr("app.storage.staging.os.fsync", full)
        with pytest.raises(NoRoom):
            write(place, file, 1000, sealed[1000:])
    assert offset(place, file) == 1000  # what was promised before
    write(place, file, 1000, sealed[1000:])
    assert stored(place, file) == sealed


def test_a_reserve_is_left_to_reports_without_files(place: Place, sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    file, free = begin(place, sealed), [LIMITS.reserve_bytes + len(sealed)]
    monkeypatch.setattr(staging, "_free", lambda path: free[0])
    uploads.cancel(place.ctx, place.id, begin(place, sealed))
    free[0] -= 1
    with pytest.raises(NoRoom):
        uploads.create(place.ctx, place.id, len(sealed))
    free[0] = LIMITS.reserve_bytes + 10_000  # others have filled the disk since this one was begun
    with pytest.raises(NoRoom):
        write(place, file, 0, sealed)
    assert rows(place) == ({file}, set())
    send(place, Receipt.generate())


def test_a_file_that_cannot_be_made_leaves_no_upload(place: Place, sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("app.storage.staging.os.open", full)
    with pytest.raises(NoRoom):
        begin(place, sealed)
    monkeypatch.undo()
    assert rows(place) == (set(), set())


class Died(BaseException):
    """The process is gone at this point."""


def test_a_crash_between_the_blob_and_its_row_is_mended_by_asking(place: Place, sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = begin(place, sealed), begin(place, sealed)

    def dies(*_: object) -> None:
        raise Died

    for file in (one, other):
        with monkeypatch.context() as patched:
            patched.setattr(upload_rows, "finish", dies)
            with pytest.raises(Died):
                write(place, file, 0, sealed)
        assert kept(place)[1] >= {file}
        assert file not in kept(place)[0]
    assert offset(place, one) == len(sealed)
    with pytest.raises(OffsetConflict):
        write(place, other, 1000, sealed[1000:])
    assert write(place, other, len(sealed), b"").offset == len(sealed)
    assert all(row_is_whole(place, file) for file in (one, other))


def test_a_crash_before_the_blob_is_mended_by_asking(place: Place, sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = begin(place, sealed), begin(place, sealed)

    def dies(*_: object) -> None:
        raise Died

    for file in (one, other):
        with monkeypatch.context() as patched:
            patched.setattr(LocalBlobs, "put", dies)
            with pytest.raises(Died):
                write(place, file, 0, sealed)
    assert offset(place, one) == len(sealed)
    assert write(place, other, len(sealed), b"").offset == len(sealed)
    assert stored(place, one) == stored(place, other) == sealed


def row_is_whole(place: Place, file: AttachmentId) -> bool:
    with place.ctx.database.read() as session:
        row = upload_rows.get(session, place.id, file)
    return row is not None and row.stanzas is not None


def test_a_store_out_of_reach_loses_nothing(place: Place, sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    file = begin(place, sealed)

    def busy(*_: object) -> None:
        raise StorageBusy

    with monkeypatch.context() as patched:
        patched.setattr(LocalBlobs, "put", busy)
        with pytest.raises(StorageBusy):
            write(place, file, 0, sealed)
        with pytest.raises(StorageBusy):
            status(place, file)
    assert offset(place, file) == len(sealed)


def test_an_upload_whose_bytes_were_lost_is_unknown(place: Place, sealed: bytes) -> None:
    file = begin(place, sealed)
    staged(place, file).unlink()
    for call in (partial(status, place, file), partial(write, place, file, 0, sealed)):
        with pytest.raises(UnknownUpload):
            call()


def test_times_are_midnight_of_the_day_and_files_are_private(place: Place, sealed: bytes, clock: Clock) -> None:
    one = begin(place, sealed)
    for path in (staged(place, one), *(staged(place, one).parents[:2])):
        assert path.stat().st_mode & 0o077 == 0
    assert staged(place, one).stat().st_mtime == MIDNIGHT
    write(place, one, 0, sealed[:1000])
    assert (staged(place, one).stat().st_mtime, staged(place, one).stat().st_atime) == (MIDNIGHT, MIDNIGHT)
    with pytest.raises(Broken):
        uploads.write(place.ctx, place.id, one, 1000, breaking(sealed[1000:2000]), None)
    assert staged(place, one).stat().st_mtime == MIDNIGHT
    clock.move(days=1)
    write(place, one, 2000, sealed[2000:])
    stored(place, one)
    found = (place.ctx.settings.data / "blobs" / place.id / one).stat()
    assert (found.st_mtime, found.st_atime, found.st_mode & 0o777) == (MIDNIGHT + 86400, MIDNIGHT + 86400, 0o600)


def test_a_request_reads_the_database_and_does_not_write_to_it(place: Place, sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    file = begin(place, sealed)

    def no_writing(*_: object) -> None:
        raise AssertionError("written to")

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", no_writing)
        for start in range(0, 5000, 1000):
            write(place, file, start, sealed[start : start + 1000])
            status(place, file)


def test_expired_uploads_are_swept_with_their_bytes(place: Place, sealed: bytes, clock: Clock) -> None:
    old = [begin(place, sealed), upload(place, sealed)]
    write(place, old[0], 0, sealed[:1000])
    clock.move(days=1)
    young = [begin(place, sealed), upload(place, sealed)]
    housekeeping.tidy(place.ctx)
    assert rows(place)[0] == {*old, *young}
    clock.move(days=1)
    housekeeping.tidy(place.ctx)
    assert rows(place)[0] == set(young)
    assert kept(place) == ({young[0]}, {young[1]})


def test_files_without_a_row_are_swept(place: Place, sealed: bytes, tmp_path: Path) -> None:
    wanted, named = begin(place, sealed), Receipt.generate()
    file = upload_for(place, named)
    send_with(place, named, [file])
    orphans = [AttachmentId(new_id()) for _ in range(3)]
    place.ctx.staging.create(place.id, orphans[0], place.ctx.today())
    (tmp_path / "blob").write_bytes(b"left over")
    place.ctx.blobs.put(place.id, orphans[1], tmp_path / "blob")
    place.ctx.staging.create(place.id, file, place.ctx.today())  # as after a crash that undid the unlinking
    housekeeping.tidy(place.ctx)
    assert kept(place) == ({wanted}, {file})


def send_with(place: Place, receipt: Receipt, files: list[AttachmentId]) -> None:
    message, letter = report(place, receipt)
    intake.accept_sealed(place.ctx, place.id, place.ethics_id, receipt.case_id, receipt.mailbox_key, message, letter, files)


def test_the_store_is_looked_through_at_the_start_once_a_day_and_when_something_was_left(
    place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = LocalBlobs.names

    def counted(store: LocalBlobs, organisation: OrganisationId) -> Iterator[AttachmentId]:
        looked.append(organisation)
        return real(store, organisation)

    monkeypatch.setattr(LocalBlobs, "names", counted)
    for days, times in ((0, 1), (0, 1), (1, 2), (0, 2)):
        clock.move(days=days)
        housekeeping.tidy(place.ctx)
        assert len(looked) == times

    def busy(*_: object) -> None:
        raise StorageBusy

    with monkeypatch.context() as patched:
        patched.setattr(LocalBlobs, "delete", busy)
        uploads.forget_blobs(place.ctx, place.id, [AttachmentId(new_id())])
    housekeeping.tidy(place.ctx)
    assert len(looked) == 3


def test_sweeping_all_the_time_never_takes_a_file_that_is_wanted(place: Place) -> None:
    """Twenty people send files and name them in reports, while others sweep without a pause."""
    stop, sealed, failures = threading.Event(), some_sealed_file(1000), []

    def sweep() -> None:
        while not stop.is_set():
            try:
                uploads.sweep(place.ctx)
            except QuietlineError as error:
                if not isinstance(error, StorageBusy):
                    failures.append(error)
            time.sleep(0.01)

    def one(_: int) -> tuple[AttachmentId, AttachmentId]:
        receipt = Receipt.generate()
        named, waiting = upload_for(place, receipt), upload(place, sealed)
        send_with(place, receipt, [named])
        return named, waiting

    sweepers = [threading.Thread(target=sweep) for _ in range(2)]
    for each in sweepers:
        each.start()
    try:
        with ThreadPoolExecutor(20) as pool:
            done = list(pool.map(one, range(20)))
    finally:
        stop.set()
        for each in sweepers:
            each.join()
    assert failures == []
    named, waiting = ({files[n] for files in done} for n in (0, 1))
    assert rows(place) == (waiting, named)
    assert kept(place) == (set(), named | waiting)


def test_cancelling_a_file_that_a_message_names_is_not_possible(place: Place) -> None:
    receipt = Receipt.generate()
    file = upload_for(place, receipt)
    send_with(place, receipt, [file])
    with pytest.raises(UnknownUpload):
        uploads.cancel(place.ctx, place.id, file)
    with pytest.raises(UnknownUpload):
        status(place, file)
    with pytest.raises(AttachmentsRefused):
        send_with(place, Receipt.generate(), [file])
    assert kept(place)[1] == {file}
