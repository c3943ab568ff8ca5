"""What every template may use."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from flask import Flask
from flask_babel import format_decimal, gettext
from jinja2.ext import Extension
from markupsafe import Markup

from app.domain import LIMITS
from app.services import carried
from app.web import i18n
from app.web.context import portal_if_known

_KILO: Final = 1024
_WHOLE_FROM: Final = 10
_LINE_BEFORE_BLOCK: Final = re.compile(
    r"\n[ \t]*(?=</?(?:body|dd|details|div|dl|dt|fieldset|footer|form|h[1-6]|head|header|legend|li|link|main|meta|ol|p|section|summary"
    r"|template|title|ul)\b)"
)
_DAY_LENGTH: Final = len("2026-11-21")


class Lean(Extension):
    """Leaves out the line ends of our own pages that no browser shows: 1 % of a first visit. What people wrote is not touched."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Called once a template, before it is compiled."""
        return source if (name or "").startswith("desk/") else _LINE_BEFORE_BLOCK.sub("", source)


def install(app: Flask) -> None:
    """Register the filters, globals and values of templates."""
    app.jinja_env.add_extension(Lean)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["day"] = i18n.format_day
    app.jinja_env.filters["answer"] = answer_text
    app.jinja_env.filters["size"] = size_text
    app.jinja_env.filters["carried"] = carried.text
    app.jinja_env.globals.update(
        limits=LIMITS, slot=slot, locale=i18n.locale, direction=i18n.direction, date_pattern=i18n.date_pattern, month_names=i18n.month_names
    )
    app.context_processor(lambda: {"portal": portal_if_known()})


def answer_text(value: str) -> str:
    """An answer as reporters read it: a day is written out."""
    try:
        return i18n.format_day(date.fromisoformat(value)) if len(value) == _DAY_LENGTH else value
    except ValueError:
        return value


def size_text(size: int) -> str:
    """How large a file is, in the units that devices show: 512 bytes, 1.4 MB."""
    if size < _KILO:
        return str(gettext("%(number)s bytes", number=size))
    if size < _KILO**2:
        return str(gettext("%(number)s kB", number=_short(size / _KILO)))
    if size < _KILO**3:
        return str(gettext("%(number)s MB", number=_short(size / _KILO**2)))
    return str(gettext("%(number)s GB", number=_short(size / _KILO**3)))


def _short(number: float) -> str:
    return str(format_decimal(round(number, 1 if number < _WHOLE_FROM else 0)))


def slot(name: str) -> Markup:
    """An empty place in a sentence, which a script fills with text."""
    return Markup('<span data-slot="{}"></span>').format(name)
