"""Signing in with somebody else: leaving for a provider, coming back, and linking an identity to one's account.

A form starts it, on the shop's own page. The answer to that form is a page and no redirect, because ``form-action
'self'`` (auth/web/headers.py) holds for redirects too: the page goes on by itself, and has a link in case it does not.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.sign_in import factors
from auth.sign_in.attempts import TooMany
from auth.sign_in.ceremony import MustEnrol, NeedsSecondFactor, SteppedUp
from auth.sign_in.ceremony import SignedIn as HasSignedIn
from auth.sign_in.outside.arriving import ConfirmFirst, enter
from auth.sign_in.outside.handshake import Purpose
from auth.sign_in.outside.linking import (
    LastWay,
    Linked,
    NotThere,
    Proof,
    ProofNeeded,
    Unlinked,
    link,
    proof_wanted,
    unlink,
)
from auth.sign_in.outside.providers import Provider
from auth.sign_in.outside.trouble import Trouble
from auth.sign_in.outside.way import Answer, Arrival, Departure, NoWay, Ways
from auth.web.asking import SignedIn, Visitor, ceiling, door_of, ensure_guest, safe_next, token_of, visit_of
from auth.web.browser_cookies import keep_device
from auth.web.cookies import give_session
from auth.web.handshake_cookie import HandshakeCookie
from auth.web.limits import ceiling_by_network
from frontend.errors import CONFLICT, OK, TOO_MANY, UNAVAILABLE, UNPROCESSABLE, go_to, not_here
from frontend.house import house_of
from frontend.pages.security import NOT_YOURS, security_page
from frontend.pages.sign_in import code_form, too_many_words, welcome
from frontend.render import render, tell_next

router = APIRouter()

SECURITY = "/account/security"
FRESH = "/account/security/fresh?next=/account/security"
_Text = Annotated[str, Form()]
_guarded = [Depends(ceiling_by_network("sign_in"))]

# Title and sentence for each trouble; {name} is the provider. None repeats what the provider or the address said.
WORDS: Mapping[Trouble, tuple[str, str]] = MappingProxyType(
    {
        Trouble.CANCELLED: ("You said no at {name}", "That is fine: nothing was shared, and nobody was signed in."),
        Trouble.PROVIDER_ERROR: (
            "{name} could not do this",
            "It answered with a mistake of its own. Nothing was changed. Try again, or sign in another way.",
        ),
        Trouble.PROVIDER_DOWN: (
            "{name} does not answer",
            "It may be out of order for a while. Nothing was changed. Try again later, or sign in another way.",
        ),
        Trouble.UNSOUND: (
            "The answer of {name} does not hold",
            "It did not prove what it should, so nobody was signed in. Try again; if it happens twice, tell us.",
        ),
        Trouble.WRONG_ISSUER: (
            "The answer came from somebody else",
            "It was not {name} who answered, so nobody was signed in. Start again from the sign-in page.",
        ),
        Trouble.NO_ADDRESS: (
            "{name} has told us no e-mail address",
            "We need one for your orders. Open an account with your address, then link {name} to it under Sign-in and "
            "devices.",
        ),
        Trouble.NO_HANDSHAKE: (
            "This sign-in was not started here",
            "This browser has not asked for it, or it asked too long ago. Nothing was changed. Start again.",
        ),
        Trouble.EXPIRED: ("That took too long", "A sign-in waits for ten minutes. Nothing was changed. Start again."),
        Trouble.USED: (
            "This answer was used already",
            "Each counts once: a double click or a reload brings the same one. If you are not signed in, start again.",
        ),
        Trouble.MISMATCH: (
            "This answer belongs to another try",
            "You may have started twice. Nothing was changed. Go on in the newer window, or start again.",
        ),
        Trouble.OTHER_SESSION: (
            "You have signed in or out in between",
            "This answer belongs to before that, so it does not count any more. Nothing was changed. Start again.",
        ),
        Trouble.KNOWN_ADDRESS: (
            "Your address has an account here",
            "Nobody gets into an account by its address alone. Sign in as you always do, then add {name} under Sign-in "
            "and devices.",
        ),
        Trouble.BELONGS_TO_ANOTHER: (
            "That identity signs in to another account",
            "An identity at {name} belongs to one account here. Nothing was changed. Remove it there first.",
        ),
        Trouble.CLOSED: ("That account is closed", "It was deleted, and nobody can sign in to it any more."),
    }
)
# A double click, or a reload of the page one came back to.
IN_ALREADY = ("You are signed in", "This answer was used already, so it changes nothing. You can go on.")
_STATUS: Mapping[Trouble, int] = MappingProxyType(
    {
        Trouble.CANCELLED: OK,
        Trouble.PROVIDER_DOWN: UNAVAILABLE,
        Trouble.KNOWN_ADDRESS: CONFLICT,
        Trouble.BELONGS_TO_ANOTHER: CONFLICT,
    }
)


@router.post("/sign-in/with/{provider}", dependencies=_guarded)
def leave(request: Request, actor: Visitor, provider: str, next: _Text = "/", token: _Text = "") -> Response:
    """Off to a provider. ``token`` is the one of a mailed link, when an address is to be confirmed."""
    if actor.is_signed_in:
        return go_to(safe_next(next))
    return _leave(request, actor, provider, purpose=Purpose.SIGN_IN, next_page=safe_next(next), token=token[:200])


@router.get("/sign-in/with/{provider}/back", dependencies=_guarded)
def come_back(
    request: Request,
    actor: Visitor,
    provider: str,
    code: str = "",
    state: str = "",
    iss: str = "",
    error: str = "",
) -> Response:
    """Back with an answer. It is the one page that changes something when it is looked at: the protocol wants it so,
    and the handshake stands for the form that was sent here."""
    ways, cookie = house_of(request).ways, _cookie(request)
    answer = Answer(code=code, state=state, issuer=iss, error=error)
    kept = cookie.read(request.headers)
    came = ways.come_back(provider, cookie=kept, answer=answer, session_id=actor.session_id)
    page = _refused(request, actor, came) if isinstance(came, NoWay) else _arrived(request, actor, came)
    # An answer that belongs to another try says nothing about the one that is under way.
    if not isinstance(came, NoWay) or came.trouble is not Trouble.MISMATCH:
        cookie.drop(page)
    return page


@router.get("/sign-in/with/{provider}/confirm/{token}")
def show_confirm(request: Request, actor: Visitor, provider: str, token: str) -> Response:
    found = _provider(house_of(request).ways, provider)
    return render(
        request, "signing/confirm_elsewhere.html", actor=actor, provider=found.name, key=found.key, token=token
    )


@router.post("/account/security/elsewhere/{provider}/link", dependencies=[Depends(ceiling("sign_in"))])
def begin_link(request: Request, actor: SignedIn, provider: str, password: _Text = "") -> Response:
    _provider(house_of(request).ways, provider)
    stopped = _stopped(request, actor, password)
    if stopped is not None:
        return stopped
    return _leave(request, actor, provider, purpose=Purpose.LINK, next_page=SECURITY)


@router.post("/account/security/elsewhere/{identity_id}/unlink", dependencies=[Depends(ceiling("sign_in"))])
def take_away(request: Request, actor: SignedIn, identity_id: UUID, password: _Text = "") -> Response:
    house = house_of(request)
    stopped = _stopped(request, actor, password)
    if stopped is not None:
        return stopped
    match unlink(house.entrance, actor, identity_id=identity_id, names=_names(house.ways)):
        case Unlinked():
            return tell_next(go_to(SECURITY), "unlinked")
        case ProofNeeded(wanted=wanted):
            return _ask_for(request, actor, wanted)
        case LastWay():
            words = "This is the only way into your account. Choose a password first, by a letter, or link another one."
            return security_page(request, actor, {"elsewhere": words}, UNPROCESSABLE)
        case NotThere():
            raise not_here()


def _leave(request: Request, actor: Actor, key: str, *, purpose: Purpose, next_page: str, token: str = "") -> Response:
    house = house_of(request)
    provider = _provider(house.ways, key)
    if request.headers.get("host", "").lower() != urlsplit(house.entrance.origin).netloc.lower():
        # The provider sends people back to the one address it knows, and the cookies of this one are not there.
        return render(
            request,
            "signing/other_address.html",
            actor=actor,
            status=UNPROCESSABLE,
            provider=provider.name,
            origin=house.entrance.origin,
        )
    # Bound to a session, so a visitor gets one first: what is planted in a browser without it opens nothing.
    asker = ensure_guest(request, actor)
    if asker.session_id is None:
        raise RuntimeError("whoever has an account by a cookie has a session")
    gone = house.ways.leave(provider, purpose=purpose, session_id=asker.session_id, next_page=next_page, token=token)
    if isinstance(gone, NoWay):
        return _refused(request, actor, gone)
    return _onward(request, actor, gone)


def _onward(request: Request, actor: Actor, gone: Departure) -> Response:
    page = render(request, "signing/leaving.html", actor=actor, provider=gone.provider.name, url=gone.url)
    page.headers["Refresh"] = f"0; url={gone.url}"
    page.headers["Cache-Control"] = "no-store"
    _cookie(request).keep(page, gone.cookie)
    return page


def _arrived(request: Request, actor: Actor, came: Arrival) -> Response:
    house, next_page = house_of(request), safe_next(came.handshake.next_page)
    if came.handshake.purpose == Purpose.LINK:
        match link(house.entrance, actor, came):
            case Linked(is_new=is_new):
                return tell_next(go_to(SECURITY), "linked" if is_new else "linked-before")
            case NoWay() as refused:
                return _refused(request, actor, refused)
    match enter(house.entrance, came, visit=visit_of(request)):
        case HasSignedIn() as done:
            return welcome(request, actor, done, next_page)
        case MustEnrol(token=token):
            give_session(request, token)
            return keep_device(request, go_to("/account/security/enrol"))
        case NeedsSecondFactor(ticket=ticket):
            return code_form(request, actor, ticket=ticket, next_page=next_page)
        case ConfirmFirst():
            return render(request, "signing/look_at_your_mail.html", actor=actor, what="elsewhere")
        case NoWay() as refused:
            return _refused(request, actor, refused)


def _refused(request: Request, actor: Actor, why: NoWay) -> Response:
    if why.provider is None:
        raise not_here()
    is_repeated = actor.is_signed_in and why.trouble in (Trouble.NO_HANDSHAKE, Trouble.USED)
    words = IN_ALREADY if is_repeated else WORDS[why.trouble]
    title, sentence = (text.format(name=why.provider.name) for text in words)
    return render(
        request,
        "signing/elsewhere_trouble.html",
        actor=actor,
        status=_STATUS.get(why.trouble, UNPROCESSABLE),
        title=title,
        sentence=sentence,
        trouble=why.trouble.value,
        key=why.provider.key,
        provider=why.provider.name,
        next_page=safe_next(why.next_page),
    )


def _stopped(request: Request, actor: Actor, password: str) -> Response | None:
    """Why a change of how somebody signs in has to wait; ``None`` when the owner was shown a moment ago."""
    entrance = house_of(request).entrance
    wanted = proof_wanted(entrance, actor)
    if wanted is Proof.NONE_NEEDED:
        return None
    if wanted is not Proof.PASSWORD or not password:
        return _ask_for(request, actor, wanted)
    match factors.show_password(entrance, actor, token=token_of(request), password=password):
        case SteppedUp(token=token):
            give_session(request, token)
            return None
        case TooMany() as refused:
            return security_page(request, actor, {"elsewhere": too_many_words(refused)}, TOO_MANY)
        case _:
            return security_page(request, actor, {"elsewhere": NOT_YOURS}, UNPROCESSABLE)


def _ask_for(request: Request, actor: Actor, wanted: Proof) -> Response:
    if wanted is Proof.CODE:
        return go_to(FRESH)
    words = (
        "Type your password beside it: this changes how you sign in."
        if wanted is Proof.PASSWORD
        else "This changes how you sign in. Sign out, sign in again as you did, and do it within five minutes."
    )
    return security_page(request, actor, {"elsewhere": words}, UNPROCESSABLE)


def _provider(ways: Ways, key: str) -> Provider:
    found = ways.providers.get(key)
    if found is None:
        raise not_here()
    return found


def _names(ways: Ways) -> Mapping[str, str]:
    return {provider.key: provider.name for provider in ways.providers.values()}


def _cookie(request: Request) -> HandshakeCookie:
    return HandshakeCookie.beside(door_of(request).cookie)
