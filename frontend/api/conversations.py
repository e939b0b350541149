"""Talking to the assistant for a customer: the same turns, walls and budgets as the chat, as JSON or as a stream.

A program sees the conversations it has begun and no others: what its customer says in the chat is not its business.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from agent.stream import Encoder, with_heartbeat
from auth.guard.approvals import find_approval
from auth.guard.cases import NOT_FOUND
from auth.guard.commands import clean
from auth.guard.keyed_answers import Answered, Claimed
from auth.web.asking import door_of
from frontend.api import examples
from frontend.api.answering import JSON, give_back, keep_answer, key_of, sent, settle, take_key, written
from frontend.api.approvals import approval_of
from frontend.api.cursors import LONGEST, Page, paged
from frontend.api.operations import Call, Operation
from frontend.api.problems import Problem
from frontend.api.reading import read_body, read_object, read_query
from frontend.api.shapes import Changed, Conversation, Message, Said, Talk
from frontend.errors import OK
from frontend.pages.chat import HEARTBEAT_S, MOST_SAID, NOTHING, turns_of
from frontend.pages.chat import LONGEST as LONGEST_MESSAGE
from frontend.turns import Busy, NotThere, Running
from frontend.turns import Said as Typed
from shop import conversations as kept
from shop.commands import AskForPerson
from shop.conversations import read_id
from shop.views import MessageView

STREAM = "text/event-stream"
ASSISTANT = ("assistant",)
MOST_LISTED = 200


class Conversations(BaseModel):
    """Which conversations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=50, description="How many at once")] = 20
    cursor: Annotated[str, Field(max_length=LONGEST, description="`next` of the page before")] = ""


class Since(BaseModel):
    """Which part of a conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[int, Field(ge=0, le=2**31 - 1, description="Only what was said after this position")] = 0


class SayBody(BaseModel):
    """A message of the customer. Who they are, what was said before and every flag live on the server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message: Annotated[str, Field(min_length=1, max_length=LONGEST_MESSAGE)]


def list_conversations(call: Call) -> Page[Conversation]:
    query: Conversations = call.query
    with call.house.database.read(call.scope) as session:
        every = kept.list_conversations(session, call.account_id, limit=MOST_LISTED)
        found = [each for each in every if each.begun_by == call.client_id]
        part, following = paged(call.cursors(), found, key="id", cursor=query.cursor, limit=query.limit)
        return Page(tuple(_conversation(call, session, each) for each in part), following)


def show_conversation(call: Call) -> Talk:
    query: Since = call.query
    with call.house.database.read(call.scope) as session:
        found = _own(call, session)
        return Talk(_conversation(call, session, found), _messages(call, session, found, after=query.after))


def check_own(call: Call) -> None:
    """:class:`Problem` unless this program began the conversation: what its customer says elsewhere is not its own."""
    with call.house.database.read(call.scope) as session:
        _own(call, session)


async def answer_talk(call: Call, raw: bytes) -> Response:
    """Store a message and answer it: whole as JSON, or as server-sent events where the caller asks for those.

    The turn runs to its end and its answer is kept under the key, also when the line is cut.
    """
    read_query(call.operation.query, call.request.query_params)
    _count(call)
    key, body = key_of(call), read_body(SayBody, read_object(call.request.headers, raw, may_be_empty=False))
    text = clean(body.message).strip()
    if not text:
        raise Problem("invalid", NOTHING, argument="message")
    taken = await run_in_threadpool(take_key, call, key, raw)
    if isinstance(taken, Answered):
        return sent(taken, is_replay=True)
    running = await _begin(call, taken, text)
    if isinstance(running, Response):
        return running
    finishing = asyncio.ensure_future(_finish(call, taken, running))
    if _wants_stream(call):
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        events = with_heartbeat(_events(running, finishing), every_s=HEARTBEAT_S)
        return StreamingResponse(events, media_type=STREAM, headers=headers)
    return sent(await asyncio.shield(finishing))


async def _begin(call: Call, taken: Claimed, text: str) -> Running | Response:
    conversation_id = None
    try:
        if "conversation" in call.path:
            await run_in_threadpool(check_own, call)
            conversation_id = read_id(call.path["conversation"])
        match await turns_of(call.request).say(call.actor, Typed(text), conversation_id):
            case NotThere():
                raise Problem("not-there", NOT_FOUND)
            case Busy():
                raise Problem("busy", "One message at a time. Send this again when it has answered, with the same key.")
            case Running() as running:
                return running
    except Problem as problem:
        if problem.kind == "busy":
            await run_in_threadpool(give_back, call, taken)
            raise
        return sent(await run_in_threadpool(settle, call, taken, _raising(problem)))
    except BaseException:
        await run_in_threadpool(give_back, call, taken)
        raise


def _raising(problem: Problem) -> Callable[[], Answered]:
    def work() -> Answered:
        raise problem

    return work


async def _finish(call: Call, taken: Claimed, running: Running) -> Answered:
    """Wait for the turn's end, and keep its answer; whoever comes with the same key gets it as JSON or as a stream.

    A program sees the conversations it has begun and no others: what its customer says in the chat is not its business.
    """
    if not _wants_stream(call):
        await running.wait()
        answer = Answered(OK, JSON, await run_in_threadpool(_said, call, running))
    else:
        encoder, told = Encoder(turn=running.noted.position), b""
        async for name, data in running.listen():
            told += encoder.encode(name, data)
        answer = Answered(OK, STREAM, told)
    await run_in_threadpool(keep_answer, call, taken, answer)
    return answer


async def _events(running: Running, finishing: "asyncio.Future[Answered]") -> AsyncIterator[bytes]:
    encoder = Encoder(turn=running.noted.position)
    async for name, data in running.listen():
        yield encoder.encode(name, data)
    # The line stays open until the answer is kept, so that who asks again with the same key gets it.
    await asyncio.shield(finishing)


def _said(call: Call, running: Running) -> bytes:
    noted = running.noted
    with call.house.database.read(call.scope) as session:
        found = kept.find_conversation(session, call.account_id, noted.conversation_id)
        answers = () if found is None else _messages(call, session, found, after=noted.position)
        cards = [find_approval(session, UUID(key)) for answer in answers for key in answer.approvals]
        shown = tuple(approval_of(call, session, card) for card in cards if card is not None)
    said = Said(str(noted.conversation_id), noted.position, answers, shown)
    return written(Said, said)


def _own(call: Call, session: Session) -> kept.Conversation:
    found = kept.find_conversation(session, call.account_id, call.path["conversation"])
    if found is None or found.begun_by != call.client_id:
        raise Problem("not-there", NOT_FOUND)
    return found


def _messages(call: Call, session: Session, conversation: kept.Conversation, *, after: int) -> tuple[Message, ...]:
    rows = kept.messages_of(session, conversation, newest=MOST_SAID)
    return tuple(
        _message(row.position, kept.message_view(session, call.house.vault, row))
        for row in rows
        if row.position > after
    )


def _message(position: int, view: MessageView) -> Message:
    cards = tuple(key for kind, key in view.cards if kind == "approval")
    return Message(position, view.voice, view.text, view.at, cards, view.choices, view.ended)


def _conversation(call: Call, session: Session, found: kept.Conversation) -> Conversation:
    view = kept.conversation_view(session, call.house.vault, found, with_messages=False)
    return Conversation(view.id, view.title, view.state, view.updated_at)


def _count(call: Call) -> None:
    # The same ceiling as the chat's, for the same customer: another door gives nobody more turns.
    door_of(call.request).ceilings.check("chat", call.request, call.actor)


def _wants_stream(call: Call) -> bool:
    return STREAM in call.request.headers.get("accept", "")


def _talk(name: str, path: str, summary: str) -> Operation:
    return Operation(
        name,
        "POST",
        path,
        "Conversations",
        summary,
        Said,
        examples.SAID,
        scopes=ASSISTANT,
        takes=SayBody,
        sends={"message": "Where is my last order?"},
    )


OPERATIONS = (
    Operation(
        "listConversations",
        "GET",
        "/conversations",
        "Conversations",
        "The conversations that this program has begun, newest first",
        Page[Conversation],
        Page((examples.CONVERSATION,), None),
        scopes=ASSISTANT,
        answer=list_conversations,
        query=Conversations,
    ),
    _talk("startConversation", "/conversations", "Say something to the assistant, in a new conversation"),
    Operation(
        "showConversation",
        "GET",
        "/conversations/{conversation}",
        "Conversations",
        f"A conversation with its last {MOST_SAID} messages",
        Talk,
        examples.TALK,
        scopes=ASSISTANT,
        answer=show_conversation,
        query=Since,
    ),
    _talk("say", "/conversations/{conversation}/messages", "Say something in a conversation and get the answer"),
    Operation(
        "askForPerson",
        "POST",
        "/conversations/{conversation}/person",
        "Conversations",
        "Ask for a person to take the conversation over",
        Changed,
        examples.CHANGED,
        scopes=ASSISTANT,
        command=AskForPerson,
        check=check_own,
        sends={"summary": "The parcel has been on its way for three weeks"},
    ),
)
