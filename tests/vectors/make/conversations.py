"""conversations.json: whole cases with what their readers must find. The expectations are written by hand, in conversations.txt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.crypto.encoding import b64u_decode, b64u_encode
from app.crypto.message import CONTEXT, REPORTER, ChannelKeys, Payload, Removal, Seen
from app.crypto.signing import SigningKey, envelope_write
from app.domain import CaseId, Kind, MessageId, SealedBy

from .messages import CASE, OFFICER, message, report, signed_text, text_with
from .people import OLD_TEAM, OTHER_RECEIPT, RECEIPT, STRANGER, TEAM, an_id, recipient, signing

Case = dict[str, object]
REPORTER_KEY, TEAM_KEY = RECEIPT.signing, signing(TEAM)


class _Documents:
    """Documents by name, as text and not padded; a case refers to them by name."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.signed: dict[str, str] = {}

    def add(self, name: str, payload: Payload, key: SigningKey) -> None:
        self.add_text(name, signed_text(payload, key), key)

    def add_text(self, name: str, signed: str, key: SigningKey, context: str = CONTEXT) -> None:
        self.signed[name] = signed
        self.texts[name] = envelope_write(context, signed, key).decode()

    def seen(self, *names: str | None) -> Seen:
        """After these, in order; None is one that does not open."""
        return Seen(len(names), hashlib.sha256(b"".join(map(self.entry, names))).digest())

    def entry(self, name: str | None) -> bytes:
        """What it enters the digest with."""
        return bytes(32) if name is None else hashlib.sha256(self.signed[name].encode()).digest()

    def removal(self, number: int, name: str | None = None) -> Removal:
        """Of the message with this number, which says what the named document does; None is one that does not open."""
        return Removal(MessageId(an_id(f"message {number}")), self.entry(name))


def _documents() -> _Documents:
    d = _Documents()
    d.add("report", report(), REPORTER_KEY)
    d.add("report sealed by server", report(sealed_by=SealedBy.SERVER), REPORTER_KEY)
    d.add("report of another channel", report(channel=ChannelKeys(recipient(STRANGER), signing(STRANGER).verify)), REPORTER_KEY)
    d.add("report with another verify key", report(channel=ChannelKeys(recipient(TEAM), signing(STRANGER).verify)), REPORTER_KEY)
    d.add("report with another recipient", report(channel=ChannelKeys(recipient(STRANGER), signing(TEAM).verify)), REPORTER_KEY)
    d.add("report of the old team", report(channel=ChannelKeys(recipient(OLD_TEAM), signing(OLD_TEAM).verify)), REPORTER_KEY)
    d.add("report by an officer", report(author=OFFICER), TEAM_KEY)
    d.add("report that has seen something", report(seen=d.seen("report")), REPORTER_KEY)
    d.add("report with a wrong digest", report(seen=Seen(0, bytes(32))), REPORTER_KEY)
    d.add("report of another case", report(case=CaseId(an_id("another case"))), REPORTER_KEY)
    after_1 = d.seen("report")
    d.add("reply", message(2, author=OFFICER, seen=after_1), TEAM_KEY)
    d.add("reply by the old team", message(2, author=OFFICER, seen=after_1), signing(OLD_TEAM))
    d.add("reply by a stranger", message(2, author=OFFICER, seen=after_1), signing(STRANGER))
    d.add("reply with the reporter's key", message(2, author=OFFICER, seen=after_1), REPORTER_KEY)
    d.add("reply that names a later report", message(2, author=OFFICER, seen=Seen(2, after_1.digest)), TEAM_KEY)
    d.add("reply that has seen nothing", message(2, author=OFFICER), TEAM_KEY)
    d.add("reply with a wrong digest", message(2, author=OFFICER, seen=Seen(1, bytes(32))), TEAM_KEY)
    d.add("reply of another case", message(2, author=OFFICER, seen=after_1, case=CaseId(an_id("another case"))), TEAM_KEY)
    d.add("reply after an unreadable report", message(2, author=OFFICER, seen=d.seen(None)), TEAM_KEY)
    d.add("reply sealed by server", message(2, author=OFFICER, seen=after_1, sealed_by=SealedBy.SERVER), TEAM_KEY)
    d.add("answer", message(3, seen=d.seen("report", "reply")), REPORTER_KEY)
    d.add("answer offline", message(3, seen=d.seen("report", "reply"), sealed_by=SealedBy.OFFLINE), REPORTER_KEY)
    d.add("answer at second place", message(3, seen=after_1), REPORTER_KEY)
    d.add("answer with the team's key", message(3, seen=d.seen("report", "reply")), TEAM_KEY)
    d.add("answer by another reporter", message(3, seen=d.seen("report", "reply")), OTHER_RECEIPT.signing)
    d.add("answer after something unreadable", message(3, seen=d.seen("report", None)), REPORTER_KEY)
    d.add("other text under the id of the reply", message(2, seen=d.seen("report", "reply"), body="Not the same."), REPORTER_KEY)
    d.add("second report", report(id=MessageId(an_id("message 3")), seen=d.seen("report", "reply")), REPORTER_KEY)
    d.add("message in place of a report", message(1), REPORTER_KEY)
    d.add("note", message(4, author=OFFICER, kind=Kind.NOTE, seen=d.seen("report", "reply")), TEAM_KEY)
    d.add("note by the reporter", message(4, kind=Kind.NOTE, seen=d.seen("report", "reply")), REPORTER_KEY)
    d.add("reply after a note", message(5, author=OFFICER, seen=d.seen("report", "reply")), TEAM_KEY)
    later = d.seen("report", "reply", "reply after a note")
    d.add("note that has seen what comes later", message(4, author=OFFICER, kind=Kind.NOTE, seen=later), TEAM_KEY)
    d.add("note that has seen too much", message(4, author=OFFICER, kind=Kind.NOTE, seen=d.seen("report", "reply", "note")), TEAM_KEY)
    wrong = message(9, author=OFFICER, seen=Seen(7, bytes(32)), case=CaseId(an_id("x")), kind=Kind.NOTE)
    d.add("everything wrong", wrong, signing(STRANGER))
    d.add_text("malformed reply", text_with(d.signed["reply"], "body", to=1), TEAM_KEY)
    d.add("answer after a malformed reply", message(3, seen=d.seen("report", "malformed reply")), REPORTER_KEY)
    d.add_text("reply in another context", d.signed["reply"], TEAM_KEY, "quietline/keyring/v1")
    flipped = d.texts["reply"].replace("This is number 2", "This is number 3")
    d.signed["altered reply"], d.texts["altered reply"] = d.signed["reply"].replace("number 2", "number 3"), flipped
    d.texts["no JSON"], d.texts["no envelope"] = "no JSON", '{"signed":5}'
    d.signed["spaces around the reply"] = d.signed["reply"]
    d.texts["spaces around the reply"] = "\n" + d.texts["reply"] + " " * 7
    _add_removals(d)
    return d


def _notice(number: int, removed: Removal, **changes: object) -> Payload:
    fields: Case = {"kind": Kind.REMOVED, "author": OFFICER, "body": "It named a person.", "removed": removed}
    return message(number, **(fields | changes))


def _add_removals(d: _Documents) -> None:
    all_seen, reply = d.seen("report", "reply", "answer"), d.removal(2, "reply")
    unread = d.seen("report", None)
    d.add("removal of the reply", _notice(4, reply, seen=all_seen), TEAM_KEY)
    d.add("removal of the reply after a note", _notice(6, reply, seen=all_seen), TEAM_KEY)
    d.add("removal of the reply without a reason", _notice(4, reply, seen=all_seen, body=""), TEAM_KEY)
    d.add("removal of the answer", _notice(4, d.removal(3, "answer"), seen=all_seen), TEAM_KEY)
    d.add("reply after a removal", message(5, author=OFFICER, seen=d.seen("report", "reply", "answer", "removal of the reply")), TEAM_KEY)
    d.add("second removal of the reply", _notice(5, Removal(reply.id, bytes(32)), seen=all_seen), TEAM_KEY)
    d.add("removal with a wrong digest", _notice(4, Removal(reply.id, b"\1" * 32), seen=d.seen("report")), TEAM_KEY)
    d.add("removal of something unreadable", _notice(4, d.removal(2), seen=unread), TEAM_KEY)
    d.add("removal by the reporter", _notice(4, reply, author=REPORTER, seen=unread), REPORTER_KEY)
    d.add("removal with the reporter's key", _notice(4, reply, seen=unread), REPORTER_KEY)
    d.add("removal by a stranger", _notice(4, reply, seen=unread), signing(STRANGER))
    d.add("removal by the old team", _notice(4, reply, seen=unread), signing(OLD_TEAM))
    d.add("removal of another case", _notice(4, reply, seen=unread, case=CaseId(an_id("another case"))), TEAM_KEY)
    d.add("removal of a message and nothing seen", _notice(4, reply), TEAM_KEY)
    d.add("removal of what comes later", _notice(2, d.removal(3, "answer"), seen=d.seen("report")), TEAM_KEY)
    d.add("removal of the report", _notice(2, d.removal(1, "report")), TEAM_KEY)
    d.add("removal of a removal", _notice(5, d.removal(4, "removal of the reply")), TEAM_KEY)
    d.add("removal of a note", _notice(5, d.removal(4, "note")), TEAM_KEY)
    d.add("note that removes a note", _notice(5, d.removal(4, "note"), kind=Kind.NOTE), TEAM_KEY)
    d.add("note that removes the reply", _notice(4, reply, kind=Kind.NOTE), TEAM_KEY)


@dataclass(frozen=True)
class _Row:
    """A listed message and what must be found: the mark, then problems. `notice`: of one that is listed as removed, the document that
    must count, and empty where none must."""

    number: int
    kind: str
    document: str | None
    expected: str
    id: str
    notice: str | None

    @property
    def listed(self) -> Case:
        facts: Case = {"number": self.number, "id": an_id(self.id), "kind": self.kind, "document": self.document}
        return facts if self.notice is None else facts | {"removed": True}

    def entry(self, documents: _Documents) -> bytes:
        """What it must enter the digest with."""
        if not self.notice:
            return documents.entry(self.document if self.document in documents.signed else None)
        return b64u_decode(json.loads(documents.signed[self.notice])["removed"]["digest"])


def _row(text: str) -> _Row:
    head, document, expected, *listed_id = (part.strip() for part in text.split("/"))
    number, kind = head.split()
    gone = document == "gone" or document.startswith("gone by ")
    notice = document.removeprefix("gone").removeprefix(" by ") if gone else None
    name = None if gone or document == "-" else document
    return _Row(int(number), kind, name, expected, listed_id[0] if listed_id else f"message {number}", notice)


def _written() -> Iterator[tuple[str, str, tuple[_Row, ...]]]:
    """About, side and rows of every case in conversations.txt."""
    text = (Path(__file__).parent / "conversations.txt").read_text(encoding="utf-8")
    for block in text.split("\n\n")[1:]:
        head, *rows = block.strip().split("\n")
        about, side = head.split(" | ")
        yield about, side, tuple(map(_row, rows))


def _case(documents: _Documents, about: str, side: str, rows: tuple[_Row, ...]) -> Case:
    officer = side == "officer"
    keys = [signing(name).verify for name in ((OLD_TEAM, TEAM) if officer else (TEAM,))]
    shared = [row.entry(documents) for row in sorted(rows, key=lambda r: r.number) if row.kind != "note"]
    return {
        "about": about,
        "side": side,
        "case": CASE,
        "reporter_key": None if officer else REPORTER_KEY.verify,
        "channel_keys": keys,
        "recipients": [recipient(OLD_TEAM), recipient(TEAM)] if officer else None,
        "listed": [row.listed for row in rows],
        "expected": [_expected(documents, row) for row in sorted(rows, key=lambda r: r.number)],
        "seen_after": {"count": len(shared), "digest": b64u_encode(hashlib.sha256(b"".join(shared)).digest())},
    }


def _expected(documents: _Documents, row: _Row) -> Case:
    mark, *problems = row.expected.split()
    found: Case = {"number": row.number, "mark": mark, "problems": problems}
    return found | {"notice": json.loads(documents.signed[row.notice])["id"]} if row.notice else found


def conversations() -> Case:
    """The whole file."""
    documents = _documents()
    cases = [
        _case(documents, about, side, rows)
        for about, sides, rows in _written()
        for side in (("reporter", "officer") if sides == "both" else (sides,))
    ]
    return {"documents": documents.texts, "cases": cases}
