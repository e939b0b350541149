"""The one place where a grant comes into being. Nobody but the desk may import this (an import contract says so)."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from auth.actor import Actor
from auth.guard.commands import C, Json
from auth.guard.grants import Grant


def mint(
    command: C,
    actor: Actor,
    *,
    grant_id: UUID,
    command_id: UUID,
    at: datetime,
    settlement: str | None = None,
    request: Mapping[str, Json] | None = None,
) -> Grant[C]:
    """Make the proof that the desk decided for this command and this actor."""
    grant: Grant[C] = object.__new__(Grant)
    for name, value in (
        ("id", grant_id),
        ("command", command),
        ("actor", actor),
        ("command_id", command_id),
        ("at", at),
        ("settlement", settlement),
        ("request", request),
    ):
        object.__setattr__(grant, name, value)
    return grant
