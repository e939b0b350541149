"""What changes how somebody signs in and takes its time: another e-mail address, a lost second factor, and the links in
mails that agree to such a change or stop it.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.sign_in import factors, lost_factor, mail_change
from auth.sign_in.attempts import TooMany
from auth.sign_in.factors import NotAllowed, StepUpNeeded
from auth.sign_in.lost_factor import NoWayBack, Waits
from auth.sign_in.mail_change import LettersSent
from auth.sign_in.mailed_links import DeadLink, Decided, answer_link, look_at_link
from auth.sign_in.passwords import Rejected
from auth.sign_in.resetting import WrongPassword
from auth.web.asking import SignedIn, Visitor, ceiling
from auth.web.limits import ceiling_by_network
from frontend.errors import NOT_FOUND, OK, TOO_MANY, UNPROCESSABLE, go_to, not_here, wait_header
from frontend.house import house_of
from frontend.pages.security import NOT_YOURS, security_page
from frontend.pages.sign_in import too_many_words
from frontend.render import render, tell_next

router = APIRouter()

PAGE = "/account/security"
_Text = Annotated[str, Form()]
_guarded = [Depends(ceiling("sign_in"))]


@router.post(f"{PAGE}/address", dependencies=_guarded)
def ask_for_other_address(request: Request, actor: SignedIn, email: _Text = "", password: _Text = "") -> Response:
    match mail_change.ask_mail_change(house_of(request).entrance, actor, email=email[:400], password=password):
        case LettersSent():
            return tell_next(go_to(PAGE), "address-asked")
        case StepUpNeeded():
            return go_to(f"{PAGE}/fresh?next={PAGE}")
        case NotAllowed():
            raise not_here()
        case Rejected(reason=reason):
            return security_page(request, actor, {"address": reason}, UNPROCESSABLE)
        case WrongPassword():
            return security_page(request, actor, {"address_password": NOT_YOURS}, UNPROCESSABLE)
        case TooMany() as refused:
            return security_page(request, actor, {"address": too_many_words(refused)}, TOO_MANY)


@router.post(f"{PAGE}/address/cancel")
def stop_other_address(request: Request, actor: SignedIn) -> Response:
    if not mail_change.cancel_mail_change(house_of(request).entrance, actor):
        raise not_here()
    return tell_next(go_to(PAGE), "change-stopped")


@router.post(f"{PAGE}/lost/cancel")
def stop_reset(request: Request, actor: SignedIn) -> Response:
    if not lost_factor.cancel_factor_reset(house_of(request).entrance, actor):
        raise not_here()
    return tell_next(go_to(PAGE), "change-stopped")


@router.post(f"{PAGE}/devices/forget")
def forget_devices(request: Request, actor: SignedIn) -> Response:
    if not factors.forget_devices(house_of(request).entrance, actor):
        raise not_here()
    return tell_next(go_to(PAGE), "devices-forgotten")


@router.post("/sign-in/lost", dependencies=[Depends(ceiling_by_network("reset"))])
def ask_for_reset(request: Request, actor: Visitor, ticket: _Text = "") -> Response:
    match lost_factor.ask_factor_reset(house_of(request).entrance, ticket=ticket[:200]):
        case Waits(ready_at=ready_at):
            return render(request, "signing/lost.html", actor=actor, ready_at=ready_at)
        case NoWayBack():
            return render(request, "signing/lost.html", actor=actor, status=UNPROCESSABLE, ready_at=None)
        case TooMany() as refused:
            page = render(request, "signing/lost.html", actor=actor, status=TOO_MANY, ready_at=None)
            page.headers.update(wait_header(refused))
            return page


@router.get("/link/{token}")
def show_decision(request: Request, actor: Visitor, token: str) -> Response:
    seen = look_at_link(house_of(request).entrance, token=token[:200])
    return _decision(request, actor, seen, token=token[:200], status=NOT_FOUND if isinstance(seen, DeadLink) else OK)


@router.post("/link/{token}", dependencies=[Depends(ceiling_by_network("reset"))])
def answer_decision(request: Request, actor: Visitor, token: str) -> Response:
    answer = answer_link(house_of(request).entrance, token=token[:200])
    status = OK if isinstance(answer, Decided) else UNPROCESSABLE
    return _decision(request, actor, answer, token=token[:200], status=status)


def _decision(request: Request, actor: Actor, seen: object, *, token: str, status: int) -> Response:
    return render(
        request,
        "signing/decision.html",
        actor=actor,
        status=status,
        token=token,
        purpose=str(getattr(seen, "purpose", "")),
        not_before=getattr(seen, "not_before", None),
        is_decided=isinstance(seen, Decided),
    )
