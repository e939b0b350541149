"""One's own payment cards: list, add, remove. A card number is typed on the payment service's page, never on ours."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import NotACommand
from auth.guard.decisions import AwaitingApproval, Done, Pending, Refused
from auth.web.asking import Customer, ceiling, safe_next
from frontend.errors import OK, UNPROCESSABLE, not_here, status_of
from frontend.house import House, house_of
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import looking, render
from shop.commands import AddPaymentMethod, RemovePaymentMethod
from shop.demo_cards import DemoCard
from shop.payments import DemoGateway, find_payment_methods, payment_method_view

router = APIRouter(prefix="/account/payment")

_PAGE = "/account/payment"
_CHOOSE = "Choose a card."
# Whether one more card may be added does not depend on which.
_SOME_CARD = AddPaymentMethod("ref_some_card")


@router.get("")
def show_cards(request: Request, actor: Customer, next: str = "") -> Response:
    return _page(request, actor, next_page=next)


@router.post("", dependencies=[Depends(ceiling("checkout"))])
def add_card(
    request: Request, actor: Customer, reference: Text = "", next: Text = "", request_id: Text = ""
) -> Response:
    key = kept_id(request_id)
    match submit(request, actor, AddPaymentMethod, fields={"reference": reference}, request_id=key):
        case NotACommand():
            return _page(request, actor, UNPROCESSABLE, error=_CHOOSE, next_page=next)
        case Refused(kind="policy" | "invalid" | "limit" | "gateway", says=says) as refused:
            return _page(request, actor, status_of(refused), error=says, typed=reference, next_page=next)
        case (Done() | Refused() | AwaitingApproval() | Pending()) as outcome:
            page = safe_next(next) if next and isinstance(outcome, Done) else _PAGE
            return way_on(outcome, page=page, request_id=key)


@router.post("/{handle}/remove")
def remove_card(request: Request, actor: Customer, handle: str, request_id: Text = "") -> Response:
    key = kept_id(request_id)
    match submit(request, actor, RemovePaymentMethod, fields={"payment": handle}, request_id=key):
        case NotACommand():
            raise not_here()
        case outcome:
            return way_on(outcome, page=_PAGE, request_id=key)


def samples_of(house: House) -> Sequence[DemoCard]:
    """The demo's cards, in demo mode and with the demo's gateway; otherwise none."""
    return house.gateway.samples() if house.demo is not None and isinstance(house.gateway, DemoGateway) else ()


def _page(
    request: Request, actor: Actor, status: int = OK, *, error: str = "", typed: str = "", next_page: str = ""
) -> Response:
    house = house_of(request)
    with looking(request, actor) as session:
        methods = find_payment_methods(session, actor.account_id)
        return render(
            request,
            "account/payment.html",
            actor=actor,
            session=session,
            status=status,
            methods=[payment_method_view(method, house.clock()) for method in methods],
            can_add=house.desk.could(session, actor, _SOME_CARD),
            samples=samples_of(house),
            error=error,
            typed=typed[:80],
            next_page=safe_next(next_page) if next_page else "",
        )
