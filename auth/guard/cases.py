"""A case: one command on its way over the desk; and what every step of the way needs: asking the judge, refusing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from auth.accounts import find_account
from auth.actor import Actor, Channel, Risk, Role
from auth.database import Database, Scope, new_id
from auth.guard.approvals import Approval, actor_from_json
from auth.guard.commands import Command, Effect, NotACommand, action, parse
from auth.guard.decisions import Decision, Reason, Refused
from auth.guard.grants import GrantRow
from auth.guard.judge import DEFAULT_DENY, Judge, Question, Stamps, principal_of
from auth.guard.limits import CommandLimits
from auth.guard.minutes import Step, decided, minute, minute_refusal
from auth.guard.rooms import Facts, Room, RoomTable
from auth.vault import Vault

NOT_FOUND = "There is no such thing in your account."


@dataclass(frozen=True, slots=True)
class DeskRules:
    """Times and numbers of the desk."""

    card_lives: timedelta = timedelta(minutes=15)
    review_lives: timedelta = timedelta(days=7)
    open_cards: int = 3
    claim_rests: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Case:
    """Who asked for what, under which number; with the card it was parked on, if it was.

    ``whose`` is the account it concerns where that is not the actor's own: a clerk's work is the customer's to see.
    """

    actor: Actor
    room: Room[Any]
    command: Command
    command_id: UUID
    request_id: str = ""
    approval: Approval | None = None
    whose: UUID | None = None

    @property
    def action(self) -> str:
        return action(self.command)

    def at_least(self, risk: Risk) -> "Case":
        """This case, asked by somebody who looks as risky as this, or riskier."""
        worse = max(self.actor.risk, risk, key=list(Risk).index)
        return replace(self, actor=replace(self.actor, risk=worse))

    def step(self, at: datetime) -> Step:
        """This case as the minutes name it."""
        return Step(self.actor, self.command_id, at, self.action, self.whose)


def as_they_are(_session: Session, actor: Actor) -> Actor:
    """The standing of everybody in a house without conversations."""
    return actor


def every_delegation_holds(_session: Session, _actor: Actor, _asks: bool) -> bool:
    """The answer in a house where nobody acts under a delegation."""
    return False


def nobody_is_told(_session: Session, _actor: Actor, _card: Approval) -> None:
    """What becomes of the news of a card in a house without mail."""


def nothing_is_switched_off(_session: Session, _actor: Actor, _action: str) -> bool:
    """The answer in a house without switches."""
    return False


@dataclass(frozen=True, slots=True)
class Bench:
    """What the desk works with; handed over once, when the house is put together.

    ``standing`` looks at the record, inside the transaction that will decide, and silences an actor who may not speak.
    ``switched_off`` looks there whether the staff have stopped the one who asks, for this action; it is asked before
    every decision, so also when a card is signed that was made before. ``delegation_over`` says there whether the leave
    has ended that software acts under; it is told whether that software asks now, or its card is being signed.
    ``parked`` hears of every new card, in the transaction that makes it.
    """

    database: Database
    vault: Vault
    judge: Judge
    rooms: RoomTable
    limits: CommandLimits
    clock: Callable[[], datetime]
    rules: DeskRules = field(default_factory=DeskRules)
    standing: Callable[[Session, Actor], Actor] = as_they_are
    delegation_over: Callable[[Session, Actor, bool], bool] = every_delegation_holds
    switched_off: Callable[[Session, Actor, str], bool] = nothing_is_switched_off
    parked: Callable[[Session, Actor, Approval], None] = nobody_is_told

    def decide(self, session: Session, case: Case, facts: Facts, stamps: Stamps) -> Decision:
        """Ask the judge about a case, with the account's status and the staff's switches as the record has them now."""
        asker = replace(
            case.actor,
            switched_off=self.switched_off(session, case.actor, case.action),
            delegation_over=self.delegation_over(session, case.actor, case.approval is None),
        )
        return self.ask(session, asker, case.action, facts=facts, stamps=stamps)

    def ask(self, session: Session, actor: Actor, name: str, *, facts: Facts, stamps: Stamps) -> Decision:
        account = None if actor.account_id is None else find_account(session, actor.account_id)
        status = "active" if actor.account_id is None else "closed" if account is None else account.status
        principal = principal_of(actor, status=status)
        return self.judge.decide(Question(name, actor, principal, facts.resource, facts.context), stamps)

    def case_of(self, session: Session, row: Approval | GrantRow) -> Case:
        """Rebuild the case of a stored card or claim. :class:`NotACommand` when the shop no longer knows it so."""
        room = self.rooms.named(row.action)
        if room is None:
            raise NotACommand(f"nothing here is called {row.action}")
        stored = json.loads(self.vault.open(session, row, "command"))
        if stored["version"] != room.command.version:
            raise NotACommand(f"{row.action} means something else since version {room.command.version}")
        approval = row if isinstance(row, Approval) else _approval_of(session, row)
        request_id = "" if isinstance(row, Approval) else row.request_id or ""
        actor = actor_from_json(row.actor, row.account_id)
        whose = row.whose if isinstance(row, GrantRow) else None
        return Case(actor, room, parse(room.command, stored["arguments"]), row.command_id, request_id, approval, whose)

    def minute_decision(
        self,
        session: Session,
        case: Case,
        facts: Facts,
        *,
        reasons: Sequence[Reason],
        needs: Sequence[str],
        at: datetime,
    ) -> None:
        """Write down what was decided. Reads are written when the assistant or a clerk does them."""
        basis = decided(facts, reasons, policy_version=self.judge.version, needs=needs)
        if case.room.effect is not Effect.READ:
            minute(session, "command.decided", case.step(at), **basis)
        elif case.actor.act is not None or case.actor.channel == "staff":
            minute(session, "record.read", case.step(at), account_id=facts.whose, **basis)

    def refuse(
        self, session: Session, case: Case, *, at: datetime, kind: str, policy: str, says: str, retry_after_s: int = 0
    ) -> Refused:
        """Refuse a case for a reason that is not a policy's, and write it down."""
        minute_refusal(session, case.step(at), reason=policy, says=says)
        return Refused(kind, says, policy, case.command_id, retry_after_s)

    def deny(self, session: Session, case: Case, facts: Facts, *, reasons: Sequence[Reason], at: datetime) -> Refused:
        """Refuse a case because the policies do, with the attributes that were used."""
        refusal = refusal_for(reasons, case.command_id)
        basis = decided(facts, reasons, policy_version=self.judge.version)
        minute_refusal(session, case.step(at), reason=refusal.policy, says=refusal.says, **basis)
        return refusal

    def not_there(self, session: Session, actor: Actor, name: str, *, at: datetime) -> Refused:
        """The same words for *not there* and *not yours*."""
        command_id = new_id(at)
        minute_refusal(session, Step(actor, command_id, at, name), reason="not-found", says=NOT_FOUND)
        return Refused("not_found", NOT_FOUND, "not-found", command_id)


def refusal_for(reasons: Sequence[Reason], command_id: UUID) -> Refused:
    """The refusal that policies give: the first one's id, everybody's words."""
    given = reasons or (DEFAULT_DENY,)
    says = " ".join(dict.fromkeys(reason.says for reason in given))
    return Refused("policy", says, given[0].policy, command_id)


def scope_of(actor: Actor) -> Scope:
    """Whose rows the desk may touch for an actor: their own; a clerk at work sees the house."""
    if actor.role is Role.CLERK and actor.channel is Channel.STAFF:
        return Scope.house("a clerk at work")
    return Scope.own(actor.account_id)


def age_s(instant: datetime | None, now: datetime) -> int | None:
    """How many whole seconds ago; ``None`` for never and for an instant that has not come yet."""
    return None if instant is None or instant > now else int((now - instant).total_seconds())


def _approval_of(session: Session, row: GrantRow) -> Approval | None:
    return None if row.approval_id is None else session.get(Approval, row.approval_id)
