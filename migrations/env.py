"""Runs migrations over the connection that app.storage.migrate hands in; there is no offline mode and no alembic.ini."""

from alembic import context

from app.storage.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
