"""The headers that stand on every answer: pages, static files and errors alike."""

from __future__ import annotations

from typing import Final

from flask import Response

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)

DESK_POLICY: Final = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
"""Desk pages hold the frame in which pictures are drawn (web/desk/preview.py), and may hold no other."""

PREVIEW_POLICY: Final = (
    "default-src 'none'; script-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
    "require-trusted-types-for 'script'; sandbox allow-scripts"
)
"""That frame's own: an origin of its own, one script, no connection, no picture, no style. The one page that may stand in a frame."""

_UNUSED_FEATURES: Final = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "usb",
)

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES),
    # Everywhere, static files too: a script in a disk cache is a trace of the visit.
    "Cache-Control": "no-store",
}


def add(response: Response) -> Response:
    """After each request. What a view has set of them stays: only the preview's frame and its script, and desk pages, do."""
    present = {name.lower() for name, _ in response.headers}
    response.headers.extend([(name, value) for name, value in HEADERS.items() if name.lower() not in present])
    return response
