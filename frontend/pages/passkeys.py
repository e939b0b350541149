"""Passkeys: signing in with one, and adding, naming and removing one's own. The scripts only carry what is signed."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.sign_in import passkey_ceremony, passkey_keeping
from auth.sign_in.attempts import TooMany
from auth.sign_in.ceremony import Refused, SignedIn
from auth.sign_in.factors import NotAllowed, Removed, StepUpNeeded, has_password, needs_password_to_enrol
from auth.sign_in.passkey_keeping import Added, Adding, LastFactor, Renamed, TooManyPasskeys
from auth.sign_in.passwords import Rejected
from auth.sign_in.resetting import WrongPassword
from auth.web.asking import Enrolling, Visitor, ceiling, safe_next, token_of, visit_of
from auth.web.asking import SignedIn as SignedInActor
from auth.web.browser_cookies import PASSKEY_COOKIE
from auth.web.cookies import give_session
from auth.web.limits import ceiling_by_network
from frontend.errors import OK, TOO_MANY, UNPROCESSABLE, go_to, not_here
from frontend.house import house_of
from frontend.pages.security import NOT_YOURS, security_page
from frontend.pages.sign_in import code_form, sign_in_form, too_many_words, welcome
from frontend.passkey_forms import WRONG_PASSKEY, answer_asked
from frontend.render import render, tell_next

router = APIRouter()

PAGE = "/account/security"
NEW = f"{PAGE}/passkeys/new"
FRESH = f"{PAGE}/fresh?next="
NOT_MADE = "That did not work, and nothing was added. The time may have run out: please begin again."
ENOUGH = "You have twenty passkeys, which is as many as we keep. Remove one you no longer use first."
ONLY_WAY_IN = "This is the last thing that lets you in, so it stays. Add another passkey or an app first."
_Text = Annotated[str, Form()]
_by_network = [Depends(ceiling_by_network("sign_in"))]
_guarded = [Depends(ceiling("sign_in"))]


@router.post("/sign-in/passkey/options", dependencies=_by_network)
def ask_passkey(request: Request, actor: Visitor, ticket: _Text = "") -> Response:
    entrance = house_of(request).entrance
    if ticket:
        return answer_asked(request, passkey_ceremony.ask_for_second_step(entrance, ticket=ticket[:200]))
    return answer_asked(request, passkey_ceremony.ask_for_sign_in(entrance))


@router.post("/sign-in/passkey", dependencies=_by_network)
def sign_in_with_passkey(
    request: Request, actor: Visitor, passkey: _Text = "", ticket: _Text = "", next: _Text = "/"
) -> Response:
    next_page = safe_next(next)
    match _proved(request, passkey, ticket[:200]):
        case SignedIn() as done:
            return welcome(request, actor, done, next_page)
        case Refused() if ticket:
            return code_form(
                request, actor, ticket=ticket[:200], next_page=next_page, status=UNPROCESSABLE, error=WRONG_PASSKEY
            )
        case Refused():
            return sign_in_form(request, actor, next_page=next_page, status=UNPROCESSABLE, error=WRONG_PASSKEY)


@router.post(f"{PAGE}/passkeys/options", dependencies=_guarded)
def ask_own_passkey(request: Request, actor: SignedInActor) -> Response:
    entrance = house_of(request).entrance
    return answer_asked(request, passkey_ceremony.ask_for_step_up(entrance, token=token_of(request)))


@router.get(NEW)
def show_new(request: Request, actor: Enrolling) -> Response:
    return _new(request, actor)


@router.post(f"{PAGE}/passkeys/start", dependencies=_by_network)
def start_adding(request: Request, actor: Enrolling, name: _Text = "", password: _Text = "") -> Response:
    match passkey_keeping.start_adding(house_of(request).entrance, actor, password=password):
        case Adding(handle=handle, options=options):
            page = _new(request, actor, name=name, options=json.dumps(options))
            PASSKEY_COOKIE.write(request, page, handle)
            return page
        case StepUpNeeded():
            return go_to(FRESH + NEW)
        case NotAllowed():
            raise not_here()
        case WrongPassword():
            return _new(request, actor, name=name, error=NOT_YOURS, status=UNPROCESSABLE)
        case TooManyPasskeys():
            return _new(request, actor, name=name, error=ENOUGH, status=UNPROCESSABLE)
        case TooMany() as refused:
            return _new(request, actor, name=name, error=too_many_words(refused), status=TOO_MANY)


@router.post(f"{PAGE}/passkeys", dependencies=_by_network)
def finish_adding(request: Request, actor: Enrolling, passkey: _Text = "", name: _Text = "") -> Response:
    entrance, handle = house_of(request).entrance, PASSKEY_COOKIE.read(request)
    match passkey_keeping.finish_adding(
        entrance, token=token_of(request), handle=handle, answer=passkey, name=name or visit_of(request).device
    ):
        case Added(token=token, codes=codes):
            give_session(request, token)
            if codes:
                return render(request, "account/codes.html", actor=actor, codes=codes, is_new=True)
            return tell_next(go_to(PAGE), "passkey-added")
        case StepUpNeeded():
            return go_to(FRESH + NEW)
        case NotAllowed():
            raise not_here()
        case Refused():
            return _new(request, actor, name=name, error=NOT_MADE, status=UNPROCESSABLE)


@router.post(f"{PAGE}/passkeys/{{passkey_id}}/rename")
def rename(request: Request, actor: SignedInActor, passkey_id: UUID, name: _Text = "") -> Response:
    match passkey_keeping.rename_passkey(house_of(request).entrance, actor, passkey_id=passkey_id, name=name):
        case Renamed():
            return go_to(PAGE)
        case NotAllowed():
            raise not_here()


@router.post(f"{PAGE}/passkeys/{{passkey_id}}/remove", dependencies=_guarded)
def remove(request: Request, actor: SignedInActor, passkey_id: UUID, password: _Text = "") -> Response:
    match passkey_keeping.remove_passkey(house_of(request).entrance, actor, passkey_id=passkey_id, password=password):
        case Removed():
            return tell_next(go_to(PAGE), "passkey-removed")
        case StepUpNeeded():
            return go_to(FRESH + PAGE)
        case NotAllowed():
            raise not_here()
        case LastFactor():
            return security_page(request, actor, {"passkey": ONLY_WAY_IN}, UNPROCESSABLE)
        case WrongPassword():
            return security_page(request, actor, {"passkey": NOT_YOURS}, UNPROCESSABLE)
        case Rejected(reason=reason):
            error = f"Alone, this password is not enough. {reason}"
            return security_page(request, actor, {"passkey": error}, UNPROCESSABLE)
        case TooMany() as refused:
            return security_page(request, actor, {"passkey": too_many_words(refused)}, TOO_MANY)


def _proved(request: Request, answer: str, ticket: str) -> SignedIn | Refused:
    entrance, handle, visit = house_of(request).entrance, PASSKEY_COOKIE.read(request), visit_of(request)
    if ticket:
        return passkey_ceremony.finish_with_passkey(entrance, ticket=ticket, handle=handle, answer=answer, visit=visit)
    return passkey_ceremony.sign_in_with_passkey(entrance, handle=handle, answer=answer, visit=visit)


def _new(
    request: Request, actor: Actor, *, name: str = "", options: str = "", error: str = "", status: int = OK
) -> Response:
    entrance = house_of(request).entrance
    return render(
        request,
        "account/passkey_new.html",
        actor=actor,
        status=status,
        name=(name or visit_of(request).device)[:60],
        options=options,
        error=error,
        offered=entrance.party is not None,
        needs_password=needs_password_to_enrol(entrance, actor),
        has_password=has_password(entrance, actor),
    )
