"""The till: where it goes, how it is paid, and one button that orders. The prices are read again at that moment."""

import hashlib

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import NotACommand
from auth.guard.decisions import Done, Refused
from auth.web.asking import Customer, ceiling
from frontend.errors import OK, UNPROCESSABLE, go_to, status_of
from frontend.house import House, house_of
from frontend.pages.basket import basket_of
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import looking, render, tell_next
from shop.addresses import address_view, find_addresses
from shop.commands import PlaceOrder
from shop.payments import find_payment_methods, payment_method_view
from shop.views import AddressView, BasketView

router = APIRouter()

CHANGED = (
    "A price or the stock has changed since you opened this page. Nothing was ordered; please look at the sum again."
)
_MISSING = {"address": "Choose where it should go.", "payment": "Choose how to pay."}


@router.get("/checkout")
def show_checkout(request: Request, actor: Customer) -> Response:
    return _page(request, actor, basket_of(request, actor))


@router.post("/checkout", dependencies=[Depends(ceiling("checkout"))])
def place_order(
    request: Request, actor: Customer, address: Text = "", payment: Text = "", seen: Text = "", request_id: Text = ""
) -> Response:
    key, basket = kept_id(request_id), basket_of(request, actor)
    typed = {"address": address[:80], "payment": payment[:80]}
    # What the person saw is compared and never believed. An empty basket may be the second click on an order that
    # went through, and then the desk has the answer to the first.
    if basket.lines and seen != seen_of(basket):
        return _page(request, actor, basket, UNPROCESSABLE, errors={"": CHANGED}, typed=typed)
    outcome = submit(request, actor, PlaceOrder, fields={"address": address, "payment": payment}, request_id=key)
    match outcome:
        case NotACommand(argument=argument, sentence=sentence):
            errors = {argument: _MISSING.get(argument, sentence)}
            return _page(request, actor, basket, UNPROCESSABLE, errors=errors, typed=typed)
        case Done(result=result):
            return tell_next(go_to(f"/orders/{result['order']}"), key)
        case Refused(kind=kind, says=says) as refused if kind != "not_found":
            basket = basket_of(request, actor)
            return _page(request, actor, basket, status_of(refused), errors={"": says}, typed=typed)
        case other:
            return way_on(other, page="/orders", request_id=key)


def seen_of(basket: BasketView) -> str:
    """A fingerprint of what a page shows, so that a change between looking and ordering is noticed."""
    said = "\n".join(f"{line.sku} {line.quantity} {line.price}" for line in basket.lines)
    return hashlib.sha256(f"{said}\n{basket.total}".encode()).hexdigest()[:32]


def addresses_of(house: House, session: Session, actor: Actor) -> tuple[AddressView, ...]:
    """The actor's own addresses, for their own eyes."""
    found = find_addresses(session, actor.account_id)
    return tuple(address_view(session, address, vault=house.vault) for address in found)


def _page(
    request: Request,
    actor: Actor,
    basket: BasketView,
    status: int = OK,
    *,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    house = house_of(request)
    with looking(request, actor) as session:
        methods = find_payment_methods(session, actor.account_id)
        return render(
            request,
            "shop/checkout.html",
            actor=actor,
            session=session,
            status=status,
            basket=basket,
            seen=seen_of(basket),
            addresses=addresses_of(house, session, actor),
            methods=[payment_method_view(method, house.clock()) for method in methods],
            errors=errors or {},
            typed=typed or {"address": "", "payment": ""},
        )
