"""Files sealed on the server while they come in, and read back by whoever they are for."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.crypto import attachment
from app.crypto.age import unseal_bytes
from app.crypto.encoding import new_id
from app.crypto.hybrid import HybridIdentity
from app.crypto.message import Attachment
from app.crypto.receipt import Receipt
from app.domain import LIMITS, AttachmentId, CaseId, Kind
from app.errors import (
    BlobMissing,
    FormatError,
    NoConversation,
    NoRoom,
    RecipientError,
    StorageBusy,
    UnknownAttachment,
    UnknownCase,
    UploadTooLarge,
)
from app.services import files, followup, intake, triage
from app.services.files import OpenedFile
from app.storage import staging
from app.storage.blobs_local import LocalBlobs
from tests.services.letters import DRAFT, letter, officer, send, team
from tests.services.sealed_files import kept, pieces, readers, rows, seal_for, upload, upload_for
from tests.services.test_uploads import send_with
from tests.support import Place

TEXT = b"The minutes of the meeting, which nobody was to see.\n" * 5000


@pytest.fixture
def receipt() -> Receipt:
    return Receipt.generate()


def sealed_here(place: Place, receipt: Receipt, data: bytes = TEXT, name: str = "minutes.txt", most: int = 10**9) -> Attachment:
    return files.seal_file(place.ctx, place.id, recipients(place, receipt), name, "text/plain", pieces(data), most)


def recipients(place: Place, receipt: Receipt) -> list[str]:
    return [place.keyring.recipient, str(receipt.identity.recipient)]


@pytest.fixture
def reported(place: Place, receipt: Receipt) -> AttachmentId:
    """A report with a file, from a form."""
    file = sealed_here(place, receipt)
    intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, DRAFT, attachments=[file])
    return AttachmentId(file.id)


def stored(place: Place, file: str) -> bytes:
    return b"".join(place.ctx.blobs.read(place.id, AttachmentId(file))[1])


def path_of(place: Place, file: str) -> Path:
    return place.ctx.settings.data / "blobs" / place.id / file


def opened(place: Place, receipt: Receipt, file: AttachmentId) -> OpenedFile:
    return files.open_for_reporter(place.ctx, place.id, receipt, file)


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 1_000_000])
def test_a_file_is_padded_sealed_and_described_while_it_comes_in(place: Place, receipt: Receipt, size: int) -> None:
    data = os.urandom(size)
    made = sealed_here(place, receipt, data, "C:\\Users\\ann\\minutes.txt")
    assert (made.name, made.type, made.size, made.sha256) == ("minutes.txt", "text/plain", size, hashlib.sha256(data).digest())
    assert rows(place) == ({made.id}, set())
    assert kept(place) == (set(), {made.id})
    for identity in (receipt.identity, place.keyring.identities[0]):
        assert b"".join(attachment.open([stored(place, made.id)], [identity], made.size, made.sha256)) == data


def test_it_is_as_long_as_its_class(place: Place, receipt: Receipt) -> None:
    lengths = {len(stored(place, sealed_here(place, receipt, bytes(size)).id)) for size in (0, 1, 30_000, 65536)}
    assert lengths == {attachment.sealed_length(65536, 2)}


def test_more_than_is_allowed_is_refused_while_it_comes_and_nothing_stays(place: Place, receipt: Receipt) -> None:
    came = 0

    def endless() -> Iterator[bytes]:
        nonlocal came
        while True:
            came += 1000
            yield bytes(1000)

    with pytest.raises(UploadTooLarge):
        files.seal_file(place.ctx, place.id, recipients(place, receipt), "n", "", endless(), 500_000)
    assert came <= 501_000
    assert sealed_here(place, receipt, bytes(500_000), most=500_000).size == 500_000
    assert len(rows(place)[0]) == len(kept(place)[1]) == 1
    assert kept(place)[0] == set()


class Gone(Exception):
    """The client is."""


@pytest.mark.parametrize("error", [Gone, ConnectionResetError, GeneratorExit, SystemExit])
def test_a_client_that_goes_away_leaves_nothing(place: Place, receipt: Receipt, error: type[BaseException]) -> None:
    def breaking() -> Iterator[bytes]:
        yield TEXT
        raise error

    with pytest.raises(error):
        files.seal_file(place.ctx, place.id, recipients(place, receipt), "n", "", breaking(), 10**9)
    assert rows(place) == (set(), set())
    assert kept(place) == (set(), set())


def test_a_full_disk_or_a_store_out_of_reach_leaves_nothing(place: Place, receipt: Receipt, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(staging, "_free", lambda path: LIMITS.reserve_bytes + 1000)
        with pytest.raises(NoRoom):
            sealed_here(place, receipt)

    def busy(*_: object) -> None:
        raise StorageBusy

    with monkeypatch.context() as patched:
        patched.setattr(LocalBlobs, "put", busy)
        with pytest.raises(StorageBusy):
            sealed_here(place, receipt)
    assert rows(place) == (set(), set())
    assert kept(place) == (set(), set())


@pytest.mark.parametrize("wrong", [[], ["age1notarecipient"], ["age1pq1" + "q" * 1952]])
def test_without_right_recipients_nothing_is_sealed(place: Place, wrong: list[str]) -> None:
    with pytest.raises(RecipientError):
        files.seal_file(place.ctx, place.id, wrong, "n", "", [TEXT], 10**9)
    assert rows(place) == (set(), set())
    assert kept(place) == (set(), set())


def test_while_it_comes_in_only_its_seal_is_on_the_disk(place: Place, receipt: Receipt) -> None:
    secret = b"nobody else may read this line. " * 4096

    def slow() -> Iterator[bytes]:
        for _ in range(10):
            yield secret
            found = [path for path in place.ctx.settings.data.rglob("*") if path.is_file()]
            assert not any(secret[:32] in path.read_bytes() for path in found)

    made = files.seal_file(place.ctx, place.id, recipients(place, receipt), "n", "", slow(), 10**9)
    assert made.size == 10 * len(secret)


def test_files_that_are_not_needed_are_discarded_and_named_ones_are_not(place: Place, receipt: Receipt, reported: AttachmentId) -> None:
    waiting = sealed_here(place, receipt)
    files.discard(place.ctx, place.id, [reported, AttachmentId(waiting.id), AttachmentId(new_id())])
    assert rows(place) == (set(), {reported})
    assert kept(place) == (set(), {reported})


def test_a_reporter_gets_the_sealed_file_for_the_mailbox_key(place: Place, receipt: Receipt, reported: AttachmentId) -> None:
    found = files.sealed_for_reporter(place.ctx, place.id, receipt.mailbox_key, reported)
    data = b"".join(found.chunks)
    assert found.length == len(data)
    assert unseal_bytes(data, [receipt.identity]).rstrip(b"\0") == TEXT
    with pytest.raises(NoConversation):
        files.sealed_for_reporter(place.ctx, place.id, Receipt.generate().mailbox_key, reported)
    with pytest.raises(FormatError):
        files.sealed_for_reporter(place.ctx, place.id, bytes(31), reported)


def test_a_reporter_gets_the_file_opened_with_the_receipt(place: Place, receipt: Receipt, reported: AttachmentId) -> None:
    found = opened(place, receipt, reported)
    assert (found.name, found.type, found.size) == ("minutes.txt", "text/plain", len(TEXT))
    assert b"".join(found.chunks) == TEXT
    assert "minutes" not in repr(found)
    with pytest.raises(NoConversation):
        opened(place, Receipt.generate(), reported)


def test_an_empty_file_is_a_file(place: Place, receipt: Receipt) -> None:
    file = sealed_here(place, receipt, b"")
    intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, DRAFT, attachments=[file])
    assert b"".join(opened(place, receipt, AttachmentId(file.id)).chunks) == b""


def test_an_officer_gets_the_sealed_file_of_an_own_case(place: Place, receipt: Receipt, reported: AttachmentId) -> None:
    found = files.sealed_for_officer(place.ctx, officer(place, place.olivia), receipt.case_id, reported)
    data = b"".join(found.chunks)
    assert found.length == len(data)
    assert unseal_bytes(data, place.keyring.identities).rstrip(b"\0") == TEXT
    for case, who in ((receipt.case_id, place.nathan), (CaseId(new_id()), place.olivia)):
        with pytest.raises(UnknownCase):
            files.sealed_for_officer(place.ctx, officer(place, who), case, reported)


def everyone(place: Place, receipt: Receipt) -> list[Callable[[AttachmentId], object]]:
    """The three ways to a file."""
    return [
        lambda file: files.sealed_for_reporter(place.ctx, place.id, receipt.mailbox_key, file),
        lambda file: opened(place, receipt, file),
        lambda file: files.sealed_for_officer(place.ctx, officer(place, place.olivia), receipt.case_id, file),
    ]


def test_a_file_of_another_case_and_one_that_nobody_named_are_unknown(place: Place, receipt: Receipt, reported: AttachmentId) -> None:
    other = Receipt.generate()
    theirs, waiting = upload_for(place, other), upload_for(place, receipt)
    send_with(place, other, [theirs])
    for file in (theirs, waiting, AttachmentId(new_id()), AttachmentId(""), AttachmentId("../../secret-key"), AttachmentId("A" * 26)):
        for ask in everyone(place, receipt):
            with pytest.raises(UnknownAttachment):
                ask(file)


def test_a_file_whose_bytes_are_missing_says_so(place: Place, receipt: Receipt, reported: AttachmentId) -> None:
    path_of(place, reported).unlink()
    for ask in everyone(place, receipt):
        with pytest.raises(BlobMissing):
            ask(reported)


def test_files_of_notes_are_for_the_team_only(place: Place, receipt: Receipt) -> None:
    send(place, receipt)
    file = upload(place, seal_for([team(place)], b"only for us"))
    message, sealed = letter(place, place.olivia, receipt, "Only for us.", Kind.NOTE)
    triage.post(place.ctx, officer(place, place.olivia), receipt.case_id, message, Kind.NOTE, sealed, attachments=[file])
    of_mailbox, of_receipt, of_officer = everyone(place, receipt)
    for ask in (of_mailbox, of_receipt):
        with pytest.raises(UnknownAttachment):
            ask(file)
    assert of_officer(file)
    assert all(not message.attachments for message in followup.open_sealed(place.ctx, place.id, receipt.mailbox_key).messages)


def reply_with(place: Place, receipt: Receipt, data: bytes, told: Attachment, sealed: bytes | None = None) -> AttachmentId:
    """A reply of the team's browser with one file; its message says what `told` says."""
    file = upload(place, sealed or seal_for(readers(place, receipt), data))
    message, written = letter(place, place.olivia, receipt, "See the file.", files=[replace(told, id=file)])
    triage.post(place.ctx, officer(place, place.olivia), receipt.case_id, message, Kind.MESSAGE, written, attachments=[file])
    return file


def told(data: bytes, name: str = "reply.txt", kind: str = "text/plain") -> Attachment:
    return Attachment("", name, kind, len(data), hashlib.sha256(data).digest())


def test_a_file_of_the_team_is_opened_for_the_reporter_under_a_clean_name(place: Place, receipt: Receipt) -> None:
    send(place, receipt)
    file = reply_with(place, receipt, b"Our answer", told(b"Our answer", "../..\\evil\u202etxt.exe", "text/html; charset=utf-8"))
    found = opened(place, receipt, file)
    assert (found.name, found.type, b"".join(found.chunks)) == ("eviltxt.exe", "", b"Our answer")


@pytest.mark.parametrize("lie", ["size", "larger", "hash", "not named", "another seal"])
def test_a_file_that_is_not_what_its_message_says_is_never_given_out_whole(place: Place, receipt: Receipt, lie: str) -> None:
    send(place, receipt)
    data, seal = os.urandom(300_000), None
    truth = told(data)
    match lie:
        case "size":
            truth = replace(truth, size=299_999)
        case "larger":
            truth = replace(truth, size=900_000)
        case "hash":
            truth = replace(truth, sha256=bytes(32))
        case "another seal":
            seal = seal_for([HybridIdentity.generate().recipient for _ in range(2)], data)
    file = reply_with(place, receipt, data, truth, seal)
    if lie == "not named":
        file = upload_for(place, receipt)
        message, written = letter(place, place.olivia, receipt, "No file at all.")
        triage.post(place.ctx, officer(place, place.olivia), receipt.case_id, message, Kind.MESSAGE, written, attachments=[file])
    got = 0
    with pytest.raises(UnknownAttachment if lie == "not named" else FormatError):
        for piece in opened(place, receipt, file).chunks:
            got += len(piece)
    assert got < truth.size


@pytest.mark.parametrize("where", ["header", "first chunk", "middle", "end", "cut", "longer"])
def test_an_altered_file_ends_in_an_error_before_its_last_byte(place: Place, receipt: Receipt, where: str) -> None:
    data = os.urandom(400_000)
    file = sealed_here(place, receipt, data)
    intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, DRAFT, attachments=[file])
    path, sealed = path_of(place, file.id), bytearray(stored(place, file.id))
    match where:
        case "cut":
            sealed = sealed[: len(sealed) // 2]
        case "longer":
            sealed += b"x"
        case _:
            position = {"header": 100, "first chunk": 5000, "middle": len(sealed) // 2, "end": len(sealed) - 1}[where]
            sealed[position] ^= 1
    path.write_bytes(sealed)
    got = b""
    with pytest.raises(FormatError):
        for piece in opened(place, receipt, AttachmentId(file.id)).chunks:
            got += piece
    assert len(got) < len(data)
    assert data.startswith(got)
    if where in ("header", "first chunk"):
        with pytest.raises(FormatError):  # at the call, while an answer can still say so
            opened(place, receipt, AttachmentId(file.id))


def test_a_download_holds_no_transaction_and_no_lock(place: Place, receipt: Receipt, reported: AttachmentId) -> None:
    sealed = files.sealed_for_reporter(place.ctx, place.id, receipt.mailbox_key, reported)
    running = [sealed.chunks, opened(place, receipt, reported).chunks]
    parts = [next(each) for each in running]
    place.ctx.cut_journal()
    assert not place.ctx.journal_due.is_set()  # a transaction that reads would have kept the journal
    send(place, Receipt.generate())
    followup.withdraw(place.ctx, place.id, receipt.mailbox_key)
    assert all(parts)


def test_twenty_files_are_sealed_at_once(place: Place, receipt: Receipt) -> None:
    datas = [os.urandom(100_000) for _ in range(20)]
    gate = threading.Barrier(20)

    def one(data: bytes) -> Attachment:
        gate.wait(30)
        return sealed_here(place, receipt, data)

    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(one, datas))
    assert len({each.id for each in made}) == 20
    for each, data in zip(made, datas, strict=True):
        assert b"".join(attachment.open([stored(place, each.id)], [receipt.identity], each.size, each.sha256)) == data


@pytest.mark.only_sqlite  # the memory is this process's, whatever the database is
def test_a_large_file_takes_no_memory_either_way(tmp_path: Path) -> None:
    """In a process of its own, 48 MiB sealed and opened: its peak may grow by less than a third of that over a small file's."""
    script = f"""
import resource
from pathlib import Path
from app.crypto.receipt import Receipt
from app.services import files, intake
from tests.services.letters import DRAFT
from tests.support import Clock, make_context, make_place
place = make_place(make_context(Path({str(tmp_path)!r}), Clock()))
def there_and_back(count):
    receipt = Receipt.generate()
    readers = [place.keyring.recipient, str(receipt.identity.recipient)]
    made = files.seal_file(place.ctx, place.id, readers, "n", "", (bytes([n % 256]) * 262144 for n in range(count)), 10**9)
    intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, DRAFT, attachments=[made])
    return sum(map(len, files.open_for_reporter(place.ctx, place.id, receipt, made.id).chunks))
there_and_back(4)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert there_and_back(192) == 192 * 262144
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 16 * 1024, f"{done.stdout} KiB more"
