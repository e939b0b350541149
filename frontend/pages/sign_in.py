"""Signing in, in two steps, and out. What a guest has said and put into the basket comes along."""

from functools import partial
from typing import Annotated

from anyio import from_thread
from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.database import Scope
from auth.sign_in import ceremony
from auth.sign_in.attempts import TooMany
from auth.sign_in.ceremony import MustEnrol, NeedsSecondFactor, Refused, SignedIn
from auth.web.asking import Visitor, safe_next, token_of, visit_of
from auth.web.browser_cookies import keep_device
from auth.web.cookies import drop_session, give_session
from auth.web.limits import ceiling_by_network
from frontend.errors import TOO_MANY, UNPROCESSABLE, go_to, wait_header
from frontend.house import House, house_of
from frontend.pages.chat import turns_of
from frontend.render import render, tell_next
from shop.basket import merge_basket
from shop.demo import demo_people
from shop.guest_chats import move_conversations

router = APIRouter()

WRONG = "The address and the password don’t go together, or the address was never confirmed."
WRONG_CODE = "That code did not match, was used before, or came too late. Wait for the next one, or start again."
_guarded = [Depends(ceiling_by_network("sign_in"))]


def too_many_words(refused: TooMany) -> str:
    """The sentence for a refusal that ends by itself."""
    minutes = max(1, round(refused.retry_after_s / 60))
    return f"That was tried too often. Please wait {minutes} minute{'s' if minutes > 1 else ''} and try again."


@router.get("/sign-in")
def show_sign_in(request: Request, actor: Visitor, next: str = "/") -> Response:
    if actor.is_signed_in:
        return go_to(safe_next(next))
    return sign_in_form(request, actor, next_page=safe_next(next))


@router.post("/sign-in", dependencies=_guarded)
def sign_in(
    request: Request,
    actor: Visitor,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    house, next_page = house_of(request), safe_next(next)
    match ceremony.begin_sign_in(house.entrance, email=email, password=password, visit=visit_of(request)):
        case SignedIn() as done:
            return welcome(request, actor, done, next_page)
        case MustEnrol(token=token):
            give_session(request, token)
            return keep_device(request, go_to("/account/security/enrol"))
        case NeedsSecondFactor(ticket=ticket):
            return code_form(request, actor, ticket=ticket, next_page=next_page)
        case Refused():
            return sign_in_form(request, actor, next_page=next_page, status=UNPROCESSABLE, email=email, error=WRONG)
        case TooMany() as refused:
            words = too_many_words(refused)
            answer = sign_in_form(request, actor, next_page=next_page, status=TOO_MANY, email=email, error=words)
            answer.headers.update(wait_header(refused))
            return answer


@router.get("/sign-in/code")
def show_code() -> Response:
    # The ticket lives in the form of the page before; without it there is nothing to type a code into.
    return go_to("/sign-in")


@router.post("/sign-in/code", dependencies=_guarded)
def sign_in_with_code(
    request: Request,
    actor: Visitor,
    ticket: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    house, next_page = house_of(request), safe_next(next)
    answer = ceremony.finish_sign_in(house.entrance, ticket=ticket[:200], code=code[:80], visit=visit_of(request))
    match answer:
        case SignedIn() as done:
            return welcome(request, actor, done, next_page)
        case Refused():
            return code_form(
                request, actor, ticket=ticket[:200], next_page=next_page, status=UNPROCESSABLE, error=WRONG_CODE
            )
        case TooMany() as refused:
            words = too_many_words(refused)
            page = code_form(request, actor, ticket=ticket[:200], next_page=next_page, status=TOO_MANY, error=words)
            page.headers.update(wait_header(refused))
            return page


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    ceremony.sign_out(house_of(request).entrance, token=token_of(request))
    drop_session(request)
    return tell_next(go_to("/"), "signed-out")


def welcome(request: Request, before: Actor, signed_in: SignedIn, next_page: str) -> Response:
    """In: what the guest had comes along, the session this browser had before ends, and the new one begins."""
    house = house_of(request)
    if before.account_id is not None and not before.is_signed_in:
        # What is being answered is stored first, under the key of the guest: it comes along with the rest.
        from_thread.run(partial(turns_of(request).settle, before.account_id))
        with house.database.begin(Scope.house("a guest signs in and takes basket and words along")) as session:
            merge_basket(session, before.account_id, signed_in.account_id)
            move_conversations(session, house.vault, before.account_id, signed_in.account_id, at=house.clock())
    # The session this browser had before, a guest's mostly, ends here: its token must not go on working elsewhere.
    ceremony.sign_out(house.entrance, token=token_of(request))
    give_session(request, signed_in.token)
    return keep_device(request, go_to(next_page))


def sign_in_form(
    request: Request, actor: Actor, *, next_page: str, status: int = 200, email: str = "", error: str = ""
) -> Response:
    """The page with every way to sign in."""
    return render(
        request,
        "signing/sign_in.html",
        actor=actor,
        status=status,
        next_page=next_page,
        email=email[:254],
        error=error,
        offers_passkeys=house_of(request).entrance.party is not None,
        people=_demo_people(house_of(request)),
    )


def code_form(
    request: Request, actor: Actor, *, ticket: str, next_page: str, status: int = 200, error: str = ""
) -> Response:
    """The page for the second step; it carries the ticket of the first, and offers what its person has."""
    people, held = _demo_people(house_of(request)), ceremony.held_by_ticket(house_of(request).entrance, ticket=ticket)
    return render(
        request,
        "signing/code.html",
        actor=actor,
        status=status,
        ticket=ticket,
        next_page=next_page,
        error=error,
        people=people,
        held=held,
    )


def _demo_people(house: House) -> object:
    """The seeded people with their current codes; nothing at all outside demo mode."""
    if house.demo is None:
        return ()
    with house.database.read(Scope.house("demo: the people on the sign-in page")) as session:
        return demo_people(session, house.vault, house.demo, now=house.clock())
