"""Reading lines and blocks from an iterable of bytes, holding no more than one piece and what was asked for."""

from __future__ import annotations

from collections.abc import Iterable


class Pull:
    """A reader over pieces of any size."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = b""
        self._at = 0

    def _more(self) -> bool:
        while self._at >= len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._piece, self._at = piece, 0
        return True

    def _take(self, end: int) -> bytes:
        taken = self._piece[self._at : end]
        self._at = min(end, len(self._piece))
        return bytes(taken)

    def read(self, length: int) -> bytes:
        """The next `length` bytes; fewer only at the end."""
        parts: list[bytes] = []
        while length > 0 and self._more():
            parts.append(self._take(self._at + length))
            length -= len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def line(self, limit: int) -> bytes:
        """The next line with its LF; without it at the end, or when `limit` bytes have come without one."""
        parts: list[bytes] = []
        while limit > 0 and self._more():
            found = self._piece.find(b"\n", self._at, self._at + limit)
            parts.append(self._take(found + 1 if found >= 0 else self._at + limit))
            if found >= 0:
                break
            limit -= len(parts[-1])
        return b"".join(parts)
