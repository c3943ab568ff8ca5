"""The floors of an upload: a bare WSGI application that streams the request to a synced file, and the cipher alone.

The application is served with the portal's own server settings.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

PIECE: Final = 256 * 1024
CHUNK: Final = 64 * 1024


def create_app(folder: Path) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """The bare application: the body of a POST goes to a file of its own in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            start_response("405 Method Not Allowed", [("Content-Length", "0")])
            return [b""]
        with (folder / secrets.token_hex(8)).open("wb", buffering=0) as file:
            while piece := environ["wsgi.input"].read(PIECE):
                file.write(piece)
            os.fsync(file.fileno())
        start_response("204 No Content", [])
        return [b""]

    return app


def cipher_seconds(source: Path) -> float:
    """What ChaCha20-Poly1305 alone takes for the bytes of a file, in chunks of 64 KiB; reading them is not counted."""
    aead, spent = ChaCha20Poly1305(ChaCha20Poly1305.generate_key()), 0.0
    with source.open("rb", buffering=0) as file:
        number = 0
        while chunk := file.read(CHUNK):
            began = time.perf_counter()
            aead.encrypt(number.to_bytes(12, "big"), chunk, None)
            spent += time.perf_counter() - began
            number += 1
    return spent
