"""The minutes of the desk: every step of a command's life as an audit event linked to the one before.

Events name policies, references and amounts. They never hold arguments, which may be personal; a keyed commitment to
the arguments stands in the card's own row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.audit import Event, record
from auth.guard.decisions import Reason
from auth.guard.judge import Entity
from auth.guard.refusals import count_refusal
from auth.guard.rooms import Facts
from auth.oauth.delegations import app_behind


@dataclass(frozen=True, slots=True)
class Step:
    """What every line of the minutes says: who, in which command's life, when, what for, and about whose account."""

    actor: Actor
    command_id: UUID
    at: datetime
    action: str
    whose: UUID | None = None


def minute(session: Session, kind: str, step: Step, *, account_id: UUID | None = None, **facts: Any) -> None:
    """Write one step. ``account_id`` is whose account it concerns, if that is not the actor's own."""
    actor = step.actor
    body: dict[str, Any] = {"action": step.action, "role": actor.role.value, **facts}
    if (account_id or step.whose or actor.account_id) != actor.account_id:
        body["by"] = None if actor.account_id is None else str(actor.account_id)
    if actor.act is not None:
        body["act"] = {"name": actor.act.name, "digest": actor.act.digest}
        if actor.delegation is not None:
            body["act"]["delegation"] = str(actor.delegation)
        app = app_behind(session, actor)
        if app is not None and app != actor.act.name:
            # The assistant acts, but it is an app that talked to it.
            body["act"]["app"] = app
    concerns = account_id or step.whose or actor.account_id
    record(session, Event(kind, step.at, concerns, step.command_id, actor.channel.value, body))


def minute_refusal(session: Session, step: Step, *, reason: str, says: str, **facts: Any) -> None:
    """Write a refusal, once for each account, action and reason in a minute; the next one tells how many were not."""
    who = step.actor.account_id or step.actor.network or "nobody"
    unwritten = count_refusal(session, f"{who}|{step.actor.channel}|{step.action}|{reason}", step.at)
    if unwritten is not None:
        minute(session, "command.refused", step, policy=reason, says=says, unwritten_before=unwritten, **facts)


def decided(
    facts: Facts, reasons: Sequence[Reason], *, policy_version: str, needs: Sequence[str] = ()
) -> dict[str, Any]:
    """What a decision rested on: policies, their version, and the attributes that were used."""
    return {
        "subject": f"{facts.resource.kind}/{facts.resource.key}",
        "policies": [reason.policy for reason in reasons],
        "policy_version": policy_version,
        "needs": list(needs),
        "attributes": attributes(facts),
    }


def attributes(facts: Facts) -> dict[str, Any]:
    """The record's and the command's attributes as the judge saw them; a reference is written as its key."""
    values: Mapping[str, object] = {**facts.resource.attributes, **facts.context}
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: object) -> bool | int | str:
    if isinstance(value, Entity):
        return value.key
    return value if isinstance(value, bool | int | str) else str(value)
