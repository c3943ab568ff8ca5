"""Cross-site requests that change something are refused: by Sec-Fetch-Site where the browser sends it, else by Origin."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import Forbidden

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({"same-origin", "none"})
_DEFAULT_PORTS: Final = (":80", ":443")


def refuse_cross_site() -> None:
    """Before each request. A client that sends neither header is no browser that could be led here by another site."""
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        if site not in _OURS:
            raise Forbidden
    elif origin is not None and not _same_place(origin, request.headers.get("Host", "")):
        raise Forbidden


def _same_place(origin: str, host: str) -> bool:
    # The scheme is left out: behind a proxy that ends TLS we may see http where the browser saw https.
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and _plain(parts.netloc) == _plain(host)


def _plain(netloc: str) -> str:
    lowered = netloc.lower()
    for port in _DEFAULT_PORTS:
        lowered = lowered.removesuffix(port)
    return lowered
