"""What gunicorn's parser reads a request from: what was gathered of it, and then, where it streams, its connection."""

from __future__ import annotations

from typing import Final

from gunicorn.http.unreader import SocketUnreader

from app.web.patience import PIECE

NOTHING: Final = memoryview(b"")


class Feed(SocketUnreader):  # type: ignore[misc]
    """The bytes of one connection, request by request."""

    max_body_chunk = PIECE

    def __init__(self, sock: object) -> None:
        super().__init__(sock)
        self._given = NOTHING
        self._whole = False

    def give(self, data: bytearray, *, whole: bool) -> None:
        """The next request, `whole` or as far as it has come. Nothing is copied before it is read."""
        self._given = memoryview(data)
        self._whole = whole

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes. Whoever wants more than a whole request held is told what a client that stalls is told, and holds no thread."""
        if self._given:
            size = min(max(self.mxchunk, size_hint or 0), self.max_body_chunk)
            piece, self._given = bytes(self._given[:size]), self._given[size:]
            return piece
        if self._whole:
            raise TimeoutError
        data: bytes = super().chunk(size_hint)
        return data

    def left(self) -> bytes:
        """What the parser did not take: the beginning of the next request."""
        read_ahead: bytes = self.take_buffered()
        rest, self._given = read_ahead + bytes(self._given), NOTHING
        return rest
