"""A browser for the desk without scripts of its own: cookies, form tokens, and what an officer's script would send."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.crypto import message as message_format
from app.crypto.age import seal_bytes
from app.crypto.encoding import b64u_encode, new_id
from app.crypto.hybrid import HybridRecipient
from app.crypto.message import EMPTY_SEEN, Author, Payload
from app.crypto.receipt import Receipt
from app.domain import CaseId, Kind, MessageId, SealedBy
from app.services import intake
from app.services.drafts import PlainReport
from app.web.desk.session import COOKIE
from tests.support import Person, Place

BASE = "https://report.example"


class Browser:
    """One browser. The form token is taken from whatever page or answer showed one last."""

    def __init__(self, app: Flask, base: str = BASE) -> None:
        self.client: FlaskClient = app.test_client()
        self.base = base
        self.token = ""

    @property
    def cookie(self) -> str | None:
        """The desk's cookie, as this browser keeps it."""
        host = self.base.split("//")[1].split(":")[0]
        found = self.client.get_cookie(COOKIE, host, "/desk")
        return None if found is None else found.value

    def get(self, path: str, **more: Any) -> TestResponse:
        return self._seen(self.client.get(path, base_url=self.base, **more))

    def post(self, path: str, body: dict[str, Any], **more: Any) -> TestResponse:
        """JSON, as the page's script sends it."""
        headers = {"X-CSRFToken": self.token, "Origin": self.base, "Sec-Fetch-Site": "same-origin", **more.pop("headers", {})}
        return self._seen(self.client.post(path, base_url=self.base, json=body, headers=headers, **more))

    def submit(self, path: str, fields: dict[str, str], **more: Any) -> TestResponse:
        """A form, as the page itself sends it: no Referer is asked for."""
        headers = {"Origin": self.base, **more.pop("headers", {})}
        return self._seen(self.client.post(path, base_url=self.base, data={"csrf_token": self.token, **fields}, headers=headers, **more))

    def log_in(self, person: Person, login: bytes | None = None) -> TestResponse:
        self.get("/desk/login")
        key = person.secrets.login if login is None else login
        return self.post("/desk/login", {"user": person.user, "login": b64u_encode(key)})

    def _seen(self, answer: TestResponse) -> TestResponse:
        if answer.is_json and isinstance(answer.json, dict):
            self.token = str(answer.json.get("csrf", self.token))
        elif answer.mimetype == "text/html" and (found := re.search(r'name="csrf-token" content="([^"]+)"', answer.text)) is not None:
            self.token = found[1]
        return answer


def report(place: Place, *, subject: str = "The ladder", body: str = "It has no rungs.") -> tuple[CaseId, Receipt]:
    """A report to the ethics team, on the clock's day."""
    receipt = Receipt.generate()
    accepted = intake.accept_plain(place.ctx, place.id, place.ethics_id, receipt, PlainReport(subject, body, {"category": "Safety"}))
    return accepted.case, receipt


def sealed_by(place: Place, person: Person, case: CaseId, kind: Kind, reply_to: HybridRecipient) -> tuple[str, bytes]:
    """Message id and sealed bytes of what an officer's browser would send."""
    id_ = MessageId(new_id())
    author = Author("officer", person.id, person.name)
    payload = Payload(
        v=1,
        id=id_,
        case=case,
        kind=kind,
        author=author,
        sealed_by=SealedBy.BROWSER,
        written_on=place.ctx.today(),
        seen=EMPTY_SEEN,
        subject=None,
        body="Thank you.",
        answers=(),
        attachments=(),
        reply_to=None,
        channel=None,
        readers=None,
    )
    document = message_format.write(payload, place.keyring.current.signing)
    team = HybridRecipient.parse(place.keyring.recipient)
    return id_, seal_bytes(document, [team, reply_to] if kind is Kind.MESSAGE else [team])


def letter(place: Place, person: Person, case: CaseId, receipt: Receipt, kind: Kind, *, acknowledge: bool = False) -> dict[str, Any]:
    """The body of POST /desk/case/<id>/messages."""
    id_, sealed = sealed_by(place, person, case, kind, receipt.identity.recipient)
    return {"message": id_, "kind": str(kind), "sealed": b64u_encode(sealed), "acknowledge": acknowledge}


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def with_attribute(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.found if name in attributes]

    def values(self, name: str) -> list[str]:
        return [value for attributes in self.with_attribute(name) if (value := attributes[name]) is not None]
