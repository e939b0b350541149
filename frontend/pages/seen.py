"""What the assistant's model was shown in a conversation: the exact bytes of each call, for nobody but its owner."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from auth.actor import Actor
from auth.web.asking import Visitor
from frontend.errors import not_here
from frontend.house import House, house_of
from frontend.render import looking, render
from shop.conversations import Conversation, find_conversation, latest_conversation, message_view, messages_of
from shop.model_calls import MOST_KEPT, CallView, calls_of

router = APIRouter()

LONGEST_SAID = 160
# What one value and several values of a kind are called.
KINDS = {
    "name": ("name", "names"),
    "email": ("e-mail address", "e-mail addresses"),
    "phone": ("telephone number", "telephone numbers"),
    "street": ("street", "streets"),
    "postcode": ("postcode", "postcodes"),
    "city": ("town", "towns"),
    "card": ("card number", "card numbers"),
    "iban": ("bank account", "bank accounts"),
    "code": ("code", "codes"),
    "secret": ("secret", "secrets"),
    "handle": ("record shown by a handle", "records shown by a handle"),
}


@dataclass(frozen=True, slots=True)
class SeenCall:
    """A call as the page tells it. ``text`` is what was handed over, exactly; ``size`` is in bytes."""

    number: int
    text: str
    size: str
    withheld: tuple[str, ...]
    tools: tuple[str, ...]
    model: str
    is_remote: bool


@dataclass(frozen=True, slots=True)
class SeenTurn:
    """The calls that answering one message took."""

    said: str
    at: datetime
    calls: tuple[SeenCall, ...]


@router.get("/chat/latest/seen")
def show_latest_seen(request: Request, actor: Visitor) -> Response:
    with looking(request, actor) as session:
        latest = None if actor.account_id is None else latest_conversation(session, actor.account_id)
        return _page(request, actor, session, latest)


@router.get("/chat/{conversation_id}/seen")
def show_seen(request: Request, actor: Visitor, conversation_id: str) -> Response:
    with looking(request, actor) as session:
        found = find_conversation(session, actor.account_id, conversation_id)
        if found is None:
            raise not_here()
        return _page(request, actor, session, found)


def _page(request: Request, actor: Actor, session: Session, found: Conversation | None) -> Response:
    turns = () if found is None else tuple(_turns(house_of(request), session, found))
    where = "/chat" if found is None else f"/chat/{found.id}"
    newest = turns[::-1]
    return render(request, "chat_seen.html", actor=actor, session=session, where=where, turns=newest, most=MOST_KEPT)


def _turns(house: House, session: Session, conversation: Conversation) -> Iterator[SeenTurn]:
    """The turns of which calls are kept, oldest first."""
    said = {str(message.id): message for message in messages_of(session, conversation)}
    calls = calls_of(session, house.vault, conversation)
    for message_id, group in groupby(calls, key=lambda call: call.message_id):
        made: Sequence[CallView] = tuple(group)
        message = said.get(message_id)
        text = "" if message is None else " ".join(message_view(session, house.vault, message).text.split())
        short = text if len(text) <= LONGEST_SAID else f"{text[:LONGEST_SAID]}…"
        yield SeenTurn(short, made[0].at, tuple(_as_told(call, n) for n, call in enumerate(made, 1)))


def _as_told(call: CallView, number: int) -> SeenCall:
    text = call.handed.decode()
    return SeenCall(
        number=number,
        text=text,
        size=f"{len(call.handed):,} bytes",
        withheld=tuple(_in_words(call.withheld)),
        tools=tuple(tool["name"] for tool in json.loads(text)["tools"]),
        model=call.model,
        is_remote=call.is_remote,
    )


def _in_words(withheld: Mapping[str, int]) -> Iterator[str]:
    for kind, (one, several) in KINDS.items():
        if number := withheld.get(kind, 0):
            yield f"{number} {one if number == 1 else several}"
    # A kind that has no word here is told all the same.
    yield from (f"{number} {kind}" for kind, number in withheld.items() if kind not in KINDS)
