"""A configuration from the TOML file of `quietline configure`."""

from __future__ import annotations

import re
from typing import Final, cast, get_args
from urllib.parse import urlsplit

from app.domain import LIMITS
from app.errors import CommandError
from app.services.configuration_value import NEUTRAL_URL, ChannelText, Configuration
from app.services.portal import OutsideHelp, Question, QuestionKind
from app.services.tomlread import Table

TEXT: Final = 4000
HINT: Final = 500
URL: Final = 500
CHANNELS: Final = 20
HELPERS: Final = 10
HOSTS: Final = 20
RETENTION_MOST: Final = 3650

_SLUG: Final = re.compile(r"[a-z0-9-]{1,40}")
_QUESTION_ID: Final = re.compile(r"[a-z0-9_-]{1,40}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*|[0-9a-f:]*:[0-9a-f:]+")
_ONION: Final = re.compile(r"http://[a-z2-7]{56}\.onion")


def parse_toml(text: str) -> Configuration:
    """The configuration that a TOML document describes. CommandError names the key that cannot be used and says what to write."""
    table = Table.parse(text)
    configuration = Configuration(
        name=table.required("name", LIMITS.name_characters),
        language=_matching(table, "language", _LANGUAGE, "must be a language tag such as en.") or "en",
        intro=table.text("intro", TEXT, lines=True),
        emergency=table.text("emergency", TEXT, lines=True),
        neutral_url=_web_address(table, "neutral_url") or NEUTRAL_URL,
        hosts=_hosts(table),
        onion=_matching(table, "onion", _ONION, "must be http:// and the 56 characters of an onion address, then .onion."),
        outside_help=tuple(_helper(each) for each in table.tables("outside_help", HELPERS)),
        channels=tuple(_channel(each) for each in table.tables("channels", CHANNELS)),
    )
    table.done()
    if not configuration.channels:
        raise CommandError("channels is missing: add at least one [[channels]] table.")
    _different([each.slug for each in configuration.channels], "channels", "slug")
    return configuration


def _matching(table: Table, key: str, pattern: re.Pattern[str], sentence: str) -> str | None:
    value = table.text(key, URL)
    if value is not None and not pattern.fullmatch(value):
        raise table.refuse(key, sentence)
    return value


def _web_address(table: Table, key: str) -> str | None:
    value = table.text(key, URL)
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and " " not in value
    except ValueError:
        good = False
    if not good:
        raise table.refuse(key, "must be a web address that begins with https://.")
    return value


def _hosts(table: Table) -> tuple[str, ...]:
    hosts = table.texts("hosts", URL, HOSTS)
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise table.refuse("hosts", "must list host names only, in lower case, without https:// and without a port.")
    return hosts


def _helper(table: Table) -> OutsideHelp:
    helper = OutsideHelp(table.required("name", LIMITS.name_characters), table.required("text", TEXT), _web_address(table, "url"))
    table.done()
    return helper


def _channel(table: Table) -> ChannelText:
    slug = table.required("slug", LIMITS.name_characters)
    if not _SLUG.fullmatch(slug):
        raise table.refuse("slug", "must have 1 to 40 characters of a to z, 0 to 9 and the hyphen.")
    channel = ChannelText(
        slug=slug,
        name=table.required("name", LIMITS.name_characters),
        description=table.text("description", TEXT, lines=True) or "",
        readers=table.text("readers", TEXT, lines=True) or "",
        questions=tuple(_question(each) for each in table.tables("questions", LIMITS.questions)),
        retention_days=table.number("retention_days", 1, RETENTION_MOST),
    )
    table.done()
    _different([each.id for each in channel.questions], f"The questions of channel {slug}", "id")
    return channel


def _question(table: Table) -> Question:
    name = table.required("id", LIMITS.name_characters)
    if not _QUESTION_ID.fullmatch(name):
        raise table.refuse("id", "must have 1 to 40 characters of a to z, 0 to 9, the hyphen and the underscore.")
    kind = table.required("kind", LIMITS.name_characters)
    if kind not in get_args(QuestionKind):
        raise table.refuse("kind", f"must be one of: {', '.join(get_args(QuestionKind))}.")
    if name == "category" and kind != "one":
        raise table.refuse("kind", 'must be "one" for the question with the id category: the desk lists its answer.')
    question = Question(
        id=name,
        kind=cast(QuestionKind, kind),
        label=table.required("label", LIMITS.label_characters),
        hint=table.text("hint", HINT),
        required=table.flag("required"),
        options=_options(table, name, kind),
    )
    table.done()
    return question


def _options(table: Table, question: str, kind: str) -> tuple[str, ...]:
    options = table.texts("options", LIMITS.label_characters, LIMITS.options)
    if kind in {"one", "several"} and len(options) < 2:
        raise table.refuse("options", "must list at least two choices.")
    if kind in {"text", "date"} and options:
        raise table.refuse("options", f"means nothing for a question of kind {kind}: remove it.")
    # All of them chosen, with a line break between, is one answer.
    together = len("\n".join(options))
    if kind == "several" and together > LIMITS.answer_characters:
        sentence = f"of the question {question} have {together} characters together: {LIMITS.answer_characters} are the most."
        raise table.refuse("options", sentence)
    return options


def _different(values: list[str], what: str, key: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise CommandError(f"{what} must differ in their {key}: {value} is there twice.")
