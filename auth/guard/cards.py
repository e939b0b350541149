"""What happens to a card: made, found again, stamped, replaced when the world has changed, and ended once."""

import json
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from auth.actor import Actor, Channel
from auth.database import new_id
from auth.guard import approvals
from auth.guard.approvals import Approval, actor_from_json, actor_to_json
from auth.guard.cases import NOT_FOUND, Bench, Case, refusal_for
from auth.guard.commands import arguments, canonical
from auth.guard.decisions import AwaitingApproval, Denied, Missing, Need, Outcome, Refused
from auth.guard.judge import Stamps
from auth.guard.minutes import Step, minute
from auth.guard.rooms import Facts
from auth.guard.submissions import outcome_from_json, outcome_to_json

LINES = ("line", "lines")  # the arguments that say which part of its subject a command is about
DEALT_WITH = "This card was already dealt with."
TAKEN_BACK = "The assistant took this card back, so nothing was changed."


class Cards:
    """The desk's drawer of cards."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def park(
        self, session: Session, case: Case, facts: Facts, *, decision: Missing, now: datetime, replaced: bool = False
    ) -> Outcome:
        """Freeze the command on a card. The same request with the same facts finds the card it already has."""
        account_id = case.actor.account_id
        if account_id is None or case.room.card is None:
            return self._bench.deny(session, case, facts, reasons=decision.reasons, at=now)
        for waiting in approvals.open_approvals(session, account_id, now):
            if self._is_same(waiting, case, facts):
                return replace(awaiting(waiting, decision), replaced=replaced)
        taken_back = [] if replaced else self._taken_back(session, case, facts, now)
        if approvals.count_open(session, account_id, now) >= self._bench.rules.open_cards:
            says = "Three cards already wait for your signature. Please confirm or decline one of them first."
            return self._bench.refuse(session, case, at=now, kind="limit", policy="desk.open-cards", says=says)
        card = self._make(session, case, facts, decision=decision, now=now)
        minute(session, "command.awaiting", case.step(now), approval=str(card.id), needs=sorted(decision.needs))
        self._bench.parked(session, case.actor, card)
        for older in taken_back:
            older.replaced_by = card.id
            older.outcome = outcome_to_json(awaiting(card, decision))
        return replace(awaiting(card, decision), replaced=replaced)

    def has_drifted(self, card: Approval, case: Case, facts: Facts) -> bool:
        """Whether what the person relied on (arguments, prices, stock, policies) is no longer what it was."""
        version = self._bench.judge.version
        return approvals.digest(case.command, facts, policy_version=version, salt=card.salt) != card.digest

    def replace(self, session: Session, case: Case, card: Approval, *, facts: Facts, now: datetime) -> Outcome:
        """What the person relied on has changed: they get a new card, and nothing happens."""
        if not approvals.change_state(session, card, after=approvals.SUPERSEDED):
            return Refused("changed", DEALT_WITH, command_id=case.command_id)
        fresh = replace(case, command_id=new_id(now), approval=None)
        minute(session, "command.superseded", case.step(now), new_command=str(fresh.command_id))
        decision = self._bench.decide(session, fresh, facts, Stamps())
        if isinstance(decision, Missing):
            minute(session, "command.proposed", fresh.step(now), replaces=str(case.command_id))
            outcome = self.park(session, fresh, facts, decision=decision, now=now, replaced=True)
        else:
            reasons = decision.reasons if isinstance(decision, Denied) else ()
            outcome = self._bench.deny(session, fresh, facts, reasons=reasons, at=now)
        if isinstance(outcome, AwaitingApproval):
            card.replaced_by = outcome.approval_id
        card.outcome = outcome_to_json(outcome)
        return outcome

    def wait_on(
        self, session: Session, case: Case, card: Approval, *, decision: Missing, stamps: Stamps, now: datetime
    ) -> Outcome:
        """Something is still missing. If it is only a clerk's review, the person's own part is stamped and done."""
        if decision.needs != {Need.REVIEW}:
            # A code that was fresh when the card was made may have aged since: the card must ask for it now.
            card.needs = " ".join(sorted(card.needed | decision.needs))
            named = [*json.loads(card.reasons), *(reason.policy for reason in decision.reasons)]
            card.reasons = canonical(list(dict.fromkeys(named)))
            return awaiting(card, decision)
        if not approvals.change_state(session, card, after=approvals.IN_REVIEW):
            return self.ended(session, card, now) or awaiting(card, decision)
        card.expires_at = now + self._bench.rules.review_lives
        self.stamp(session, case, card, stamps=stamps, now=now)
        minute(session, "command.awaiting", case.step(now), approval=str(card.id), needs=["review"])
        return awaiting(card, decision)

    def stamp(self, session: Session, case: Case, card: Approval, *, stamps: Stamps, now: datetime) -> None:
        """Write on the card that its owner has confirmed, and how fresh their second factor was then (seconds)."""
        card.confirmed_at, card.second_factor_age_s = now, stamps.second_factor_age_s
        signer = replace(case.actor, channel=Channel.PAGE, act=None)
        minute(session, "command.confirmed", replace(case.step(now), actor=signer), approval=str(card.id))

    def ended(self, session: Session, card: Approval, now: datetime) -> Outcome | None:
        """The outcome of a card that is no longer open; ``None`` for one that is."""
        session.refresh(card)
        if card.state in (approvals.OPEN, approvals.IN_REVIEW) and now >= card.expires_at:
            return self.expire(session, card, now)
        if card.state == approvals.OPEN:
            return None
        if card.state == approvals.IN_REVIEW:
            return awaiting(card, Missing(frozenset({Need.REVIEW}), ()))
        if card.outcome is not None:
            return outcome_from_json(card.outcome)
        return Refused("expired", DEALT_WITH, command_id=card.command_id)

    def expire(self, session: Session, card: Approval, now: datetime) -> Outcome:
        says = "This card has expired, so nothing was changed. Please ask again."
        outcome = Refused("expired", says, "desk.card-expired", card.command_id)
        return self.end(session, card, outcome, state=approvals.EXPIRED, now=now, kind="command.expired")

    def end(
        self,
        session: Session,
        card: Approval,
        outcome: Refused,
        *,
        state: str,
        now: datetime,
        kind: str = "command.refused",
        actor: Actor | None = None,
    ) -> Outcome:
        """End a card without carrying it out; whoever else got there first keeps their outcome."""
        if not approvals.change_state(session, card, after=state):
            return Refused("expired", DEALT_WITH, command_id=card.command_id)
        card.outcome = outcome_to_json(outcome)
        by = actor or actor_from_json(card.actor, card.account_id)
        minute(
            session,
            kind,
            Step(by, card.command_id, now, card.action),
            account_id=card.account_id,
            subject=card.subject,
            policy=outcome.policy,
            says=outcome.says,
        )
        return outcome

    def deny(self, session: Session, case: Case, card: Approval, *, decision: Denied, now: datetime) -> Outcome:
        """The record no longer allows what the card asks for."""
        outcome = refusal_for(decision.reasons, case.command_id)
        return self.end(session, card, outcome, state=approvals.REFUSED, now=now)

    def lost(self, session: Session, case: Case, card: Approval, *, now: datetime) -> Outcome:
        """What the card was about is gone."""
        outcome = Refused("not_found", NOT_FOUND, "not-found", case.command_id)
        return self.end(session, card, outcome, state=approvals.REFUSED, now=now)

    def _is_same(self, card: Approval, case: Case, facts: Facts) -> bool:
        # Another model in the same assistant is the same asker: one stands in for the other in the middle of a talk.
        kept = _by_any_model(actor_from_json(card.actor, card.account_id))
        same_door = actor_to_json(kept) == actor_to_json(_by_any_model(case.actor))
        return card.action == case.action and same_door and not self.has_drifted(card, case, facts)

    def _taken_back(self, session: Session, case: Case, facts: Facts, now: datetime) -> list[Approval]:
        """The cards of the chat that ask for the same of the same thing otherwise ("no, the red one"), ended now.

        Nobody who signs the newest card expects the one before it to be carried out as well. Only a chat takes back,
        only what the same kind of asker put there, and a card about other lines of an order is another wish.
        """
        if case.actor.channel is not Channel.CHAT or case.actor.account_id is None:
            return []
        ended = []
        for card in approvals.open_approvals(session, case.actor.account_id, now):
            if self._is_otherwise(session, card, case, facts) and approvals.change_state(
                session, card, after=approvals.SUPERSEDED
            ):
                by = Step(case.actor, card.command_id, now, card.action)
                minute(session, "command.superseded", by, new_command=str(case.command_id))
                ended.append(card)
        return ended

    def _is_otherwise(self, session: Session, card: Approval, case: Case, facts: Facts) -> bool:
        asker, now = _by_any_model(actor_from_json(card.actor, card.account_id)), _by_any_model(case.actor)
        if (asker.channel, asker.act) != (now.channel, now.act) or card.action != case.action:
            return False
        kept = json.loads(self._bench.vault.open(session, card, "command"))["arguments"]
        asked = arguments(case.command)
        same_lines = all(kept.get(name) == asked.get(name) for name in LINES)
        return card.subject == f"{facts.resource.kind}/{facts.resource.key}" and same_lines

    def _make(self, session: Session, case: Case, facts: Facts, *, decision: Missing, now: datetime) -> Approval:
        salt, version = approvals.new_salt(), self._bench.judge.version
        card = Approval(
            id=new_id(now),
            account_id=case.actor.account_id,
            command_id=case.command_id,
            action=case.action,
            subject=f"{facts.resource.kind}/{facts.resource.key}",
            salt=salt,
            digest=approvals.digest(case.command, facts, policy_version=version, salt=salt),
            policy_version=version,
            actor=actor_to_json(case.actor),
            needs=" ".join(sorted(decision.needs)),
            reasons=canonical([reason.policy for reason in decision.reasons]),
            state=approvals.OPEN,
            created_at=now,
            expires_at=now + self._bench.rules.card_lives,
        )
        session.add(card)
        stored = {"version": case.command.version, "arguments": arguments(case.command)}
        self._bench.vault.seal(session, card, "command", canonical(stored))
        session.flush()
        return card


def awaiting(card: Approval, decision: Missing) -> AwaitingApproval:
    """The answer for a parked command. Which words it says follows from what is missing."""
    says = "Nothing has changed yet. Please look at the card and confirm it."
    if decision.needs == {Need.REVIEW}:
        says = "Thank you. A clerk will look at this; you will find the answer here and on the order's page."
    elif Need.SECOND_FACTOR in decision.needs:
        says = "Nothing has changed yet. To confirm the card you will be asked for a fresh code."
    return AwaitingApproval(card.id, decision.needs, card.expires_at, says, card.command_id)


def withdraw(session: Session, card: Approval, *, by: Step) -> bool:
    """End a card that waits because its asker takes it back; ``False`` when it has ended otherwise.

    Who may is for the policies to say. Nothing was signed, so there is nothing to undo.
    """
    if not approvals.change_state(session, card, after=approvals.WITHDRAWN):
        return False
    outcome = Refused("withdrawn", TAKEN_BACK, "", card.command_id)
    card.outcome = outcome_to_json(outcome)
    ended = replace(by, command_id=card.command_id, action=card.action)
    minute(session, "command.withdrawn", ended, subject=card.subject, says=TAKEN_BACK)
    return True


def _by_any_model(actor: Actor) -> Actor:
    """The asker, whichever model it speaks with and in whichever conversation."""
    return replace(actor, conversation="", act=None if actor.act is None else replace(actor.act, model=""))
