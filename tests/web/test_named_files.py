"""Sealed messages that name files, over HTTP: what is taken, what is listed, and the one refusal that says no more than it has to."""

from __future__ import annotations

from typing import Any

import pytest

from app.crypto.encoding import b64u_encode, new_id
from app.crypto.receipt import Receipt
from app.domain import AttachmentId
from app.services import files
from tests.services.letters import addition, remove, report, send
from tests.services.sealed_files import kept, rows, upload_for
from tests.support import Place
from tests.web.reporter import Reporter


@pytest.fixture
def receipt() -> Receipt:
    return Receipt.generate()


def own_report(place: Place, receipt: Receipt, **more: Any) -> dict[str, Any]:
    message, sealed = report(place, receipt)
    keys = {"case": receipt.case_id, "mailbox": b64u_encode(receipt.mailbox_key), "message": message}
    return {**keys, "sealed": b64u_encode(sealed), **more}


def an_answer(place: Place, receipt: Receipt, **more: Any) -> dict[str, Any]:
    message, sealed = addition(place, receipt, "More.")
    return {"mailbox": b64u_encode(receipt.mailbox_key), "message": message, "sealed": b64u_encode(sealed), **more}


def listed(reporter: Reporter, receipt: Receipt) -> list[dict[str, Any]]:
    answer = reporter.json("/conversation/sealed", {"mailbox": b64u_encode(receipt.mailbox_key)})
    assert answer.json is not None
    found: list[dict[str, Any]] = answer.json["messages"]
    return found


def test_files_are_named_and_listed_and_left_out_where_there_are_none(reporter: Reporter, place: Place, receipt: Receipt) -> None:
    one, other = upload_for(place, receipt), upload_for(place, receipt)
    assert reporter.json("/report/ethics/sealed", own_report(place, receipt, attachments=[one])).status_code == 200
    assert reporter.json("/conversation/sealed/answer", an_answer(place, receipt)).status_code == 200
    assert reporter.json("/conversation/sealed/answer", an_answer(place, receipt, attachments=[other])).status_code == 200
    assert [message.get("attachments") for message in listed(reporter, receipt)] == [[one], None, [other]]
    assert all("removed" not in message for message in listed(reporter, receipt))


def test_the_same_again_is_the_first_answer_and_other_files_are_a_conflict(reporter: Reporter, place: Place, receipt: Receipt) -> None:
    body = own_report(place, receipt, attachments=[upload_for(place, receipt)])
    first = reporter.json("/report/ethics/sealed", body)
    again = reporter.json("/report/ethics/sealed", body)
    assert (first.status_code, first.json) == (again.status_code, again.json)
    other = reporter.json("/report/ethics/sealed", {**body, "attachments": [upload_for(place, receipt)]})
    assert (other.status_code, other.json) == (409, {"error": "conflict"})


def test_files_that_cannot_be_named_are_one_refusal_and_nothing_is_stored(reporter: Reporter, place: Place, receipt: Receipt) -> None:
    send(place, receipt)
    good = upload_for(place, receipt)
    for bad in ([good, new_id()], [good, good], [new_id() for _ in range(65)]):
        answer = reporter.json("/conversation/sealed/answer", an_answer(place, receipt, attachments=bad))
        assert (answer.status_code, answer.json) == (409, {"error": "attachments"})
    assert len(listed(reporter, receipt)) == 1
    assert rows(place) == ({good}, set())


@pytest.mark.parametrize("wrong", ["text", [1], [["x"]], {"a": 1}, None, ["../../x"], [""], ["A" * 26]])
def test_a_list_that_is_none_is_refused(reporter: Reporter, place: Place, receipt: Receipt, wrong: object) -> None:
    answer = reporter.json("/report/ethics/sealed", own_report(place, receipt, attachments=wrong))
    assert (answer.status_code, answer.json) == (400, {"error": "format"})


def test_a_removed_message_is_listed_without_its_seal_and_files(reporter: Reporter, place: Place, receipt: Receipt) -> None:
    send(place, receipt)
    body = an_answer(place, receipt, attachments=[upload_for(place, receipt)])
    reporter.json("/conversation/sealed/answer", body)
    remove(place, place.olivia, receipt, body["message"])
    found = listed(reporter, receipt)
    assert [(message["kind"], message.get("removed")) for message in found] == [("report", None), ("message", True), ("removed", None)]
    assert found[1]["sealed"] == ""
    assert "attachments" not in found[1]
    assert (rows(place), kept(place)) == ((set(), set()), (set(), set()))


def test_a_reporter_is_told_a_file_that_is_missing_from_one_that_never_was(reporter: Reporter, place: Place, receipt: Receipt) -> None:
    file = upload_for(place, receipt)
    reporter.json("/report/ethics/sealed", own_report(place, receipt, attachments=[file]))
    body = {"mailbox": b64u_encode(receipt.mailbox_key), "attachment": file}
    sealed = reporter.json("/conversation/sealed/attachment", body)
    assert (sealed.status_code, sealed.data) == (
        200,
        b"".join(files.sealed_for_reporter(place.ctx, place.id, receipt.mailbox_key, file).chunks),
    )
    place.ctx.blobs.delete(place.id, AttachmentId(file))
    missing = reporter.json("/conversation/sealed/attachment", body)
    assert (missing.status_code, missing.json) == (404, {"error": "blob_missing"})
    unknown = reporter.json("/conversation/sealed/attachment", {**body, "attachment": new_id()})
    assert (unknown.status_code, unknown.json) == (404, {"error": "unknown_attachment"})
