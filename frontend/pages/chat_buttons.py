"""The buttons of a conversation that are no message: a person, please; and how good an answer was."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from auth.actor import Actor
from auth.database import Scope
from auth.guard.commands import NotACommand
from auth.guard.decisions import Refused
from auth.web.answers import wants_json
from auth.web.asking import Visitor, ensure_guest
from frontend.errors import go_to, not_here, status_of
from frontend.house import house_of
from frontend.pages.submitting import kept_id, submit, way_on
from frontend.render import tell_next
from shop.commands import AskForPerson, RateAnswer
from shop.conversations import read_id, start_conversation

router = APIRouter()

FIRST = "Talk to a person"


class PersonForm(BaseModel):
    """Exactly what the button sends. What it is about is read from the records, so there is no field for it."""

    model_config = ConfigDict(extra="forbid")

    conversation: str = ""
    request_id: str = ""


class RatingForm(BaseModel):
    """Exactly what the form of a rating sends."""

    model_config = ConfigDict(extra="forbid")

    message: str = ""
    verdict: str = ""
    reason: str = ""
    words: str = ""
    request_id: str = ""


@router.post("/chat/person")
def ask_for_person(request: Request, actor: Visitor, form: Annotated[PersonForm, Form()]) -> Response:
    """Put the conversation into the clerks' queue, whatever the assistant is doing; without one, begin one."""
    if form.conversation and (read_id(form.conversation) is None or actor.account_id is None):
        raise not_here()
    asker = ensure_guest(request, actor)
    key = form.conversation or _begun(request, asker)
    request_id = kept_id(form.request_id)
    match submit(request, asker, AskForPerson, fields={"conversation": key}, request_id=request_id):
        case NotACommand() | Refused(kind="not_found"):
            raise not_here()
        case outcome if wants_json(request.scope):
            return JSONResponse({"conversation": key, "says": outcome.says}, status_of(outcome))
        case Refused():
            return tell_next(go_to(f"/chat/{key}#last"), request_id)
        case _:
            # The shop's own slip in the conversation says what happened.
            return go_to(f"/chat/{key}#last")


@router.post("/chat/{conversation_id}/rate")
def rate(request: Request, actor: Visitor, conversation_id: str, form: Annotated[RatingForm, Form()]) -> Response:
    key = read_id(conversation_id)
    if key is None or read_id(form.message) is None or actor.account_id is None:
        raise not_here()
    fields = {**form.model_dump(exclude={"request_id"}), "conversation": str(key), "message": str(UUID(form.message))}
    request_id = kept_id(form.request_id)
    match submit(request, actor, RateAnswer, fields=fields, request_id=request_id):
        case NotACommand():
            # What does not fit comes from no form of ours: the page as it is says enough.
            return go_to(f"/chat/{key}")
        case outcome:
            return way_on(outcome, page=f"/chat/{key}#rate-{fields['message']}", request_id=request_id)


def _begun(request: Request, actor: Actor) -> str:
    """A new, empty conversation of the person's own."""
    house = house_of(request)
    if actor.account_id is None:
        raise ValueError("who asks for a person has an account: see ensure_guest")
    with house.database.begin(Scope.own(actor.account_id)) as session:
        started = start_conversation(session, house.vault, actor.account_id, at=house.clock(), title=FIRST)
        return str(started.id)
