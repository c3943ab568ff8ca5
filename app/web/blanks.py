"""Pages that differ from one answer to the next in a few places only: rendered once with those left blank, and filled in by each request.

What is kept is what everybody sees of a portal as it is now. What is filled in is in no cache, and always goes in as text.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Final

from flask import current_app, render_template
from markupsafe import escape

from app.services.portal import Portal
from app.web.context import portal

_EXTENSION: Final = "quietline.blanks"
# Nothing that a template or a portal holds can look like it.
_MARK: Final = secrets.token_hex(16)
_PLACE: Final = re.compile(f"{_MARK}([a-z0-9_]+){_MARK}")

_Kept = dict[tuple[str, str, str], tuple[Portal, list[str]]]


def place(name: str) -> str:
    """What a template is given for a value that comes later."""
    return f"{_MARK}{name}{_MARK}"


def page(template: str, of: str, values: Mapping[str, object], **blank: object) -> str:
    """`template` with `blank`, which is the same for all requests that say the same `of` to one portal, and `values` in its places."""
    kept: _Kept = current_app.extensions.setdefault(_EXTENSION, {})
    shown = portal()
    found = kept.get((template, of, shown.organisation))
    if found is None or found[0] is not shown:
        found = shown, _PLACE.split(render_template(template, **blank))
        kept[template, of, shown.organisation] = found
    return "".join(escape(values[piece]) if odd % 2 else piece for odd, piece in enumerate(found[1]))
