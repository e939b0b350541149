"""The switch that lets the attacker answer the chats of a demo or staging shop, kept in the audit log itself.

Turning it is an event of one chain, so every replica reads the same state and no turn of it can be taken back from the
record. It falls back by itself after :data:`LONGEST`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.actor import Actor, Channel
from auth.audit import AuditEntry, Event, record
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Facts, Room
from shop.commands import CompromiseModel

LONGEST = timedelta(minutes=30)
COMPROMISED, RESTORED = "model.compromised", "model.restored"
# The chain of all turns of the switch. Nothing else has this id: the desk's are of version 7.
SWITCH = UUID("5c0ffee0-0000-4000-8000-000000000053")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The attacker answers since entry ``since`` of the log, and until ``until`` at the latest."""

    since: int
    began: datetime
    until: datetime


def rehearsal_under_way(session: Session, now: datetime) -> Rehearsal | None:
    """Whether the attacker answers at this moment, by the newest turn of the switch."""
    last = _last_turn(session)
    if last is None or last.kind != COMPROMISED or not last.at <= now < last.at + LONGEST:
        return None
    return Rehearsal(last.seq, last.at, last.at + LONGEST)


def last_rehearsal(session: Session) -> Rehearsal | None:
    """The newest rehearsal, under way or over."""
    query = select(AuditEntry).where(AuditEntry.command_id == SWITCH, AuditEntry.kind == COMPROMISED)
    entry = session.scalar(query.order_by(AuditEntry.seq.desc()).limit(1))
    return None if entry is None else Rehearsal(entry.seq, entry.at, entry.at + LONGEST)


def rehearsing_rooms(*, rehearses: bool) -> tuple[Room[Any], ...]:
    """The room of this file. ``rehearses`` says that this is a demo or a staging shop."""
    rehearsing = Rehearsing(rehearses)
    return (Room(CompromiseModel, Effect.LIGHT, rehearsing.find, rehearsing.facts, rehearsing.turn, says=say_turned),)


@dataclass(frozen=True, slots=True)
class Rehearsing:
    """Turning the switch. It is there in every shop; the policy says where it may be turned."""

    rehearses: bool

    def find(self, session: Session, actor: Actor, command: CompromiseModel) -> Entity:
        return Entity("Shop", "shop", {})

    def facts(self, session: Session, actor: Actor, command: CompromiseModel, shop: Entity) -> Facts:
        return Facts(shop, {"rehearses": self.rehearses, "starts": command.on})

    def turn(self, session: Session, grant: Grant[CompromiseModel]) -> Mapping[str, Json]:
        kind = COMPROMISED if grant.command.on else RESTORED
        record(session, Event(kind, grant.at, grant.account_id, SWITCH, Channel.STAFF.value, {"role": "clerk"}))
        return {"on": grant.command.on}


def say_turned(result: Mapping[str, Json]) -> str:
    if result["on"]:
        return f"The attacker answers every chat now, for {LONGEST.seconds // 60} minutes at most."
    return "The usual model answers again."


def _last_turn(session: Session) -> AuditEntry | None:
    query = select(AuditEntry).where(AuditEntry.command_id == SWITCH).order_by(AuditEntry.seq.desc()).limit(1)
    return session.scalar(query)
