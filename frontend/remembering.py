"""What the assistant is told of a conversation so far: who said what, and how the cards it asked for stand by now."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from auth.database import Scope
from auth.guard.approvals import IN_REVIEW, OPEN, Approval
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending, Refused
from auth.guard.submissions import outcome_from_json
from frontend.house import House
from shop.conversations import Turn, Voice, find_conversation, history, read_id

NEWEST = 60
_MOST_REPLACED = 5
CONFIRMED = "The customer has signed this. A clerk looks at it next; nothing has changed yet."
UNDER_WAY = "The customer has signed this, and it is being carried out."
EXPIRED = "The card has expired without a signature, so nothing was changed."

Stored = Mapping[str, Any]


def remembered(house: House, account_id: UUID, conversation_id: str) -> list[Stored]:
    """The messages of a conversation for :func:`agent.memory.from_stored`, oldest first; empty if it is not theirs."""
    with house.database.read(Scope.own(account_id)) as session:
        conversation = find_conversation(session, account_id, conversation_id)
        turns = () if conversation is None else history(session, house.vault, conversation, newest=NEWEST)
        now = house.clock()
        return [_as_it_stands(session, stored, now.timestamp()) for turn in turns for stored in _stored(turn)]


def _stored(turn: Turn) -> Iterator[Stored]:
    match turn.voice:
        case Voice.CUSTOMER | Voice.ASSISTANT if turn.body:
            yield from turn.body
        case Voice.CUSTOMER:
            yield {"role": "customer", "text": turn.text}
        case Voice.ASSISTANT:
            yield {"role": "assistant", "text": turn.text}
        case Voice.CLERK:
            # A clerk's words are no customer's: with that role they would be a wish to be carried out.
            yield {"role": "assistant", "text": f"(A person from the shop wrote:) {turn.text}"}
        case Voice.SHOP:
            return


def _as_it_stands(session: Session, stored: Stored, now_s: float) -> Stored:
    """A tool's answer with the present state of the card it made: signed, declined, expired or still open."""
    if stored.get("role") != "tool":
        return stored
    try:
        answer = json.loads(str(stored.get("text")))
    except ValueError:
        return stored
    key = read_id(str(answer.get("approval", ""))) if isinstance(answer, dict) else None
    card = None if key is None else _newest_card(session, key)
    if card is None:
        return stored
    return {**stored, "text": json.dumps(_answer(card, answer, now_s), ensure_ascii=False)}


def _newest_card(session: Session, key: UUID) -> Approval | None:
    """The card, or the one that has taken its place because something had changed."""
    card = session.get(Approval, key)
    for _ in range(_MOST_REPLACED):
        if card is None or card.replaced_by is None:
            break
        card = session.get(Approval, card.replaced_by)
    return card


def _answer(card: Approval, answer: Mapping[str, object], now_s: float) -> Mapping[str, object]:
    if card.state == OPEN:
        if now_s >= card.expires_at.timestamp():
            return {"outcome": "refused", "says": EXPIRED, "policy": "desk.card-expired"}
        return {**answer, "approval": str(card.id)}
    if card.state == IN_REVIEW:
        return {"outcome": "pending", "says": CONFIRMED}
    return {"outcome": "pending", "says": UNDER_WAY} if card.outcome is None else _told(outcome_from_json(card.outcome))


def _told(outcome: Outcome) -> Mapping[str, object]:
    match outcome:
        case Done(says=says):
            return {"outcome": "done", "says": says}
        case Refused(says=says, policy=policy, kind=kind):
            return {"outcome": "refused", "says": says, "policy": policy or kind}
        case Pending(says=says) | AwaitingApproval(says=says):
            return {"outcome": "pending", "says": says}
