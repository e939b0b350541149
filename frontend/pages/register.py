"""Opening an account, and coming back after a forgotten password. No answer tells whether an address is known."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.sign_in import registration, resetting
from auth.sign_in.address import cleaned, is_plausible, is_plausible_name
from auth.sign_in.attempts import TooMany
from auth.sign_in.passwords import Rejected
from auth.sign_in.registration import Confirmed, LookAtYourMail, NotConfirmed
from auth.sign_in.resetting import Changed, LinkIsDead
from auth.web.asking import Visitor, visit_of
from auth.web.limits import ceiling_by_network
from frontend.errors import TOO_MANY, UNPROCESSABLE, go_to, wait_header
from frontend.house import house_of
from frontend.pages.sign_in import too_many_words
from frontend.render import render, tell_next

router = APIRouter()

NOT_CONFIRMED = "The password is not the one you chose, or this link was used or is older than a day."
_Text = Annotated[str, Form()]


@router.get("/register")
def show_register(request: Request, actor: Visitor) -> Response:
    return render(request, "signing/register.html", actor=actor, name="", email="", errors={})


@router.post("/register", dependencies=[Depends(ceiling_by_network("register"))])
def register(request: Request, actor: Visitor, name: _Text = "", email: _Text = "", password: _Text = "") -> Response:
    match registration.register(house_of(request).entrance, name=name, email=email, password=password):
        case LookAtYourMail():
            return go_to("/register/sent")
        case Rejected(reason=reason):
            errors = {_field_of(name, email): reason}
            return render(
                request,
                "signing/register.html",
                actor=actor,
                status=UNPROCESSABLE,
                name=name[:200],
                email=email[:254],
                errors=errors,
            )


@router.get("/register/sent")
def show_sent(request: Request, actor: Visitor) -> Response:
    return render(request, "signing/look_at_your_mail.html", actor=actor, what="register")


@router.get("/register/confirm/{token}")
def show_confirm(request: Request, actor: Visitor, token: str) -> Response:
    return _confirm_form(request, actor, token)


@router.post("/register/confirm/{token}", dependencies=[Depends(ceiling_by_network("register"))])
def confirm(request: Request, actor: Visitor, token: str, password: _Text = "") -> Response:
    entrance = house_of(request).entrance
    match registration.confirm(entrance, token=token[:200], password=password, visit=visit_of(request)):
        case Confirmed():
            return tell_next(go_to("/sign-in"), "confirmed")
        case NotConfirmed():
            return _confirm_form(request, actor, token, status=UNPROCESSABLE, error=NOT_CONFIRMED)
        case TooMany() as refused:
            answer = _confirm_form(request, actor, token, status=TOO_MANY, error=too_many_words(refused))
            answer.headers.update(wait_header(refused))
            return answer


@router.get("/forgot")
def show_forgot(request: Request, actor: Visitor) -> Response:
    return render(request, "signing/forgot.html", actor=actor, email="", error="")


@router.post("/forgot", dependencies=[Depends(ceiling_by_network("reset"))])
def forgot(request: Request, actor: Visitor, email: _Text = "") -> Response:
    if not is_plausible(cleaned(email)):
        words = "That does not look like an e-mail address. It should read like name@example.com."
        return render(request, "signing/forgot.html", actor=actor, status=UNPROCESSABLE, email=email[:254], error=words)
    resetting.request_reset(house_of(request).entrance, email=email)
    return go_to("/forgot/sent")


@router.get("/forgot/sent")
def show_forgot_sent(request: Request, actor: Visitor) -> Response:
    return render(request, "signing/look_at_your_mail.html", actor=actor, what="reset")


@router.get("/reset/{token}")
def show_reset(request: Request, actor: Visitor, token: str) -> Response:
    return render(request, "signing/reset.html", actor=actor, token=token[:200], error="", is_dead=False)


@router.post("/reset/{token}", dependencies=[Depends(ceiling_by_network("reset"))])
def reset(request: Request, actor: Visitor, token: str, password: _Text = "") -> Response:
    match resetting.reset_password(house_of(request).entrance, token=token[:200], password=password):
        case Changed():
            return tell_next(go_to("/sign-in"), "password-reset")
        case Rejected(reason=reason):
            error, is_dead = reason, False
        case LinkIsDead():
            error, is_dead = "", True
    return render(
        request,
        "signing/reset.html",
        actor=actor,
        status=UNPROCESSABLE,
        token=token[:200],
        error=error,
        is_dead=is_dead,
    )


def _confirm_form(request: Request, actor: Actor, token: str, *, status: int = 200, error: str = "") -> Response:
    return render(request, "signing/confirm.html", actor=actor, status=status, token=token[:200], error=error)


def _field_of(name: str, email: str) -> str:
    """Which field a rejection is about: they are looked at in the order of the form."""
    if not is_plausible_name(cleaned(name)):
        return "name"
    return "password" if is_plausible(cleaned(email)) else "email"
