"""What a clerk finds when a conversation is handed over: written from the records, and from no words of a model."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts import find_account
from auth.actor import Role
from auth.guard.approvals import IN_REVIEW, OPEN, Approval
from auth.guard.submissions import outcome_from_json
from auth.vault import Vault
from shop.activity_words import ACTIONS
from shop.conversations import Conversation, Message, Voice, messages_of, read_id
from shop.orders import Order
from shop.views import CaseView

NEWEST = 200  # messages that are looked through
_MOST = 8  # orders, and requests
_LONGEST = 280
_STANDS = {OPEN: "waits for the customer's signature", IN_REVIEW: "signed, waits for a clerk"}


def case_of(session: Session, vault: Vault, conversation: Conversation) -> CaseView:
    """The case of a conversation, for a session with the scope of the house; only its own customer's records."""
    messages = messages_of(session, conversation, newest=NEWEST)
    keys = list(_keys(messages))
    orders = [order for key in _of("order", keys) if (order := _order(session, conversation, key)) is not None]
    requests = [card for key in _of("approval", keys) if (card := _request(session, conversation, key)) is not None]
    return CaseView(
        lines=tuple(_lines(session, vault, conversation, messages)),
        orders=tuple((order.number, order.status, _goods(order)) for order in orders[:_MOST]),
        requests=tuple((str(card.id), _asked(card), _stands(card)) for card in requests[:_MOST]),
    )


def _lines(
    session: Session, vault: Vault, conversation: Conversation, messages: Iterable[Message]
) -> Iterable[tuple[str, str]]:
    said = [message for message in messages if message.voice == Voice.CUSTOMER.value]
    answers = [message for message in messages if message.voice == Voice.ASSISTANT.value]
    account = find_account(session, conversation.account_id)
    yield "Who", "a guest, not signed in" if account is None or account.role == Role.GUEST else "a customer, signed in"
    yield "Begun", _when(conversation.created_at)
    if conversation.waiting_since is not None:
        yield "Asked for a person", _when(conversation.waiting_since)
    yield "Said so far", f"{len(said)} by the customer, {len(answers)} by the assistant"


def _keys(messages: Iterable[Message]) -> Iterable[tuple[str, str]]:
    """References of all cards, the newest first."""
    for message in reversed(list(messages)):
        yield from ((str(kind), str(key)) for kind, key in json.loads(message.cards))


def _of(kind: str, keys: Iterable[tuple[str, str]]) -> Iterable[str]:
    return dict.fromkeys(key for found, key in keys if found == kind)


def _order(session: Session, conversation: Conversation, number: str) -> Order | None:
    mine = select(Order).where(Order.account_id == conversation.account_id)
    return session.scalars(mine.where(Order.number == number)).first()


def _request(session: Session, conversation: Conversation, key: str) -> Approval | None:
    approval_id: UUID | None = read_id(key)
    mine = select(Approval).where(Approval.account_id == conversation.account_id)
    return session.scalar(mine.where(Approval.id == approval_id))


def _goods(order: Order) -> str:
    first, others = order.lines[0].name if order.lines else "", len(order.lines) - 1
    return f"{first} and {others} more" if others > 0 else first


def _asked(card: Approval) -> str:
    about = card.subject.partition("/")[2] if card.subject.startswith("Order/") else ""
    return " · ".join(part for part in (ACTIONS.get(card.action, card.action), about) if part)


def _stands(card: Approval) -> str:
    if card.state in _STANDS or card.outcome is None:
        return _STANDS.get(card.state, card.state)
    return outcome_from_json(card.outcome).says


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def _when(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b, %H:%M} UTC"
