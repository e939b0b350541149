"""The conversation with the assistant: as a page that needs no script, as a stream, and as pieces for the panel."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from agent.assistant import TURN_TIMEOUT_S
from agent.stream import Encoder, Place, with_heartbeat
from auth.actor import Actor
from auth.guard.commands import clean
from auth.web.answers import wants_json
from auth.web.asking import Visitor, ceiling, ensure_guest
from frontend.errors import CONFLICT, OK, UNPROCESSABLE, go_to, not_here
from frontend.house import House, house_of
from frontend.render import looking, render, render_part
from frontend.stopping import gets_no_answer
from frontend.transcript import EMPTY, Transcript, to_sign, transcript
from frontend.turns import Busy, NotThere, Running, Said, Told, Turns
from shop.asked_by_apps import begun_by
from shop.catalogue import find_product
from shop.conversations import (
    Conversation,
    conversation_view,
    find_conversation,
    latest_conversation,
    list_conversations,
    message_view,
    messages_of,
    read_id,
)
from shop.orders import find_order
from shop.switches import read_switches
from shop.views import ConversationView

router = APIRouter()

LONGEST = 2000  # characters of a message, after invisible ones are taken out
EARLIER = 5
LOST_AFTER = timedelta(seconds=TURN_TIMEOUT_S + 15)
MOST_SAID = 50  # messages told again to a line that was cut
MOST = 2**31 - 1  # the largest position a message can have
HEARTBEAT_S = 10.0
NOTHING = "There is nothing to read in that message. Write what it is about."
TOO_LONG = f"A message holds at most {LONGEST:,} characters. Shorten it a little and send it again."
ONE_MOMENT = "One moment: the assistant is still at your last message. Send this again when it has answered."


class ChatForm(BaseModel):
    """Exactly what the chat takes. History, identity and flags live on the server, so a field for them is refused."""

    model_config = ConfigDict(extra="forbid")

    conversation: str = ""
    message: str = ""
    hint: str = ""


def turns_of(request: Request) -> Turns:
    """The turns under way in this process."""
    turns = request.app.state.turns
    if not isinstance(turns, Turns):
        raise TypeError("app.state.turns is set where the app is put together")
    return turns


@router.get("/chat")
def show_latest(request: Request, actor: Visitor) -> Response:
    with looking(request, actor) as session:
        latest = None if actor.account_id is None else latest_conversation(session, actor.account_id)
        return _page(request, actor, session, latest)


@router.get("/chat/new")
def show_new(request: Request, actor: Visitor) -> Response:
    with looking(request, actor) as session:
        return _page(request, actor, session, None)


@router.get("/chat/panel")
def show_panel(request: Request, actor: Visitor) -> Response:
    """The latest conversation, for the panel that a script has opened."""
    with looking(request, actor) as session:
        latest = None if actor.account_id is None else latest_conversation(session, actor.account_id)
        return _piece(request, actor, session, latest, after=0)


@router.get("/chat/card/{approval_id}")
def show_card(request: Request, actor: Visitor, approval_id: str) -> Response:
    """A card to sign and what became of it, for the script that puts it into the conversation."""
    house = house_of(request)
    with looking(request, actor) as session:
        found = to_sign(house, session, actor, approval_id)
        if found is None:
            raise not_here()
        return render_part("chat_card.html", found=found, shop={"name": house.name})


@router.get("/chat/{conversation_id}")
def show_conversation(request: Request, actor: Visitor, conversation_id: str) -> Response:
    with looking(request, actor) as session:
        return _page(request, actor, session, _own(session, actor, conversation_id))


@router.get("/chat/{conversation_id}/since/{position}")
def show_since(request: Request, actor: Visitor, conversation_id: str, position: int) -> Response:
    """What has been said after a position: by the assistant after a cut stream, or by a clerk."""
    with looking(request, actor) as session:
        return _piece(request, actor, session, _own(session, actor, conversation_id), after=min(max(position, 0), MOST))


@router.post("/chat", dependencies=[Depends(ceiling("chat"))])
async def say(request: Request, actor: Visitor, form: Annotated[ChatForm, Form()]) -> Response:
    """Store a message and answer it: as a stream for a script, else with the page once the answer is there."""
    text = clean(form.message).strip()
    if not text or len(text) > LONGEST:
        return await run_in_threadpool(_again, request, actor, form, TOO_LONG if text else NOTHING, UNPROCESSABLE)
    conversation_id = read_id(form.conversation) if form.conversation else None
    if form.conversation and (conversation_id is None or actor.account_id is None):
        raise not_here()
    guest = await run_in_threadpool(ensure_guest, request, actor)
    page = await run_in_threadpool(_looked_up, request, guest, form.hint)
    match await turns_of(request).say(guest, Said(text, page), conversation_id):
        case NotThere():
            raise not_here()
        case Busy():
            return await run_in_threadpool(_again, request, guest, form, ONE_MOMENT, CONFLICT)
        case Running() as running if wants_json(request.scope):
            return _stream(_events(running))
        case Running() as running:
            await running.wait()
            return go_to(f"/chat/{running.noted.conversation_id}#last")


@router.get("/chat/{conversation_id}/stream")
async def take_up(request: Request, actor: Visitor, conversation_id: str, after: str = "") -> Response:
    """Listen to a turn again from where the line was cut; once it is over, what was said since and that it is over.

    ``Last-Event-ID`` (or ``after``) is the id of the last event heard. Listening again runs nothing again.
    """
    place = Place.read(request.headers.get("last-event-id") or after)
    key, over = await run_in_threadpool(_since, request, actor, conversation_id, place)
    running = turns_of(request).running(actor.account_id, key)
    if running is None:
        # The turn may have ended after the look at the record and before this one: so the record is looked at again.
        _, over = await run_in_threadpool(_since, request, actor, conversation_id, place)
        return _stream(_told_over(over))
    return _stream(_events(running, after=place.event if place.turn == running.noted.position else 0))


def _stream(events: AsyncIterator[bytes]) -> Response:
    # The turn is a task of its own: when this answer is cut off, nothing but the listening ends.
    body = with_heartbeat(events, every_s=HEARTBEAT_S)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


async def _events(running: Running, *, after: int = 0) -> AsyncIterator[bytes]:
    encoder = Encoder(after=after, turn=running.noted.position)
    async for name, data in running.listen():
        if piece := encoder.encode(name, data):
            yield piece


async def _told_over(told: list[Told]) -> AsyncIterator[bytes]:
    encoder = Encoder()
    for name, data in told:
        yield encoder.encode(name, data).partition(b"\n")[2]


def _since(request: Request, actor: Actor, conversation_id: str, place: Place) -> tuple[UUID, list[Told]]:
    """What was said after the message of a turn, as events, and ``over`` with the conversation as it stands."""
    with looking(request, actor) as session:
        conversation = _own(session, actor, conversation_id)
        messages = messages_of(session, conversation, newest=MOST_SAID)
        views = [(m.position, message_view(session, house_of(request).vault, m)) for m in messages]
        last = messages[-1].position if messages else 0
        said: list[Told] = [
            ("said", {"position": position, "voice": view.voice, "text": view.text, "ended": view.ended})
            for position, view in views
            if place.turn and position > place.turn
        ]
        return conversation.id, [*said, ("over", {"position": last, "state": conversation.state})]


def _looked_up(request: Request, actor: Actor, hint: str) -> dict[str, str]:
    """The product or order a page said the person is looking at, if it exists and is theirs; else nothing."""
    kind, _, key = clean(hint)[:100].partition(":")
    with looking(request, actor) as session:
        if kind == "order" and (order := find_order(session, actor.account_id, key)) is not None:
            return {"order": order.number}
        if kind == "product" and (product := find_product(session, key)) is not None and product.handle == key:
            return {"product": product.handle}
    return {}


def _own(session: Session, actor: Actor, conversation_id: str) -> Conversation:
    found = find_conversation(session, actor.account_id, conversation_id)
    if found is None:
        raise not_here()
    return found


def _again(request: Request, actor: Actor, form: ChatForm, sentence: str, status: int) -> Response:
    """A sentence about a message that was not taken; what was typed stays in its box."""
    if wants_json(request.scope):
        problem = {"type": "about:blank", "title": "Not sent", "status": status, "detail": sentence}
        return JSONResponse(problem, status, media_type="application/problem+json")
    with looking(request, actor) as session:
        found = find_conversation(session, actor.account_id, form.conversation)
        return _page(request, actor, session, found, status=status, problem=sentence, draft=form.message)


def _page(
    request: Request,
    actor: Actor,
    session: Session,
    conversation: Conversation | None,
    *,
    status: int = OK,
    problem: str = "",
    draft: str = "",
) -> Response:
    chat = _transcript(request, session, actor, conversation, after=0)
    return render(
        request,
        "chat.html",
        actor=actor,
        session=session,
        status=status,
        chat=chat,
        is_busy=_is_busy(request, actor, chat),
        is_lost=_is_lost(request, actor, chat),
        earlier=_earlier(house_of(request), session, actor, but=conversation),
        problem=problem,
        draft=draft,
    )


def _piece(
    request: Request, actor: Actor, session: Session, conversation: Conversation | None, *, after: int
) -> Response:
    chat = _transcript(request, session, actor, conversation, after=after)
    return render_part(
        "chat_piece.html",
        chat=chat,
        is_busy=_is_busy(request, actor, chat),
        is_lost=_is_lost(request, actor, chat),
        shop={"name": house_of(request).name},
    )


def _transcript(
    request: Request, session: Session, actor: Actor, conversation: Conversation | None, *, after: int
) -> Transcript:
    if conversation is None:
        is_off = gets_no_answer(house_of(request), read_switches(session), actor.account_id)
        return replace(EMPTY, is_off=True, ideas=()) if is_off else EMPTY
    return transcript(house_of(request), session, actor, conversation, after=after)


def _is_busy(request: Request, actor: Actor, chat: Transcript) -> bool:
    """Whether the assistant is at work: in this process as is known, in another for as long as a turn may take."""
    key = read_id(chat.id)
    if key is not None and turns_of(request).is_busy(actor.account_id, key):
        return True
    return chat.unanswered_since is not None and house_of(request).clock() - chat.unanswered_since < LOST_AFTER


def _is_lost(request: Request, actor: Actor, chat: Transcript) -> bool:
    """Whether the last message will get no answer any more: the process that was to answer it has died."""
    return chat.unanswered_since is not None and not _is_busy(request, actor, chat)


def _earlier(house: House, session: Session, actor: Actor, *, but: Conversation | None) -> list[ConversationView]:
    if actor.account_id is None:
        return []
    shown: UUID | None = None if but is None else but.id
    found = [c for c in list_conversations(session, actor.account_id, limit=EARLIER + 1) if c.id != shown]
    return [
        replace(conversation_view(session, house.vault, c, with_messages=False), app=begun_by(session, c))
        for c in found[:EARLIER]
    ]
