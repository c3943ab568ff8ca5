"""Reporters who send to a real portal over its port, as their browsers do, and come back with their words."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.crypto import attachment
from app.crypto.encoding import b64u_decode, b64u_encode
from app.crypto.message import Attachment
from app.crypto.receipt import Receipt
from app.domain import AttachmentId, Kind, Mark, MessageId, SealedBlob, SealedMessage
from tests.portal import Portal
from tests.services.letters import as_reporter, report
from tests.services.sealed_files import readers, seal_for
from tests.support import Place

TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True)
class Sent:
    """An acknowledged report: its receipt, what its files hold."""

    receipt: Receipt
    files: dict[AttachmentId, bytes] = field(repr=False)


class Reporter:
    """A browser's connection to a portal."""

    def __init__(self, portal: Portal, place: Place) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=60)
        self._place = place

    def send(self, *sizes: int) -> Sent:
        """A report with files of these sizes, acknowledged."""
        receipt = Receipt.generate()
        contents = [os.urandom(size) for size in sizes]
        named = [self._upload(receipt, data) for data in contents]
        message, sealed = report(self._place, receipt, files=named)
        files = [each.id for each in named]
        fields = {"case": receipt.case_id, "message": message, "sealed": b64u_encode(sealed), "attachments": files}
        self._post("/report/ethics/sealed", receipt, fields)
        return Sent(receipt, {AttachmentId(file): data for file, data in zip(files, contents, strict=True)})

    def withdraw(self, sent: Sent) -> None:
        self._post("/conversation/sealed/withdraw", sent.receipt, {})

    def open(self, sent: Sent) -> list[Mark]:
        """The marks of the messages of a conversation, once its files have been opened and compared."""
        found = json.loads(self._post("/conversation/sealed", sent.receipt, {}))
        listed = [_listed(each) for each in found["messages"]]
        assert {file for each in listed for file in each.attachments} == set(sent.files)
        checked = as_reporter(sent.receipt, listed)
        for named in (each for message in checked if message.payload for each in message.payload.attachments):
            sealed = self._post("/conversation/sealed/attachment", sent.receipt, {"attachment": named.id})
            opened = b"".join(attachment.open([sealed], [sent.receipt.identity], named.size, named.sha256))
            assert opened == sent.files[AttachmentId(named.id)]
        return [each.mark for each in checked]

    def is_gone(self, sent: Sent) -> bool:
        status, _ = self._ask("POST", "/conversation/sealed", _json({"mailbox": b64u_encode(sent.receipt.mailbox_key)}))
        return status == 404

    def _upload(self, receipt: Receipt, data: bytes) -> Attachment:
        sealed = seal_for(readers(self._place, receipt), data)
        self._connection.close()
        self._connection.request("POST", "/uploads", headers={**TUS, "Upload-Length": str(len(sealed))})
        answer = self._connection.getresponse()
        answer.read()
        place = answer.headers["Location"]
        assert answer.status == 201
        headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        assert self._ask("PATCH", place, sealed, headers)[0] == 204
        return Attachment(place.rpartition("/")[2], "notes.txt", "text/plain", len(data), hashlib.sha256(data).digest())

    def _post(self, path: str, receipt: Receipt, fields: dict[str, Any]) -> bytes:
        status, body = self._ask("POST", path, _json({"mailbox": b64u_encode(receipt.mailbox_key), **fields}))
        assert status == 200, (path, status)
        return body

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        self._connection.close()  # a new one each time: the server ends one that has had nothing to do for a while
        self._connection.request(method, path, body, headers or {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        return answer.status, answer.read()


class Crowd:
    """Reporters who send one report after another, now and then with a file, and sometimes withdraw one, until they are told to stop."""

    def __init__(self, portal: Portal, place: Place, count: int) -> None:
        self.sent: list[Sent] = []
        self.withdrawn: list[Sent] = []
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=(Reporter(portal, place),)) for _ in range(count)]

    def __enter__(self) -> Crowd:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()
        if self._error is not None:
            raise self._error

    def wait_for(self, count: int) -> None:
        """Until so many more are acknowledged."""
        until = len(self.sent) + count
        while len(self.sent) < until and self._error is None:
            self._stop.wait(0.01)

    def _go_on(self, reporter: Reporter) -> None:
        number = 0
        try:
            while not self._stop.is_set():
                number += 1
                one = reporter.send(*([100_000] if number % 3 == 0 else []))
                if number % 5 == 0:
                    self.withdrawn.append(one)  # noted first: a backup may see it either way
                    reporter.withdraw(one)
                else:
                    self.sent.append(one)
        except BaseException as error:
            self._error = error


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()


def _listed(each: dict[str, Any]) -> SealedMessage:
    files: Iterable[str] = each.get("attachments", ())
    return SealedMessage(
        each["number"],
        MessageId(each["id"]),
        Kind(each["kind"]),
        date.fromisoformat(each["day"]),
        SealedBlob(b64u_decode(each["sealed"])),
        tuple(map(AttachmentId, files)),
    )
