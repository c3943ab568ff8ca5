"""What several commands share: the context they work in, secrets that people type, and files that hold secrets."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import click

from app.domain import OrganisationId
from app.errors import CommandError
from app.services.context import Context
from app.settings import from_env
from app.storage import migrate, organisations
from app.storage.engine import open_database

Option = Callable[[Callable[..., Any]], Callable[..., Any]]

organisation_option: Option = click.option(
    "--organisation", metavar="ID", help="Which organisation, by id or host name; needed only where there are several."
)


@contextlib.contextmanager
def working_context(*, create: bool = False) -> Iterator[Context]:
    """A context on the database of the environment's settings, migrated. With `create` a missing database is made."""
    settings = from_env(os.environ, serving=False)
    database = open_database(settings.database_url, create_folder=create)
    try:
        migrate.upgrade(database)
        yield Context(database=database, settings=settings)
    finally:
        database.dispose()


def choose_organisation(ctx: Context, given: str | None) -> OrganisationId:
    """The organisation that was named, or the only one."""
    with ctx.database.read() as session:
        every = [each.id for each in organisations.all_of_them(session)]
        hosts = organisations.hosts(session)
    if not every:
        raise CommandError("There is no organisation yet: run quietline init first.")
    if given is not None:
        wanted = hosts.get(given.lower(), OrganisationId(given.lower()))
        if wanted not in every:
            raise CommandError(f"There is no such organisation: --organisation takes one of {', '.join(every)}.")
        return wanted
    if len(every) > 1:
        raise CommandError(f"There are several organisations: say which with --organisation, one of {', '.join(every)}.")
    return every[0]
