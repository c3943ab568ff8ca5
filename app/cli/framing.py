"""Where a request ends, as far as that can be told without understanding it.

gunicorn's parser stays the only one: whatever is found here, it reads the same bytes from the start, and what it leaves of them is the
beginning of the next request. A mistake here can make a request come early (it is then given up) or late, and never mean something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.errors import HeadTooLong, NotUnderstood

LINE_BYTES: Final = 4094
"""gunicorn's limit on a request line (cli/serve.py)."""

HEAD_BYTES: Final = 64 * 1024
"""A head that is longer is refused. gunicorn's own limits, 64 fields of 8 kB, would have a connection hold half a megabyte."""

_CHUNK_LINE: Final = 8190
_MOST_CHUNKS: Final = 4096
_LONGEST_NUMBER: Final = 15
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_FIELDS: Final = frozenset({b"content-length", b"transfer-encoding", b"expect", b"content-type"})

PROOF_BYTES: Final = 1024
"""A proof of work that is longer is none: the longest takes about 700."""

_ASIDE: Final = frozenset({b"host", b"quietline-proof"})
"""These say nothing of the body. What is given twice is empty; the application's own parser has the last word on it."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a head says of its body. `end`: its own bytes. `length`: bytes of the body; None where it comes in chunks. `waits`: its client
    wants to be asked for the body. `type`: the content type without parameters. `short`: the version is HTTP/1.0. `proof`: what it says
    under Quietline-Proof, empty where that cannot be one; None where it says nothing. `onion`: it came to an onion address."""

    end: int
    method: str
    target: str
    type: str
    length: int | None
    waits: bool
    short: bool
    proof: bytes | None
    onion: bool

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


def head_end(data: bytearray, searched: int) -> int:
    """Bytes of the head that `data` begins with; -1 while it is not all there. `searched`: bytes that were looked at before.

    Raises NotUnderstood when it cannot be a head any more, HeadTooLong.
    """
    found = data.find(b"\r\n\r\n", max(0, searched - 3))
    if found >= 0 and found + 4 <= HEAD_BYTES:
        return found + 4
    if len(data) > HEAD_BYTES:
        raise HeadTooLong
    if data.count(b"\n") != data.count(b"\r\n") or (len(data) > LINE_BYTES + 2 and data.find(b"\r\n", 2, LINE_BYTES + 4) < 0):
        raise NotUnderstood
    return -1


def read_head(data: bytes) -> Head:
    """What a whole head says. Raises NotUnderstood for everything that browsers and proxies do not send."""
    lines = data[:-4].removeprefix(b"\r\n").split(b"\r\n")
    words = lines[0].split(b" ")
    if len(words) != 3 or words[2] not in {b"HTTP/1.1", b"HTTP/1.0"}:
        raise NotUnderstood
    fields = _fields(lines[1:])
    length = _length(fields)
    waits = b"expect" in fields
    if waits and fields[b"expect"].lower() != b"100-continue":
        raise NotUnderstood
    kind = fields.get(b"content-type", b"").partition(b";")[0].strip().lower()
    method, target = (word.decode("latin-1") for word in words[:2])
    short = words[2] == b"HTTP/1.0"
    return Head(len(data), method, target, kind.decode("latin-1"), length, waits, short, _proof(fields), _is_onion(fields))


def _fields(lines: list[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in _FIELDS:
            if name in found:
                raise NotUnderstood
            found[name] = value.strip(b" \t")
        elif name in _ASIDE:
            found[name] = b"" if name in found else value.strip(b" \t")
    return found


def _proof(fields: dict[bytes, bytes]) -> bytes | None:
    proof = fields.get(b"quietline-proof")
    return b"" if proof is not None and len(proof) > PROOF_BYTES else proof


def _is_onion(fields: dict[bytes, bytes]) -> bool:
    return fields.get(b"host", b"").partition(b":")[0].lower().endswith(b".onion")


def _length(fields: dict[bytes, bytes]) -> int | None:
    length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if coding is not None:
        if length is not None or coding.lower() != b"chunked":
            raise NotUnderstood
        return None
    if length is None:
        return 0
    if not length.isdigit() or len(length) > _LONGEST_NUMBER:
        raise NotUnderstood
    return int(length)


class Chunks:
    """Looks for the end of a body in chunks that begins at `start`."""

    def __init__(self, start: int) -> None:
        self._next = start
        self._count = 0
        self._trailer = False

    def end(self, data: bytearray) -> int:
        """Where the body ends; -1 while that has not come. Raises NotUnderstood."""
        while not self._trailer:
            found = data.find(b"\r\n", self._next)
            if found < 0:
                if len(data) - self._next > _CHUNK_LINE:
                    raise NotUnderstood
                return -1
            self._step(bytes(data[self._next : found]), found + 2)
        return self._end_of_trailer(data)

    def _step(self, line: bytes, behind: int) -> None:
        size = line.partition(b";")[0].rstrip(b" \t")
        self._count += 1
        if not size or len(size) > 8 or not _HEX.issuperset(size) or self._count > _MOST_CHUNKS:
            raise NotUnderstood
        length = int(size, 16)
        self._trailer = length == 0
        self._next = behind if self._trailer else behind + length + 2

    def _end_of_trailer(self, data: bytearray) -> int:
        if data[self._next : self._next + 2] == b"\r\n":
            return self._next + 2
        found = data.find(b"\r\n\r\n", self._next)
        if found < 0 and len(data) - self._next > _CHUNK_LINE:
            raise NotUnderstood
        return found + 4 if found >= 0 else -1
