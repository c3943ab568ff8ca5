"""Closed cases go by themselves after as many days as their channel's configuration says; nothing says so, nothing goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from app.domain import AttachmentId, CaseId, OrganisationId, State
from app.services import organisations, removal, tombstones
from app.services.context import Context
from app.services.portal import Channel
from app.services.sweeping import forget_blobs
from app.storage import organisations as organisation_rows
from app.storage import tombstones as rows

_BATCH: Final = 20
"""Cases that are deleted in one transaction, so that none keeps others waiting for long."""


def run(ctx: Context) -> int:
    """Delete the cases of every organisation whose time is over, and tombstones that no backup needs any more. Done again, it does
    nothing; done by two processes at once, each case goes once. Gives how many cases this one has deleted."""
    with ctx.database.read() as session:
        present = [each.id for each in organisation_rows.all_of_them(session)]
    gone = 0
    for org in present:
        for channel in organisations.portal(ctx, org).channels:
            gone += _of_channel(ctx, org, channel)
        tombstones.expire(ctx, org)
    if gone:
        ctx.cut_journal()
    return gone


def _of_channel(ctx: Context, org: OrganisationId, channel: Channel) -> int:
    if channel.retention_days is None:
        return 0
    until, gone = ctx.today() - timedelta(days=channel.retention_days), 0
    while True:
        with ctx.database.read() as session:
            batch = rows.closed_until(session, org, channel.id, until, _BATCH)
        deleted = _delete(ctx, org, batch, until) if batch else 0
        gone += deleted
        if not deleted:  # nothing is left, or somebody else is deleting the same
            return gone


def _delete(ctx: Context, org: OrganisationId, batch: Sequence[CaseId], until: date) -> int:
    files: list[AttachmentId] = []
    deleted = 0
    with ctx.database.write() as session:
        for each in batch:
            case = rows.locked(session, org, each)
            # Opened again, or gone, since it was listed.
            if case is not None and case.state is State.CLOSED and case.closed_on is not None and case.closed_on <= until:
                files += removal.drop_case(session, case, ctx.today())
                deleted += 1
    forget_blobs(ctx, org, files)
    return deleted
