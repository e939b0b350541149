"""Carrying out what was decided: inside in one transaction, or outside with a claim between two.

First transaction: reserve, claim, commit. Then the outside world, with no transaction open and the grant's id as the
key. Second transaction: settle. A crash between any two steps leaves a claim, and :meth:`Execution.recover` settles it
with the same key, once.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.audit import forget_since, recorded
from auth.database import Scope, new_id
from auth.guard import grants
from auth.guard.approvals import actor_to_json
from auth.guard.cards import Cards
from auth.guard.cases import Bench, Case, scope_of
from auth.guard.commands import Command, Effect, Json, arguments, canonical
from auth.guard.decisions import Done, Outcome, Pending, Refused
from auth.guard.grants import CLAIMED, MINTED, SPENT, VOID, Grant, GrantRow
from auth.guard.minutes import minute, minute_refusal
from auth.guard.rooms import Declined, Settled, Unreachable
from auth.guard.submissions import first_answer, keep_answer, outcome_to_json, queue_up

FAILED = "Something went wrong on our side, and nothing was changed. Please try again or ask for a person."
PENDING = "The payment service has not answered yet. We will finish this and tell you; please don't repeat it."

log = structlog.get_logger(__name__)


class HandlerLeft(RuntimeError):
    """A handler ended the transaction it was called in. Nothing of this request is kept, its events included."""


class Mint(Protocol):
    """How grants are made. The desk lends it; this module cannot reach it by itself."""

    def __call__(
        self,
        command: Command,
        actor: Actor,
        *,
        grant_id: UUID,
        command_id: UUID,
        at: datetime,
        settlement: str | None = None,
        request: dict[str, Json] | None = None,
    ) -> Grant[Any]: ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """The first transaction ended with a claim; the outside world comes next."""

    grant_id: UUID
    account_id: UUID


class Execution:
    """The desk's hands."""

    def __init__(self, bench: Bench, cards: Cards, mint: Mint) -> None:
        self._bench = bench
        self._cards = cards
        self._mint = mint

    def carry_out(self, session: Session, case: Case, now: datetime) -> Outcome | Claimed:
        grant = self._mint(case.command, case.actor, grant_id=new_id(now), command_id=case.command_id, at=now)
        if case.room.effect is Effect.READ:
            view = self._handling(session, lambda: case.room.handle(session, grant))
            return Done(case.command_id, "", view=view)
        row = self._keep_grant(session, case, grant)
        if case.room.outside is None:
            return self._handle(session, case, grant, before=MINTED)
        mark, outside = recorded(session), case.room.outside
        try:
            with session.begin_nested():
                request = self._handling(session, lambda: outside.prepare(session, grant))
        except Exception as error:
            return self._fail(session, case, grant, error=error, mark=mark)
        row.state, row.request = CLAIMED, canonical(dict(request))
        minute(session, "command.claimed", case.step(now), grant=str(grant.id))
        return Claimed(grant.id, grant.account_id)

    # Between the transactions: the outside world. The second transaction: settle

    def settle(self, claimed: Claimed) -> Outcome:
        with self._bench.database.read(Scope.own(claimed.account_id)) as session:
            row = session.get_one(GrantRow, claimed.grant_id)
            case, request = self._bench.case_of(session, row), json.loads(row.request or "{}")
        if case.room.outside is None:
            raise LookupError(f"{case.action} was claimed, yet its room calls nobody outside")
        try:
            settlement = case.room.outside.call(str(claimed.grant_id), request)
        except Unreachable:
            return Pending(case.command_id, PENDING)
        except Exception as error:
            # A gateway that breaks in an unforeseen way may have done it all the same: the claim stays.
            log.error("the outside world broke", action=case.action, grant=str(claimed.grant_id), exc_info=error)
            return Pending(case.command_id, PENDING)
        # A clerk's claim is settled in the scope it was made in: what it changes is a customer's.
        with self._bench.database.begin(scope_of(case.actor)) as session:
            queue_up(session, claimed.account_id)
            return self._finish(session, claimed, settlement)

    def _finish(self, session: Session, claimed: Claimed, settlement: Settled | Declined) -> Outcome:
        now = self._bench.clock()
        row = session.get_one(GrantRow, claimed.grant_id, with_for_update=True)
        case = self._bench.case_of(session, row)
        if row.state != CLAIMED:
            return self._ended_already(session, case)
        grant = self._mint(
            case.command,
            case.actor,
            grant_id=row.id,
            command_id=row.command_id,
            at=now,
            settlement=settlement.reference if isinstance(settlement, Settled) else None,
            request=json.loads(row.request or "{}"),
        )
        if isinstance(settlement, Declined):
            outcome: Outcome = self._release(session, case, grant, settlement)
        else:
            outcome = self._handle(session, case, grant, before=CLAIMED)
        if not isinstance(outcome, Pending):
            self.keep(session, case, outcome, now)
            if case.approval is not None:
                case.approval.outcome = outcome_to_json(outcome)
        return outcome

    def _handle(self, session: Session, case: Case, grant: Grant[Any], *, before: str) -> Outcome:
        """Let the handler change the shop, spend the grant, and re-read what must now be true."""
        mark = recorded(session)
        try:
            with session.begin_nested():
                result = self._handling(session, lambda: case.room.handle(session, grant))
                session.flush()
                if not grants.change_state(session, grant.id, before=before, after=SPENT, reference=grant.settlement):
                    raise RuntimeError("this grant was spent before")
                told = {key: value for key, value in result.items() if key not in case.room.unminuted}
                minute(session, "command.executed", case.step(grant.at), grant=str(grant.id), result=told)
                session.expire_all()
                if case.room.verify is not None and not case.room.verify(session, grant, result):
                    raise RuntimeError("the record does not show what the handler was to do")
        except Exception as error:
            return self._fail(session, case, grant, error=error, mark=mark)
        minute(session, "command.verified", case.step(grant.at))
        return Done(case.command_id, case.room.says(result), result)

    def _release(self, session: Session, case: Case, grant: Grant[Any], declined: Declined) -> Outcome:
        outside, mark = case.room.outside, recorded(session)
        assert outside is not None  # noqa: S101 - only a claim comes here
        try:
            with session.begin_nested():
                self._handling(session, lambda: outside.release(session, grant))
        except Exception as error:
            return self._stay_claimed(session, case, grant, error=error, mark=mark)
        grants.change_state(session, grant.id, before=CLAIMED, after=VOID)
        minute(session, "command.failed", case.step(grant.at), why="declined outside", says=declined.says)
        return Refused("gateway", declined.says, "gateway.declined", case.command_id)

    def _fail(self, session: Session, case: Case, grant: Grant[Any], *, error: Exception, mark: int) -> Outcome:
        """The savepoint took every change back, and the events that told of it; that it failed is kept."""
        if grant.settlement is not None:
            return self._stay_claimed(session, case, grant, error=error, mark=mark)
        self._note_failure(session, case, grant, error=error, mark=mark)
        grants.change_state(session, grant.id, before=MINTED, after=VOID)
        return Refused("failed", FAILED, "handler-failed", case.command_id)

    def _stay_claimed(self, session: Session, case: Case, grant: Grant[Any], *, error: Exception, mark: int) -> Pending:
        """The outside world has answered and we could not write it down: the recovery job will settle the claim."""
        self._note_failure(session, case, grant, error=error, mark=mark)
        return Pending(case.command_id, PENDING)

    def _note_failure(self, session: Session, case: Case, grant: Grant[Any], *, error: Exception, mark: int) -> None:
        log.error("handler failed", action=case.action, exc_info=error)
        if isinstance(error, HandlerLeft):
            raise error
        forget_since(session, mark)
        if grant.settlement is not None:
            # The recovery job may have to try this one often, so its failures are counted as refusals are.
            minute_refusal(
                session, case.step(grant.at), reason="handler-failed", says=PENDING, why=type(error).__name__
            )
        else:
            minute(session, "command.failed", case.step(grant.at), why=type(error).__name__)

    def _handling(self, session: Session, work: Callable[[], Any]) -> Any:
        """Run a handler's code, which may change rows and may not commit (:mod:`auth.database` refuses).

        It may not roll back either: what it did after that would stand outside the desk's savepoint.
        """
        savepoint = session.get_nested_transaction()
        session.info["may_not_commit"] = True
        try:
            return work()
        finally:
            del session.info["may_not_commit"]
            if session.get_nested_transaction() is not savepoint:
                raise HandlerLeft("a handler ended the desk's transaction")

    def recover(self) -> list[Outcome]:
        """Ask the outside world again, with the same keys, about every claim that nobody has settled.

        A claim that cannot be settled (its error is logged) stays, and does not keep the ones behind it waiting.
        """
        before = self._bench.clock() - self._bench.rules.claim_rests
        with self._bench.database.read(Scope.house("recovery: claims that nobody has settled")) as session:
            waiting = [Claimed(row.id, row.account_id) for row in grants.claimed_before(session, before)]
        outcomes = list[Outcome]()
        for claimed in waiting:
            try:
                outcomes.append(self.settle(claimed))
            except Exception as error:
                log.error("a claim was not settled", grant=str(claimed.grant_id), exc_info=error)
        return outcomes

    # Keeping

    def first_answer(self, session: Session, case: Case) -> Outcome | None:
        if case.room.effect is Effect.READ or case.actor.account_id is None or not case.request_id:
            return None
        return first_answer(session, case.actor.account_id, case.command, case.request_id)

    def keep(self, session: Session, case: Case, outcome: Outcome, now: datetime) -> None:
        if case.room.effect is Effect.READ or case.actor.account_id is None or not case.request_id:
            return
        keep_answer(session, case.actor.account_id, case.command, case.request_id, outcome=outcome, now=now)

    def _keep_grant(self, session: Session, case: Case, grant: Grant[Any]) -> GrantRow:
        row = GrantRow(
            id=grant.id,
            account_id=grant.account_id,
            command_id=case.command_id,
            approval_id=None if case.approval is None else case.approval.id,
            action=case.action,
            actor=actor_to_json(case.actor),
            state=MINTED,
            request_id=case.request_id or None,
            whose=case.whose,
            created_at=grant.at,
        )
        session.add(row)
        stored = {"version": case.command.version, "arguments": arguments(case.command)}
        self._bench.vault.seal(session, row, "command", canonical(stored))
        session.flush()
        return row

    def _ended_already(self, session: Session, case: Case) -> Outcome:
        """Another process settled this claim while we were asking outside; its answer stands."""
        if case.approval is not None:
            return self._cards.ended(session, case.approval, self._bench.clock()) or Pending(case.command_id, PENDING)
        return self.first_answer(session, case) or Pending(case.command_id, PENDING)


def settled_or_pending(result: Outcome | Claimed, case: Case) -> Outcome:
    """What is written down at the end of the first transaction: a claim counts as pending until it is settled."""
    return Pending(case.command_id, PENDING) if isinstance(result, Claimed) else result
