"""Looking for what must not be there: a needle in every form in which a program might have written it."""

from __future__ import annotations

import base64
import contextlib
import gzip
import itertools
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

GZIP_MAGIC = b"\x1f\x8b\x08"


def forms(needle: str) -> Iterator[bytes]:
    """The needle raw, in UTF-16 and hex, JSON-escaped, percent-encoded, and in base64 at its three alignments."""
    raw = needle.encode()
    yield raw
    yield needle.encode("utf-16-le")
    yield needle.encode("utf-16-be")
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield quote(needle, safe="").encode()
    yield quote_plus(needle).encode()
    for shift in range(3):
        # Of the encoded text only the middle is the same whatever stands before and after the needle.
        encoded = base64.b64encode(b"\0" * shift + raw)
        kept = encoded[4:-4] if shift else encoded[:-4]
        if len(kept) >= 8:
            yield kept
            yield kept.replace(b"+", b"-").replace(b"/", b"_")


def _inflated(data: bytes) -> Iterator[bytes]:
    position = data.find(GZIP_MAGIC)
    while position >= 0:
        try:
            yield gzip.decompress(data[position:])
        except (OSError, EOFError, zlib.error):
            inflater = zlib.decompressobj(31)
            with contextlib.suppress(zlib.error):
                yield inflater.decompress(data[position:], 1 << 24)
        position = data.find(GZIP_MAGIC, position + 1)


def found_in(data: bytes, needles: Iterable[str]) -> set[str]:
    """The needles that occur in the data, in any form, also inside gzip."""
    texts = [data, *_inflated(data)]
    return {needle for needle in needles for form in forms(needle) if any(form in text for text in texts)}


def found_below(folder: Path, needles: Iterable[str]) -> dict[Path, set[str]]:
    """For each file below the folder (names included), the needles found."""
    wanted = list(needles)
    hits: dict[Path, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        here = found_in(str(path).encode(), wanted)
        if path.is_file():
            here |= found_in(path.read_bytes(), wanted)
        if here:
            hits[path] = here
    return hits


def word_pairs(words: Iterable[str]) -> list[str]:
    """Neighbouring words of a receipt in the ways they may be joined. One word alone is ordinary English."""
    return [f"{first}{joint}{second}" for first, second in itertools.pairwise(words) for joint in (" ", "\n", ",", '","', "+")]
