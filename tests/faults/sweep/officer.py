"""An officer's browser, in Python: logs in over HTTP, opens the keyring, reads a case and replies with a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from app.crypto import conversation, identity_file, kdf, keyring, message
from app.crypto.age import seal_bytes, unseal_bytes
from app.crypto.conversation import Checked, Listed, seen_after
from app.crypto.encoding import b64u_decode, b64u_encode, new_id
from app.crypto.hybrid import HybridRecipient
from app.crypto.keyring import Keyring
from app.crypto.message import Author, Payload
from app.crypto.receipt import Receipt
from app.domain import Kind, MessageId, OfficerId, OrganisationId, SealedBy
from tests.faults.sweep.client import Client
from tests.faults.sweep.sealing import send_file
from tests.web.filling import Chosen


class Officer:
    """Logged in, with the keyring of the first channel open."""

    def __init__(self, client: Client, organisation: str, user: str, passphrase: str) -> None:
        self._client = client
        self._headers: dict[str, str] = {}
        self._headers["X-CSRFToken"] = self._ask("GET", "/desk/form-token")["csrf"]
        secrets = kdf.derive(passphrase, OrganisationId(organisation), user, kdf.PROFILES["production"])
        entered = self._ask("POST", "/desk/login", {"user": user, "login": b64u_encode(secrets.login)})
        self._headers["X-CSRFToken"] = entered["csrf"]
        own = identity_file.open(b64u_decode(entered["identity"]), secrets.unlock)
        self._author = Author("officer", OfficerId(entered["officer"]), user)
        row = next(each for each in self._ask("GET", "/desk/keyrings")["keyrings"] if each["slug"] == "ethics")
        self.ring: Keyring = keyring.open(b64u_decode(row["sealed"]), [own.identity])

    def read(self, receipt: Receipt) -> tuple[Checked, ...]:
        """Every message of a case."""
        rows = self._ask("GET", f"/desk/case/{receipt.case_id}/messages")["messages"]
        listed = [
            Listed(
                row["number"],
                MessageId(row["id"]),
                Kind(row["kind"]),
                unseal_bytes(b64u_decode(row["sealed"]), self.ring.identities),
                False,
            )
            for row in rows
        ]
        keys, recipients = self.ring.verify_keys, self.ring.recipients
        return conversation.check(receipt.case_id, listed, reporter_key=None, channel_keys=keys, recipients=recipients)

    def reply(self, receipt: Receipt, body: str, *files: Chosen) -> None:
        """Reply with files, which acknowledges."""
        readers = [HybridRecipient.parse(self.ring.recipient), receipt.identity.recipient]
        payload = Payload(
            id=MessageId(new_id()),
            case=receipt.case_id,
            kind=Kind.MESSAGE,
            author=self._author,
            sealed_by=SealedBy.BROWSER,
            written_on=datetime.now(UTC).date(),
            seen=seen_after(self.read(receipt)),
            body=body,
            attachments=tuple(send_file(self._client, "/desk/uploads", readers, file, self._headers) for file in files),
        )
        sealed = seal_bytes(message.write(payload, self.ring.current.signing), readers)
        self._ask(
            "POST",
            f"/desk/case/{receipt.case_id}/messages",
            {
                "message": payload.id,
                "kind": "message",
                "sealed": b64u_encode(sealed),
                "acknowledge": True,
                "attachments": [each.id for each in payload.attachments],
            },
        )

    def _ask(self, method: str, path: str, said: dict[str, Any] | None = None) -> Any:
        body = None if said is None else json.dumps(said)
        answer = self._client.ask(method, path, body, {**self._headers, "Content-Type": "application/json"})
        assert answer.status_code == 200, (path, answer.status_code, answer.body[:300])
        if "Set-Cookie" in answer.headers:
            self._headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        return json.loads(answer.body)
