"""Puts an organisation with open channels and one officer into the stack's empty database, and prints what the officer logs in with.

A program of its own, since it runs as the stack's user. Its keys are made here on the server, so it is for trying out only.
"""

from __future__ import annotations

import json
import os
import sys

from app.services import configuration, demo, organisations
from app.services.context import Context
from app.services.demo_texts import DEMO_TOML
from app.settings import from_env
from app.storage import migrate
from app.storage.engine import open_database


def main(hosts: list[str]) -> None:
    """Prepare what the environment names, to answer under these names."""
    settings = from_env(os.environ)
    database = open_database(settings.database_url, create_folder=True)
    migrate.upgrade(database)
    ctx = Context(database=database, settings=settings)
    access = demo.prepare(ctx)
    organisation = organisations.resolve(ctx, "localhost")
    configuration.configure(ctx, organisation, configuration.parse_toml(f"hosts = {json.dumps(hosts)}\n{DEMO_TOML}"))
    database.dispose()
    print(json.dumps({"organisation": organisation, "user": access.user, "passphrase": access.passphrase}))


if __name__ == "__main__":
    main(sys.argv[1:])
