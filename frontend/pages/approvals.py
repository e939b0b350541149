"""Signing: a card as a page, as a piece of one, and the two buttons on it.

``?fragment=1`` asks for the card alone, for a script that puts it in its place; without it the answer is a whole page
or a redirect to one. Nothing else about a request decides that.
"""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.approvals import OPEN, Approval, find_approval
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Refused
from auth.sign_in import ceremony, factors
from auth.sign_in.attempts import TooMany
from auth.sign_in.ceremony import SteppedUp
from auth.web.asking import Customer, ceiling, token_of, visit_of
from auth.web.cookies import give_session
from frontend.errors import OK, TOO_MANY, UNPROCESSABLE, go_to, not_here, status_of
from frontend.house import house_of
from frontend.pages.privacy import farewell
from frontend.pages.sign_in import too_many_words
from frontend.pages.submitting import Text
from frontend.passkey_forms import WRONG_PASSKEY, step_up_by_passkey
from frontend.render import looking, render, render_part
from frontend.signing import needs_code, signing_card, takes_password

router = APIRouter(prefix="/approvals")

WRONG_CODE = "That code did not match or was used before. Wait for the next one and type it here."
NOTHING_TYPED = "This needs your password. Nothing has happened yet."
NOT_YOURS = "That is not your password."
LONGEST_PASSWORD = 256
NO_CODE = "This needs a fresh code or your passkey. Nothing has happened yet."
Fragment = Annotated[bool, Query()]
_guarded = [Depends(ceiling("approvals"))]


@router.get("/{approval_id}")
def show_card(request: Request, actor: Customer, approval_id: str) -> Response:
    return _card(request, actor, read_id(approval_id), fragment=False)


@router.get("/{approval_id}/card")
def show_card_alone(request: Request, actor: Customer, approval_id: str) -> Response:
    return _card(request, actor, read_id(approval_id), fragment=True)


@router.post("/{approval_id}/confirm", dependencies=_guarded)
def confirm(
    request: Request,
    actor: Customer,
    approval_id: str,
    code: Text = "",
    password: Text = "",
    passkey: Text = "",
    fragment: Fragment = False,
) -> Response:
    house, key = house_of(request), read_id(approval_id)
    card = _own(request, actor, key)
    if card is not None and card.state == OPEN and needs_code(house, actor, card):
        # The code is looked at only while the card can be signed: on any other it would be used up for nothing.
        by_password = takes_password(house, actor, card)
        refused = _type_password(request, actor, password) if by_password else step_up(request, code, passkey)
        if isinstance(refused, TooMany):
            return _card(request, actor, key, fragment=fragment, status=TOO_MANY, wrong=too_many_words(refused))
        if refused is not None:
            return _card(request, actor, key, fragment=fragment, status=UNPROCESSABLE, wrong=refused)
        # A password is no second factor: the desk finds in the session's own record that it was typed.
        actor = actor if by_password else replace(actor, second_factor_at=house.clock())
    return _after(request, actor, key, house.desk.approve(actor, key), fragment=fragment)


@router.post("/{approval_id}/decline", dependencies=_guarded)
def decline(request: Request, actor: Customer, approval_id: str, fragment: Fragment = False) -> Response:
    key = read_id(approval_id)
    return _after(request, actor, key, house_of(request).desk.decline(actor, key), fragment=fragment)


def read_id(text: str) -> UUID:
    """A card's number; what can't be one is not there."""
    try:
        return UUID(text)
    except ValueError:
        raise not_here() from None


def step_up(request: Request, code: str, passkey: str = "") -> TooMany | str | None:
    """Show a second factor in the session of this request; what is wrong with it, or ``None`` when it counted."""
    if passkey and not code.strip():
        return None if step_up_by_passkey(request, passkey) else WRONG_PASSKEY
    if not code.strip():
        return NO_CODE
    network, entrance = visit_of(request).network, house_of(request).entrance
    match ceremony.step_up(entrance, token=token_of(request), code=code[:80], network=network):
        case SteppedUp(token=token):
            give_session(request, token)
            return None
        case TooMany() as refused:
            return refused
        case _:
            return WRONG_CODE


def _type_password(request: Request, actor: Actor, password: str) -> TooMany | str | None:
    entrance, token = house_of(request).entrance, token_of(request)
    if factors.has_just_arrived(entrance, actor):
        # The session's own record says so; there is no password that could be typed.
        return None
    if not password:
        return NOTHING_TYPED
    match factors.show_password(entrance, actor, token=token, password=password[:LONGEST_PASSWORD]):
        case SteppedUp(token=renewed):
            give_session(request, renewed)
            return None
        case TooMany() as refused:
            return refused
        case _:
            return NOT_YOURS


def _after(request: Request, actor: Actor, key: UUID, outcome: Outcome, *, fragment: bool) -> Response:
    """The card as it stands after the answer; a card that was replaced leads to the one that counts now."""
    match outcome:
        case Refused(kind="not_found") if _own(request, actor, key) is None:
            raise not_here()
        case AwaitingApproval(approval_id=now_waiting):
            key = now_waiting
        case Done(result={"account": "deleted"}) if not fragment:
            return farewell(request)
        case _:
            pass
    if fragment:
        return _card(request, actor, key, fragment=True, status=status_of(outcome))
    return go_to(f"/approvals/{key}")


def _card(request: Request, actor: Actor, key: UUID, *, fragment: bool, status: int = OK, wrong: str = "") -> Response:
    house = house_of(request)
    with looking(request, actor) as session:
        approval = find_approval(session, key)
        if approval is None:
            raise not_here()
        card = signing_card(house, session, actor, approval, wrong_code=wrong)
        if fragment:
            return render_part("account/card.html", status=status, card=card)
        return render(request, "account/approval.html", actor=actor, session=session, status=status, card=card)


def _own(request: Request, actor: Actor, key: UUID) -> Approval | None:
    with looking(request, actor) as session:
        return find_approval(session, key)
