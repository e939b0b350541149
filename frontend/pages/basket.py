"""The basket: put in, change how many, take out. A visitor who puts something in becomes a guest with a cookie."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import NotACommand
from auth.guard.decisions import AwaitingApproval, Done, Pending, Refused
from auth.web.asking import Visitor, ensure_guest
from frontend.errors import OK, UNPROCESSABLE, go_to, not_here, status_of
from frontend.house import house_of
from frontend.pages.shop import product_page
from frontend.pages.submitting import Text, kept_id, submit
from frontend.render import looking, render, tell_next
from shop.catalogue import find_variant
from shop.commands import AddToBasket, ChangeBasketLine, ShowBasket
from shop.views import BasketView

router = APIRouter()


@router.get("/basket")
def show_basket(request: Request, actor: Visitor) -> Response:
    return _page(request, actor)


@router.post("/basket")
def add(request: Request, actor: Visitor, sku: Text = "", quantity: Text = "", request_id: Text = "") -> Response:
    guest, key = ensure_guest(request, actor), kept_id(request_id)
    outcome = submit(request, guest, AddToBasket, fields={"sku": sku, "quantity": quantity}, request_id=key)
    match outcome:
        case Done() | Pending() | AwaitingApproval():
            return tell_next(go_to("/basket"), key)
        case Refused(kind="not_found"):
            raise not_here()
        case NotACommand(argument="quantity", sentence=sentence):
            return _product_again(request, guest, sku, quantity, words=sentence, status=UNPROCESSABLE)
        case NotACommand():
            raise not_here()
        case Refused(says=says) as refused:
            return _product_again(request, guest, sku, quantity, words=says, status=status_of(refused))


@router.post("/basket/{sku}")
def change(request: Request, actor: Visitor, sku: str, quantity: Text = "", request_id: Text = "") -> Response:
    if actor.account_id is None:
        raise not_here()
    key = kept_id(request_id)
    outcome = submit(request, actor, ChangeBasketLine, fields={"sku": sku, "quantity": quantity}, request_id=key)
    match outcome:
        case Done() | Pending() | AwaitingApproval():
            return go_to("/basket")
        case Refused(kind="not_found"):
            raise not_here()
        case NotACommand(sentence=sentence):
            return _page(request, actor, UNPROCESSABLE, wrong=sku, typed=quantity[:10], words=sentence)
        case Refused(says=says) as refused:
            return _page(request, actor, status_of(refused), wrong=sku, typed=quantity[:10], words=says)


def basket_of(request: Request, actor: Actor) -> BasketView:
    """The actor's basket at today's prices, found as the desk finds it."""
    with looking(request, actor) as session:
        found = house_of(request).rooms[ShowBasket].find(session, actor, ShowBasket())
    if not isinstance(found, BasketView):
        raise TypeError("the room of ShowBasket finds a basket")
    return found


def _page(
    request: Request, actor: Actor, status: int = OK, *, wrong: str = "", typed: str = "", words: str = ""
) -> Response:
    basket = basket_of(request, actor)
    error = {"sku": wrong, "typed": typed, "words": words}
    return render(request, "shop/basket.html", actor=actor, status=status, basket=basket, error=error)


def _product_again(request: Request, actor: Actor, sku: str, quantity: str, *, words: str, status: int) -> Response:
    with looking(request, actor) as session:
        variant = find_variant(session, sku)
        handle = None if variant is None else variant.product.handle
    if handle is None:
        raise not_here()
    typed = {"quantity": quantity[:10]}
    return product_page(request, actor, handle, chosen=sku, status=status, errors={"quantity": words}, typed=typed)
