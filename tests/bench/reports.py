"""Prepared final posts of a 2 kB report: sealed by the server (form and ticket), and sealed by the browser."""

from __future__ import annotations

import html
import http.client
import json
import re
from dataclasses import replace
from urllib.parse import urlencode

from app.crypto import message
from app.crypto.age import seal_bytes
from app.crypto.encoding import b64u_encode
from app.crypto.hybrid import HybridRecipient
from app.crypto.message import Attachment, ChannelKeys
from app.crypto.receipt import Receipt
from tests import payloads
from tests.bench.load import Request

FORM = "application/x-www-form-urlencoded"
BODY = ("The ledger of the harbour office was changed after the audit. " * 40)[:2000]
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def plain(port: int, slug: str, count: int, answers: dict[str, str]) -> list[Request]:
    """Posts of a check page each: the text and a ticket of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    prepared = []
    for _ in range(count):
        connection.request("POST", f"/report/{slug}/check", urlencode({"body": BODY, **answers}), {"Content-Type": FORM})
        page = connection.getresponse().read().decode()
        fields = [(html.unescape(name), html.unescape(value)) for name, value in _HIDDEN.findall(page)]
        if "ticket" not in dict(fields):
            raise RuntimeError("no check page")
        prepared.append(Request(f"/report/{slug}/send", urlencode(fields).encode(), FORM))
    connection.close()
    return prepared


def sealed(slug: str, count: int, keys: ChannelKeys) -> list[Request]:
    """Posts as the browser's client makes them."""
    team = HybridRecipient.parse(keys.recipient)
    return [Request(f"/report/{slug}/sealed", sealed_body(keys, team, Receipt.generate()), "application/json") for _ in range(count)]


def sealed_body(keys: ChannelKeys, team: HybridRecipient, receipt: Receipt, attachments: tuple[Attachment, ...] = ()) -> bytes:
    """A sealed report as JSON, with the files that it names."""
    payload = replace(payloads.report(receipt, keys, BODY), attachments=attachments)
    blob = seal_bytes(message.write(payload, receipt.signing), [team, receipt.identity.recipient])
    fields = {"case": receipt.case_id, "mailbox": b64u_encode(receipt.mailbox_key), "message": payload.id, "sealed": b64u_encode(blob)}
    named = {"attachments": [each.id for each in attachments]} if attachments else {}
    return json.dumps({**fields, **named}).encode()
