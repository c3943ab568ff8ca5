"""Sealed files that nobody wants any more: expired uploads, what deleted messages named, what a crash left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final

from app.domain import AttachmentId, OrganisationId
from app.errors import StorageBusy
from app.services.context import Context
from app.services.dates import oldest_upload
from app.storage import organisations, uploads

_BATCH: Final = 500


def sweep(ctx: Context, *, everything: bool = True) -> None:
    """Delete expired uploads, and every file that no row names; with `everything` False without looking through the blob store."""
    with ctx.database.read() as session:
        present = [each.id for each in organisations.all_of_them(session)]
    for org in present:
        _expire(ctx, org)
        _sweep_staging(ctx, org)
        if everything:
            _sweep_blobs(ctx, org)


def _forget_staged(ctx: Context, org: OrganisationId, gone: Iterable[AttachmentId]) -> None:
    """One that cannot be deleted must not keep the others, of other organisations even, from being: the next round tries it again."""
    for name in gone:
        with suppress(OSError):
            ctx.staging.delete(org, name)


def forget_blobs(ctx: Context, org: OrganisationId, gone: Iterable[AttachmentId]) -> None:
    """Delete the bytes of files whose rows are deleted and committed. What cannot be deleted now, the next sweep deletes."""
    for name in gone:
        try:
            ctx.blobs.delete(org, name)
        except (StorageBusy, OSError):
            ctx.swept.ask()


def delete_bytes(ctx: Context, org: OrganisationId, upload: AttachmentId) -> None:
    """Delete a file whose row is gone, wherever it lies. In this order, since finishing it moves it from the one place to the other."""
    ctx.staging.delete(org, upload)
    ctx.blobs.delete(org, upload)


def _expire(ctx: Context, org: OrganisationId) -> None:
    with ctx.database.write() as session:
        gone = uploads.drop_expired(session, org, oldest_upload(ctx.today()))
    _forget_staged(ctx, org, gone)
    forget_blobs(ctx, org, gone)


def _sweep_staging(ctx: Context, org: OrganisationId) -> None:
    for names in _batches(ctx.staging.names(org)):
        with ctx.database.read() as session:
            wanted = uploads.unfinished(session, org, names)
        _forget_staged(ctx, org, set(names) - wanted)
        for name in wanted:
            ctx.staging.blur(org, name)


def _sweep_blobs(ctx: Context, org: OrganisationId) -> None:
    for names in _batches(ctx.blobs.names(org)):
        with ctx.database.read() as session:
            wanted = uploads.known(session, org, names)
        forget_blobs(ctx, org, set(names) - wanted)


def _batches(names: Iterator[AttachmentId]) -> Iterator[Sequence[AttachmentId]]:
    """Names that were there before the rows are asked for: a file is made after its row, so one without a row is nobody's."""
    while batch := tuple(islice(names, _BATCH)):
        yield batch
