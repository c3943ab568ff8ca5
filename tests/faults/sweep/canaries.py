"""What a sweep looks for: random texts, one for each thing that a person gives away, and secrets that are drawn on the way."""

from __future__ import annotations

import itertools
import os
import secrets
import socket
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from app.crypto.receipt import Receipt
from tests.faults.sweep.forms import LEAST, forms_of_bytes, forms_of_text

TYPED: Final = (
    "subject",
    "body",
    "answer",
    "follow-up",
    "body sealed in the client",
    "follow-up sealed in the client",
    "reply",
)
FILES: Final = ("file name", "content of 5 MB", "content of 700 kB", "reply's file name", "reply's file content")
HEADERS: Final = ("User-Agent", "Accept-Language", "Referer", "Cookie", "query", "path")
FAILING: Final = ("body that met an error", "file name that met an error", "content that met an error")
ENCODED_JOINTS: Final = (" ", "\n", "\r\n", ",", ", ", '","', '", "')
JOINTS: Final = (*ENCODED_JOINTS, "+", "-", "_", "\t", "%20", "</li><li>", "</li>\n<li>")
"""What may stand between two words of a receipt. One word alone is ordinary English."""

BLOCK: Final = 64
_LETTERS: Final = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Needle:
    """Bytes to look for: which secret they would give away, and in which form they hold it."""

    kind: str
    form: str


def token() -> str:
    """Twenty random letters and digits, the first one a letter: no encoder that spares anything changes them."""
    return "c" + "".join(secrets.choice(_LETTERS) for _ in range(19))


@dataclass
class Canaries:
    """Everything distinct and random, for one run. The receipts and the ports are added as they come to be known."""

    texts: dict[str, str] = field(default_factory=lambda: {kind: token() for kind in (*TYPED, *FILES, *HEADERS, *FAILING)})
    address: str = field(default_factory=lambda: f"127.77.{secrets.randbelow(200) + 20}.{secrets.randbelow(200) + 20}")
    forwarded: str = field(default_factory=lambda: "2001:db8:" + ":".join(f"{secrets.randbelow(0xEFFF) + 0x1000:x}" for _ in range(6)))
    receipts: list[Receipt] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)

    def __getitem__(self, kind: str) -> str:
        return self.texts[kind]

    @property
    def kinds(self) -> list[str]:
        """Every kind of secret, in the order of the table."""
        return list(dict.fromkeys(needle.kind for needle in self.needles().values()))

    def content(self, kind: str, size: int) -> bytes:
        """A file that holds the canary again and again between random bytes, so that any 84 bytes of it hold one."""
        mark = self[kind].encode()
        rest = BLOCK - len(mark)
        noise = os.urandom(rest * (size // BLOCK + 1))
        return b"".join(mark + noise[at : at + rest] for at in range(0, len(noise), rest))[:size]

    def needles(self) -> dict[bytes, Needle]:
        """Everything to look for. What is too short to be told from chance is left out."""
        found: dict[bytes, Needle] = {}
        for kind, form, needle in self._all():
            if len(needle) >= LEAST or form == "address":
                found.setdefault(needle, Needle(kind, form))
        return found

    def _all(self) -> Iterator[tuple[str, str, bytes]]:
        for kind, text in self.texts.items():
            yield from ((kind, *each) for each in forms_of_text(text))
        yield from (("X-Forwarded-For", *each) for each in _of_address(self.forwarded, socket.AF_INET6))
        yield from (("client's address", *each) for each in _of_address(self.address, socket.AF_INET))
        packed = socket.inet_aton(self.address)
        for port in self.ports:
            yield "client's address", "address", b"\2\0" + port.to_bytes(2, "big") + packed
        for receipt in self.receipts:
            yield from (("entropy of the words", *each) for each in forms_of_bytes(receipt.entropy))
            yield from (("mailbox key", *each) for each in forms_of_bytes(receipt.mailbox_key))
            yield from (("twelve words", *each) for each in _of_words(receipt.words))


def _of_address(address: str, family: socket.AddressFamily) -> Iterator[tuple[str, bytes]]:
    packed = socket.inet_pton(family, address)
    yield from forms_of_text(address)
    if family == socket.AF_INET6:
        yield from forms_of_bytes(packed)
    else:
        yield "address", b"\xff\xff" + packed  # as it stands in an IPv6 address
        yield "address", packed[::-1].hex().upper().encode()  # as Linux lists it


def _of_words(words: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for first, second in itertools.pairwise(words):
        for joint in JOINTS:
            pair = f"{first}{joint}{second}"
            if joint in ENCODED_JOINTS:
                yield from forms_of_text(pair)
            else:
                yield from (("raw", each.encode()) for each in (pair, pair.upper(), pair.title()))
