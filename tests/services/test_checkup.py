"""What `quietline check` finds, and that it finds nothing where nothing is wrong."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from app.crypto.encoding import new_id
from app.crypto.receipt import Receipt
from app.domain import AttachmentId, Kind, SealedBlob
from app.services import checkup, checkup_places, followup, tombstones, uploads
from app.services.checkup_findings import Finding
from app.storage import migrate
from app.storage.models import Attachment, Keyring, Message, Officer, Tombstone
from tests.services.letters import remove, reply, send
from tests.services.sealed_files import seal_for, some_sealed_file, strangers, upload_for
from tests.services.test_backup import case
from tests.services.test_tombstones import Backup
from tests.support import Place


def found(place: Place) -> list[str]:
    """The lines of a check, but for what is harmless."""
    findings = [*checkup.schema(place.ctx), *checkup.contents(place.ctx)]
    return [each.line for each in findings if not each.harmless]


def blob(place: Place, file: AttachmentId) -> Path:
    return place.ctx.settings.data / "blobs" / place.id / file


def test_nothing_is_found_where_nothing_is_wrong(place: Place) -> None:
    receipt, _ = case(place, 1000, 300_000)
    message = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages[1]
    remove(place, place.olivia, receipt, message.id)
    withdrawn, _ = case(place, 10)
    followup.withdraw(place.ctx, place.id, withdrawn.mailbox_key)
    upload_for(place, receipt)
    uploads.create(place.ctx, place.id, len(some_sealed_file()))
    assert found(place) == []


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (old,) = file.read(1)
        file.seek(at)
        file.write(bytes([old ^ 1]))


def test_every_flipped_byte_of_a_file_is_found(place: Place) -> None:
    """Of the header, of any chunk, of any tag."""
    _, (_, file) = case(place, 500, 200_000)
    size = blob(place, file).stat().st_size
    for at in [0, 30, 1700, size - 1, *random.Random(3).sample(range(size), 20)]:
        flip(blob(place, file), at)
        assert found(place) == [f"file: {place.id}/{file}: it was altered: its SHA-256 is not the one that was noted when it came"], at
        flip(blob(place, file), at)
    assert found(place) == []


@pytest.mark.parametrize("bytes_left", [0, 1, 5000, 65_536, -1, -16])
def test_a_file_that_is_cut_or_grown_is_found(place: Place, bytes_left: int) -> None:
    _, (good, file) = case(place, 500, 200_000)
    size = blob(place, file).stat().st_size
    os.truncate(blob(place, file), bytes_left if bytes_left >= 0 else size + bytes_left)
    cut = blob(place, file).stat().st_size
    with blob(place, good).open("ab") as grown:
        grown.write(bytes(16))
    assert set(found(place)) == {
        f"file: {place.id}/{file}: it has {cut} bytes, and {size} are noted",
        f"file: {place.id}/{good}: it has {blob(place, good).stat().st_size} bytes, and {blob(place, good).stat().st_size - 16} are noted",
    }


def test_missing_and_orphaned_files_are_found(place: Place) -> None:
    receipt, (lost,) = case(place, 1000)
    waiting = upload_for(place, receipt)
    blob(place, lost).unlink()
    blob(place, waiting).unlink()
    for folder in ("blobs", "staging"):
        place.ctx.staging.create(place.id, orphan := AttachmentId(new_id()), place.ctx.today())
        if folder == "blobs":
            place.ctx.staging.folder.joinpath(place.id, orphan).rename(blob(place, orphan))
    lines = found(place)
    assert f"file: {place.id}/{lost}: it is missing" in lines
    assert f"file: {place.id}/{waiting}: it is missing; no message names it yet" in lines
    assert len([each for each in lines if "nothing names it" in each or "nothing knows it" in each]) == 2
    assert len(lines) == 4


def test_a_file_that_is_no_seal_or_for_others_is_found(place: Place) -> None:
    """Its digest being right: it was never one."""
    receipt = Receipt.generate()
    send(place, receipt)
    reply(place, place.olivia, receipt, "Hello.")
    _, (plain, foreign) = case(place, 1000, 2000)
    for file, data in ((plain, b"plain text"), (foreign, seal_for(strangers(5), b"x"))):
        blob(place, file).write_bytes(data)
        with place.ctx.database.write() as session:
            values = {"length": len(data), "digest": hashlib.sha256(data).digest()}
            session.execute(update(Attachment).where(Attachment.id == file).values(**values))
    assert set(found(place)) == {
        f"file: {place.id}/{plain}: it is no sealed file",
        f"file: {place.id}/{foreign}: it is sealed to 5, which no file of this channel is",
    }


def test_files_from_before_digests_are_said_and_noted_when_asked(place: Place) -> None:
    _, (file,) = case(place, 1000)
    with place.ctx.database.write() as session:
        session.execute(update(Attachment).values(digest=None))
    harmless = [each for each in checkup.contents(place.ctx) if each.harmless]
    assert [each.subject for each in harmless] == ["files"]
    assert found(place) == []
    assert list(checkup.contents(place.ctx, note_digests=True)) == []
    assert list(checkup.contents(place.ctx)) == []
    flip(blob(place, file), 9000)
    assert len(found(place)) == 1


DAMAGE: dict[str, tuple[Callable[[SealedBlob], bytes], str]] = {
    "cut": (lambda sealed: sealed[:-1], "another size class"),
    "cut deep": (lambda sealed: sealed[:1000], "damaged"),
    "no version": (lambda sealed: b"x" + sealed[1:], "damaged"),
    "stanza": (lambda sealed: sealed.replace(b"mlkem768x25519", b"X25519", 1), "damaged"),
    "one stanza": (lambda sealed: seal_for(strangers(1), b""), "sealed to 1"),
    "empty": (lambda sealed: b"", "empty"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_messages_whose_framing_is_damaged_are_found(place: Place, kind: str) -> None:
    receipt, _ = case(place)
    damage, words = DAMAGE[kind]
    first = followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages[0]
    with place.ctx.database.write() as session:
        session.execute(update(Message).where(Message.id == first.id).values(sealed=SealedBlob(damage(first.sealed))))
    (line,) = found(place)
    assert line.startswith(f"message: {place.id}/{first.id}: ")
    assert ("damaged" if kind == "cut" else words) in line
    assert receipt.case_id not in line


def test_a_message_with_another_size_class_than_is_noted_is_found(place: Place) -> None:
    case(place)
    with place.ctx.database.write() as session:
        session.execute(update(Message).where(Message.number == 1).values(size_class=8192))
    (line,) = found(place)
    assert line.endswith("its seal has another size class than is noted")


def test_lost_rows_are_found(place: Place) -> None:
    receipt, (file,) = case(place, 1000)
    case(place)
    with place.ctx.database.write() as session:
        session.execute(delete(Message).where(Message.case_id == receipt.case_id, Message.number == 1))
    assert found(place) == [f"cases: {place.id}: 1 have lost their report or a message"]
    with place.ctx.database.write() as session:
        session.execute(delete(Message).where(Message.case_id == receipt.case_id))
    assert set(found(place)) == {
        f"cases: {place.id}: 1 have lost their report or a message",
        f"file: {place.id}/{file}: the message that names it is gone",
    }


def test_lost_and_damaged_keys_are_found(place: Place) -> None:
    with place.ctx.database.write() as session:
        session.execute(update(Keyring).values(sealed=b"age-encryption.org/v1\n"))
        session.execute(update(Officer).where(Officer.id == place.olivia.id).values(identity=b""))
    assert [line.split(":")[0] for line in found(place)] == ["keyring", "officer"]
    with place.ctx.database.write() as session:
        session.execute(delete(Keyring))
    assert f"keyring: {place.id}/{place.ethics_id}: the channel is open and has none: what is sent to it could not be read" in found(place)


def test_what_a_backup_brought_back_is_found(place: Place) -> None:
    receipt, _ = case(place)
    backup = Backup(place)
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    stones = list(tombstones.every(place.ctx))
    backup.restore()
    with place.ctx.database.write() as session:
        session.execute(Tombstone.__table__.insert(), [{"organisation_id": place.id, "mark": s.mark, "day": s.day} for s in stones])  # type: ignore[attr-defined]
    assert [line.split(":")[0] for line in found(place)] == ["deleted"]


def statement(place: Place, sql: str) -> None:
    with place.ctx.database.write() as session:
        session.execute(text(sql))


def test_tables_that_the_migrations_did_not_make_are_found(place: Place) -> None:
    statement(place, "ALTER TABLE cases ADD COLUMN ip_address TEXT")
    lines = [line for line in found(place) if line.startswith("schema")]
    statement(place, "ALTER TABLE cases DROP COLUMN ip_address")  # others use these tables after this
    assert lines == ["schema: the tables are not as the migrations make them: remove_column cases ip_address"]


@pytest.mark.parametrize("revision", ["0002", "9999"])
def test_another_schema_is_found(place: Place, revision: str) -> None:
    statement(place, f"UPDATE alembic_version SET version_num = '{revision}'")
    subjects = [each.subject for each in checkup.schema(place.ctx)]
    statement(place, f"UPDATE alembic_version SET version_num = '{migrate.HEAD}'")
    assert subjects == ["schema"]


@pytest.mark.only_sqlite
def test_a_damaged_database_file_is_found(place: Place) -> None:
    for _ in range(5):
        case(place)
    place.ctx.database.truncate_journal()
    path = place.ctx.database.path
    size = path.stat().st_size
    with path.open("r+b") as file:
        for at in range(8192, size, 4096):  # the head of every page but the first two
            file.seek(at)
            file.write(b"\xff" * 8)
    assert place.ctx.database.flaws() > 0


@pytest.mark.only_sqlite
def test_rows_without_what_they_refer_to_are_found(place: Place) -> None:
    receipt, _ = case(place)
    with place.ctx.database._bare() as connection:  # type: ignore[attr-defined]
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM cases WHERE id = ?", (receipt.case_id,))
        connection.execute("PRAGMA foreign_keys=ON")
    assert any(line.startswith("database: the sqlite database finds") for line in found(place))


def places(place: Place, *secrets: Path) -> list[str]:
    findings: list[Finding] = list(checkup_places.look(place.ctx.settings, secrets))
    return [each.text.replace(str(place.ctx.settings.data), "DATA") for each in findings]


def test_folders_and_files_that_others_may_read_are_found(place: Place, tmp_path: Path) -> None:
    _, (file,) = case(place, 1000)
    data = place.ctx.settings.data
    (data / "secret-key").write_text("secret")
    (data / "secret-key").chmod(0o600)
    elsewhere = tmp_path / "key"
    elsewhere.write_text("secret")
    elsewhere.chmod(0o640)
    assert places(place, elsewhere) == []
    data.chmod(0o755)
    (data / "secret-key").chmod(0o640)
    blob(place, file).chmod(0o604)
    (data / "blobs").chmod(0o750)
    elsewhere.chmod(0o644)
    assert set(places(place, elsewhere, tmp_path / "none")) == {
        "DATA is open to others (0755): chmod 700 DATA",
        "DATA/secret-key is open to others (0640): chmod 600 DATA/secret-key",
        f"DATA/blobs/{place.id}/{file} is open to others (0604): chmod 600 DATA/blobs/{place.id}/{file}",
        "DATA/blobs is open to others (0750): chmod 700 DATA/blobs",
        f"{elsewhere} holds a secret and is open to others (0644): chmod 600 {elsewhere}",
        f"{tmp_path / 'none'} cannot be looked at, and a setting names it",
    }


def test_files_of_another_user_are_found(place: Place) -> None:
    _, (file,) = case(place, 1000)
    try:
        os.chown(blob(place, file), 12345, -1)
    except PermissionError:
        pytest.skip("only root can give a file away")
    assert places(place) == [f"DATA/blobs/{place.id}/{file} belongs to another user than the data folder"]


def test_what_is_sent_and_deleted_meanwhile_is_no_finding(place: Place) -> None:
    """While the check is between its first and its last question."""
    receipt, _ = case(place, 1000, 2000)
    looking = checkup.contents(place.ctx)
    deleted = False
    blobs = place.ctx.blobs
    real = blobs.read

    def read(organisation: object, file: AttachmentId) -> object:
        nonlocal deleted
        if not deleted:
            deleted = True
            followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
            send(place, Receipt.generate())
        return real(organisation, file)  # type: ignore[arg-type]

    blobs.read = read  # type: ignore[method-assign,assignment]
    assert list(looking) == []
    assert deleted


def test_notes_and_their_files_have_one_reader(place: Place) -> None:
    case(place)
    with place.ctx.database.write() as session:
        session.execute(update(Message).where(Message.kind == Kind.NOTE).values(kind=Kind.MESSAGE))
    (line,) = found(place)
    assert line.endswith("it is sealed to 1, which no message of this channel is")
