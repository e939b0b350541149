"""The clerks' desk: conversations that wait for a person, refunds to look at, orders to send.

The queues name nobody. Who a customer is and what they wrote shows only on pages that ask the desk for a look, and each
look is in the customer's record of activity.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from auth.accounts import find_account
from auth.actor import Actor
from auth.database import Scope
from auth.guard.approvals import IN_REVIEW, Approval, approvals_in_review, find_approval
from auth.guard.cases import age_s
from auth.guard.commands import Command, NotACommand, clean
from auth.guard.decisions import Allowed, Done, Need, Refused
from auth.guard.judge import Entity, Question, Stamps, principal_of
from auth.guard.rooms import Card
from auth.guard.submissions import outcome_from_json
from auth.web.asking import Staff
from frontend.errors import OK, UNPROCESSABLE, go_to, not_here, status_of
from frontend.house import House, house_of
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import render, words_of
from shop.commands import (
    AnswerCustomer,
    HandBackConversation,
    MarkDelivered,
    ReadConversation,
    ReadCustomerOrder,
    ShipOrder,
    TakeConversation,
)
from shop.conversations import read_id
from shop.orders import PAID, SHIPPED, orders_with_status
from shop.support import Queued, taken_conversations, waiting_conversations
from shop.views import ConversationView, OrderView

router = APIRouter(prefix="/staff")

LONGEST_NOTE = 1000
NOTE_TOO_LONG = f"A note holds at most {LONGEST_NOTE:,} characters."


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the queue with how long it has waited, in words."""

    queued: Queued
    since: str


@dataclass(frozen=True, slots=True)
class ToReview:
    """A card that its customer has signed and a clerk is to look at. ``refusal`` is why this clerk may not."""

    id: UUID
    card: Card
    subject: str
    confirmed: str
    asked_by: tuple[tuple[str, str], ...]
    refusal: str
    state: str = IN_REVIEW
    outcome: tuple[str, str] | None = None
    note: str = ""


@router.get("")
def show_desk(request: Request, actor: Staff) -> Response:
    house = house_of(request)
    now = house.clock()
    with house.database.read(Scope.house("the clerks' desk")) as session:
        taken = () if actor.account_id is None else taken_conversations(session, actor.account_id)
        return render(
            request,
            "staff_desk.html",
            actor=actor,
            session=session,
            waiting=[
                Waiting(q, for_how_long(q.waiting_since or q.updated_at, now)) for q in waiting_conversations(session)
            ],
            taken=[_waiting(queued, now) for queued in taken],
            reviews=[_to_review(house, session, actor, card) for card in approvals_in_review(session)],
            to_ship=orders_with_status(session, PAID),
            under_way=orders_with_status(session, SHIPPED),
        )


def _waiting(queued: Queued, now: datetime) -> Waiting:
    return Waiting(queued, for_how_long(queued.waiting_since or queued.updated_at, now))


# Conversations


@router.get("/conversations/{conversation_id}")
def show_conversation(request: Request, actor: Staff, conversation_id: str) -> Response:
    return _conversation(request, actor, conversation_id)


@router.post("/conversations/{conversation_id}/take")
def take(request: Request, actor: Staff, conversation_id: str, request_id: Text = "") -> Response:
    return _on(request, actor, TakeConversation(_id(conversation_id)), _page_of(conversation_id), request_id)


@router.post("/conversations/{conversation_id}/hand-back")
def hand_back(request: Request, actor: Staff, conversation_id: str, request_id: Text = "") -> Response:
    # Once it is handed back it is no longer a clerk's to read, so the way leads to the desk.
    return _on(request, actor, HandBackConversation(_id(conversation_id)), "/staff", request_id)


@router.post("/conversations/{conversation_id}/answer")
def answer(request: Request, actor: Staff, conversation_id: str, text: Text = "", request_id: Text = "") -> Response:
    key, fields = kept_id(request_id), {"conversation": _id(conversation_id), "text": text}
    match submit(request, actor, AnswerCustomer, fields=fields, request_id=key):
        case NotACommand(sentence=sentence):
            return _conversation(request, actor, conversation_id, UNPROCESSABLE, wrong=sentence, draft=text)
        case Refused(kind="not_found"):
            raise not_here()
        case Refused(says=says) as refused:
            return _conversation(request, actor, conversation_id, status_of(refused), wrong=says, draft=text)
        case _:
            return go_to(f"{_page_of(conversation_id)}#last")


def _conversation(
    request: Request, actor: Actor, conversation_id: str, status: int = OK, *, wrong: str = "", draft: str = ""
) -> Response:
    """The conversation, read through the desk: the customer sees that somebody looked."""
    house, command = house_of(request), ReadConversation(_id(conversation_id))
    match house.desk.submit(actor, command, request_id=""):
        case Done(view=ConversationView() as view):
            is_mine = view.state == "taken" and _could(house, actor, HandBackConversation(view.id))
            return render(
                request,
                "staff_conversation.html",
                actor=actor,
                status=status,
                conversation=view,
                is_mine=is_mine,
                is_waiting=view.state == "waiting",
                wrong=wrong,
                draft=draft[:8000],
            )
        case Refused(kind="policy", says=says) as refused:
            return render(request, "staff_closed.html", actor=actor, status=status_of(refused), says=says)
    raise not_here()


# Reviews


@router.get("/reviews/{approval_id}")
def show_review(request: Request, actor: Staff, approval_id: str) -> Response:
    return _review(request, actor, approval_id)


@router.post("/reviews/{approval_id}")
def review(request: Request, actor: Staff, approval_id: str, decision: Text = "", note: Text = "") -> Response:
    key, words = read_id(approval_id), clean(note).strip()
    if key is None:
        raise not_here()
    if decision not in {"agree", "decline"}:
        return _review(request, actor, approval_id, UNPROCESSABLE, wrong="Agree or decline: choose one of the two.")
    if len(words) > LONGEST_NOTE:
        return _review(request, actor, approval_id, UNPROCESSABLE, wrong=NOTE_TOO_LONG, draft=note)
    match house_of(request).desk.review(actor, key, agree=decision == "agree", note=words):
        case Refused(kind="not_found"):
            raise not_here()
        case Refused(kind="policy", says=says) as refused:
            return _review(request, actor, approval_id, status_of(refused), wrong=says, draft=note)
        case _:
            # The page tells what became of it from the record.
            return go_to(f"/staff/reviews/{key}")


def _review(
    request: Request, actor: Actor, approval_id: str, status: int = OK, *, wrong: str = "", draft: str = ""
) -> Response:
    house, key = house_of(request), read_id(approval_id)
    with house.database.read(Scope.house("a clerk reviews")) as session:
        card = None if key is None else find_approval(session, key)
        # What nobody has handed to the clerks is none of their business.
        if card is None or (card.state != IN_REVIEW and card.reviewed_at is None):
            raise not_here()
        return render(
            request,
            "staff_review.html",
            actor=actor,
            session=session,
            status=status,
            review=_to_review(house, session, actor, card),
            wrong=wrong,
            draft=draft[:8000],
        )


def _to_review(house: House, session: Session, actor: Actor, card: Approval) -> ToReview:
    at = card.confirmed_at or card.created_at
    return ToReview(
        id=card.id,
        card=house.desk.card(session, card),
        subject=card.subject.partition("/")[2],
        confirmed=for_how_long(at, house.clock()),
        asked_by=tuple(_asked_by(house, card)),
        refusal=_why_not(house, session, actor, card),
        state=card.state,
        outcome=None if card.outcome is None else words_of(outcome_from_json(card.outcome)),
        note=house.vault.open(session, card, "note"),
    )


def _asked_by(house: House, card: Approval) -> Iterator[tuple[str, str]]:
    """The policies that wanted a clerk's eyes on this card, with their words."""
    named = json.loads(card.reasons)
    for rule in house.desk.judge.rules.values():
        if rule.policy in named and rule.needs is Need.REVIEW:
            yield rule.policy, rule.says


def _why_not(house: House, session: Session, actor: Actor, card: Approval) -> str:
    """The policies' words for why this clerk may not review this card; empty when they may."""
    account = None if actor.account_id is None else find_account(session, actor.account_id)
    principal = principal_of(actor, status="closed" if account is None else account.status)
    resource = Entity("Approval", str(card.id), {"requested_by": str(card.account_id), "state": card.state})
    stamps = Stamps(second_factor_age_s=age_s(actor.second_factor_at, house.clock()))
    decision = house.desk.judge.decide(Question("ReviewApproval", actor, principal, resource, {}), stamps)
    return "" if isinstance(decision, Allowed) else " ".join(reason.says for reason in decision.reasons)


# Orders


@router.get("/orders/{number}")
def show_order(request: Request, actor: Staff, number: str) -> Response:
    return _order(request, actor, number)


@router.post("/orders/{number}/ship")
def ship(request: Request, actor: Staff, number: str, tracking: Text = "", request_id: Text = "") -> Response:
    key, fields = kept_id(request_id), {"order": number, "tracking": tracking}
    match submit(request, actor, ShipOrder, fields=fields, request_id=key):
        case NotACommand(argument="order"):
            raise not_here()
        case NotACommand(sentence=sentence):
            return _order(request, actor, number, UNPROCESSABLE, wrong=sentence, draft=tracking)
        case outcome:
            return way_on(outcome, page=f"/staff/orders/{number}", request_id=key)


@router.post("/orders/{number}/delivered")
def mark_delivered(request: Request, actor: Staff, number: str, request_id: Text = "") -> Response:
    key = kept_id(request_id)
    match submit(request, actor, MarkDelivered, fields={"order": number}, request_id=key):
        case NotACommand():
            raise not_here()
        case outcome:
            return way_on(outcome, page=f"/staff/orders/{number}", request_id=key)


def _order(
    request: Request, actor: Actor, number: str, status: int = OK, *, wrong: str = "", draft: str = ""
) -> Response:
    house = house_of(request)
    match submit(request, actor, ReadCustomerOrder, fields={"order": number}, request_id=""):
        case Done(view=OrderView() as view):
            return render(
                request,
                "staff_order.html",
                actor=actor,
                status=status,
                order=view,
                can_ship=_could(house, actor, ShipOrder(view.number, "-")),
                can_deliver=_could(house, actor, MarkDelivered(view.number)),
                wrong=wrong,
                draft=draft[:200],
            )
    raise not_here()


# What these pages share


def for_how_long(since: datetime, now: datetime) -> str:
    """``3 minutes``: how long ago something was, in its largest unit."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def _on(request: Request, actor: Actor, command: Command, page: str, request_id: str) -> Response:
    key = kept_id(request_id)
    return way_on(house_of(request).desk.submit(actor, command, request_id=key), page=page, request_id=key)


def _could(house: House, actor: Actor, command: Command) -> bool:
    with house.database.read(Scope.house("which buttons a clerk gets")) as session:
        return house.desk.could(session, actor, command)


def _id(text: str) -> str:
    """A conversation's id, or *not there*."""
    key = read_id(text)
    if key is None:
        raise not_here()
    return str(key)


def _page_of(conversation_id: str) -> str:
    return f"/staff/conversations/{_id(conversation_id)}"
