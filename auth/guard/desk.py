"""The desk: the one place where a request becomes a change. Buttons, the assistant and programs all come here.

A command's life: proposed, decided, awaiting or confirmed, executed, verified, or failed; each step is an audit event
linked to the one before. No transaction is open while the outside world is called: the first transaction ends with a
claim, the second settles it, and :meth:`Desk.recover` settles what a crash left between the two.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from auth.actor import Actor, Channel, Role
from auth.audit import forget_since, recorded
from auth.database import Scope, narrow, new_id
from auth.guard import approvals, grants
from auth.guard._mint import mint
from auth.guard.approvals import Approval, actor_to_json
from auth.guard.cards import Cards
from auth.guard.cases import Bench, Case, age_s, refusal_for
from auth.guard.commands import Command, Effect, NotACommand, arguments, canonical
from auth.guard.decisions import Allowed, Decision, Denied, Done, Missing, Outcome, Pending, Refused
from auth.guard.grants import CLAIMED, MINTED, SPENT, VOID, Grant, GrantRow
from auth.guard.judge import Entity, Judge, Stamps
from auth.guard.minutes import Step, minute, minute_refusal
from auth.guard.rooms import Card, Declined, Facts, Settled, Unreachable
from auth.guard.submissions import first_answer, keep_answer, outcome_to_json, queue_up

FAILED = "Something went wrong on our side, and nothing was changed. Please try again or ask for a person."
PENDING = "The payment service has not answered yet. We will finish this and tell you; please don't repeat it."
WRONG_DOOR = "A card is signed on a page of the shop, by the person it belongs to."

log = structlog.get_logger(__name__)


class HandlerLeft(RuntimeError):
    """A handler ended the transaction it was called in. Nothing of this request is kept, its events included."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """The first transaction ended with a claim; the outside world comes next."""

    grant_id: UUID
    account_id: UUID


class Desk:
    """Submit, approve, decline, review; and settle what a crash left behind."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._cards = Cards(bench)

    @property
    def judge(self) -> Judge:
        return self._bench.judge

    # Asking

    def submit(self, actor: Actor, command: Command, *, request_id: str) -> Outcome:
        """Ask for something. A repeated ``request_id`` of the same account gets the first outcome."""
        now = self._bench.clock()
        case = Case(actor, self._bench.rooms[type(command)], command, new_id(now), request_id)
        with self._bench.database.begin(scope_of(actor)) as session:
            queue_up(session, actor.account_id)
            first = self._first_answer(session, case)
            if first is not None:
                return first
            result = self._consider(session, case, now)
            self._keep(session, case, _outcome(result, case), now)
        return self._settle(result) if isinstance(result, _Claimed) else result

    def could(self, session: Session, actor: Actor, command: Command) -> bool:
        """Whether a button for this command is worth showing: allowed, or allowed once its needs are met."""
        case = Case(actor, self._bench.rooms[type(command)], command, UUID(int=0))
        subject = case.room.find(session, actor, command)
        if subject is None:
            return False
        facts = case.room.facts(session, actor, command, subject)
        stamps = Stamps(second_factor_age_s=age_s(actor.second_factor_at, self._bench.clock()))
        return not isinstance(self._bench.decide(session, case, facts, stamps), Denied)

    # Signing

    def approve(self, actor: Actor, approval_id: UUID) -> Outcome:
        """The account holder confirms a card, on a page. Everything is looked up and judged again, now."""
        now = self._bench.clock()
        with self._bench.database.begin(scope_of(actor)) as session:
            queue_up(session, actor.account_id)
            card = self._own_card(session, actor, approval_id)
            if card is None:
                return self._bench.not_there(session, actor, "Approve", at=now)
            if actor.channel is not Channel.PAGE or actor.act is not None:
                return self._refuse_door(session, actor, card, now)
            ended = self._cards.ended(session, card, now)
            if ended is not None:
                return ended
            stamps = Stamps(confirmed=True, second_factor_age_s=age_s(actor.second_factor_at, now))
            result = self._weigh(session, card, stamps, now)
        return self._settle(result) if isinstance(result, _Claimed) else result

    def decline(self, actor: Actor, approval_id: UUID) -> Outcome:
        """The account holder says no. Nothing has happened, and now nothing will."""
        now = self._bench.clock()
        with self._bench.database.begin(scope_of(actor)) as session:
            queue_up(session, actor.account_id)
            card = self._own_card(session, actor, approval_id)
            if card is None:
                return self._bench.not_there(session, actor, "Decline", at=now)
            ended = self._cards.ended(session, card, now)
            if ended is not None and card.state != approvals.IN_REVIEW:
                return ended
            outcome = Refused("declined", "You said no, so nothing was changed.", "", card.command_id)
            return self._cards.end(
                session, card, outcome, state=approvals.DECLINED, now=now, kind="command.declined", actor=actor
            )

    def review(self, actor: Actor, approval_id: UUID, *, agree: bool, note: str = "") -> Outcome:
        """A clerk decides on what the customer has confirmed. Nobody reviews their own."""
        now = self._bench.clock()
        with self._bench.database.begin(scope_of(actor)) as session:
            card = approvals.find_approval(session, approval_id)
            if card is None:
                return self._bench.not_there(session, actor, "ReviewApproval", at=now)
            decision = self._decide_review(session, actor, card, now)
            if not isinstance(decision, Allowed):
                return self._refuse_review(session, actor, card, decision, now)
            ended = self._cards.ended(session, card, now)
            if ended is not None and card.state != approvals.IN_REVIEW:
                return ended
            # From here on the session sees the customer's rows and nobody else's.
            narrow(session, card.account_id)
            result = self._reviewed(session, actor, card, agree=agree, note=note, now=now)
        return self._settle(result) if isinstance(result, _Claimed) else result

    def card(self, session: Session, approval: Approval) -> Card:
        """What a card shows, from the stored command and the record as it is now."""
        gone = Card("What this was about is no longer there.")
        try:
            case = self._bench.case_of(session, approval)
        except NotACommand:
            return gone
        subject = case.room.find(session, case.actor, case.command)
        return gone if subject is None or case.room.card is None else case.room.card(session, case.command, subject)

    # Settling what a crash left behind

    def recover(self) -> list[Outcome]:
        """Ask the outside world again, with the same keys, about every claim that nobody has settled.

        A claim that cannot be settled (its error is logged) stays, and does not keep the ones behind it waiting.
        """
        before = self._bench.clock() - self._bench.rules.claim_rests
        with self._bench.database.read(Scope.house("recovery: claims that nobody has settled")) as session:
            waiting = [_Claimed(row.id, row.account_id) for row in grants.claimed_before(session, before)]
        outcomes = list[Outcome]()
        for claimed in waiting:
            try:
                outcomes.append(self._settle(claimed))
            except Exception as error:
                log.error("a claim was not settled", grant=str(claimed.grant_id), exc_info=error)
        return outcomes

    # The first transaction: find, judge, limit, claim

    def _consider(self, session: Session, case: Case, now: datetime) -> Outcome | _Claimed:
        if case.room.effect is not Effect.READ:
            minute(session, "command.proposed", case.step(now))
        subject = case.room.find(session, case.actor, case.command)
        if subject is None:
            return self._bench.not_there(session, case.actor, case.action, at=now)
        facts = case.room.facts(session, case.actor, case.command, subject)
        stamps = Stamps(second_factor_age_s=age_s(case.actor.second_factor_at, now))
        decision = self._bench.decide(session, case, facts, stamps)
        if isinstance(decision, Denied):
            return self._bench.deny(session, case, facts, reasons=decision.reasons, at=now)
        wait = self._bench.limits.seconds_to_wait(case.actor, case.room.effect, now.timestamp())
        if wait:
            says = f"That was a lot at once. Please try again in {wait} seconds."
            return self._bench.refuse(
                session, case, at=now, kind="limit", policy="desk.limit", says=says, retry_after_s=wait
            )
        needs = sorted(decision.needs) if isinstance(decision, Missing) else []
        self._bench.minute_decision(session, case, facts, reasons=decision.reasons, needs=needs, at=now)
        if isinstance(decision, Missing):
            return self._cards.park(session, case, facts, decision=decision, now=now)
        return self._carry_out(session, case, now)

    def _weigh(self, session: Session, card: Approval, stamps: Stamps, now: datetime) -> Outcome | _Claimed:
        """Judge a confirmed card against the record of this moment."""
        try:
            case = self._bench.case_of(session, card)
        except NotACommand:
            return self._cards.expire(session, card, now)
        subject = case.room.find(session, case.actor, case.command)
        if subject is None:
            return self._cards.lost(session, case, card, now=now)
        facts = case.room.facts(session, case.actor, case.command, subject)
        decision = self._bench.decide(session, case, facts, stamps)
        if isinstance(decision, Denied):
            return self._cards.deny(session, case, card, decision=decision, now=now)
        if self._cards.has_drifted(card, case, facts):
            return self._cards.replace(session, case, card, facts=facts, now=now)
        if isinstance(decision, Missing):
            return self._cards.wait_on(session, case, card, decision=decision, stamps=stamps, now=now)
        if not approvals.change_state(session, card, after=approvals.SPENT):
            return self._cards.ended(session, card, now) or Pending(card.command_id, PENDING)
        if card.confirmed_at is None:
            self._cards.stamp(session, case, card, stamps=stamps, now=now)
        self._bench.minute_decision(session, case, facts, reasons=decision.reasons, needs=[], at=now)
        result = self._carry_out(session, case, now)
        card.outcome = outcome_to_json(_outcome(result, case))
        return result

    def _carry_out(self, session: Session, case: Case, now: datetime) -> Outcome | _Claimed:
        grant = mint(case.command, case.actor, grant_id=new_id(now), command_id=case.command_id, at=now)
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
        return _Claimed(grant.id, grant.account_id)

    # Between the transactions: the outside world. The second transaction: settle

    def _settle(self, claimed: _Claimed) -> Outcome:
        with self._bench.database.read(Scope.own(claimed.account_id)) as session:
            row = session.get_one(GrantRow, claimed.grant_id)
            case, request = self._bench.case_of(session, row), json.loads(row.request or "{}")
        if case.room.outside is None:
            raise LookupError(f"{case.action} was claimed, yet its room calls nobody outside")
        try:
            settlement = case.room.outside.call(str(claimed.grant_id), request)
        except Unreachable:
            return Pending(case.command_id, PENDING)
        with self._bench.database.begin(Scope.own(claimed.account_id)) as session:
            queue_up(session, claimed.account_id)
            return self._finish(session, claimed, settlement)

    def _finish(self, session: Session, claimed: _Claimed, settlement: Settled | Declined) -> Outcome:
        now = self._bench.clock()
        row = session.get_one(GrantRow, claimed.grant_id, with_for_update=True)
        case = self._bench.case_of(session, row)
        if row.state != CLAIMED:
            return self._ended_already(session, case)
        grant = mint(
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
            self._keep(session, case, outcome, now)
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
                minute(session, "command.executed", case.step(grant.at), grant=str(grant.id), result=dict(result))
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

    # Reviewing

    def _decide_review(self, session: Session, actor: Actor, card: Approval, now: datetime) -> Decision:
        resource = Entity("Approval", str(card.id), {"requested_by": str(card.account_id), "state": card.state})
        stamps = Stamps(second_factor_age_s=age_s(actor.second_factor_at, now))
        return self._bench.ask(session, actor, "ReviewApproval", facts=Facts(resource), stamps=stamps)

    def _reviewed(
        self, session: Session, actor: Actor, card: Approval, *, agree: bool, note: str, now: datetime
    ) -> Outcome | _Claimed:
        card.reviewed_by, card.reviewed_at = actor.account_id, now
        if note:
            self._bench.vault.seal(session, card, "note", note)
        session.flush()
        if not agree:
            says = "A clerk looked at this and did not agree. Ask for a person if you would like to talk about it."
            outcome = Refused("reviewer", says, "review.declined", card.command_id)
            return self._cards.end(session, card, outcome, state=approvals.DECLINED, now=now, actor=actor)
        step = Step(actor, card.command_id, now, card.action)
        minute(session, "command.reviewed", step, account_id=card.account_id, subject=card.subject)
        stamps = Stamps(confirmed=True, second_factor_age_s=card.second_factor_age_s, reviewed=True)
        return self._weigh(session, card, stamps, now)

    # Refusing

    def _refuse_door(self, session: Session, actor: Actor, card: Approval, now: datetime) -> Refused:
        step = Step(actor, card.command_id, now, card.action)
        minute_refusal(session, step, reason="approval.page-only", says=WRONG_DOOR)
        return Refused("policy", WRONG_DOOR, "approval.page-only", card.command_id)

    def _refuse_review(
        self, session: Session, actor: Actor, card: Approval, decision: Denied | Missing, now: datetime
    ) -> Refused:
        refusal = refusal_for(decision.reasons, card.command_id)
        step = Step(actor, card.command_id, now, "ReviewApproval")
        minute_refusal(session, step, reason=refusal.policy, says=refusal.says)
        return refusal

    # Keeping

    def _own_card(self, session: Session, actor: Actor, approval_id: UUID) -> Approval | None:
        card = approvals.find_approval(session, approval_id)
        return card if card is not None and card.account_id == actor.account_id else None

    def _first_answer(self, session: Session, case: Case) -> Outcome | None:
        if case.room.effect is Effect.READ or case.actor.account_id is None or not case.request_id:
            return None
        return first_answer(session, case.actor.account_id, case.command, case.request_id)

    def _keep(self, session: Session, case: Case, outcome: Outcome, now: datetime) -> None:
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
        return self._first_answer(session, case) or Pending(case.command_id, PENDING)


def scope_of(actor: Actor) -> Scope:
    """Whose rows the desk may touch for an actor: their own; a clerk at work sees the house."""
    if actor.role is Role.CLERK and actor.channel is Channel.STAFF:
        return Scope.house("a clerk at work")
    return Scope.own(actor.account_id)


def _outcome(result: Outcome | _Claimed, case: Case) -> Outcome:
    return Pending(case.command_id, PENDING) if isinstance(result, _Claimed) else result
