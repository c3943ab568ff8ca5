"""The Python side of the cross test: `python -m tests.vectors.python_side COMMAND`, JSON on standard input, JSON on standard output.

seal     {recipients, plaintext}                     -> {sealed}        bytes as b64u
open     {identity, sealed}                          -> {plaintext}     or {error}
attach   {recipients, plaintext}                     -> {sealed}        an attachment, padded
detach   {identity, sealed, size, sha256}            -> {plaintext}     or {error}
message  {entropy, payload}                          -> {document}      `payload` is the text of `signed`, or its object; not padded
check    {a case of conversations.json, documents}   -> {expected}      in that file's shape
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from app.crypto import age, attachment, conversation, jsontext, message
from app.crypto.conversation import Checked, Listed
from app.crypto.encoding import b64u_decode, b64u_encode
from app.crypto.hybrid import HybridIdentity, HybridRecipient
from app.crypto.receipt import Receipt
from app.domain import Kind
from app.errors import QuietlineError

Value = dict[str, Any]  # whatever the other side sends: a test's JSON


def seal(value: Value) -> Value:
    """An age file of the plaintext."""
    recipients = [HybridRecipient.parse(text) for text in value["recipients"]]
    return {"sealed": b64u_encode(age.seal_bytes(b64u_decode(value["plaintext"]), recipients))}


def unseal(value: Value) -> Value:
    """What an age file holds."""
    identity = HybridIdentity.parse(value["identity"])
    return {"plaintext": b64u_encode(age.unseal_bytes(b64u_decode(value["sealed"]), [identity]))}


def attach(value: Value) -> Value:
    """The sealed attachment of a file."""
    recipients = [HybridRecipient.parse(text) for text in value["recipients"]]
    return {"sealed": b64u_encode(b"".join(attachment.seal((b64u_decode(value["plaintext"]),), recipients)))}


def detach(value: Value) -> Value:
    """The file of a sealed attachment, cut and compared."""
    pieces = attachment.open(
        (b64u_decode(value["sealed"]),), [HybridIdentity.parse(value["identity"])], value["size"], b64u_decode(value["sha256"])
    )
    return {"plaintext": b64u_encode(b"".join(pieces))}


def write(value: Value) -> Value:
    """A message of the reporter whose receipt this is."""
    given = value["payload"]
    text = given if isinstance(given, str) else jsontext.dump(given)
    receipt = Receipt.from_entropy(b64u_decode(value["entropy"]))
    return {"document": message.write(message.payload_read(text), receipt.signing).decode().rstrip(" ")}


def listed_of(case: Value, documents: Value) -> list[Listed]:
    """What a case lists, with the documents it names."""
    rows = []
    for row in case["listed"]:
        document = None if row["document"] is None else documents[row["document"]].encode()
        rows.append(Listed(row["number"], row["id"], Kind(row["kind"]), document, row.get("removed", False)))
    return rows


def check(value: Value) -> Value:
    """The marks and problems of a case."""
    checked = conversation.check(
        value["case"],
        listed_of(value, value["documents"]),
        reporter_key=value["reporter_key"],
        channel_keys=value["channel_keys"],
        recipients=value["recipients"],
    )
    return {"expected": [_found(each) for each in checked]}


def _found(checked: Checked) -> Value:
    found = {"number": checked.number, "mark": checked.mark.value, "problems": [problem.value for problem in checked.problems]}
    return found | {"notice": checked.notice.id} if checked.notice else found


COMMANDS: Final[Mapping[str, Callable[[Value], Value]]] = {
    "seal": seal,
    "open": unseal,
    "attach": attach,
    "detach": detach,
    "message": write,
    "check": check,
}


def main(command: str) -> None:
    """Runs one command."""
    try:
        answer = COMMANDS[command](json.load(sys.stdin))
    except QuietlineError as error:
        answer = {"error": error.code}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
