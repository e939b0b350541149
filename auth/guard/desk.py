"""The desk: the one place where a request becomes a change. Buttons, the assistant and programs all come here.

A command's life: proposed, decided, awaiting or confirmed, executed, verified, or failed; each step is an audit event
linked to the one before. Here it is decided; what was decided is carried out in :mod:`auth.guard.execution`.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from auth.actor import Actor, Channel, Risk
from auth.database import narrow, new_id
from auth.guard import approvals
from auth.guard._mint import mint
from auth.guard.approvals import Approval
from auth.guard.cards import Cards
from auth.guard.cases import Bench, Case, age_s, refusal_for, scope_of
from auth.guard.commands import Command, Effect, NotACommand
from auth.guard.decisions import Allowed, Decision, Denied, Missing, Outcome, Pending, Refused
from auth.guard.execution import PENDING, Claimed, Execution, settled_or_pending
from auth.guard.judge import Entity, Judge, Stamps
from auth.guard.minutes import Step, minute, minute_refusal
from auth.guard.rooms import Card, Facts
from auth.guard.submissions import outcome_to_json, queue_up

LONGEST_REQUEST_ID = 80
SIGN_IN = "Please sign in first."
WRONG_DOOR = "A card is signed on a page of the shop, by the person it belongs to."

log = structlog.get_logger(__name__)


class Desk:
    """Submit, approve, decline, review; and settle what a crash left behind."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._cards = Cards(bench)
        self._execution = Execution(bench, self._cards, mint)

    @property
    def judge(self) -> Judge:
        return self._bench.judge

    # Asking

    def submit(self, actor: Actor, command: Command, *, request_id: str) -> Outcome:
        """Ask for something. A repeated ``request_id`` of the same account gets the first outcome."""
        if len(request_id) > LONGEST_REQUEST_ID:
            raise ValueError(f"a request id has at most {LONGEST_REQUEST_ID} characters; the doors see to that")
        now = self._bench.clock()
        case = Case(actor, self._bench.rooms[type(command)], command, new_id(now), request_id)
        with self._bench.database.begin(scope_of(actor)) as session:
            queue_up(session, actor.account_id)
            first = self._execution.first_answer(session, case)
            if first is not None:
                return first
            if case.room.effect is not Effect.READ and actor.account_id is None:
                return self._bench.refuse(session, case, at=now, kind="policy", policy="desk.nobody", says=SIGN_IN)
            # Asked in here: a clerk who takes over a conversation waits for this transaction, or it for them.
            case = replace(case, actor=self._bench.standing(session, actor))
            result = self._consider(session, case, now)
            self._execution.keep(session, case, settled_or_pending(result, case), now)
        return self._execution.settle(result) if isinstance(result, Claimed) else result

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
            result = self._weigh(session, card, stamps, now, risk=actor.risk)
        return self._execution.settle(result) if isinstance(result, Claimed) else result

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
            # The change will be the customer's, so it waits its turn among theirs.
            queue_up(session, approvals.account_of(session, approval_id))
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
        return self._execution.settle(result) if isinstance(result, Claimed) else result

    def card(self, session: Session, approval: Approval) -> Card:
        """What a card shows, from the stored command and the record as it is now."""
        gone = Card("What this was about is no longer there.")
        try:
            case = self._bench.case_of(session, approval)
        except NotACommand:
            return gone
        subject = case.room.find(session, case.actor, case.command)
        return gone if subject is None or case.room.card is None else case.room.card(session, case.command, subject)

    def recover(self) -> list[Outcome]:
        """Settle what a crash left behind; see :meth:`auth.guard.execution.Execution.recover`."""
        return self._execution.recover()

    # The first transaction: find, judge, limit, claim

    def _consider(self, session: Session, case: Case, now: datetime) -> Outcome | Claimed:
        if case.room.effect is not Effect.READ:
            minute(session, "command.proposed", case.step(now))
        subject = case.room.find(session, case.actor, case.command)
        if subject is None:
            return self._bench.not_there(session, case.actor, case.action, at=now)
        facts = case.room.facts(session, case.actor, case.command, subject)
        if case.room.effect is Effect.WRITE:
            # A clerk's change stands in the record of the account it concerns.
            case = replace(case, whose=facts.whose)
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
        return self._execution.carry_out(session, case, now)

    def _weigh(
        self, session: Session, card: Approval, stamps: Stamps, now: datetime, *, risk: Risk = Risk.LOW
    ) -> Outcome | Claimed:
        """Judge a confirmed card against the record of this moment, and at the worse risk of asking and signing."""
        try:
            case = self._bench.case_of(session, card).at_least(risk)
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
        result = self._execution.carry_out(session, case, now)
        card.outcome = outcome_to_json(settled_or_pending(result, case))
        return result

    # Reviewing

    def _decide_review(self, session: Session, actor: Actor, card: Approval, now: datetime) -> Decision:
        resource = Entity("Approval", str(card.id), {"requested_by": str(card.account_id), "state": card.state})
        stamps = Stamps(second_factor_age_s=age_s(actor.second_factor_at, now))
        return self._bench.ask(session, actor, "ReviewApproval", facts=Facts(resource), stamps=stamps)

    def _reviewed(
        self, session: Session, actor: Actor, card: Approval, *, agree: bool, note: str, now: datetime
    ) -> Outcome | Claimed:
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

    def _own_card(self, session: Session, actor: Actor, approval_id: UUID) -> Approval | None:
        card = approvals.find_approval(session, approval_id)
        return card if card is not None and card.account_id == actor.account_id else None
