"""What is answered without the application: to what cannot be read, to what did not come in time, and where there is no room."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from typing import Final

from app.cli.framing import Head
from app.web.headers import HEADERS
from app.web.lanes import comes_again

STATUS: Final = {
    "LimitRequestLine": "414 URI Too Long",
    "LimitRequestHeaders": "431 Request Header Fields Too Large",
    "ExpectationFailed": "417 Expectation Failed",
    "UnsupportedTransferCoding": "501 Not Implemented",
}
"""By the name of gunicorn's error; 400 for the others."""

BUSY: Final = "503 Service Unavailable"
_UNREAD: Final = "This request cannot be read.\n"
_LATE: Final = "This did not come in time. Nothing was stored. Press Reload to send it again.\n"
_FULL: Final = "The server is busy. Nothing was stored. Wait a minute, then press Reload to send it again.\n"
_TEXT: Final = {"408 Request Timeout": _LATE, BUSY: _FULL}
_CODES: Final = {"408 Request Timeout": "timeout", BUSY: "storage_busy"}
_RETRY: Final = (3, 9)

MOST_AGAIN: Final = 15
"""Browsers follow about twenty redirections."""

_AGAIN: Final = re.compile(r"again=([0-9]{1,2})")
_lots = random.SystemRandom()


def fixed(status: str, head: Head | None = None) -> bytes:
    """The whole answer. Scripts are told in JSON; a form for which there is no room is asked for once more by a redirection."""
    if status == BUSY and head is not None and (place := _again(head)):
        return _answer("307 Temporary Redirect", "text/plain; charset=utf-8", "", [f"Location: {place}"])
    more = [_retry()] if status == BUSY else []
    if head is not None and _is_script(head):
        return _answer(status, "application/json", f'{{"error":"{_CODES.get(status, "bad_request")}"}}\n', more)
    return _answer(status, "text/plain; charset=utf-8", _TEXT.get(status, _UNREAD), more)


def offer(challenge: Mapping[str, object]) -> bytes:
    """What a script is told that may show some work and come again with that, or come again without."""
    body = json.dumps({"error": _CODES[BUSY], "challenge": challenge}, separators=(",", ":"))
    return _answer(BUSY, "application/json", f"{body}\n", [_retry()])


def of_error(name: str) -> bytes:
    """What one of gunicorn's errors about a request is answered with."""
    return fixed(STATUS.get(name, "400 Bad Request"))


def _again(head: Head) -> str:
    """Where a browser sends the same form once more. It keeps the body until then, and nothing of it is in the address."""
    if head.method != "POST" or _is_script(head) or not comes_again(head.path):
        return ""
    found = _AGAIN.fullmatch(head.target.partition("?")[2])
    count = int(found[1]) + 1 if found else 1
    return f"{head.path}?again={count}" if count <= MOST_AGAIN else ""


def _retry() -> str:
    return f"Retry-After: {_lots.randint(*_RETRY)}"


def _is_script(head: Head) -> bool:
    return head.type == "application/json" or head.method == "PATCH"


def _answer(status: str, content_type: str, body: str, more: list[str]) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in HEADERS.items()), *more]
    lines += ["Connection: close", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode("ascii")
