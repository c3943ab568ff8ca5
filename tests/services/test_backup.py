"""A backup is made while others write, and put back elsewhere: all of it, or nothing."""

from __future__ import annotations

import io
import os
import random
import tarfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from app.crypto import age
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridIdentity
from app.crypto.inspect import inspect
from app.crypto.receipt import Receipt
from app.domain import AttachmentId, Kind, MessageId
from app.errors import CommandError, FormatError, NoConversation, NoMatch, PayloadError, SettingsError
from app.services import backup, backup_format, backup_read, followup, restore, tombstones, triage
from app.services import backup_tar as tar
from app.services.backup import Backup
from app.services.context import Context
from app.services.setup import initialise
from app.storage import migrate, organisations
from app.storage.models import Attachment, Case, Message
from tests.s3 import S3Server
from tests.services.backups import back_up, blobs, elsewhere, opened, put_back, rows
from tests.services.letters import addition, as_reporter, officer, reply, send
from tests.services.sealed_files import readers, seal_for, upload, upload_for
from tests.support import Clock, Place

KEY = HybridIdentity.generate()


def case(place: Place, *sizes: int) -> tuple[Receipt, list[AttachmentId]]:
    """A report, a reply, a note, and an answer with files of these sizes."""
    receipt = Receipt.generate()
    send(place, receipt)
    reply(place, place.olivia, receipt, "Who is it?", acknowledge=True)
    reply(place, place.olivia, receipt, "A note.", Kind.NOTE)
    files = [upload(place, seal_for(readers(place, receipt), os.urandom(size))) for size in sizes]
    followup.post_sealed(place.ctx, place.id, receipt.mailbox_key, *addition(place, receipt, "Ada Example."), files)
    return receipt, files


@pytest.fixture
def fresh(place: Place, tmp_path: Path, clock: Clock) -> Iterator[Context]:
    with elsewhere(tmp_path / "elsewhere", clock) as context:
        yield context


def test_everything_comes_back_elsewhere(place: Place, fresh: Context) -> None:
    case(place, 1000, 300_000)
    withdrawn, _ = case(place, 500)
    followup.withdraw(place.ctx, place.id, withdrawn.mailbox_key)
    sealed, made = back_up(place.ctx, [place.id], KEY)
    done = put_back(fresh, sealed, KEY)
    assert rows(fresh) == rows(place.ctx)
    assert blobs(fresh, place.id) == blobs(place.ctx, place.id)
    assert len(blobs(fresh, place.id)) == 2
    assert done.manifest == made.manifest
    assert migrate.current(fresh.database) == migrate.HEAD
    assert migrate.differences(fresh.database) == []


def test_a_reporter_and_an_officer_go_on_where_they_were(place: Place, fresh: Context) -> None:
    receipt, _ = case(place, 1000)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    put_back(fresh, sealed, KEY)
    there = Place(fresh, place.id, place.ethics_id, place.audit_id, place.olivia, place.nathan, place.keyring, place.recovery)
    reply(there, place.olivia, receipt, "After the move.")
    found = as_reporter(receipt, followup.open_sealed(fresh, place.id, receipt.mailbox_key).messages)
    assert [each.problems for each in found] == [()] * 4
    assert found[-1].payload is not None and found[-1].payload.body == "After the move."


def test_the_recovery_words_open_it_too_and_nobody_else(place: Place) -> None:
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    assert inspect(sealed).stanzas == 2
    assert backup_read.verify(opened(sealed, place.recovery)) == backup_read.verify(opened(sealed, KEY))
    with pytest.raises(NoMatch):
        backup_read.verify(opened(sealed, place.olivia.keys.identity))


def test_it_is_a_tar_file_inside_an_age_file(place: Place) -> None:
    _, (file,) = case(place, 1000)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    plain = b"".join(opened(sealed, KEY))
    assert len(plain) % tarfile.RECORDSIZE == 0
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        names = archive.getnames()
        kept = archive.extractfile(f"blobs/{place.id}/{file}")
        assert kept is not None and kept.read() == blobs(place.ctx, place.id)[file]
        assert {(each.mode, each.mtime, each.uid, each.uname) for each in archive} == {(0o600, 0, 0, "")}
    assert (names[0], names[-1]) == ("backup.json", "manifest.json")
    assert names == sorted(
        names, key=lambda name: ("backup.json", "rows", "blobs", "tombstones", "manifest.json").index(name.split("/")[0])
    )


def test_what_must_not_come_back_to_life_is_not_in_it(place: Place, fresh: Context) -> None:
    """Sessions, invitations, and files that no message names."""
    receipt, _ = case(place)
    officer(place, place.olivia)
    left = upload_for(place, receipt)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    plain = b"".join(opened(sealed, KEY))
    assert not any(name in plain for name in (b"desk_sessions", b"invitations", b"uploads", left.encode(), b"wrapping_key"))
    put_back(fresh, sealed, KEY)
    assert blobs(fresh, place.id) == {}


def test_each_organisation_by_itself_and_all_together(place: Place, fresh: Context, tmp_path: Path, clock: Clock) -> None:
    other_key = HybridIdentity.generate()
    other = initialise(place.ctx, [str(other_key.recipient)], "Southwind").organisation
    case(place, 1000)
    together, _ = back_up(place.ctx, [place.id, other], KEY)
    assert inspect(together).stanzas == 1  # neither may open what is the other's
    put_back(fresh, together, KEY)
    assert rows(fresh) == rows(place.ctx)
    one, _ = back_up(place.ctx, [other], KEY)
    first, _ = back_up(place.ctx, [place.id], KEY)
    with elsewhere(tmp_path / "one by one", clock) as there:
        put_back(there, one, other_key)
        with pytest.raises(CommandError, match="not empty"):
            put_back(there, first, KEY)
        put_back(there, first, KEY, beside=True)
        assert rows(there) == rows(place.ctx)
        with pytest.raises(CommandError, match="already"):
            put_back(there, first, KEY, beside=True)


def test_a_common_recovery_recipient_opens_all(place: Place) -> None:
    other = initialise(place.ctx, [str(place.recovery.recipient), str(KEY.recipient)], "Southwind").organisation
    assert backup.recipients(place.ctx, [place.id, other], KEY.recipient) == [KEY.recipient, place.recovery.recipient]


def test_nothing_is_put_over_what_is_there(place: Place, fresh: Context) -> None:
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    before = rows(place.ctx)
    with pytest.raises(CommandError, match="not empty"):
        put_back(place.ctx, sealed, KEY)
    assert rows(place.ctx) == before


def test_files_that_are_there_already_stop_it(place: Place, fresh: Context) -> None:
    _, (file,) = case(place, 1000)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    fresh.staging.create(place.id, file, fresh.today())
    with pytest.raises(CommandError, match="sealed files"):
        put_back(fresh, sealed, KEY)
    assert migrate.current(fresh.database) is None


def nothing_in(ctx: Context, place: Place) -> bool:
    return migrate.current(ctx.database) is None and not [*ctx.blobs.names(place.id), *ctx.staging.names(place.id)]


@pytest.mark.parametrize("kept", [0.001, 0.3, 0.6, 0.9, 0.9999])
def test_a_backup_that_was_cut_puts_nothing_in_place(place: Place, fresh: Context, kept: float) -> None:
    case(place, 200_000)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    with pytest.raises(FormatError):
        put_back(fresh, sealed[: int(len(sealed) * kept)], KEY)
    assert nothing_in(fresh, place)


def test_a_backup_with_any_byte_changed_puts_nothing_in_place(place: Place, fresh: Context) -> None:
    case(place, 200_000)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    for at in random.Random(4).sample(range(6000, len(sealed)), 20):
        with pytest.raises(PayloadError):
            put_back(fresh, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], KEY)
    assert nothing_in(fresh, place)


def members(plain: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        return {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]


def archived(found: dict[str, bytes]) -> bytes:
    plain = b"".join(tar.header(name, len(data)) + data + tar.padding(len(data)) for name, data in found.items())
    return b"".join(age.seal([plain + tar.end(len(plain))], [KEY.recipient]))


def test_taken_apart_and_put_together_it_is_the_same(place: Place, fresh: Context) -> None:
    """Or the next test would show nothing."""
    case(place, 1000)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    put_back(fresh, archived(members(b"".join(opened(sealed, KEY)))), KEY)
    assert rows(fresh) == rows(place.ctx)


@pytest.mark.parametrize("what", ["backup.json", "rows/cases", "rows/messages", "blobs/", "tombstones/", "manifest.json"])
def test_one_that_was_put_together_anew_must_be_complete(place: Place, fresh: Context, what: str) -> None:
    """Whoever knows the recipient can seal anything to it."""
    case(place, 1000)
    withdrawn, _ = case(place)
    followup.withdraw(place.ctx, place.id, withdrawn.mailbox_key)
    found = members(b"".join(opened(back_up(place.ctx, [place.id], KEY)[0], KEY)))
    name = next(each for each in found if each.startswith(what))
    without = {each: data for each, data in found.items() if each != name}
    for wrong in (without, {**found, name: b""}, {**found, name: found[name][:-2] + b"x\n"}, {name: found[name], **without}):
        if list(wrong.items()) != list(found.items()):
            with pytest.raises(FormatError):
                put_back(fresh, archived(wrong), KEY)
    assert nothing_in(fresh, place)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x", "blobs/../../x", "rows/alembic_version/000001.jsonl", "rows/cases/1.jsonl", "x" * 99]
)
def test_names_that_no_backup_has_are_refused(place: Place, fresh: Context, name: str) -> None:
    found = members(b"".join(opened(back_up(place.ctx, [place.id], KEY)[0], KEY)))
    end = found.pop("manifest.json")
    with pytest.raises(FormatError):
        put_back(fresh, archived({**found, name: b"{}\n", "manifest.json": end}), KEY)
    assert nothing_in(fresh, place)


def test_links_and_folders_are_refused(place: Place) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE):
        info = tarfile.TarInfo("backup.json")
        info.type = kind
        with pytest.raises(FormatError):
            list(backup_read.Reader([info.tobuf(), tar.end(512)]).parts())


def test_rows_that_do_not_belong_together_are_refused(place: Place, fresh: Context) -> None:
    case(place, 1000)
    with place.ctx.database.read() as session:
        text = organisations.latest_configuration(session, place.id)
    assert text is not None
    found = members(b"".join(opened(back_up(place.ctx, [place.id], KEY)[0], KEY)))
    manifest = backup_format.read_manifest(found["manifest.json"])
    orphaned = {**manifest.tables, "cases": backup_format.Running().total()}
    told = backup_format.manifest_text(backup_format.Manifest(orphaned, manifest.files, manifest.file_bytes, manifest.tombstones))
    without = {name: data for name, data in found.items() if not name.startswith("rows/cases")} | {"manifest.json": told}
    with pytest.raises(CommandError, match="belong together"):
        put_back(fresh, archived(without), KEY)
    assert nothing_in(fresh, place)


def test_rows_of_an_organisation_that_it_does_not_name_are_refused(place: Place, fresh: Context) -> None:
    found = members(b"".join(opened(back_up(place.ctx, [place.id], KEY)[0], KEY)))
    found["backup.json"] = found["backup.json"].replace(place.id.encode(), b"a" * 26)
    with pytest.raises(FormatError):
        put_back(fresh, archived(found), KEY)
    assert nothing_in(fresh, place)


def test_ids_that_are_paths_are_refused(place: Place, fresh: Context) -> None:
    _, (file,) = case(place, 1000)
    found = members(b"".join(opened(back_up(place.ctx, [place.id], KEY)[0], KEY)))
    name = next(each for each in found if each.startswith("rows/attachments"))
    found[name] = found[name].replace(file.encode(), b"../" * 8 + b"xx")
    manifest = backup_format.read_manifest(found["manifest.json"])
    total = backup_format.Running()
    total.add(found[name])
    told = replace(manifest, tables={**manifest.tables, "attachments": total.total()})
    with pytest.raises(FormatError):
        put_back(fresh, archived({**found, "manifest.json": backup_format.manifest_text(told)}), KEY)
    assert nothing_in(fresh, place)


def test_a_backup_of_a_newer_version_is_left_alone(place: Place, fresh: Context) -> None:
    found = members(b"".join(opened(back_up(place.ctx, [place.id], KEY)[0], KEY)))
    found["backup.json"] = found["backup.json"].replace(f'"{migrate.HEAD}"'.encode(), b'"9999"')
    with pytest.raises(SettingsError, match="newer"):
        put_back(fresh, archived(found), KEY)


def test_rows_are_of_one_moment(place: Place, fresh: Context) -> None:
    """What is written while the rows are read is not in it, nor half of it."""
    first, _ = case(place)
    made = Backup(place.ctx, [place.id])
    pieces = made.pieces()
    begun = b"".join(next(pieces) for _ in range(4))  # as far as the hosts, configurations, or the like
    later, _ = case(place, 1000)
    reply(place, place.olivia, first, "Later.")
    sealed = b"".join(age.seal([begun, *pieces], [KEY.recipient]))
    put_back(fresh, sealed, KEY)
    assert {row[1] for row in rows(fresh)["cases"]} == {first.case_id}
    assert len(rows(fresh)["messages"]) == 4
    assert blobs(fresh, place.id) == {}
    assert later.case_id.encode() not in sealed


@pytest.mark.parametrize("when", ["before", "while", "after"])
def test_a_case_withdrawn_while_files_are_copied_is_deleted_by_the_restore(place: Place, fresh: Context, when: str) -> None:
    stays, _ = case(place, 1000)
    receipt, (file,) = case(place, 700_000)
    made = Backup(place.ctx, [place.id])
    collected: list[bytes] = []
    withdrawn = False
    name = backup_format.file_name(place.id, file).encode()
    for piece in made.pieces():
        collected.append(piece)
        copying = piece.startswith(name)
        if not withdrawn and (piece.startswith(b"blobs/") if when == "before" else copying):
            withdrawn = when != "after"
            if withdrawn:
                followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
        if when == "after" and not withdrawn and any(each.startswith(name) for each in collected[:-4]):
            withdrawn = True
            followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    assert withdrawn
    done = put_back(fresh, b"".join(age.seal(collected, [KEY.recipient])), KEY)
    assert made.manifest is not None
    assert made.manifest.flawed == frozenset()
    assert done.applied.cases == 1
    assert {row[1] for row in rows(fresh)["cases"]} == {stays.case_id}
    assert set(fresh.blobs.names(place.id)) == set(place.ctx.blobs.names(place.id))
    with pytest.raises(NoConversation):
        followup.open_sealed(fresh, place.id, receipt.mailbox_key)


def test_files_that_the_store_had_lost_or_altered_are_said(place: Place, fresh: Context) -> None:
    _, files = case(place, 1000, 2000, 3000, 4000)
    lost, flipped, cut, good = files
    folder = place.ctx.settings.data / "blobs" / place.id
    (folder / lost).unlink()
    with (folder / flipped).open("r+b") as file:
        file.seek(50_000)
        file.write(b"x")
    os.truncate(folder / cut, 70_000)
    sealed, made = back_up(place.ctx, [place.id], KEY)
    assert made.manifest is not None
    assert made.manifest.flawed == {(place.id, each) for each in (lost, flipped, cut)}
    put_back(fresh, sealed, KEY)
    assert blobs(fresh, place.id) == blobs(place.ctx, place.id)
    assert good in blobs(fresh, place.id)


def test_a_file_from_before_digests_is_taken_as_it_is(place: Place) -> None:
    case(place, 1000)
    with place.ctx.database.write() as session:
        session.execute(update(Attachment).values(digest=None))
    _, made = back_up(place.ctx, [place.id], KEY)
    assert made.manifest is not None
    assert (made.manifest.files.count, made.manifest.flawed) == (1, frozenset())


def test_a_restore_that_fails_half_way_can_be_done_again(place: Place, fresh: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    case(place, 1000, 2000)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    put, calls = fresh.blobs.put, iter([None, OSError(28, "full")])

    def failing(*arguments: object) -> None:
        error = next(calls)
        if error is not None:
            raise error
        put(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fresh.blobs, "put", failing)
    with pytest.raises(OSError, match="full"):
        put_back(fresh, sealed, KEY)
    assert nothing_in(fresh, place)
    monkeypatch.undo()
    put_back(fresh, sealed, KEY)
    assert rows(fresh) == rows(place.ctx)


def test_what_was_deleted_since_is_deleted_again_with_the_old_tombstones(place: Place, fresh: Context, clock: Clock) -> None:
    stays, _ = case(place, 1000)
    goes, _ = case(place, 2000)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    clock.move(days=2)
    followup.withdraw(place.ctx, place.id, goes.mailbox_key)
    done = put_back(fresh, sealed, KEY, stones=list(tombstones.every(place.ctx)))
    assert done.applied.cases == 1
    assert rows(fresh) == rows(place.ctx)
    assert blobs(fresh, place.id) == blobs(place.ctx, place.id)
    assert triage.case(fresh, officer(place, place.olivia), stays.case_id).messages


def test_files_in_an_s3_store_too(place: Place, tmp_path: Path, clock: Clock) -> None:
    case(place, 1000, 3_000_000)
    sealed, _ = back_up(place.ctx, [place.id], KEY)
    with S3Server() as server:
        with elsewhere(tmp_path / "moved", clock, **server.settings("moved")) as there:
            put_back(there, sealed, KEY)
            assert blobs(there, place.id) == blobs(place.ctx, place.id)
            again, _ = back_up(there, [place.id], KEY)
        with elsewhere(tmp_path / "back", clock) as back:
            put_back(back, again, KEY)
            assert blobs(back, place.id) == blobs(place.ctx, place.id)
            assert rows(back) == rows(place.ctx)


def test_memory_does_not_grow_with_what_is_in_it(place: Place, fresh: Context) -> None:
    """A file and rows of 24 MiB each go through in a few."""
    case(place, 24 << 20)
    with place.ctx.database.write() as session:
        (one,) = session.scalars(Case.__table__.select().with_only_columns(Case.id)).all()
        filling = {"organisation_id": place.id, "case_id": one, "kind": Kind.MESSAGE, "day": place.ctx.today(), "size_class": 1 << 18}
        for number in range(10, 106):
            row = {**filling, "number": number, "id": MessageId(new_id()), "sealed": os.urandom(1 << 18)}
            session.execute(insert(Message), row)
    path = fresh.settings.data.parent / "backup.age"
    tracemalloc.start()
    made = Backup(place.ctx, [place.id])
    with path.open("wb") as file:
        file.writelines(age.seal(made.pieces(), [KEY.recipient]))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()

    def source() -> Iterator[bytes]:
        with path.open("rb") as file:
            yield from age.unseal(iter(lambda: file.read(1 << 18), b""), [KEY])

    restore.restore(fresh, source, backup_read.verify(source()))
    restored = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 50 << 20
    assert (most < 16 << 20, restored < 16 << 20) == (True, True), (most, restored)
    assert rows(fresh) == rows(place.ctx)
