"""Looks for very many needles at once, at the speed of a disk and in constant memory; also inside whatever is compressed."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ahocorasick_rs import BytesAhoCorasick

from tests.faults.sweep.canaries import Needle
from tests.faults.sweep.sources import WINDOW, Bytes, File, Source

_COMPRESSED: Final = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|PK\x03\x04", re.DOTALL)
_ZIP_HEAD: Final = 30
_PIECE: Final = 64 * 1024
_MOST: Final = 256 << 20
"""Bytes that are looked at in one compressed stream."""


@dataclass
class Looked:
    """What a search has read and found: how often each needle, by kind and form."""

    bytes: int = 0
    files: int = 0
    found: Counter[Needle] = field(default_factory=Counter)

    def add(self, other: Looked) -> None:
        self.bytes += other.bytes
        self.files += other.files
        self.found += other.found

    @property
    def kinds(self) -> set[str]:
        """Which secrets were found."""
        return {needle.kind for needle in self.found}


class Searcher:
    """Built once for a set of needles; every search is independent."""

    def __init__(self, needles: Mapping[bytes, Needle], window: int = WINDOW) -> None:
        self._window_bytes = window
        self._needles = list(needles.items())
        self._automaton = BytesAhoCorasick([needle for needle, _ in self._needles])
        self.overlap = max(len(needle) for needle, _ in self._needles) - 1

    def data(self, data: bytes) -> Looked:
        """What is in these bytes."""
        return self.source(Bytes(data))

    def path(self, path: Path) -> Looked:
        """What is in a file; OSError as `open` raises it."""
        with File(path) as file:
            looked = self.source(file)
        looked.files = 1
        return looked

    def source(self, source: Source) -> Looked:
        """What is in a source, in the places where compressed streams begin also what they hold."""
        looked = Looked()
        for begin, end in source.ranges():
            tail, at = b"", begin
            while at < end and (fresh := source.read(at, min(self._window_bytes, end - at))):
                self._window(tail, fresh, looked)
                for start in self._streams(tail[-3:], fresh):
                    self._feed(_inflated(source, at + start), looked)
                looked.bytes += len(fresh)
                at += len(fresh)
                tail = (tail + fresh)[-self.overlap :]
        return looked

    def _window(self, tail: bytes, fresh: bytes, looked: Looked) -> None:
        if not fresh.strip(b"\0") and not tail.strip(b"\0"):
            return
        for index, _, end in self._automaton.find_matches_as_indexes(tail + fresh, overlapping=True):
            if end > len(tail):  # what ends before was found with the window before
                looked.found[self._needles[index][1]] += 1

    def _streams(self, tail: bytes, fresh: bytes) -> Iterator[int]:
        for match in _COMPRESSED.finditer(tail + fresh):
            if match.end() > len(tail):
                yield match.start() - len(tail)

    def _feed(self, pieces: Iterator[bytes], looked: Looked) -> None:
        tail = b""
        for piece in pieces:
            inside = Looked()
            self._window(tail, piece, inside)
            looked.found += Counter({Needle(each.kind, f"{each.form}, compressed"): count for each, count in inside.found.items()})
            tail = (tail + piece)[-self.overlap :]


def _inflated(source: Source, at: int) -> Iterator[bytes]:
    """What a gzip, zlib or zip stream at this place holds, as far as it goes."""
    head = source.read(at, _ZIP_HEAD)
    window_bits = 47  # gzip and zlib, by their headers
    if head.startswith(b"PK") and len(head) == _ZIP_HEAD:
        at += _ZIP_HEAD + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        window_bits = -15
    inflater, done, first = zlib.decompressobj(window_bits), 0, 512
    while done < _MOST and not inflater.eof:
        packed = source.read(at, first)
        if not packed:
            return
        at += len(packed)
        first = _PIECE
        try:
            piece = inflater.decompress(packed, _PIECE)
            while piece:
                done += len(piece)
                yield piece
                piece = inflater.decompress(inflater.unconsumed_tail, _PIECE)
        except zlib.error:
            return
