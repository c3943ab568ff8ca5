"""Cases as text and as JSON. What people wrote is made harmless for a terminal first."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from app.cli.desk_files import FileState, ShownFile
from app.cli.desk_open import OpenedChannel, ShownCase
from app.cli.exportfile import Export
from app.crypto.conversation import Checked
from app.crypto.message import Payload, Removal
from app.domain import Kind, Mark, Problem

# Control characters steer a terminal; bidirectional controls make a line read otherwise than it is.
_STEERING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
WIDTH: Final = 88

COMPARE: Final = "Compare with the channel's poster or paper, or give it as --fingerprint. If it differs, somebody made all of this up:"

HOSTILE: Final = (
    "Files from strangers can attack the program that opens them. Open them on a machine kept for it, or turn them into harmless copies\n"
    "first (Dangerzone does that); the files as saved are the evidence."
)

MARKS: Final = {
    Mark.VERIFIED: "verified",
    Mark.SERVER: "sealed by the server: its signature proves less",
    Mark.FAILED: "DOES NOT CHECK",
    Mark.UNREADABLE: "CANNOT BE OPENED",
    Mark.REMOVED: "removed, and a signed notice says so",
}
FILE_STATES: Final = {
    None: "not looked for (--files FOLDER does)",
    FileState.THERE: "there",
    FileState.MISSING: "MISSING FROM THE FOLDER",
    FileState.ALTERED: "ALTERED, damaged, or sealed to somebody else",
}
PROBLEMS: Final = {
    Problem.REMOVED: "the server lists it as removed, and no signed notice says so: somebody may be hiding it",
    Problem.UNREADABLE: "it is sealed to somebody else, or damaged",
    Problem.MALFORMED: "what is inside is not a message",
    Problem.SIGNATURE: "it is not signed with the key it should be, so anybody could have written it",
    Problem.CASE: "it was written for another case",
    Problem.ID: "the server lists it under another id",
    Problem.DUPLICATE: "its id was used before with another text",
    Problem.KIND: "it is not the kind of message that the server lists",
    Problem.SEEN: "its writer had seen another conversation: a message was hidden, added or moved",
    Problem.CHANNEL: "its writer was shown other keys than this channel's",
}


def plain(text: str) -> str:
    """Text that a terminal shows as it is."""
    return _STEERING.sub("\ufffd", text)


def safe_json(text: str) -> str:
    """JSON in which such characters are escapes."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: str) -> str:
    """The same, on one line."""
    return plain(text).replace("\n", " ").replace("\t", " ")


def overview(exported: Export, opened: Sequence[OpenedChannel], shown: Sequence[ShownCase]) -> str:
    """The fingerprints, then one line a case."""
    head = f"{plain(exported.name)}: {len(shown)} cases, as the server listed them on {exported.made_on.isoformat()}"
    compare = ["", fingerprints(opened), ""] if opened else []
    return "\n".join([head, *compare, *(_line(each) for each in shown)])


def fingerprints(opened: Sequence[OpenedChannel]) -> str:
    """What to compare before believing anything else; nothing where no channel opened."""
    return "\n".join([COMPARE, *(f"    {each.fingerprint}  {one_line(each.slug)}" for each in opened)]) if opened else ""


def _line(shown: ShownCase) -> str:
    case = shown.case
    facts = f"{shown.alias}  {case.id}  {case.received_on.isoformat()}  {_state(shown)}  {plain(shown.channel)}"
    if shown.checked is None:
        return f"{facts}  (not one of your channels)"
    wrong = sum(each.mark in (Mark.FAILED, Mark.UNREADABLE) for each in shown.checked)
    warning = f"  {wrong} OF {len(shown.checked)} DO NOT CHECK" if wrong else ""
    return f"{facts}  {len(shown.checked)} messages  {_subject(shown.checked)}{warning}"


def _state(shown: ShownCase) -> str:
    state = shown.case.state.value.replace("_", " ")
    return f"{state} ({shown.case.outcome.value.replace('_', ' ')})" if shown.case.outcome else state


def _subject(checked: Sequence[Checked]) -> str:
    first = checked[0].payload if checked else None
    return plain(first.subject or "(no subject)") if first else "(cannot be read)"


def in_full(shown: ShownCase) -> str:
    """The whole conversation."""
    days = [f"received {shown.case.received_on.isoformat()}"]
    days += [f"acknowledged {shown.case.acknowledged_on.isoformat()}"] if shown.case.acknowledged_on else []
    days += [f"closed {shown.case.closed_on.isoformat()}"] if shown.case.closed_on else []
    head = f"{shown.alias}  ({shown.case.id})\n{plain(shown.channel)}; {_state(shown)}; {', '.join(days)} (as the server says)"
    if shown.checked is None:
        return f"{head}\n\nNot one of your channels: it cannot be opened with your keys."
    messages = [_message(each, files, shown) for each, files in zip(shown.checked, shown.files, strict=True)]
    advice = [HOSTILE] if any(each.saved for files in shown.files for each in files) else []
    return "\n\n".join([head, *messages, *advice])


def _message(checked: Checked, files: Sequence[ShownFile], shown: ShownCase) -> str:
    payload = checked.payload
    who = _who(payload) if payload else checked.kind.value
    lines = [f"--- {checked.number}. {who}: {MARKS[checked.mark]}"]
    lines += [f"    ! {PROBLEMS[problem]}" for problem in checked.problems]
    if checked.notice:
        lines += _taken_away(checked.notice)
    if payload and payload.removed:
        lines += [f"    Took away {_place(payload.removed, shown)}"]
    if payload:
        lines += _content(payload)
    for each in files:
        lines += ["", *_file(each)]
    return "\n".join([*lines, *_unnamed(checked, files, shown)])


def _place(removed: Removal, shown: ShownCase) -> str:
    numbers = [each.number for each in shown.case.messages if each.id == removed.id]
    return f"message {min(numbers)}" if numbers else "a message that is not in this export"


def _unnamed(checked: Checked, files: Sequence[ShownFile], shown: ShownCase) -> list[str]:
    """Files that the server keeps for a message, and that the message does not name."""
    named = {each.id for each in files}
    listed = [each for row in shown.case.messages if row.number == checked.number for each in row.attachments]
    return [f"\n  The server also lists {each}.age here. The message does not name it." for each in listed if each not in named]


def _taken_away(notice: Payload) -> list[str]:
    said = [""] + [_wrap(each) for each in plain(notice.body).split("\n")] if notice.body else []
    return [f"    Removed by {_who(notice)}", *said]


def _file(file: ShownFile) -> list[str]:
    # Less indented than anything that somebody wrote, so that no text can pass for a file.
    saved = f", saved as {one_line(file.saved)}" if file.saved else ""
    facts = f"  {one_line(file.type) or 'type not given'}, {file.size} bytes, {FILE_STATES[file.state]}{saved}"
    return [f"  File: {one_line(file.name)}", facts, f"  SHA-256 {file.sha256.hex()}, sealed as {file.id}.age"]


def _who(payload: Payload) -> str:
    name = f"officer {plain(payload.author.name or '')}" if payload.author.role == "officer" else "reporter"
    kind = {Kind.NOTE: ", note for the team only", Kind.REMOVED: ", notice of removal"}.get(payload.kind, "")
    return f"{name}{kind}, written on {payload.written_on.isoformat()}"


def _content(payload: Payload) -> list[str]:
    lines = [f"    Subject: {plain(payload.subject)}"] if payload.subject else []
    lines += [""] + [_wrap(each) for each in plain(payload.body).split("\n")]
    for answer in payload.answers:
        lines += ["", _wrap(plain(answer.label)), *(_wrap(f"  {each}") for each in plain(answer.value).split("\n"))]
    return lines


def _wrap(line: str) -> str:
    return textwrap.fill(line, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def as_json(opened: Sequence[OpenedChannel], shown: Sequence[ShownCase]) -> dict[str, Any]:
    """For programs; `messages` of a case is null where it cannot be opened."""
    channels = [{"channel": each.id, "slug": each.slug, "name": each.name, "fingerprint": each.fingerprint} for each in opened]
    return {"compare": COMPARE, "channels": channels, "cases": [_case_json(each) for each in shown]}


def _case_json(shown: ShownCase) -> dict[str, Any]:
    case = shown.case
    return {
        "case": case.id,
        "alias": shown.alias,
        "channel": shown.channel,
        "state": case.state,
        "outcome": case.outcome,
        "received_on": case.received_on.isoformat(),
        "acknowledged_on": case.acknowledged_on.isoformat() if case.acknowledged_on else None,
        "closed_on": case.closed_on.isoformat() if case.closed_on else None,
        "messages": None if shown.checked is None else [_message_json(*each) for each in zip(shown.checked, shown.files, strict=True)],
    }


def _message_json(checked: Checked, files: Sequence[ShownFile]) -> dict[str, Any]:
    facts: dict[str, Any] = {"number": checked.number, "kind": checked.kind, "mark": checked.mark, "problems": list(checked.problems)}
    payload = checked.payload
    if checked.notice:
        facts["notice"] = _said(checked.notice)
    if payload is None:
        return facts
    listed = [{**asdict(each), "sha256": each.sha256.hex()} for each in files]
    return facts | _said(payload) | {"files": listed}


def _said(payload: Payload) -> dict[str, Any]:
    author = {"role": payload.author.role} | ({"id": payload.author.id, "name": payload.author.name} if payload.author.id else {})
    answers = [{"question": each.question, "label": each.label, "value": each.value} for each in payload.answers]
    removed = {"removed": payload.removed.id} if payload.removed else {}
    return {
        "author": author,
        "sealed_by": payload.sealed_by,
        "written_on": payload.written_on.isoformat(),
        "subject": payload.subject,
        "body": payload.body,
        "answers": answers,
        **removed,
    }
