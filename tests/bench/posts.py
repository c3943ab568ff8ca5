"""Sending a report of 2 kB, by both ways, and coming back to a case of ten messages: each beside a floor in the same run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from app.crypto.encoding import b64u_encode, new_id
from app.crypto.message import ChannelKeys
from app.crypto.receipt import Receipt
from app.domain import MessageId
from app.factory import make_context
from app.services import followup, intake, organisations
from app.services.drafts import PlainReport
from app.services.organisations import Channel
from app.settings import from_env
from tests.bench import reports
from tests.bench.comparing import Side, Way, compare, crowd
from tests.bench.load import Request
from tests.bench.sending import Client
from tests.bench.serving import environment, floor, portal

MESSAGES: Final = 10
JSON: Final = "application/json"


@dataclass(frozen=True)
class Place:
    """Both servers, a channel of the portal's, what its required questions are answered with, and a case that somebody comes back to."""

    site: Side
    bare: Side
    channel: Channel
    keys: ChannelKeys
    answers: dict[str, str]
    receipt: Receipt


def run(folder: Path, posts: int, rounds: int, clients: int) -> Iterator[str]:
    """Lines to print, as they come."""
    folder.mkdir(exist_ok=True)
    with portal(folder) as site, floor(folder) as (floor_port, floor_pid):
        place = _place(folder, Side(site.port, site.pid), Side(floor_port, floor_pid))
        yield f"final post of a 2 kB report, {clients} clients, {posts} posts a round, {rounds} rounds in turn, medians"
        yield from compare(sending(place, posts), rounds, clients)
        yield from crowd(sending(place, posts))
        yield f"receipt checked and a case of {MESSAGES} messages of 2 kB read, {clients} clients, {rounds} rounds in turn, medians"
        yield from compare(reading(place, folder / "floor.db", posts), rounds, clients)


def sending(place: Place, posts: int) -> dict[str, Way]:
    """The final post of a report."""
    bare = [Request("/", urlencode({"body": reports.BODY}).encode(), reports.FORM)] * posts
    slug = place.channel.slug
    return {
        "bare Flask + one HPKE seal + one durable insert": Way(place.bare, lambda: bare),
        "sealed by the server": Way(place.site, lambda: reports.plain(place.site.port, slug, posts, place.answers), 0.5),
        "sealed by the browser": Way(place.site, lambda: reports.sealed(slug, posts, place.keys), 0.6),
    }


def reading(place: Place, database: Path, posts: int) -> dict[str, Way]:
    """The way back in. `database`: the bare application's, which is given the very bytes that the portal answers with."""
    body = json.dumps({"mailbox": b64u_encode(place.receipt.mailbox_key)}).encode()
    words = urlencode({"words": " ".join(place.receipt.words)}).encode()
    sealed, plain = Request("/conversation/sealed", body, JSON), Request("/conversation", words, reports.FORM)
    _keep(database, body, _fetch(place.site.port, sealed))
    return {
        "bare Flask + one indexed query + the same bytes": Way(place.bare, lambda: [Request("/read", body, JSON)] * posts),
        "read by the browser": Way(place.site, lambda: [sealed] * posts, 0.4, 3.0),
        "opened by the server": Way(place.site, lambda: [plain] * (posts // 4)),
    }


def _place(folder: Path, site: Side, bare: Side) -> Place:
    ctx = make_context(from_env(environment(folder / "data")))
    org = organisations.resolve(ctx, "127.0.0.1")
    channel = next(each for each in organisations.portal(ctx, org).channels if each.keys)
    assert channel.keys is not None
    answers = {question.id: question.options[0] for question in channel.questions if question.required and question.options}
    receipt = Receipt.generate()
    intake.accept_plain(ctx, org, channel.id, receipt, PlainReport("", reports.BODY, answers))
    for number in range(1, MESSAGES):
        followup.post_plain(ctx, org, receipt, MessageId(new_id()), reports.BODY, number)
    ctx.database.dispose()
    named = {f"q-{name}": value for name, value in answers.items()}
    return Place(site, bare, channel, ChannelKeys(channel.keys.recipient, channel.keys.verify), named, receipt)


def _fetch(port: int, request: Request) -> bytes:
    with Client(port) as client:
        return client.send("POST", request.path, {"Content-Type": request.content_type}, [request.body]).body


def _keep(database: Path, key: bytes, answer: bytes) -> None:
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, answer))
