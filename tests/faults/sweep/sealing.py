"""What a reporter's browser does before anything leaves it, in Python: sign, seal, and send sealed files by tus."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.crypto import attachment, conversation, message
from app.crypto.age import seal_bytes, unseal_bytes
from app.crypto.conversation import Checked, Listed, seen_after
from app.crypto.encoding import b64u_decode, b64u_encode
from app.crypto.hybrid import HybridRecipient
from app.crypto.keyring import Keyring
from app.crypto.message import Answer, Attachment, ChannelKeys, Payload
from app.crypto.receipt import Receipt
from app.domain import AttachmentId, Kind, MessageId
from tests import payloads
from tests.faults.sweep.client import Client
from tests.web.filling import Chosen

_TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True)
class Sealer:
    """Somebody at a client who seals there: `ring` has the channel's keys, of which a reporter uses the public ones."""

    client: Client
    ring: Keyring
    receipt: Receipt

    @property
    def readers(self) -> list[HybridRecipient]:
        """Whom everything is sealed to."""
        return [HybridRecipient.parse(self.ring.recipient), self.receipt.identity.recipient]

    def report(self, body: str, answer: str, *files: Chosen) -> int:
        """Report; the status of the answer."""
        payload = replace(
            payloads.report(self.receipt, ChannelKeys(self.ring.recipient, self.ring.verify), body),
            answers=(Answer("category", "What is it about?", "Something else"), Answer("where", "Where did it happen?", answer)),
            attachments=tuple(send_file(self.client, "/uploads", self.readers, file) for file in files),
        )
        return self._post("/report/ethics/sealed", payload, case=self.receipt.case_id)

    def messages(self) -> tuple[Checked, ...]:
        """The conversation, opened and checked."""
        answer = self._ask("/conversation/sealed", {})
        listed = opened(answer["messages"], self.receipt)
        return conversation.check_as_reporter(self.receipt.case_id, listed, self.receipt.signing.verify)

    def follow_up(self, body: str) -> int:
        """Add to it; the status of the answer."""
        payload = payloads.addition(self.receipt, body, seen_after(self.messages()))
        return self._post("/conversation/sealed/answer", payload)

    def download(self, file: Attachment) -> bytes:
        """A file of the conversation, opened."""
        asked = json.dumps({"mailbox": b64u_encode(self.receipt.mailbox_key), "attachment": file.id})
        answer = self.client.ask("POST", "/conversation/sealed/attachment", asked, {"Content-Type": "application/json"})
        assert answer.status_code == 200
        return unseal_bytes(answer.body, [self.receipt.identity])[: file.size]

    def _post(self, path: str, payload: Payload, **more: str) -> int:
        sealed = seal_bytes(message.write(payload, self.receipt.signing), self.readers)
        said = {"mailbox": b64u_encode(self.receipt.mailbox_key), "message": payload.id, "sealed": b64u_encode(sealed), **more}
        said_files = {**said, "attachments": [each.id for each in payload.attachments]}
        return self.client.ask("POST", path, json.dumps(said_files), {"Content-Type": "application/json"}).status_code

    def _ask(self, path: str, values: dict[str, str]) -> dict[str, list[dict[str, object]]]:
        asked = json.dumps({"mailbox": b64u_encode(self.receipt.mailbox_key), **values})
        answer = self.client.ask("POST", path, asked, {"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.body[:200]
        found: dict[str, list[dict[str, object]]] = json.loads(answer.body)
        return found


def opened(rows: Sequence[dict[str, object]], receipt: Receipt) -> list[Listed]:
    """Messages as they are listed, opened with the reporter's key."""
    return [_opened(row, receipt) for row in rows]


def _opened(row: dict[str, object], receipt: Receipt) -> Listed:
    document = unseal_bytes(b64u_decode(str(row["sealed"])), [receipt.identity])
    return Listed(int(str(row["number"])), MessageId(str(row["id"])), Kind(str(row["kind"])), document, removed=False)


def send_file(
    client: Client, path: str, readers: Sequence[HybridRecipient], file: Chosen, headers: dict[str, str] | None = None
) -> Attachment:
    """Seal a file, send it in two pieces, and say what a manifest says of it."""
    sealed = b"".join(attachment.seal([file.content], readers))
    told = {**_TUS, **(headers or {})}
    made = client.ask("POST", path, b"", {**told, "Upload-Length": str(len(sealed))})
    assert made.status_code == 201, (made.status_code, made.body[:200])
    place, middle = made.headers["Location"], len(sealed) // 2
    for begin, piece in ((0, sealed[:middle]), (middle, sealed[middle:])):
        head = {**told, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(begin)}
        assert client.ask("PATCH", place, piece, head).status_code == 204
    digest = hashlib.sha256(file.content).digest()
    return Attachment(AttachmentId(place.rpartition("/")[2]), file.name, file.type, len(file.content), digest)
