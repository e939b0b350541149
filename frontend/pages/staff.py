"""The clerks' desk: conversations that wait for a person, refunds to look at, orders to send.

The queues name nobody. Who a customer is and what they wrote shows only on pages that ask the desk for a look, and each
look is in the customer's record of activity.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from anyio import from_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.database import Scope
from auth.guard.approvals import approvals_in_review
from auth.guard.commands import Command, NotACommand
from auth.guard.decisions import Done, Refused
from auth.web.asking import Staff
from frontend.errors import OK, UNPROCESSABLE, go_to, not_here, status_of
from frontend.house import House, house_of
from frontend.pages.chat import turns_of
from frontend.pages.staff_reviews import for_how_long, to_review
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import render
from frontend.turns import CLERK
from shop.cases import cases_to_work_on
from shop.commands import (
    AnswerCustomer,
    HandBackConversation,
    MarkDelivered,
    NoteFromCarrier,
    ReadConversation,
    ReadCustomerOrder,
    ShipOrder,
    TakeConversation,
)
from shop.conversations import Conversation, read_id
from shop.orders import PAID, SHIPPED, orders_with_status
from shop.ratings import count_ratings
from shop.support import Queued, assistant_is_silent, taken_conversations, waiting_conversations
from shop.switching import switches_in_force
from shop.views import ConversationView, OrderView

router = APIRouter(prefix="/staff")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the queue with how long it has waited, in words."""

    queued: Queued
    since: str


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
            reviews=[to_review(house, session, actor, card) for card in approvals_in_review(session)],
            open_cases=len(cases_to_work_on(session)),
            to_ship=orders_with_status(session, PAID),
            under_way=orders_with_status(session, SHIPPED),
            ratings=count_ratings(session, now=now),
            switches=switches_in_force(session),
            has_attacker=house.attacker is not None,
        )


def _waiting(queued: Queued, now: datetime) -> Waiting:
    return Waiting(queued, for_how_long(queued.waiting_since or queued.updated_at, now))


# Conversations


@router.get("/conversations/{conversation_id}")
def show_conversation(request: Request, actor: Staff, conversation_id: str) -> Response:
    return _conversation(request, actor, conversation_id)


@router.post("/conversations/{conversation_id}/take")
def take(request: Request, actor: Staff, conversation_id: str, request_id: Text = "") -> Response:
    """The assistant falls silent first, so that its last words stand before the slip that a person has joined."""
    command = TakeConversation(_id(conversation_id))
    if _could(house_of(request), actor, command):
        _silence(request, command)
    answer = _on(request, actor, command, _page_of(conversation_id), request_id)
    # Once more, for a message that came between the two; what the desk refused to give has nobody to be silent for.
    with house_of(request).database.read(Scope.house("whether a clerk has taken a conversation")) as session:
        taken = session.get(Conversation, read_id(conversation_id))
    if taken is not None and assistant_is_silent(taken):
        _silence(request, command)
    return answer


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


def _silence(request: Request, command: TakeConversation) -> None:
    stop = partial(turns_of(request).cut_short, UUID(command.conversation), why=CLERK)
    from_thread.run(stop)


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


@router.post("/orders/{number}/note")
def keep_note(request: Request, actor: Staff, number: str, text: Text = "", request_id: Text = "") -> Response:
    key, fields = kept_id(request_id), {"order": number, "text": text}
    match submit(request, actor, NoteFromCarrier, fields=fields, request_id=key):
        case NotACommand(argument="order"):
            raise not_here()
        case NotACommand(sentence=sentence):
            return _order(request, actor, number, UNPROCESSABLE, note_wrong=sentence, note_draft=text)
        case outcome:
            return way_on(outcome, page=f"/staff/orders/{number}", request_id=key)


def _order(
    request: Request,
    actor: Actor,
    number: str,
    status: int = OK,
    *,
    wrong: str = "",
    draft: str = "",
    note_wrong: str = "",
    note_draft: str = "",
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
                can_note=_could(house, actor, NoteFromCarrier(view.number, "-")),
                wrong=wrong,
                draft=draft[:200],
                note_wrong=note_wrong,
                note_draft=note_draft[:2000],
            )
    raise not_here()


# What these pages share


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
