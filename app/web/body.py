"""JSON bodies, read strictly once limits.py has bounded their type and length."""

from __future__ import annotations

from flask import request

from app.services import wire


def read() -> wire.Fields:
    """The object this request carries. FormatError, which is answered with 400, for anything FORMATS.md section 1 refuses."""
    return wire.fields(request.get_data(cache=True))
