"""Reporters who try again with the same bytes until they are told that it arrived, and who remember what they were told.

`attempt` gives a Promise where the server acknowledged the report, and None where it did not, for whatever reason. An answer that is no
acknowledgement must not look like one: no words on it, no day, and what was typed is given back.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urlencode

from app.crypto import attachment, message
from app.crypto.age import seal_bytes
from app.crypto.encoding import b64u_encode
from app.crypto.hybrid import HybridRecipient
from app.crypto.message import Attachment, ChannelKeys
from app.crypto.receipt import Receipt
from app.domain import AttachmentId
from app.services import receipts
from tests import payloads
from tests.portal import Portal
from tests.web.filling import BOUNDARY, Chosen, multipart
from tests.web.page import Page
from tests.web.reporter import words
from tests.web.served import Answer

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
WITH_FILES = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
TUS = {"Tus-Resumable": "1.0.0"}
SECONDS = 60


@dataclass(frozen=True)
class Promise:
    """An acknowledged report: what opens it, what it says, and the SHA-256 of each of its files."""

    receipt: Receipt
    text: str
    files: tuple[bytes, ...]


class Sender(Protocol):
    """See above. `canaries`: what must be found nowhere."""

    canaries: tuple[str, ...]
    refusals: list[int]

    def attempt(self, portal: Portal) -> Promise | None: ...


def ask(portal: Portal, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer | None:
    """The answer to a request on a connection of its own; None where none came."""
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=SECONDS)
    try:
        connection.request(method, path, body, {"Origin": portal.url, "Connection": "close", **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())  # type: ignore[arg-type]
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def canary() -> str:
    """A text that is nowhere else, long enough to be found in any encoding."""
    return f"canary {secrets.token_hex(16)}"


@dataclass
class Plain:
    """Without script: the check page, then its form is sent, as often as it takes. `size`: bytes of a file, or none."""

    size: int = 0
    text: str = field(default_factory=canary)
    refusals: list[int] = field(default_factory=list)
    _form: dict[str, list[str]] | None = None

    def __post_init__(self) -> None:
        self._mark = canary()
        self._file = (self._mark.encode() + os.urandom(self.size))[: self.size]
        self.canaries: tuple[str, ...] = (self.text, self._mark)

    def attempt(self, portal: Portal) -> Promise | None:
        if self._form is None:
            self._check(portal)
        return None if self._form is None else self._send(portal)

    def _check(self, portal: Portal) -> None:
        files = [Chosen(f"{self._mark}.bin", self._file)] if self.size else []
        typed = {"subject": "", "body": self.text, "q-category": "Safety"}
        answer = ask(portal, "POST", "/report/ethics/check", multipart(typed, files), WITH_FILES)
        if answer is not None and answer.status_code == 200:
            self._form = answer.page.form("/report/ethics/send")
        elif answer is not None:
            self._refused(answer)

    def _send(self, portal: Portal) -> Promise | None:
        answer = ask(portal, "POST", "/report/ethics/send", urlencode(self._form or {}, doseq=True).encode(), FORM)
        if answer is None:
            return None
        page = answer.page
        if answer.status_code == 200 and page.all("ol", class_="words"):
            return Promise(receipts.read(words(page)), self.text, (hashlib.sha256(self._file).digest(),) if self.size else ())
        self._refused(answer)
        if answer.status_code in {200, 409}:  # a ticket that expired, or files that are gone: the report begins again
            self._form = None
        return None

    def _refused(self, answer: Answer) -> None:
        self.refusals.append(answer.status_code)
        page = answer.page
        assert not page.all("ol", class_="words"), "words, and no acknowledgement"
        assert self.text in _everything(page), f"the text is lost on the page of a {answer.status_code}"


@dataclass
class Sealed:
    """With script: a file is uploaded and its upload resumed, the report is sealed once, and the same bytes go until they are taken."""

    keys: ChannelKeys
    size: int = 0
    receipt: Receipt = field(default_factory=Receipt.generate)
    text: str = field(default_factory=canary)
    refusals: list[int] = field(default_factory=list)
    anew: int = 0
    _location: str = ""
    _body: bytes = b""

    def __post_init__(self) -> None:
        self._mark = canary()
        self._file = (self._mark.encode() + os.urandom(self.size))[: self.size]
        self.canaries: tuple[str, ...] = (self.text, self._mark)
        self._readers = [HybridRecipient.parse(self.keys.recipient), self.receipt.identity.recipient]
        self.sealed_file = b"".join(attachment.seal((self._file,), self._readers)) if self.size else b""

    def attempt(self, portal: Portal) -> Promise | None:
        if not self._body and not (self.size and not self._upload(portal)):
            self._body = self._report()
        if not self._body:
            return None
        answer = ask(portal, "POST", "/report/ethics/sealed", self._body, JSON)
        if answer is None:
            return None
        if answer.status_code == 200:
            assert "received_on" in json.loads(answer.body)
            return Promise(self.receipt, self.text, (hashlib.sha256(self._file).digest(),) if self.size else ())
        self.refusals.append(answer.status_code)
        assert "received_on" not in answer.body.decode()
        return None

    def begin(self, portal: Portal) -> bool:
        """Whether the upload of the file is begun."""
        if not self._location:
            answer = ask(portal, "POST", "/uploads", headers={**TUS, "Upload-Length": str(len(self.sealed_file))})
            if answer is None or answer.status_code != 201:
                self.refusals += [answer.status_code] if answer is not None else []
                return False
            self._location = answer.headers["Location"]
        return True

    def _upload(self, portal: Portal) -> bool:
        """Whether the file is there, whole."""
        if not self.begin(portal):
            return False
        offset = self.offset(portal)
        if offset is None or offset == len(self.sealed_file):
            return offset is not None
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = ask(portal, "PATCH", self._location, self.sealed_file[offset:], headers)
        if answer is not None and answer.status_code != 204:
            self.refusals.append(answer.status_code)
        return answer is not None and answer.status_code == 204

    def offset(self, portal: Portal) -> int | None:
        """Where the upload goes on; None where that is not said. An upload that the server does not know begins anew."""
        answer = ask(portal, "HEAD", self._location, headers=TUS)
        if answer is None or answer.status_code != 200:
            if answer is not None and answer.status_code == 404:
                self._location, self.anew = "", self.anew + 1
            return None
        return int(answer.headers["Upload-Offset"])

    def _report(self) -> bytes:
        named: tuple[Attachment, ...] = ()
        if self.size:
            file = AttachmentId(self._location.rpartition("/")[2])
            named = (Attachment(file, f"{self._mark}.bin", "", self.size, hashlib.sha256(self._file).digest()),)
        payload = replace(payloads.report(self.receipt, self.keys, self.text), attachments=named)
        blob = seal_bytes(message.write(payload, self.receipt.signing), self._readers)
        fields = {"case": self.receipt.case_id, "mailbox": b64u_encode(self.receipt.mailbox_key), "message": payload.id}
        return json.dumps({**fields, "sealed": b64u_encode(blob), "attachments": [each.id for each in named]}).encode()


def _everything(page: Page) -> str:
    """What a page shows, and what stands in its fields."""
    return " ".join([page.text, *(element.get("value") or "" for element in page.elements)])
