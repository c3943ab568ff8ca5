"""Languages: the portal's own, for sentences, dates and direction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as babel_format_date
from babel.dates import get_month_names
from flask import Flask, g
from flask_babel import Babel, get_locale, get_translations, gettext
from markupsafe import Markup

from app.web.context import portal_if_known

_FALLBACK: Final = "en"
_DAYS_KEPT: Final = 512


def install(app: Flask) -> None:
    """Set up gettext, from app/translations."""
    Babel(app, default_locale=_FALLBACK, default_timezone="UTC", locale_selector=_portal_language)
    # What stands there looks up context, locale and catalogue again for each of the thirty sentences of a page.
    app.jinja_env.globals["_"] = _sentence


def _sentence(text: str, **values: object) -> Markup:
    """`_` in templates: a sentence of ours in the language of this request; values are escaped into it."""
    sentences = _said().sentences
    sentence = sentences.get(text)
    if sentence is None:
        sentence = sentences[text] = Markup(get_translations().ugettext(text))  # noqa: S704  the text is the program's own
    return sentence % values if values else sentence


@dataclass
class _Said:
    """What has been said in a language: sentences of templates, and days. Of a request it holds nothing but days, a few of them."""

    sentences: dict[str, Markup] = field(default_factory=dict)
    days: dict[tuple[Locale, date, str], str] = field(default_factory=dict)


def _said() -> _Said:
    said: _Said | None = g.get("said")
    if said is None:
        said = g.said = vars(get_translations()).setdefault("quietline_said", _Said())  # for as long as the catalogue is kept
    return said


def _portal_language() -> str:
    portal = portal_if_known()
    return portal.language if portal is not None else _FALLBACK


def locale() -> Locale:
    """The locale of this request."""
    return get_locale() or Locale.parse(_FALLBACK)


@lru_cache(maxsize=64)
def direction(language: str) -> str:
    """`ltr` or `rtl`."""
    try:
        return Locale.parse(language, sep="-").text_direction
    except (ValueError, UnknownLocaleError):
        return "ltr"


def date_pattern() -> str:
    """How reporter pages write a day; scripts read the same pattern."""
    # Translators: how a day is written, in Unicode date pattern letters: d day, MMMM name of the month, y year.
    pattern: str = gettext("d MMMM y")
    return pattern


def format_day(day: date) -> str:
    """A day as reporters read it: 21 November 2026."""
    return written_day(day, date_pattern())


def written_day(day: date, pattern: str) -> str:
    """A day in this request's language, by a pattern of Unicode's."""
    days, written_in = _said().days, locale()
    text = days.get((written_in, day, pattern))
    if text is None:
        if len(days) >= _DAYS_KEPT:
            days.clear()
        text = days[written_in, day, pattern] = babel_format_date(day, pattern, locale=written_in)
    return text


def month_names() -> str:
    """The names of the months as they stand inside a date, for scripts: joined with a bar."""
    names = get_month_names("wide", context="format", locale=locale())
    return "|".join(names[month] for month in range(1, 13))
