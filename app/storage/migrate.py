"""Bring a database to the newest schema, from code; `HEAD` is held to migrations/versions by a test."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, inspect, text

from app.errors import SettingsError
from app.storage.engine import Database
from app.storage.models import Base

HEAD: Final = "0004"
SCRIPTS: Final = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(database: Database) -> None:
    """Run every migration that is missing, in one transaction, one process at a time. Cheap when there is none."""
    found = current(database)
    require_known(found)
    if found == HEAD:
        return
    with database.connection() as connection:
        run(connection, HEAD)
        database.after_migration(connection)


def run(connection: Connection, revision: str) -> None:
    """Upgrade over a given connection (the tests stop on the way)."""
    # Alembic takes longer to import than the server may take to start, and is needed only where there is something to migrate.
    config = importlib.import_module("alembic.config").Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    importlib.import_module("alembic.command").upgrade(config, revision)


def broken_chain() -> bool:
    """Whether the migrations beside this program are not one line from the first to HEAD."""
    config = importlib.import_module("alembic.config").Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = importlib.import_module("alembic.script").ScriptDirectory.from_config(config)
    found = [each.revision for each in scripts.walk_revisions()]
    return found != [f"{number:04}" for number in range(len(found), 0, -1)] or found[0] != HEAD


def differences(database: Database) -> list[str]:
    """What of the tables is not as the models say, by its kind and name; nothing in a database that only the migrations made."""
    autogenerate = importlib.import_module("alembic.autogenerate")
    context = importlib.import_module("alembic.runtime.migration").MigrationContext
    with database.read() as session:
        configured = context.configure(session.connection(), opts={"compare_type": True, "compare_server_default": True})
        found = autogenerate.compare_metadata(configured, Base.metadata)
    return [_named(each[0] if isinstance(each, list) else each) for each in found]


def _named(difference: Sequence[Any]) -> str:
    """`add_column uploads digest`: what would have to be done, and to what."""
    words = [each if isinstance(each, str) else getattr(each, "name", None) for each in difference]
    return " ".join(str(word) for word in words if word)


def current(database: Database) -> str | None:
    """The revision of this database; None for an empty one."""
    with database.read() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        return session.execute(text("SELECT version_num FROM alembic_version")).scalar()


def require_known(found: str | None) -> None:
    """Stop a program that would work on a schema it does not know."""
    if found is not None and found > HEAD:
        raise SettingsError(f"The database has schema {found}, made by a newer version; this one knows {HEAD}: start the newer version.")
