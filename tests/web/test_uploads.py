"""Resumable uploads: tus 1.0 to the letter, with every refusal it has."""

from __future__ import annotations

import base64
import hashlib
import io
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from app.crypto import attachment
from app.crypto.hybrid import HybridIdentity
from app.domain import AttachmentId
from app.errors import NoRoom
from app.services import intake, receipts, uploads, wire
from app.storage import uploads as rows
from app.storage.staging import Staging
from tests.services import letters
from tests.support import Clock, Place
from tests.web.reporter import BASE

OFFSET = "application/offset+octet-stream"
READERS = [HybridIdentity.generate().recipient for _ in range(2)]
SEALED = b"".join(attachment.seal([bytes(range(256)) * 400], READERS))
NOWHERE = "/uploads/" + "a" * 26


class Tus:
    """A client that speaks tus 1.0 as it was told to, and no better."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client(use_cookies=False)

    def ask(self, method: str, path: str, data: bytes | None = None, version: str | None = "1.0.0", **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if version is not None:
            sent["Tus-Resumable"] = version
        return self.client.open(path, method=method, base_url=BASE, data=data, headers=sent)

    def begin(self, length: int = len(SEALED)) -> str:
        made = self.ask("POST", "/uploads", Upload_Length=str(length))
        assert made.status_code == 201
        return made.headers["Location"]

    def patch(self, path: str, offset: int, data: bytes, **headers: str) -> TestResponse:
        return self.ask("PATCH", path, data, Upload_Offset=str(offset), Content_Type=OFFSET, **headers)

    def offset(self, path: str) -> int:
        answer = self.ask("HEAD", path)
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])


@pytest.fixture
def tus(app: Flask, place: Place) -> Tus:
    return Tus(app)


def says(answer: TestResponse, status: int, code: str) -> None:
    """A refusal: the status, a code for scripts and nothing else, and the version that is spoken here."""
    assert (answer.status_code, answer.json) == (status, {"error": code})
    assert answer.headers["Tus-Resumable"] == "1.0.0"


def sha256(data: bytes) -> str:
    return "sha256 " + base64.b64encode(hashlib.sha256(data).digest()).decode()


@pytest.mark.parametrize("path", ["/uploads", NOWHERE])
def test_options_tell_what_is_spoken(tus: Tus, place: Place, path: str) -> None:
    answer = tus.ask("OPTIONS", path, version=None)
    assert answer.status_code == 204
    assert {name: value for name, value in answer.headers if name.startswith("Tus-")} == {
        "Tus-Version": "1.0.0",
        "Tus-Resumable": "1.0.0",
        "Tus-Extension": "creation,termination,expiration,checksum",
        "Tus-Max-Size": str(uploads.largest(place.ctx)),
        "Tus-Checksum-Algorithm": "sha1,sha256",
    }


def test_a_file_arrives_in_pieces_and_a_report_can_name_it(tus: Tus, place: Place) -> None:
    path = tus.begin()
    for start in range(0, len(SEALED), 40_000):
        answer = tus.patch(path, start, SEALED[start : start + 40_000])
        assert answer.status_code == 204
        assert answer.headers["Upload-Offset"] == str(min(start + 40_000, len(SEALED)))
    assert tus.offset(path) == len(SEALED)
    length, chunks = place.ctx.blobs.read(place.id, AttachmentId(path.split("/")[-1]))
    assert (length, b"".join(chunks)) == (len(SEALED), SEALED)


def test_an_upload_says_how_far_it_is_and_that_it_is_gone_at_the_end_of_the_next_day(tus: Tus) -> None:
    path = tus.begin()
    tus.patch(path, 0, SEALED[:1000])
    answer = tus.ask("HEAD", path)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Upload-Offset"] == "1000"
    assert answer.headers["Upload-Length"] == str(len(SEALED))
    assert answer.headers["Cache-Control"] == "no-store"
    assert parsedate_to_datetime(answer.headers["Upload-Expires"]).isoformat() == "2026-11-23T00:00:00+00:00"
    made = tus.ask("POST", "/uploads", Upload_Length=str(len(SEALED)))
    assert made.headers["Upload-Expires"] == answer.headers["Upload-Expires"]
    assert made.headers["Location"].startswith("/uploads/")
    assert "Upload-Offset" not in made.headers


def test_an_upload_that_is_cancelled_is_gone_with_its_bytes(tus: Tus, place: Place) -> None:
    path = tus.begin()
    tus.patch(path, 0, SEALED[:1000])
    answer = tus.ask("DELETE", path)
    assert (answer.status_code, answer.headers["Tus-Resumable"]) == (204, "1.0.0")
    assert list(place.ctx.staging.names(place.id)) == []
    assert tus.ask("HEAD", path).status_code == 404
    says(tus.ask("DELETE", path), 404, "unknown_upload")


def test_the_answer_that_was_lost_can_be_asked_for_again(tus: Tus) -> None:
    path = tus.begin()
    tus.patch(path, 0, SEALED[:1000])
    says(tus.patch(path, 0, SEALED[:1000]), 409, "upload_offset")
    assert tus.offset(path) == 1000


@pytest.mark.parametrize("offset", [1, len(SEALED), 10**15])
def test_another_offset_than_that_of_the_file_is_a_conflict(tus: Tus, offset: int) -> None:
    path = tus.begin()
    says(tus.patch(path, offset, b"x"), 409, "upload_offset")
    assert tus.offset(path) == 0


def test_more_than_was_declared_is_too_much_and_changes_nothing(tus: Tus) -> None:
    path = tus.begin()
    tus.patch(path, 0, SEALED[:1000])
    says(tus.patch(path, 1000, SEALED[1000:] + b"x"), 413, "upload_too_large")
    assert tus.offset(path) == 1000
    assert tus.patch(path, 1000, SEALED[1000:]).status_code == 204
    says(tus.patch(path, len(SEALED), b"x"), 413, "upload_too_large")


def test_a_file_over_the_largest_is_refused_before_it_is_begun(tus: Tus, place: Place) -> None:
    most = uploads.largest(place.ctx)
    assert tus.ask("POST", "/uploads", Upload_Length=str(most)).status_code == 201
    says(tus.ask("POST", "/uploads", Upload_Length=str(most + 1)), 413, "upload_too_large")


@pytest.mark.parametrize("length", [None, "", "-1", "1.5", "+5", "0x10", " 5", "\u0665", "0", "70000", "9" * 17])
def test_a_length_that_is_none_or_that_no_sealed_file_has_is_a_bad_request(tus: Tus, length: str | None) -> None:
    answer = tus.ask("POST", "/uploads") if length is None else tus.ask("POST", "/uploads", Upload_Length=length)
    assert answer.status_code == 400
    assert answer.headers["Tus-Resumable"] == "1.0.0"


@pytest.mark.parametrize("offset", [None, "", "-1", "1.0", "x"])
def test_an_offset_that_is_none_is_a_bad_request(tus: Tus, offset: str | None) -> None:
    path = tus.begin()
    sent = {"Content_Type": OFFSET} | ({} if offset is None else {"Upload_Offset": offset})
    says(tus.ask("PATCH", path, b"x", "1.0.0", **sent), 400, "bad_request")


@pytest.mark.parametrize("header", ["Upload_Metadata", "Upload_Defer_Length", "Upload_Concat"])
def test_names_never_leave_the_seal_and_lengths_are_known(tus: Tus, place: Place, header: str) -> None:
    says(tus.ask("POST", "/uploads", None, "1.0.0", **{"Upload_Length": str(len(SEALED)), header: "filename aGVsbG8="}), 400, "bad_request")
    with place.ctx.database.read() as session:
        assert rows.unfinished(session, place.id, list(place.ctx.staging.names(place.id))) == set()


@pytest.mark.parametrize(("method", "path"), [("POST", "/uploads"), ("HEAD", NOWHERE), ("PATCH", NOWHERE), ("DELETE", NOWHERE)])
@pytest.mark.parametrize("version", [None, "0.2.2", "1.0", "2.0.0"])
def test_another_version_is_told_which_one_is_spoken(tus: Tus, method: str, path: str, version: str | None) -> None:
    answer = tus.ask(method, path, version=version, Upload_Length="1", Upload_Offset="0", Content_Type=OFFSET)
    assert answer.status_code == 412
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    if method != "HEAD":
        assert answer.json == {"error": "tus_version"}


@pytest.mark.parametrize("content_type", ["", "application/octet-stream", "application/json", "multipart/form-data; boundary=x"])
def test_pieces_come_in_their_own_content_type_only(tus: Tus, content_type: str) -> None:
    path = tus.begin()
    says(tus.ask("PATCH", path, SEALED[:10], Upload_Offset="0", Content_Type=content_type), 415, "content_type")
    assert tus.offset(path) == 0


def test_a_piece_with_its_checksum_is_kept(tus: Tus) -> None:
    path = tus.begin()
    assert tus.patch(path, 0, SEALED[:5000], Upload_Checksum=sha256(SEALED[:5000])).status_code == 204
    assert tus.offset(path) == 5000


def test_a_piece_that_is_not_what_its_checksum_says_is_cut_off_again(tus: Tus) -> None:
    path = tus.begin()
    tus.patch(path, 0, SEALED[:5000])
    says(tus.patch(path, 5000, SEALED[5000:9000], Upload_Checksum=sha256(b"other")), 460, "upload_checksum")
    assert tus.offset(path) == 5000
    assert tus.patch(path, 5000, SEALED[5000:], Upload_Checksum=sha256(SEALED[5000:])).status_code == 204


@pytest.mark.parametrize("checksum", ["md5 XrY7u+Ae7tCTyyK7j1rNww==", "sha256", "sha256 AAAA", "sha256 *", "", "SHA256 " + "A" * 43 + "="])
def test_a_checksum_that_is_not_offered_or_none_is_a_bad_request(tus: Tus, checksum: str) -> None:
    path = tus.begin()
    answer = tus.patch(path, 0, SEALED[:10], Upload_Checksum=checksum)
    assert answer.status_code == 400
    assert tus.offset(path) == 0


@pytest.mark.parametrize("upload", ["a" * 26, "a", "x" * 300, "..%2f..%2fsecret-key", "A" * 26])
def test_an_upload_that_is_not_there_is_not_found(tus: Tus, upload: str) -> None:
    path = f"/uploads/{upload}"
    assert tus.ask("HEAD", path).status_code == 404
    for answer in (tus.patch(path, 0, b"x"), tus.ask("DELETE", path)):
        assert answer.status_code == 404


def test_an_upload_expires_at_the_end_of_the_next_utc_day(tus: Tus, clock: Clock) -> None:
    path = tus.begin()
    tus.patch(path, 0, SEALED[:1000])
    clock.move(seconds=36 * 3600 - 1)
    assert tus.offset(path) == 1000
    clock.move(seconds=1)
    assert tus.ask("HEAD", path).status_code == 404
    says(tus.patch(path, 1000, SEALED[1000:]), 404, "unknown_upload")


def test_a_file_that_a_message_names_is_no_upload_any_more(tus: Tus, place: Place) -> None:
    path = tus.begin()
    tus.patch(path, 0, SEALED)
    file = AttachmentId(path.split("/")[-1])
    drawn = receipts.new()
    message, sealed = letters.report(place, drawn)
    intake.accept_sealed(place.ctx, place.id, place.ethics_id, drawn.case_id, drawn.mailbox_key, message, sealed, [file])
    assert tus.ask("HEAD", path).status_code == 404
    says(tus.patch(path, len(SEALED), b""), 404, "unknown_upload")
    says(tus.ask("DELETE", path), 404, "unknown_upload")
    assert place.ctx.blobs.has(place.id, file)


@pytest.mark.parametrize("content", [b"This is no age file at all. " * 9000, b"age-encryption.org/v1\n-> X25519 abc\n" + bytes(200_000)])
def test_what_is_no_sealed_file_is_refused_and_deleted(tus: Tus, place: Place, content: bytes) -> None:
    path = tus.begin()
    says(tus.patch(path, 0, content[: len(SEALED)]), 422, "upload_refused")
    assert tus.ask("HEAD", path).status_code == 404
    assert list(place.ctx.staging.names(place.id)) == list(place.ctx.blobs.names(place.id)) == []


def test_a_sealed_file_of_another_number_of_readers_than_its_length_says_is_refused(tus: Tus) -> None:
    longer = attachment.sealed_length(131072, 3)
    path = tus.begin(longer)
    one = b"".join(attachment.seal([bytes(100_000)], READERS[:1]))
    says(tus.patch(path, 0, one.ljust(longer, b"\0")), 422, "upload_refused")


def test_a_file_that_somebody_else_is_writing_to_is_locked(tus: Tus, place: Place) -> None:
    path = tus.begin()
    with place.ctx.staging.open(place.id, AttachmentId(path.split("/")[-1])):
        says(tus.patch(path, 0, SEALED[:10]), 423, "upload_busy")
    assert tus.patch(path, 0, SEALED[:10]).status_code == 204


def test_without_room_nothing_is_begun(tus: Tus, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise NoRoom

    monkeypatch.setattr(Staging, "require_room", full)
    says(tus.ask("POST", "/uploads", Upload_Length=str(len(SEALED))), 507, "no_room")


class Stopping(io.RawIOBase):
    """A body that gives what it has and then fails as a connection does that was cut."""

    def __init__(self, data: bytes, error: type[Exception] | None) -> None:
        self.data, self.error = data, error

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece, self.data = self.data[:size], self.data[size:]
        if not piece and self.error is not None:
            raise self.error
        return piece


def raw(app: Flask, path: str, body: Any, **environ: Any) -> int:
    whole = EnvironBuilder(path=path, base_url=BASE, method="PATCH").get_environ()
    whole.pop("CONTENT_LENGTH", None)
    tus = {"HTTP_TUS_RESUMABLE": "1.0.0", "HTTP_UPLOAD_OFFSET": "0", "CONTENT_TYPE": OFFSET}
    _, status, _ = run_wsgi_app(app.wsgi_app, {**whole, **tus, "wsgi.input": body, **environ}, buffered=True)
    return int(status.split()[0])


@pytest.mark.parametrize(("error", "status"), [(None, 400), (ConnectionResetError, 400), (TimeoutError, 408)])
def test_what_came_before_a_connection_was_cut_is_kept(app: Flask, tus: Tus, error: type[Exception] | None, status: int) -> None:
    path = tus.begin()
    assert raw(app, path, Stopping(SEALED[:30_000], error), CONTENT_LENGTH=str(len(SEALED))) == status
    assert tus.offset(path) == 30_000
    assert tus.patch(path, 30_000, SEALED[30_000:]).status_code == 204


def test_of_a_piece_with_a_checksum_that_was_cut_nothing_is_kept(app: Flask, tus: Tus) -> None:
    path = tus.begin()
    checksum = sha256(SEALED)
    assert raw(app, path, Stopping(SEALED[:30_000], None), CONTENT_LENGTH=str(len(SEALED)), HTTP_UPLOAD_CHECKSUM=checksum) == 400
    assert tus.offset(path) == 0


def test_pieces_may_come_in_chunks_without_a_length(app: Flask, tus: Tus) -> None:
    path = tus.begin()
    assert raw(app, path, Stopping(SEALED, None), **{"wsgi.input_terminated": True}) == 204
    assert tus.offset(path) == len(SEALED)


def test_chunks_beyond_the_declared_length_are_read_no_further(app: Flask, tus: Tus) -> None:
    path = tus.begin()
    endless = Stopping(SEALED + bytes(50_000_000), None)
    assert raw(app, path, endless, **{"wsgi.input_terminated": True}) == 413
    assert len(endless.data) > 49_000_000
    assert tus.offset(path) == 0


def test_uploads_ask_for_no_cookie_and_tell_nothing_to_other_sites(tus: Tus) -> None:
    for answer in (tus.ask("POST", "/uploads", Upload_Length=str(len(SEALED))), tus.ask("OPTIONS", "/uploads")):
        assert "Set-Cookie" not in answer.headers
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    refused = tus.ask("POST", "/uploads", Upload_Length=str(len(SEALED)), Origin="https://evil.example")
    says(refused, 403, "cross_site")


def test_no_header_of_tus_stands_anywhere_else(tus: Tus) -> None:
    for path in ("/", "/report/ethics", "/static/css/quietline.css", "/conversation/sealed"):
        assert not [name for name, _ in tus.ask("GET", path).headers if name.startswith(("Tus-", "Upload-"))]


def test_the_largest_header_that_a_sealed_file_may_have_can_be_sent_byte_by_byte(tus: Tus) -> None:
    path = tus.begin()
    for position in range(200):
        assert tus.patch(path, position, SEALED[position : position + 1]).status_code == 204
    assert tus.patch(path, 200, SEALED[200:]).status_code == 204


def test_an_id_is_drawn_anew_each_time(tus: Tus) -> None:
    paths = {tus.begin() for _ in range(20)}
    assert len(paths) == 20
    assert all(wire.is_id(path.split("/")[-1]) for path in paths)
