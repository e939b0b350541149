"""Sign-in and devices: sessions, password, second factor and recovery codes. What matters takes a fresh code first."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from starlette.responses import Response

from auth.actor import Actor
from auth.sign_in import ceremony, factors, lost_factor, mail_change, resetting
from auth.sign_in.attempts import TooMany
from auth.sign_in.ceremony import Refused, SteppedUp
from auth.sign_in.factors import Enrolled, NewCodes, NotAllowed, Removed, Security, StepUpNeeded
from auth.sign_in.outside.linking import elsewhere_of
from auth.sign_in.passwords import Rejected
from auth.sign_in.resetting import Changed, WrongPassword
from auth.sign_in.totp import CodeRefused, Enrolment
from auth.web.asking import Enrolling, SignedIn, ceiling, safe_next, token_of, visit_of
from auth.web.cookies import give_session
from auth.web.limits import ceiling_by_network
from frontend.errors import OK, TOO_MANY, UNPROCESSABLE, go_to, not_here
from frontend.house import house_of
from frontend.pages.sign_in import too_many_words
from frontend.pages.submitting import kept_id, way_on
from frontend.passkey_forms import WRONG_PASSKEY, step_up_by_passkey
from frontend.render import render, tell_next
from shop.commands import EndSessions

router = APIRouter(prefix="/account/security")

WRONG_CODE = "That code did not match or was used before. Wait for the next one and type it here."
NOT_YOURS = "That is not your present password."
_Text = Annotated[str, Form()]
_guarded = [Depends(ceiling("sign_in"))]


@router.get("")
def show_security(request: Request, actor: SignedIn) -> Response:
    return security_page(request, actor, {})


@router.post("/password", dependencies=_guarded)
def change_password(request: Request, actor: SignedIn, current: _Text = "", new: _Text = "") -> Response:
    entrance = house_of(request).entrance
    match resetting.change_password(entrance, actor, token=token_of(request), current=current, new=new):
        case Changed(token=token):
            give_session(request, token)
            return tell_next(go_to("/account/security"), "password-changed")
        case Rejected(reason=reason):
            return security_page(request, actor, {"new": reason}, UNPROCESSABLE)
        case WrongPassword():
            return security_page(request, actor, {"current": NOT_YOURS}, UNPROCESSABLE)
        case TooMany() as refused:
            return security_page(request, actor, {"current": too_many_words(refused)}, TOO_MANY)


@router.post("/sessions/end-others")
def end_others(request: Request, actor: SignedIn, request_id: _Text = "") -> Response:
    key = kept_id(request_id)
    outcome = house_of(request).desk.submit(actor, EndSessions(), request_id=key)
    return way_on(outcome, page="/account/security", request_id=key)


@router.post("/sessions/{session_id}/end")
def end_session(request: Request, actor: SignedIn, session_id: UUID) -> Response:
    if not factors.end_session(house_of(request).entrance, actor, session_id=session_id):
        raise not_here()
    return tell_next(go_to("/account/security"), "session-ended")


@router.get("/fresh")
def show_fresh(request: Request, actor: SignedIn, next: str = "/account/security") -> Response:
    return _fresh(request, actor, next_page=next)


@router.post("/fresh", dependencies=_guarded)
def show_code_again(
    request: Request, actor: SignedIn, code: _Text = "", passkey: _Text = "", next: _Text = "/account/security"
) -> Response:
    if passkey and not code:
        if step_up_by_passkey(request, passkey):
            return go_to(safe_next(next))
        return _fresh(request, actor, next_page=next, status=UNPROCESSABLE, error=WRONG_PASSKEY)
    network, entrance = visit_of(request).network, house_of(request).entrance
    match ceremony.step_up(entrance, token=token_of(request), code=code[:80], network=network):
        case SteppedUp(token=token):
            give_session(request, token)
            return go_to(safe_next(next))
        case Refused():
            return _fresh(request, actor, next_page=next, status=UNPROCESSABLE, error=WRONG_CODE)
        case TooMany() as refused:
            return _fresh(request, actor, next_page=next, status=TOO_MANY, error=too_many_words(refused))


@router.get("/enrol")
def show_enrol(request: Request, actor: Enrolling) -> Response:
    return _enrolment(request, actor, {})


@router.post("/enrol/start", dependencies=[Depends(ceiling_by_network("sign_in"))])
def start_enrol(request: Request, actor: Enrolling, password: _Text = "") -> Response:
    match factors.start_enrolment(house_of(request).entrance, actor, password=password):
        case StepUpNeeded():
            return go_to("/account/security/fresh?next=/account/security/enrol")
        case NotAllowed():
            raise not_here()
        case Enrolment():
            return go_to("/account/security/enrol")
        case WrongPassword():
            return _enrolment(request, actor, {"password": NOT_YOURS}, UNPROCESSABLE)
        case TooMany() as refused:
            return _enrolment(request, actor, {"password": too_many_words(refused)}, TOO_MANY)


@router.post("/enrol", dependencies=[Depends(ceiling_by_network("sign_in"))])
def finish_enrol(request: Request, actor: Enrolling, code: _Text = "") -> Response:
    match factors.finish_enrolment(house_of(request).entrance, token=token_of(request), code=code[:80]):
        case Enrolled(token=token, codes=codes):
            give_session(request, token)
            return render(request, "account/codes.html", actor=actor, codes=codes, is_new=True)
        case StepUpNeeded():
            return go_to("/account/security/fresh?next=/account/security/enrol")
        case NotAllowed():
            raise not_here()
        case CodeRefused():
            return _enrolment(request, actor, {"code": WRONG_CODE}, UNPROCESSABLE)
        case TooMany() as refused:
            return _enrolment(request, actor, {"code": too_many_words(refused)}, TOO_MANY)


@router.post("/codes")
def renew_codes(request: Request, actor: SignedIn) -> Response:
    match factors.renew_recovery_codes(house_of(request).entrance, actor):
        case NewCodes(codes=codes):
            return render(request, "account/codes.html", actor=actor, codes=codes, is_new=False)
        case StepUpNeeded():
            return go_to("/account/security/fresh?next=/account/security")
        case NotAllowed():
            raise not_here()


@router.post("/remove", dependencies=_guarded)
def remove_factor(request: Request, actor: SignedIn, password: _Text = "") -> Response:
    match factors.remove_factor(house_of(request).entrance, actor, password=password):
        case Removed():
            has_more = factors.held_by(house_of(request).entrance, actor).any
            return tell_next(go_to("/account/security"), "app-removed" if has_more else "factor-removed")
        case StepUpNeeded():
            return go_to("/account/security/fresh?next=/account/security")
        case Rejected(reason=reason):
            error = f"Alone, this password is not enough. {reason}"
            return security_page(request, actor, {"password": error}, UNPROCESSABLE)
        case NotAllowed():
            return security_page(request, actor, {"password": NOT_YOURS}, UNPROCESSABLE)
        case TooMany() as refused:
            return security_page(request, actor, {"password": too_many_words(refused)}, TOO_MANY)


def security_page(request: Request, actor: Actor, errors: dict[str, str], status: int = OK) -> Response:
    """The page about signing in; ``errors`` are sentences by the field they belong to."""
    entrance = house_of(request).entrance
    match factors.security_of(entrance, actor):
        case Security() as security:
            return render(
                request,
                "account/security.html",
                actor=actor,
                status=status,
                security=security,
                errors=errors,
                elsewhere=elsewhere_of(entrance, actor),
                change=mail_change.change_under_way(entrance, actor),
                reset=lost_factor.reset_under_way(entrance, actor),
            )
        case NotAllowed():
            raise not_here()


def _enrolment(request: Request, actor: Actor, errors: dict[str, str], status: int = OK) -> Response:
    entrance = house_of(request).entrance
    waiting = factors.waiting_enrolment(entrance, actor)
    # The picture is drawn by segno from the address alone; no word of a person is in it as markup.
    picture = Markup(waiting.qr_svg) if waiting is not None else ""  # noqa: S704
    return render(
        request,
        "account/enrol.html",
        actor=actor,
        status=status,
        waiting=waiting,
        picture=picture,
        errors=errors,
        needs_password=factors.needs_password_to_enrol(entrance, actor),
        has_password=factors.has_password(entrance, actor),
    )


def _fresh(request: Request, actor: Actor, *, next_page: str, status: int = OK, error: str = "") -> Response:
    held = factors.held_by(house_of(request).entrance, actor)
    return render(
        request,
        "account/fresh.html",
        actor=actor,
        status=status,
        next_page=safe_next(next_page),
        error=error,
        held=held,
    )
