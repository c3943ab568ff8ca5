"""Whether what is stored is whole: tables, rows, seals as far as they can be told without a key, files, and who may read them.

Nothing here opens a seal, and a finding names random ids of messages and files, never a case.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.services import checkup_files, checkup_rows, tombstones
from app.services.checkup_findings import Finding
from app.services.context import Context
from app.storage import migrate, organisations


def schema(ctx: Context) -> Iterator[Finding]:
    """Whether the tables are this version's. With a finding here the rows cannot be looked at."""
    found = migrate.current(ctx.database)
    if migrate.broken_chain():
        yield Finding("schema", "the migrations beside this program are not one line to the newest: install it again")
    if found is None:
        yield Finding("schema", "the database has no tables: run quietline init, or point QUIETLINE_DATA at the right folder")
    elif found < migrate.HEAD:
        yield Finding("schema", f"the database has schema {found}, older than {migrate.HEAD}: quietline serve brings it up to date")
    elif found > migrate.HEAD:
        yield Finding("schema", f"the database has schema {found}, made by a newer version; this one knows {migrate.HEAD}")
    else:
        for each in migrate.differences(ctx.database):
            yield Finding("schema", f"the tables are not as the migrations make them: {each}")


def contents(ctx: Context, *, note_digests: bool = False) -> Iterator[Finding]:
    """Every row and file. With `note_digests` the SHA-256 of files that have none is noted, as they are now."""
    if flaws := ctx.database.flaws():
        yield Finding("database", f"the {ctx.database.kind} database finds {flaws} flaws in its own files or keys: restore a backup")
    with ctx.database.read() as session:
        present = [each.id for each in organisations.all_of_them(session)]
    for organisation in present:
        yield from checkup_rows.look(ctx, organisation)
        yield from checkup_files.look(ctx, organisation, note_digests=note_digests)
    for organisation in present:
        if back := tombstones.returned(ctx, organisation):
            yield Finding("deleted", f"{organisation}: {back} cases or messages that were deleted are there again: restart quietline serve")
