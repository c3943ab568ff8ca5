"""What has to be done although nobody asks: a tab that never comes back must not leave its half of a key behind."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import date
from typing import Final

from app.services import clock, retention, sessions, uploads
from app.services.context import Context
from app.storage import organisations

SECONDS_BETWEEN: Final = 5 * 60
RETRY_SECONDS: Final = 3.0
"""After this long a journal that somebody was reading is cut again."""


def turn(ctx: Context, due: float) -> float:
    """Wait until there is something to do, and do it: the journal within seconds where it could not be cut at once, all the rest when it
    is `due` (by the monotonic clock). Gives when the rest is due next; raises what `tidy` raises, and the next turn tries again.
    """
    if ctx.journal_due.wait(max(0.0, due - time.monotonic())):
        time.sleep(RETRY_SECONDS)
        ctx.cut_journal()
    if time.monotonic() < due:
        return due
    tidy(ctx)
    ctx.vitals.tidied(ctx.today())
    return time.monotonic() + SECONDS_BETWEEN


def tidy(ctx: Context) -> None:
    """Forget old keys of tickets, delete every expired session and upload and every file that no row names, cut the journal, and once a
    day delete closed cases whose time is over (where the day can be believed) and put the database in order.

    Each is done even where another fails; an error comes out at the end.
    """
    with ExitStack() as jobs:  # the last one first
        jobs.callback(_put_in_order, ctx)
        jobs.callback(ctx.cut_journal)
        jobs.callback(_sweep_files, ctx)
        jobs.callback(_keep_no_longer, ctx)
        jobs.callback(_sweep, ctx)
        jobs.callback(ctx.tickets.rotate, ctx.clock())


def _sweep(ctx: Context) -> None:
    with ctx.database.read() as session:
        present = [each.id for each in organisations.all_of_them(session)]
    for organisation in present:
        sessions.sweep(ctx, organisation)


def _sweep_files(ctx: Context) -> None:
    today = ctx.today()
    everything = ctx.swept.due(today)
    ctx.swept.done(today)  # first, so that what is left behind meanwhile is not forgotten
    with ExitStack() as failed:
        failed.callback(ctx.swept.ask)
        uploads.sweep(ctx, everything=everything)
        failed.pop_all()


def _keep_no_longer(ctx: Context) -> None:
    today = ctx.today()
    if clock.believed(ctx) and ctx.retained.due(today):
        retention.run(ctx)
        ctx.retained.done(today)


def _put_in_order(ctx: Context) -> None:
    """The pages of sealed messages lie in the order in which they came; after this, in the order of their random ids."""
    database = ctx.database
    if database.size() >= database.rewritten_below or not database.mark_day(ctx.today()):
        return
    with ExitStack() as failed:
        failed.callback(database.mark_day, date.min)  # so that the next round tries again
        if not database.vacuum():
            ctx.journal_due.set()
        failed.pop_all()
