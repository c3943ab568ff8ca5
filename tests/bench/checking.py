"""What it costs to check a receipt, and whether wrong, unknown and withdrawn ones can be told apart by their time."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from app.crypto.receipt import Receipt
from app.domain import ChannelId, OrganisationId
from app.errors import NoConversation, WordsError
from app.factory import make_context
from app.services import followup, intake, organisations
from app.services.context import Context
from app.services.drafts import PlainReport
from app.settings import from_env
from tests.bench.serving import environment, prepare

ROUNDS = 400


def run(data: Path, org_host: str = "127.0.0.1") -> list[str]:
    """Lines to print: medians in microseconds of CPU, the kinds interleaved round by round."""
    prepare(data)
    ctx = make_context(from_env(environment(data)))
    org = organisations.resolve(ctx, org_host)
    channel = next(each for each in organisations.portal(ctx, org).channels if each.keys)
    kinds = _kinds(ctx, org, channel.id, {q.id: q.options[0] for q in channel.questions if q.required and q.options})
    spent: dict[str, list[int]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, check in kinds.items():
            began = time.process_time_ns()
            with contextlib.suppress(NoConversation, WordsError):
                check()
            spent[name].append(time.process_time_ns() - began)
    ctx.database.dispose()
    return [f"{name:34} {statistics.median(times) / 1000:8.0f} us CPU (median of {ROUNDS})" for name, times in spent.items()]


def _kinds(ctx: Context, org: OrganisationId, channel: ChannelId, answers: dict[str, str]) -> dict[str, Callable[[], object]]:
    def report() -> Receipt:
        receipt = Receipt.generate()
        intake.accept_plain(ctx, org, channel, receipt, PlainReport("", "A report for the bench.", answers))
        return receipt

    known, withdrawn, unknown = report(), report(), Receipt.generate()
    followup.withdraw(ctx, org, withdrawn.mailbox_key)

    def look(receipt: Receipt) -> Callable[[], object]:
        typed = " ".join(receipt.words)
        return lambda: followup.open_sealed(ctx, org, Receipt.read(typed).mailbox_key)

    return {
        "receipt: words to entropy": lambda: Receipt.read(" ".join(unknown.words)),
        "known: words, derive, hash, rows": look(known),
        "unknown": look(unknown),
        "withdrawn": look(withdrawn),
        "unknown, again": look(unknown),
    }
