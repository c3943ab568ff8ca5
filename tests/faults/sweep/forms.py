"""The forms in which a program might have written a secret, as the bytes to look for."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

LEAST: int = 8
"""Anything shorter is found in random bytes."""


def forms_of_text(text: str) -> Iterator[tuple[str, bytes]]:
    """A text in each form, with the form's name: as it stands and in other cases, in UTF-16, escaped, and as `forms_of_bytes`."""
    raw = text.encode()
    yield from forms_of_bytes(raw)
    yield "upper case", text.upper().encode()
    yield "title case", text.title().encode()
    yield "UTF-16 LE", text.encode("utf-16-le")
    yield "UTF-16 BE", text.encode("utf-16-be")
    yield "percent-encoded", b"".join(b"%%%02x" % byte for byte in raw)
    yield "percent-encoded", b"".join(b"%%%02X" % byte for byte in raw)
    yield "percent-encoded", quote(text, safe="").encode()
    yield "percent-encoded", quote_plus(text).encode()
    yield "JSON-escaped", json.dumps(text)[1:-1].encode()
    yield "JSON-escaped", "".join(f"\\u{ord(each):04x}" for each in text).encode()


def forms_of_bytes(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Bytes as they are, in hex, and in base64 of both alphabets at its three alignments."""
    yield "raw", raw
    yield "hex", raw.hex().encode()
    yield "hex", raw.hex().upper().encode()
    for shift in range(3):
        yield from ((f"base64, alignment {shift}", each) for each in base64_at(raw, shift))


def base64_at(raw: bytes, shift: int) -> set[bytes]:
    """What is the same in the base64 of anything that has these bytes at an offset of `shift` modulo 3, in both alphabets.

    The first character after a shift, and the last one, also hold bits of the neighbours: they are left out.
    """
    left_out = -(-shift * 8 // 6)
    whole = (shift + len(raw)) * 8 // 6
    kept = base64.b64encode(bytes(shift) + raw)[left_out:whole]
    return {kept, kept.replace(b"+", b"-").replace(b"/", b"_")} if len(kept) >= LEAST else set()
