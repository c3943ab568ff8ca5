"""A verified backup put into an empty place: the files first, then the rows in one transaction (FORMATS.md section 15).

Until that transaction is committed nothing of it counts: where anything fails, the files that were put in place are taken away again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.exc import StatementError

from app.errors import CommandError, FormatError, SettingsError, StorageBusy
from app.services import tombstones
from app.services.backup_format import Head, Manifest
from app.services.backup_read import File, Reader, Row
from app.services.backup_rows import values
from app.services.context import Context
from app.services.tombstones import Applied, Stone
from app.storage import dump, migrate
from app.storage import organisations as organisation_rows
from app.storage.staging import grouped

Source = Callable[[], Iterable[bytes]]
"""Opens the backup anew, from its beginning: the pieces of the container."""

_BATCH_ROWS: Final = 100
_BATCH_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Restored:
    """What a backup held, and what was deleted again because it had been deleted since."""

    head: Head
    manifest: Manifest
    applied: Applied


def restore(
    ctx: Context, source: Source, verified: tuple[Head, Manifest], *, beside: bool = False, stones: Iterable[Stone] = ()
) -> Restored:
    """Put a backup, which `backup_read.verify` has given its head and manifest of, into the empty place that the context is of, whose
    database need not have tables yet, and delete again what its own tombstones and these are of. With `beside` other organisations may
    be there.

    CommandError where the place is not empty, or rows do not belong together; SettingsError where its schema is another one; FormatError
    where it is not what was verified; NoRoom, StorageBusy. Then nothing of it is in place.
    """
    head, manifest = verified
    _require_schema(ctx, head)
    _require_empty(ctx, head, beside)
    try:
        late = _put_files(ctx, source(), manifest)
        _put_rows(ctx, source(), head, manifest, [*late, *(each for each in stones if each.organisation in head.organisations)])
    except BaseException:
        _take_away(ctx, head)
        raise
    applied = tombstones.apply_own(ctx)
    ctx.cut_journal()
    return Restored(head, manifest, applied)


def _require_schema(ctx: Context, head: Head) -> None:
    if head.schema > migrate.HEAD:
        raise SettingsError(
            f"The backup has schema {head.schema}, made by a newer version; this one knows {migrate.HEAD}: use the newer one."
        )
    found = migrate.current(ctx.database)
    if found is not None and found > head.schema:
        raise SettingsError(f"The database has schema {found} already, and the backup {head.schema}: restore into one without tables.")


def _require_empty(ctx: Context, head: Head, beside: bool) -> None:
    if migrate.current(ctx.database) is not None:
        with ctx.database.read() as session:
            present = {each.id for each in organisation_rows.all_of_them(session)}
        if present and not beside:
            raise CommandError("The database is not empty: restore into a fresh one, or add --beside to keep the organisations in it.")
        if present & set(head.organisations):
            raise CommandError("The database has an organisation of this backup already: restore into a fresh one.")
    for organisation in head.organisations:
        if any(True for store in (ctx.blobs, ctx.staging) for _ in store.names(organisation)):
            raise CommandError(
                f"There are sealed files of {organisation} already where QUIETLINE_BLOBS says: restore into a fresh place "
                "(if a restore was interrupted here, delete them first)."
            )


def _put_files(ctx: Context, pieces: Iterable[bytes], manifest: Manifest) -> list[Stone]:
    """Gives the tombstones, which stand behind the files: they may be of cases that were deleted while these were copied."""
    stones: list[Stone] = []
    for part in Reader(pieces).parts():
        if isinstance(part, File) and part.named not in manifest.gone:
            _put_file(ctx, part)
        elif isinstance(part, Stone):
            stones.append(part)
        elif isinstance(part, Manifest) and part != manifest:  # the file was written to since it was verified
            raise FormatError
    return stones


def _put_file(ctx: Context, file: File) -> None:
    ctx.staging.create(file.organisation, file.id, ctx.today())
    with ctx.staging.open(file.organisation, file.id) as partial:
        for piece in grouped(file.pieces):
            partial.append(piece)
        partial.keep(ctx.today())
        ctx.blobs.put(file.organisation, file.id, partial.path)


def _put_rows(ctx: Context, pieces: Iterable[bytes], head: Head, manifest: Manifest, stones: Sequence[Stone]) -> None:
    reader = Reader(pieces)
    try:
        with ctx.database.connection() as connection:
            migrate.run(connection, head.schema)
            tables = dump.tables_of(connection)
            for table, batch in _batches(_rows(reader)):
                dump.add(connection, tables[table], [_values(tables[table], head, each) for each in batch])
            if any(total != manifest.tables.get(table, total) for table, total in reader.rows_total().items()):
                raise FormatError
            dump.add_missing(connection, tables["tombstones"], [_stone_values(each) for each in stones])
            migrate.run(connection, migrate.HEAD)
            ctx.database.after_migration(connection)
    except (KeyError, StatementError):
        raise CommandError("The rows of this backup do not belong together: nothing was restored.") from None


def _rows(reader: Reader) -> Iterator[Row]:
    """The rows, which stand before everything else but the head."""
    for part in reader.parts():
        if isinstance(part, Row):
            yield part
        elif not isinstance(part, Head):
            return


def _batches(rows: Iterable[Row]) -> Iterator[tuple[str, list[bytes]]]:
    """Rows of one table after another, about 1 MiB together."""
    for table, group in groupby(rows, key=lambda row: row.table):
        batch: list[bytes] = []
        for row in group:
            batch.append(row.line)
            if sum(map(len, batch)) >= _BATCH_BYTES or len(batch) >= _BATCH_ROWS:
                yield table, batch
                batch = []
        if batch:
            yield table, batch


def _values(table: Table, head: Head, text: bytes) -> dict[str, Any]:
    """The values of a row, which must be of an organisation that the backup says it is of."""
    found = values(table, text)
    if found["id" if table.name == "organisations" else "organisation_id"] not in head.organisations:
        raise FormatError
    return found


def _stone_values(stone: Stone) -> dict[str, Any]:
    return {"organisation_id": stone.organisation, "mark": stone.mark, "day": stone.day}


def _take_away(ctx: Context, head: Head) -> None:
    """What cannot be deleted now stays named by nothing: the next restore says so."""
    for organisation in head.organisations:
        for store in (ctx.staging, ctx.blobs):
            with suppress(StorageBusy, OSError):
                for name in list(store.names(organisation)):
                    store.delete(organisation, name)
