"""Bring a database to the newest schema, from code; `HEAD` is held to migrations/versions by a test."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from app.errors import SettingsError
from app.storage.engine import Database

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
