"""Sealed files at the desk: handed out as bytes to whom the case is, and taken in from officers who are logged in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.crypto import attachment
from app.crypto.age import seal_bytes
from app.crypto.encoding import b64u_encode, new_id
from app.crypto.hybrid import HybridRecipient
from app.crypto.receipt import Receipt
from app.domain import CaseId, Kind
from app.services import files, intake
from app.services.buckets import Bucket, MemoryBuckets, Rate
from app.services.drafts import PlainReport
from tests.services.sealed_files import some_sealed_file
from tests.support import Place
from tests.web.desk.helpers import BASE, Browser, letter, report

DATA = bytes(range(256)) * 1000
TUS = {"Tus-Resumable": "1.0.0"}


def with_file(place: Place) -> tuple[CaseId, str]:
    """A case, and the id of the file that its report brought."""
    receipt = Receipt.generate()
    readers = [place.keyring.recipient, str(receipt.identity.recipient)]
    sealed = files.seal_file(place.ctx, place.id, readers, "a.bin", "", [DATA], 2**30)
    draft = PlainReport("", "With a file.", {"category": "Safety"})
    accepted = intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, draft, attachments=[sealed])
    return accepted.case, sealed.id


def blobs(place: Place) -> list[Path]:
    return [path for path in Path(str(place.ctx.settings.blobs)).rglob("*") if path.is_file()]


def test_a_file_comes_as_it_is_stored(olivia: Browser, place: Place) -> None:
    case, file = with_file(place)
    answer = olivia.get(f"/desk/case/{case}/attachments/{file}")
    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    (stored,) = blobs(place)
    assert answer.data == stored.read_bytes()
    assert answer.content_length == len(answer.data)
    assert answer.data.startswith(b"age-encryption.org/v1\n")
    assert DATA[:64] not in answer.data


def test_what_opens_of_it_is_the_file_and_zeros(olivia: Browser, place: Place) -> None:
    case, file = with_file(place)
    sealed = olivia.get(f"/desk/case/{case}/attachments/{file}").data
    messages = olivia.get(f"/desk/case/{case}/messages").json
    assert messages is not None
    assert messages["messages"][0]["attachments"] == [file]
    digest = hashlib.sha256(DATA).digest()
    assert b"".join(attachment.open(iter([sealed]), place.keyring.identities, len(DATA), digest)) == DATA


def test_whose_case_it_is_not_gets_what_a_case_that_is_none_gets(nathan: Browser, nobody: Browser, place: Place) -> None:
    case, file = with_file(place)
    paths = [f"/desk/case/{case}/attachments/{file}", f"/desk/case/{'a' * 26}/attachments/{file}"]
    assert [(answer.status_code, answer.json) for answer in map(nathan.get, paths)] == [(404, {"error": "unknown_case"})] * 2
    assert [(answer.status_code, answer.json) for answer in map(nobody.get, paths)] == [(401, {"error": "login"})] * 2


def test_a_file_of_another_case_or_of_none_is_unknown_and_one_without_bytes_is_missing(olivia: Browser, place: Place) -> None:
    case, file = with_file(place)
    other, _ = report(place)
    for path in (f"/desk/case/{other}/attachments/{file}", f"/desk/case/{case}/attachments/{new_id()}"):
        answer = olivia.get(path)
        assert (answer.status_code, answer.json) == (404, {"error": "unknown_attachment"})
    for stored in blobs(place):
        stored.unlink()
    answer = olivia.get(f"/desk/case/{case}/attachments/{file}")
    assert (answer.status_code, answer.json) == (404, {"error": "blob_missing"})


def upload(olivia: Browser, sealed: bytes) -> str:
    """Sends a sealed file in two pieces; gives its id."""
    headers = {**TUS, "X-CSRFToken": olivia.token, "Origin": BASE, "Sec-Fetch-Site": "same-origin"}
    made = olivia.client.post("/desk/uploads", base_url=BASE, headers=headers | {"Upload-Length": str(len(sealed))})
    assert made.status_code == 201
    path = made.headers["Location"]
    assert path.startswith("/desk/uploads/")
    for begin, end in ((0, 1000), (1000, len(sealed))):
        piece = headers | {"Upload-Offset": str(begin), "Content-Type": "application/offset+octet-stream"}
        answer = olivia.client.patch(path, base_url=BASE, headers=piece, data=sealed[begin:end])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(end))
    return path.rsplit("/", 1)[1]


def test_a_flood_of_uploads_from_outside_keeps_no_officer_from_sending_a_file(olivia: Browser, place: Place) -> None:
    object.__setattr__(place.ctx, "buckets", MemoryBuckets({bucket: Rate(places=1, grain=3600, burst=0) for bucket in Bucket}))
    outside = olivia.client.post("/uploads", base_url=BASE, headers={**TUS, "Upload-Length": str(len(some_sealed_file()))})
    assert (outside.status_code, outside.json) == (503, {"error": "storage_busy"})
    upload(olivia, some_sealed_file())


def test_an_officer_sends_a_file_and_names_it_in_a_message(olivia: Browser, place: Place) -> None:
    case, receipt = report(place)
    olivia.get(f"/desk/case/{case}")
    readers = [HybridRecipient.parse(place.keyring.recipient), receipt.identity.recipient]
    sealed = b"".join(attachment.seal([DATA], readers))
    file = upload(olivia, sealed)
    body = {**letter(place, place.olivia, case, receipt, Kind.MESSAGE), "attachments": [file]}
    assert olivia.post(f"/desk/case/{case}/messages", body).status_code == 200
    assert olivia.get(f"/desk/case/{case}/attachments/{file}").data == sealed


@pytest.mark.parametrize("readers", [1, 3])
def test_a_file_sealed_to_another_number_of_readers_than_its_message_is_refused(olivia: Browser, place: Place, readers: int) -> None:
    case, receipt = report(place)
    olivia.get(f"/desk/case/{case}")
    team = HybridRecipient.parse(place.keyring.recipient)
    file = upload(olivia, b"".join(attachment.seal([DATA], [team] * readers)))
    body = {**letter(place, place.olivia, case, receipt, Kind.MESSAGE), "attachments": [file]}
    answer = olivia.post(f"/desk/case/{case}/messages", body)
    assert (answer.status_code, answer.json) == (409, {"error": "attachments"})
    assert len(olivia.get(f"/desk/case/{case}/messages").json["messages"]) == 1  # type: ignore[index]


def test_nobody_sends_files_to_the_desk_without_being_logged_in(nobody: Browser) -> None:
    nobody.get("/desk/login")
    headers = {**TUS, "X-CSRFToken": nobody.token, "Origin": BASE, "Sec-Fetch-Site": "same-origin", "Upload-Length": "67000"}
    answer = nobody.client.post("/desk/uploads", base_url=BASE, headers=headers)
    assert (answer.status_code, answer.json) == (401, {"error": "login"})
    assert nobody.client.options("/desk/uploads", base_url=BASE).status_code == 401


def test_a_removal_that_cannot_be_is_refused_and_nothing_is_stored(olivia: Browser, place: Place) -> None:
    case, receipt = report(place)
    olivia.get(f"/desk/case/{case}")
    listed = olivia.get(f"/desk/case/{case}/messages").json
    assert listed is not None
    readers = [HybridRecipient.parse(place.keyring.recipient), receipt.identity.recipient]
    sealed = b64u_encode(seal_bytes(b" " * 4096, readers))
    body = {"message": new_id(), "kind": "removed", "sealed": sealed, "acknowledge": False, "removes": listed["messages"][0]["id"]}
    answer = olivia.post(f"/desk/case/{case}/messages", body)
    assert (answer.status_code, answer.json) == (409, {"error": "not_removable"})
    assert olivia.get(f"/desk/case/{case}/messages").json == listed
