"""Runs the migrations on the connection that :mod:`frontend.upgrade` hands over."""

from typing import Any, Literal

from alembic import context

from auth.database import Base, UtcDateTime
from auth.vault import Sealed


def render(kind: str, thing: object, _context: Any) -> str | Literal[False]:
    """Migrations spell our column types in plain SQL types, so that old ones keep running when ours change."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, Sealed):
        return "sa.LargeBinary()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_item=render,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
