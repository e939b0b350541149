"""All of one's own conversations: the list, a search, another name, a file to take away, and their end."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import NotACommand
from auth.guard.decisions import Done, Refused
from auth.web.asking import Visitor, ceiling
from frontend.errors import UNPROCESSABLE, not_here
from frontend.house import house_of
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import looking, render
from shop.chats import (
    PAGE,
    SEARCHED,
    ExportedConversation,
    SearchResult,
    as_json,
    as_text,
    list_chats,
    search_chats,
)
from shop.commands import DeleteConversation, ExportConversation, RenameConversation
from shop.conversations import TAKEN, find_conversation, read_id

router = APIRouter(prefix="/chats")

LONGEST_SEARCH = 120
NAMELESS = "A name holds 1 to 60 characters."


@router.get("")
def show_chats(request: Request, actor: Visitor, before: str = "") -> Response:
    return _page(request, actor, before=before)


@router.post("", dependencies=[Depends(ceiling("search"))])
def search(request: Request, actor: Visitor, words: Annotated[str, Form()] = "") -> Response:
    """By POST: what somebody looks for in their own words has no business in an address, a history or a log."""
    words = words[:LONGEST_SEARCH].strip()
    if not words:
        return _page(request, actor)
    with looking(request, actor) as session:
        result = search_chats(session, house_of(request).vault, actor.account_id, words)
    return _page(request, actor, words=words, result=result)


@router.post("/{conversation_id}/name")
def rename(request: Request, actor: Visitor, conversation_id: str, title: Text = "", request_id: Text = "") -> Response:
    key, fields = kept_id(request_id), {"conversation": _id(conversation_id, actor), "title": " ".join(title.split())}
    match submit(request, actor, RenameConversation, fields=fields, request_id=key):
        case NotACommand():
            _own_title(request, actor, conversation_id)
            return _page(request, actor, status=UNPROCESSABLE, wrong=NAMELESS)
        case outcome:
            return way_on(outcome, page="/chats", request_id=key)


@router.get("/{conversation_id}/delete")
def ask_to_delete(request: Request, actor: Visitor, conversation_id: str) -> Response:
    """The page that asks once more; opening it changes nothing."""
    title, is_taken = _own_title(request, actor, conversation_id)
    return render(
        request,
        "chat_delete.html",
        actor=actor,
        id=_id(conversation_id, actor),
        title=title or "Untitled",
        is_taken=is_taken,
    )


@router.post("/{conversation_id}/delete")
def delete(request: Request, actor: Visitor, conversation_id: str, request_id: Text = "") -> Response:
    key, fields = kept_id(request_id), {"conversation": _id(conversation_id, actor)}
    match submit(request, actor, DeleteConversation, fields=fields, request_id=key):
        case NotACommand():
            raise not_here()
        case outcome:
            return way_on(outcome, page="/chats", request_id=key)


@router.get("/{conversation_id}/export.json")
def export_json(request: Request, actor: Visitor, conversation_id: str) -> Response:
    exported = _exported(request, actor, conversation_id)
    return _file(as_json(exported), "application/json", f"conversation-{exported.created_at:%Y-%m-%d}.json")


@router.get("/{conversation_id}/export.txt")
def export_text(request: Request, actor: Visitor, conversation_id: str) -> Response:
    exported = _exported(request, actor, conversation_id)
    text = as_text(exported, shop_name=house_of(request).name)
    return _file(text, "text/plain; charset=utf-8", f"conversation-{exported.created_at:%Y-%m-%d}.txt")


def _page(
    request: Request,
    actor: Actor,
    *,
    before: str = "",
    words: str = "",
    result: SearchResult | None = None,
    status: int = 200,
    wrong: str = "",
) -> Response:
    with looking(request, actor) as session:
        listed = list_chats(session, house_of(request).vault, actor.account_id, before=before)
        return render(
            request,
            "chats.html",
            actor=actor,
            session=session,
            status=status,
            listed=listed if result is None else replace(listed, conversations=(), older=""),
            is_first=not before,
            words=words,
            result=result,
            wrong=wrong,
            bounds={"conversations": SEARCHED.conversations, "messages": SEARCHED.messages, "page": PAGE},
        )


def _exported(request: Request, actor: Actor, conversation_id: str) -> ExportedConversation:
    fields = {"conversation": _id(conversation_id, actor)}
    match submit(request, actor, ExportConversation, fields=fields, request_id=""):
        case Done(view=ExportedConversation() as exported):
            return exported
        case Refused() | _:
            raise not_here()


def _file(text: str, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text.encode("utf-8", "replace"), media_type=media_type, headers=headers)


def _own_title(request: Request, actor: Actor, conversation_id: str) -> tuple[str, bool]:
    """The name of one's own conversation and whether a clerk is in it; any other is not there."""
    with looking(request, actor) as session:
        found = find_conversation(session, actor.account_id, conversation_id)
        if found is None:
            raise not_here()
        return house_of(request).vault.open(session, found, "title"), found.state == TAKEN


def _id(text: str, actor: Actor) -> str:
    """A conversation's id; whoever has left no trace yet has none, so for them none is there."""
    key = read_id(text)
    if key is None or actor.account_id is None:
        raise not_here()
    return str(key)
