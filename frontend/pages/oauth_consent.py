"""The page where a customer decides what a program may do. Nothing is ticked beforehand, nothing is remembered.

The form carries the program's request, which is read and checked again when it comes back; only the page's own origin
can send it, and no other page can frame it.
"""

from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from auth.actor import Actor, Role
from auth.database import Scope
from auth.oauth.authorization import (
    LONGEST_QUERY,
    Asked,
    NoWayBack,
    SentBack,
    agree,
    decline,
    how_signed_in,
    needs_sign_in,
    read_request,
    refuse,
)
from auth.oauth.issuer import AUTHORIZE, OPENID
from auth.sign_in.held import has_factor
from auth.web.asking import SignInNeeded, Visitor, ceiling, safe_next
from auth.web.headers import let_form_lead_to
from frontend.errors import BAD_REQUEST, OK, SEE_OTHER, UNPROCESSABLE
from frontend.house import house_of
from frontend.render import render

router = APIRouter()

NOTHING_TICKED = "Nothing is ticked. Tick what it may do, or say no."
_MOST_FIELDS = 30
_Text = Annotated[str, Form()]


@router.get(AUTHORIZE)
def ask_for_leave(request: Request, actor: Visitor) -> Response:
    query = request.url.query
    match _read(request, query):
        case NoWayBack(sentence=sentence):
            return _no_way_back(request, actor, sentence)
        case SentBack(url=url):
            return RedirectResponse(url, SEE_OTHER)
        case Asked() as asked:
            before = _before_asking(request, actor, asked, f"{AUTHORIZE}?{query}")
            return before or _page(request, actor, asked, query)


@router.post(AUTHORIZE, dependencies=[Depends(ceiling("approvals"))])
def decide_on_leave(
    request: Request,
    actor: Visitor,
    asked: _Text = "",
    decision: _Text = "",
    scope: Annotated[list[str] | None, Form()] = None,
) -> Response:
    match _read(request, asked):
        case NoWayBack(sentence=sentence):
            return _no_way_back(request, actor, sentence)
        case SentBack(url=url):
            return RedirectResponse(url, SEE_OTHER)
        case Asked() as read:
            before = _before_asking(request, actor, read, f"{AUTHORIZE}?{asked}")
            return before or _decided(request, actor, read, asked, decision == "yes", scope or [])


def _decided(request: Request, actor: Actor, asked: Asked, query: str, is_yes: bool, ticked: list[str]) -> Response:
    issuer = house_of(request).issuer
    if not is_yes:
        return _lead_back(request, asked, decline(issuer, actor, asked))
    if OPENID not in asked.scopes and not set(ticked) & set(asked.scopes):
        return _page(request, actor, asked, query, error=NOTHING_TICKED)
    return _lead_back(request, asked, agree(issuer, actor, asked, chosen=ticked))


def _before_asking(request: Request, actor: Actor, asked: Asked, here: str) -> Response | None:
    """Who must sign in first, or more surely; who can't be asked at all; and programs that want no page."""
    house = house_of(request)
    issuer, is_silent = house.issuer, "none" in asked.prompt
    if not actor.is_signed_in:
        if is_silent:
            return _lead_back(request, asked, refuse(issuer, asked, "login_required", "Nobody is signed in."))
        raise SignInNeeded(safe_next(here))
    if actor.role is not Role.CUSTOMER:
        return _no_way_back(request, actor, "The account of a clerk gives no leave to programs. Sign in as a customer.")
    if is_silent:
        # No earlier leave stands in for this one, so there is always something to ask.
        return _lead_back(request, asked, refuse(issuer, asked, "consent_required", "The customer has to be asked."))
    with house.database.read(Scope.own(actor.account_id)) as session:
        again = needs_sign_in(asked, how_signed_in(session, actor), house.clock())
        can_show = actor.account_id is not None and has_factor(session, actor.account_id)
    if again is None:
        return None
    if can_show:
        return RedirectResponse(f"/account/security/fresh?next={quote(safe_next(here), safe='')}", SEE_OTHER)
    error = "unmet_authentication_requirements" if again.two_factor else "login_required"
    return _lead_back(request, asked, refuse(issuer, asked, error, "The customer can't sign in like that from here."))


def _read(request: Request, query: str) -> Asked | NoWayBack | SentBack:
    issuer = house_of(request).issuer
    if len(query) > LONGEST_QUERY:
        return NoWayBack(f"The request is longer than {LONGEST_QUERY} characters.")
    try:
        parameters = parse_qsl(query, max_num_fields=_MOST_FIELDS, encoding="utf-8", errors="strict")
    except ValueError:
        return NoWayBack("The request can't be read.")
    with issuer.database.read(Scope.own(None)) as session:
        return read_request(session, issuer, parameters)


def _page(request: Request, actor: Actor, asked: Asked, query: str, *, error: str = "") -> Response:
    let_form_lead_to(request, asked.origin)
    sentences = house_of(request).issuer.scopes
    return render(
        request,
        "account/consent.html",
        actor=actor,
        status=UNPROCESSABLE if error else OK,
        asked=asked,
        query=query,
        wishes=[(scope, sentences[scope]) for scope in asked.scopes if scope != OPENID],
        signs_in=sentences[OPENID] if OPENID in asked.scopes else "",
        error=error,
    )


def _lead_back(request: Request, asked: Asked, back: SentBack) -> Response:
    let_form_lead_to(request, asked.origin)
    # The code stands in the address: neither a cache nor the next page's Referer may have it.
    return RedirectResponse(back.url, SEE_OTHER, {"Cache-Control": "no-store"})


def _no_way_back(request: Request, actor: Actor, sentence: str) -> Response:
    return render(request, "account/no_way_back.html", actor=actor, status=BAD_REQUEST, sentence=sentence)
