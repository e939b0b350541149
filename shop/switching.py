"""Stopping the assistant and letting it go on: what a clerk may ask for, and the list of what was stopped and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts import find_account_id_by_email_tag
from auth.actor import Actor
from auth.database import new_id
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Card, Facts, Room
from auth.redaction import redact
from auth.vault import Vault
from shop.cases import Case
from shop.commands import LetAssistantGoOn, StopAssistant
from shop.conversations import Conversation, read_id
from shop.orders import Order, is_at_work, read_number, read_order_number
from shop.switches import CUSTOMER, MODEL, TOOL, WHOLE, AssistantSwitch, hold_calls_back

NEWEST = 50  # switches in the history


@dataclass(frozen=True, slots=True)
class AssistantParts:
    """What of the assistant can be stopped by itself: its models by name, and its tools with the command each asks
    for. The shop knows neither, so the house hands them over."""

    models: tuple[str, ...] = ()
    tools: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be stopped or let go on, and the switch that is in force for it."""

    reach: str
    name: str = ""
    asks: str = ""
    customer_id: UUID | None = None
    switch: AssistantSwitch | None = None

    @property
    def key(self) -> str:
        """What stands in ``in_force``."""
        return ":".join(part for part in (self.reach, self.name, str(self.customer_id or "")) if part)

    @property
    def words(self) -> str:
        """``the tool “refund order”``; a customer is not named."""
        match self.reach:
            case "tool":
                return f"the tool “{self.name.replace('_', ' ')}”"
            case "model":
                return f"the model {self.name}"
            case "customer":
                return "the assistant for one customer"
        return "the whole assistant"


@dataclass(frozen=True, slots=True)
class SwitchView:
    """A switch as the staff's pages show it. ``order`` is the newest order of the customer it is about, or empty;
    ``stopped_after_ms`` is the time from the stop to the last thing that was under way, ``None`` where nothing was."""

    id: str
    reach: str
    name: str
    words: str
    reason: str
    stopped_at: datetime
    stopped_by: UUID
    let_on_at: datetime | None
    let_on_by: UUID | None
    stopped_after_ms: int | None
    calls_refused: int
    answers_cut: int
    tried_since: int
    order: str = ""

    @property
    def is_in_force(self) -> bool:
        return self.let_on_at is None


def switching_rooms(vault: Vault, parts: AssistantParts) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    stopping, going_on = Stopping(vault, parts), GoingOn()
    return (
        Room(
            StopAssistant,
            Effect.WRITE,
            stopping.find,
            _facts,
            stopping.handle,
            verify=stopping.verify,
            card=stopping.card,
            says=lambda result: f"Stopped: {result['what']}. It takes effect at once, also on what was queued.",
        ),
        Room(
            LetAssistantGoOn,
            Effect.WRITE,
            going_on.find,
            _facts,
            going_on.handle,
            verify=going_on.verify,
            card=going_on.card,
            says=lambda result: f"It goes on: {result['what']}.",
        ),
    )


def switches_in_force(session: Session) -> Sequence[SwitchView]:
    """Everything that is stopped now, oldest first; for a session with the scope of the house."""
    found = select(AssistantSwitch).where(AssistantSwitch.in_force.is_not(None))
    return [_view(session, row) for row in session.scalars(found.order_by(AssistantSwitch.stopped_at))]


def past_switches(session: Session, *, limit: int = NEWEST) -> Sequence[SwitchView]:
    """What was stopped and goes on again, newest first; for a session with the scope of the house."""
    found = select(AssistantSwitch).where(AssistantSwitch.in_force.is_(None))
    newest = found.order_by(AssistantSwitch.stopped_at.desc()).limit(limit)
    return [_view(session, row) for row in session.scalars(newest)]


def effect_of(switch: SwitchView) -> str:
    """How soon a stop had its effect, in words: ``Stopped after 140 ms: 2 calls refused. …``"""
    under_way = [
        words
        for words in (
            _counted(switch.calls_refused, "call refused", "calls refused"),
            _counted(switch.answers_cut, "answer broken off", "answers broken off"),
        )
        if words
    ]
    first = "Nothing was under way."
    if switch.stopped_after_ms is not None:
        first = f"Stopped after {_time(switch.stopped_after_ms)}: {', '.join(under_way)}."
    since = _counted(switch.tried_since, "more call was", "more calls were")
    return f"{first} Since then {since} refused." if since else first


@dataclass(frozen=True, slots=True)
class Stopping:
    """The room of :class:`~shop.commands.StopAssistant`."""

    vault: Vault
    parts: AssistantParts

    def find(self, session: Session, actor: Actor, command: StopAssistant) -> Target | None:
        """What is meant, if there is such a thing; from here on no call of the assistant is decided until the end."""
        if not is_at_work(actor):
            return None
        hold_calls_back(session)
        target = self._target(session, command)
        return None if target is None else _with_switch(session, target)

    def card(self, session: Session, command: StopAssistant, target: Target) -> Card:
        return Card(f"Stop {target.words}", (("Why", command.reason),))

    def handle(self, session: Session, grant: Grant[StopAssistant]) -> Mapping[str, Json]:
        target = self._there(session, grant)
        switch = AssistantSwitch(
            id=new_id(grant.at),
            in_force=target.key,
            reach=target.reach,
            name=target.name,
            asks=target.asks,
            customer_id=target.customer_id,
            # Clerks are asked to name nobody; this takes out what they write all the same.
            reason=redact(grant.command.reason).text[:240],
            stopped_by=grant.account_id,
            stopped_at=grant.at,
        )
        session.add(switch)
        return {"switch": str(switch.id), "what": target.words}

    def verify(self, session: Session, grant: Grant[StopAssistant], result: Mapping[str, Json]) -> bool:
        switch = self._there(session, grant).switch
        return switch is not None and str(switch.id) == result["switch"]

    def _there(self, session: Session, grant: Grant[StopAssistant]) -> Target:
        target = self.find(session, grant.actor, grant.command)
        if target is None:
            raise LookupError("what is to be stopped was there a moment ago")
        return target

    def _target(self, session: Session, command: StopAssistant) -> Target | None:
        name = command.name.strip()
        match command.reach:
            case "whole":
                return Target(WHOLE)
            case "tool":
                return Target(TOOL, name, self.parts.tools[name]) if name in self.parts.tools else None
            case "model":
                return Target(MODEL, name) if name in self.parts.models else None
        account_id = self._customer(session, name)
        return None if account_id is None else Target(CUSTOMER, customer_id=account_id)

    def _customer(self, session: Session, name: str) -> UUID | None:
        """An account by an order, a case, a conversation or an e-mail address, in the clerk's session."""
        if "@" in name:
            return find_account_id_by_email_tag(session, self.vault.email_tag(name))
        order, case = read_order_number(name), read_number("RT", name)
        if name.upper().startswith("RT") and case is not None:
            return session.scalar(select(Case.account_id).where(Case.number == case))
        if order is not None:
            return session.scalar(select(Order.account_id).where(Order.number == order))
        key = read_id(name)
        return None if key is None else session.scalar(select(Conversation.account_id).where(Conversation.id == key))


class GoingOn:
    """The room of :class:`~shop.commands.LetAssistantGoOn`."""

    def find(self, session: Session, actor: Actor, command: LetAssistantGoOn) -> Target | None:
        key = read_id(command.switch)
        if key is None or not is_at_work(actor):
            return None
        hold_calls_back(session)
        row = session.get(AssistantSwitch, key, populate_existing=True)
        if row is None:
            return None
        return Target(row.reach, row.name, row.asks, row.customer_id, row if row.in_force else None)

    def card(self, session: Session, command: LetAssistantGoOn, target: Target) -> Card:
        return Card(f"Let {target.words} go on")

    def handle(self, session: Session, grant: Grant[LetAssistantGoOn]) -> Mapping[str, Json]:
        target = self.find(session, grant.actor, grant.command)
        if target is None or target.switch is None:
            raise LookupError("the switch was in force a moment ago")
        target.switch.in_force, target.switch.let_on_by, target.switch.let_on_at = None, grant.account_id, grant.at
        return {"switch": grant.command.switch, "what": target.words}

    def verify(self, session: Session, grant: Grant[LetAssistantGoOn], result: Mapping[str, Json]) -> bool:
        target = self.find(session, grant.actor, grant.command)
        return target is not None and target.switch is None


def _with_switch(session: Session, target: Target) -> Target:
    row = session.scalar(select(AssistantSwitch).where(AssistantSwitch.in_force == target.key))
    return Target(target.reach, target.name, target.asks, target.customer_id, row)


def _facts(session: Session, actor: Actor, command: StopAssistant | LetAssistantGoOn, target: Target) -> Facts:
    owner = None if target.customer_id is None else str(target.customer_id)
    is_off = target.switch is not None
    resource = Entity("Switch", target.key, {"reach": target.reach, "off": is_off, "asks": target.asks, "owner": owner})
    return Facts(resource, whose=target.customer_id)


def _view(session: Session, row: AssistantSwitch) -> SwitchView:
    target = Target(row.reach, row.name, row.asks, row.customer_id)
    order = None
    if row.customer_id is not None:
        newest = select(Order.number).where(Order.account_id == row.customer_id).order_by(Order.placed_at.desc())
        order = session.scalar(newest.limit(1))
    return SwitchView(
        id=str(row.id),
        reach=row.reach,
        name=row.name,
        words=target.words,
        reason=row.reason,
        stopped_at=row.stopped_at,
        stopped_by=row.stopped_by,
        let_on_at=row.let_on_at,
        let_on_by=row.let_on_by,
        stopped_after_ms=None if row.last_at is None else _ms(row.stopped_at, row.last_at),
        calls_refused=row.calls_refused,
        answers_cut=row.answers_cut,
        tried_since=row.tried_since,
        order=order or "",
    )


def _ms(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""


def _time(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s"
