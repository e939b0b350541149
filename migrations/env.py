"""Runs the migrations on the connection that :mod:`frontend.upgrade` hands over."""

from alembic import context

from auth.database import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
