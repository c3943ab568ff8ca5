"""messages.json: payload texts that are right or malformed, and whole documents."""

from __future__ import annotations

import json
from datetime import date
from typing import cast

from app.crypto.encoding import b64u_encode
from app.crypto.message import (
    CONTEXT,
    EMPTY_SEEN,
    REPORTER,
    Answer,
    Attachment,
    Author,
    ChannelKeys,
    Payload,
    ReaderEntry,
    Removal,
    Seen,
    write,
)
from app.crypto.signing import SigningKey, envelope_write
from app.domain import CaseId, Kind, MessageId, OfficerId, SealedBy

from .people import ADA, BO, RECEIPT, TEAM, an_id, recipient, secret, signing

Case = dict[str, object]
Raw = dict[str, object]
DROP = object()

CASE = RECEIPT.case_id
OFFICER = Author("officer", OfficerId(an_id(ADA)), "Ada")
_REMOVAL = Removal(MessageId(an_id("message 2")), secret("digest"))
CHANNEL = ChannelKeys(recipient(TEAM), signing(TEAM).verify)


def report(**changes: object) -> Payload:
    """A short report; `changes` replace fields."""
    fields: Raw = {
        "id": MessageId(an_id("message 1")),
        "case": CASE,
        "kind": Kind.REPORT,
        "author": REPORTER,
        "sealed_by": SealedBy.BROWSER,
        "written_on": date(2026, 1, 31),
        "seen": EMPTY_SEEN,
        "body": "Somebody signs for deliveries that never come.\nThird time this month.",
        "subject": "Deliveries",
        "answers": (Answer("category", "What is it about?", "Fraud"), Answer("q_2-b", "Who knows?", "My team\nMy manager")),
        "reply_to": str(RECEIPT.identity.recipient),
        "channel": CHANNEL,
        "readers": "team",
    }
    return Payload(**(fields | changes))  # type: ignore[arg-type]


def message(number: int, **changes: object) -> Payload:
    """A short message of the reporter, or whoever `changes` say."""
    fields: Raw = {
        "id": MessageId(an_id(f"message {number}")),
        "case": CASE,
        "kind": Kind.MESSAGE,
        "author": REPORTER,
        "sealed_by": SealedBy.BROWSER,
        "written_on": date(2026, 2, 3),
        "seen": EMPTY_SEEN,
        "body": f"This is number {number}.",
    }
    return Payload(**(fields | changes))  # type: ignore[arg-type]


_NOTICE = message(5, author=OFFICER, kind=Kind.REMOVED, removed=_REMOVAL, body="It named a person.")


def _text(payload: Payload) -> str:
    return str(json.loads(write(payload, RECEIPT.signing))["signed"])


def text_with(base: str, *path: str | int, to: object) -> str:
    """A payload text with the value at `path` replaced, or left out."""
    value = json.loads(base)
    *way, last = path
    at = value
    for key in way:
        at = at[key]
    if to is DROP:
        del at[last]
    else:
        at[last] = to
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _payloads() -> list[Payload]:
    tree = "\U0001f333"
    readers = tuple(ReaderEntry(OfficerId(an_id(n)), recipient(n), signing(n).verify) for n in (ADA, BO))
    attachment = Attachment(an_id("file 1"), "Rechnung \u00e4.pdf", "application/pdf", 2**33, secret("file 1"))
    untyped = Attachment(an_id("file 2"), "x", "", 0, secret("file 2"))
    return [
        report(),
        report(subject=None, answers=(), body=""),
        report(readers=readers, attachments=(attachment, untyped), sealed_by=SealedBy.SERVER),
        report(body='Quotes " and \\, a tab\t, \u2028, \x7f, \u00e9, \u0434, \u6c34, ' + tree, sealed_by=SealedBy.OFFLINE),
        report(subject=tree * 120, answers=(Answer("a" * 40, "l" * 300, tree * 4000), *(Answer("b", "b", "b"),) * 19)),
        message(2),
        message(3, author=OFFICER, seen=Seen(2, secret("digest"))),
        message(4, author=Author("officer", OfficerId(an_id(BO)), tree * 100), kind=Kind.NOTE, body="Only for us."),
        message(5, author=OFFICER, kind=Kind.REMOVED, removed=_REMOVAL, body="It named a person."),
        message(6, author=OFFICER, kind=Kind.NOTE, removed=_REMOVAL, body="", subject="Tidied", attachments=(untyped,)),
    ]


def _documents() -> list[Case]:
    cases = []
    for payload in _payloads():
        key = RECEIPT.signing if payload.author == REPORTER else signing(TEAM)
        document = write(payload, key)
        cases.append({"seed": b64u_encode(key.seed), "document": document.decode().rstrip(" "), "length": len(document)})
    return cases


def _good() -> list[tuple[str, str]]:
    base, later, notice = _text(report()), _text(message(2)), _text(_NOTICE)
    officer = {"role": "officer", "id": an_id(ADA), "name": "A"}
    reordered = json.dumps(dict(reversed(json.loads(base).items())), ensure_ascii=False)
    return [
        ("a report", base),
        ("a message", later),
        ("keys in another order, and spaces", reordered),
        ("keys nobody knows", text_with(base, "later", to={"a": [1, None, True]})),
        ("a key nobody knows inside", text_with(base, "seen", "more", to="x")),
        ("no subject", text_with(base, "subject", to=DROP)),
        ("text that no form would send is left to whoever shows it", text_with(base, "body", to="a\r\n\u0000b \u0007 ")),
        ("a message with the keys of a report, which it does not know", text_with(later, "channel", to=1)),
        ("a notice of removal", notice),
        ("a notice of removal without a reason", text_with(notice, "body", to="")),
        ("a notice of removal by the reporter is checked in its conversation", text_with(notice, "author", to={"role": "reporter"})),
        ("a note that takes one away", text_with(notice, "kind", to="note")),
        ("a note that takes one away, with a subject", text_with(text_with(notice, "kind", to="note"), "subject", to="x")),
        ("a message with the key of a notice, which it does not know", text_with(later, "removed", to=1)),
        ("a report with the key of a notice, which it does not know", text_with(base, "removed", to=None)),
        ("seen of a report is checked in its conversation", text_with(base, "seen", "count", to=9007199254740991)),
        ("a note by the reporter is checked in its conversation", text_with(later, "kind", to="note")),
        ("a report by an officer is checked in its conversation", text_with(base, "author", to=officer)),
        ("a name that a reporter does not have", text_with(base, "author", "name", to=5)),
        ("the same question twice", text_with(base, "answers", to=[{"question": "a", "label": "b", "value": "c"}] * 2)),
        ("20 answers", text_with(base, "answers", to=[{"question": "a", "label": "b", "value": "c"}] * 20)),
        ("a version written as 1.0", base.replace('"v":1,', '"v":1.0,', 1)),
        ("a leap day", text_with(base, "written_on", to="2028-02-29")),
        ("the first day", text_with(base, "written_on", to="0001-01-01")),
        ("the last day", text_with(base, "written_on", to="9999-12-31")),
    ]


def _bad() -> list[tuple[str, str]]:
    base, later = _text(report()), _text(message(2))
    cases = [(f"without {key}", text_with(base, key, to=DROP)) for key in json.loads(base) if key != "subject"]
    cases += [(f"null for {key}", text_with(base, key, to=None)) for key in json.loads(base)]
    cases += [(f"a message without {key}", text_with(later, key, to=DROP)) for key in json.loads(later)]
    changes: list[tuple[str, tuple[str | int, ...], object]] = [
        ("version 2", ("v",), 2),
        ("version true", ("v",), True),
        ("version as text", ("v",), "1"),
        ("an id of 25 characters", ("id",), an_id("x")[:25]),
        ("an id in upper case", ("id",), an_id("x").upper()),
        ("an id whose unused bits are set", ("id",), "a" * 25 + "b"),
        ("a case id that is none", ("case",), "x"),
        ("a kind nobody knows", ("kind",), "reply"),
        ("a kind in upper case", ("kind",), "Report"),
        ("a role nobody knows", ("author", "role"), "auditor"),
        ("an author that is text", ("author",), "reporter"),
        ("an officer without a name", ("author",), {"role": "officer", "id": an_id(ADA)}),
        ("an officer without an id", ("author",), {"role": "officer", "name": "Ada"}),
        ("an officer with an empty name", ("author",), {"role": "officer", "id": an_id(ADA), "name": ""}),
        ("an officer's name of 101 characters", ("author",), {"role": "officer", "id": an_id(ADA), "name": "\U0001f333" * 101}),
        ("sealed by somebody else", ("sealed_by",), "host"),
        ("a day that is none", ("written_on",), "2026-02-29"),
        ("month 13", ("written_on",), "2026-13-01"),
        ("the year 0", ("written_on",), "0000-01-01"),
        ("a day without hyphens", ("written_on",), "20260131"),
        ("a week date", ("written_on",), "2026-W05-6"),
        ("a time", ("written_on",), "2026-01-31T00:00:00Z"),
        ("digits of another script", ("written_on",), "202\u0666-01-31"),
        ("a day with a space", ("written_on",), "2026-01-31 "),
        ("seen without a digest", ("seen",), {"count": 0}),
        ("seen without a count", ("seen",), {"digest": b64u_encode(EMPTY_SEEN.digest)}),
        ("a negative count", ("seen", "count"), -1),
        ("a count of true", ("seen", "count"), True),
        ("a count of null", ("seen", "count"), None),
        ("a count that is text", ("seen", "count"), "0"),
        ("a digest of 31 bytes", ("seen", "digest"), b64u_encode(bytes(31))),
        ("a digest with padding", ("seen", "digest"), b64u_encode(EMPTY_SEEN.digest) + "="),
        ("an empty subject", ("subject",), ""),
        ("a subject of 121 characters", ("subject",), "x" * 121),
        ("a subject that is a number", ("subject",), 1),
        ("a body that is a list", ("body",), ["x"]),
        ("answers that are an object", ("answers",), {}),
        ("21 answers", ("answers",), [{"question": "a", "label": "b", "value": "c"}] * 21),
        ("an answer that is text", ("answers",), ["x"]),
        ("an answer without a question", ("answers",), [{"label": "b", "value": "c"}]),
        ("an empty question id", ("answers", 0, "question"), ""),
        ("a question id of 41 characters", ("answers", 0, "question"), "a" * 41),
        ("a question id in upper case", ("answers", 0, "question"), "Category"),
        ("a question id with LF behind", ("answers", 0, "question"), "category\n"),
        ("an empty label", ("answers", 0, "label"), ""),
        ("a label of 301 characters", ("answers", 0, "label"), "x" * 301),
        ("an empty value", ("answers", 0, "value"), ""),
        ("a value of 4001 characters", ("answers", 0, "value"), "x" * 4001),
        ("attachments that are text", ("attachments",), ""),
        ("reply_to an X25519 recipient", ("reply_to",), "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"),
        ("reply_to with a letter changed", ("reply_to",), recipient(TEAM)[:-1] + ("q" if recipient(TEAM)[-1] != "q" else "p")),
        ("reply_to in upper case", ("reply_to",), recipient(TEAM).upper()),
        ("a channel without a verify key", ("channel",), {"recipient": recipient(TEAM)}),
        ("a channel without a recipient", ("channel",), {"verify": signing(TEAM).verify}),
        ("a verify key of 31 bytes", ("channel", "verify"), b64u_encode(bytes(31))),
        ("readers nobody knows", ("readers",), "everybody"),
        ("no readers", ("readers",), []),
        ("readers that are ids", ("readers",), [an_id(ADA)]),
        ("a reader without a recipient", ("readers",), [{"officer": an_id(ADA), "verify": signing(ADA).verify}]),
    ]
    only_in_reports = ("answers", "reply_to", "channel", "readers")
    cases += [(about, text_with(base if path[0] in only_in_reports else later, *path, to=to)) for about, path, to in changes]
    cases += _bad_attachments(later) + _bad_notices(_text(_NOTICE))
    return [
        *cases,
        ("answers of a message", text_with(later, "answers", to=[{"question": "a", "label": "b", "value": "c"}])),
        ("an object in a list", f"[{base}]"),
        ("something behind it", base + "x"),
        ("a lone surrogate", later.replace("This is", "\\ud800", 1)),
        ("a lone surrogate under a key nobody knows", text_with(later, "x", to="@@").replace("@@", "\\udfff")),
        ("a fraction under a key nobody knows", text_with(later, "x", to=0.5)),
        ("nine deep under a key nobody knows", text_with(later, "x", to=[[[[[[[[]]]]]]]])),
        ("nothing", ""),
    ]


def _bad_attachments(base: str) -> list[tuple[str, str]]:
    right = {"id": an_id("file 1"), "name": "a", "type": "text/plain", "size": 1, "sha256": b64u_encode(bytes(32))}
    wrong = {"id": "x", "name": "", "type": "x" * 101, "size": -1, "sha256": b64u_encode(bytes(33))}
    cases = [(f"an attachment without {key}", [{k: v for k, v in right.items() if k != key}]) for key in right]
    cases += [(f"an attachment with a wrong {key}", [right | {key: value}]) for key, value in wrong.items()]
    cases += [("an attachment's name of 101 characters", [right | {"name": "x" * 101}]), ("65 attachments", [right] * 65)]
    return [(about, text_with(base, "attachments", to=value)) for about, value in cases]


def _bad_notices(notice: str) -> list[tuple[str, str]]:
    note = text_with(notice, "kind", to="note")
    file = {"id": an_id("file 1"), "name": "a", "type": "", "size": 1, "sha256": b64u_encode(bytes(32))}
    cases = [(f"a notice without {key}", text_with(notice, key, to=DROP)) for key in ("removed", "body", "answers", "attachments", "seen")]
    for about, base in (("a notice", notice), ("a note", note)):
        cases += [
            (f"{about} with null for removed", text_with(base, "removed", to=None)),
            (f"{about} with a text for removed", text_with(base, "removed", to=an_id("message 2"))),
            (f"{about} without an id of what was removed", text_with(base, "removed", "id", to=DROP)),
            (f"{about} without a digest of what was removed", text_with(base, "removed", "digest", to=DROP)),
            (f"{about} with an id that is none", text_with(base, "removed", "id", to="x")),
            (f"{about} with a digest of 31 bytes", text_with(base, "removed", "digest", to=b64u_encode(bytes(31)))),
        ]
    return [
        *cases,
        ("a notice with a subject", text_with(notice, "subject", to="x")),
        ("a notice with an empty subject", text_with(notice, "subject", to="")),
        ("a notice with files", text_with(notice, "attachments", to=[file])),
        ("a notice with answers", text_with(notice, "answers", to=[{"question": "a", "label": "b", "value": "c"}])),
    ]


def _repeated() -> list[Case]:
    """Bodies too long to write out: `@@` stands for the character, so many times."""
    text = text_with(_text(message(2)), "body", to="@@")
    cases = (("x", 100000, True), ("x", 100001, False), ("\U0001f333", 100000, True), ("\U0001f333", 100001, False))
    return [{"text": text, "character": character, "times": times, "ok": ok} for character, times, ok in cases]


def _not_documents() -> list[Case]:
    text = _text(message(2))
    signed = envelope_write(CONTEXT, text, RECEIPT.signing).decode()
    inner = envelope_write(CONTEXT, "not JSON", RECEIPT.signing).decode()
    return [
        {"about": "a payload without its envelope", "document": text},
        {"about": "an envelope of something else", "document": inner},
        {"about": "an envelope in a list", "document": f"[{signed}]"},
        {"about": "a payload that is not text", "document": signed.replace('"signed":"', '"signed":5,"x":"', 1)},
    ]


def messages() -> Case:
    """The whole file."""
    payloads = [{"about": about, "text": text, "ok": True} for about, text in _good()]
    payloads += [{"about": about, "text": text, "ok": False} for about, text in _bad()]
    return {"documents": _documents(), "payloads": payloads, "repeated": _repeated(), "documents_refused": _not_documents()}


def signed_text(payload: Payload, key: SigningKey) -> str:
    """The `signed` text of a payload as we write it."""
    return cast(str, json.loads(write(payload, key))["signed"])


def case_id(name: str) -> CaseId:
    """A case that is the same every time."""
    return CaseId(an_id(name))
