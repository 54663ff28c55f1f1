"""Alembic's entry: runs the migrations through the connection that the store hands over."""

from __future__ import annotations

from alembic import context

from epochal.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
