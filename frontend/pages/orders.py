"""One's own orders: the list, each order with its papers, and the buttons that its state and the policies allow."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import Command, NotACommand
from auth.guard.decisions import AwaitingApproval, Done, Pending, Refused
from auth.web.asking import Customer
from frontend.errors import OK, UNPROCESSABLE, not_here, status_of
from frontend.house import House, house_of
from frontend.pages.order_changes import changes_of
from frontend.pages.order_story import story_of
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import looking, new_request_id, render
from shop.case_views import case_view
from shop.cases import cases_of, held_lines
from shop.commands import (
    CancelOrder,
    ChangeOrderAddress,
    ChangeOrderItem,
    ChangeOrderPayment,
    RefundOrder,
    Reorder,
    ShowOrder,
)
from shop.order_views import order_view
from shop.orders import Order, find_order, find_orders
from shop.refunds import refunds_of

router = APIRouter(prefix="/orders")

PAGE_SIZE = 15
_Typed = Mapping[str, object]


@router.get("")
def show_orders(request: Request, actor: Customer, page: Annotated[str, Query()] = "1") -> Response:
    house = house_of(request)
    with looking(request, actor) as session:
        found = find_orders(session, actor.account_id)
        pages = max(1, -(-len(found) // PAGE_SIZE))
        number = min(int(page), pages) if page.isascii() and page.isdigit() and page != "0" and len(page) < 6 else 1
        shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        views = [order_view(session, order, vault=house.vault) for order in shown]
        return render(
            request, "account/orders.html", actor=actor, session=session, orders=views, page=number, pages=pages
        )


@router.get("/{number}")
def show_order(request: Request, actor: Customer, number: str) -> Response:
    return _page(request, actor, number)


@router.post("/{number}/cancel")
def cancel(
    request: Request,
    actor: Customer,
    number: str,
    lines: Annotated[list[str] | None, Form()] = None,
    choosing: Text = "",
    reason: Text = "",
    request_id: Text = "",
) -> Response:
    # Where there is something to tick, nobody who ticked nothing means all of it.
    if choosing and not lines:
        errors, typed = {"cancel.lines": "Tick what shall be cancelled."}, {"reason": reason[:2000]}
        return _page(request, actor, number, UNPROCESSABLE, errors=errors, typed=typed)
    fields = {"order": number, "reason": reason, "lines": lines or []}
    return _ask(request, actor, CancelOrder, number=number, fields=fields, request_id=request_id, form="cancel")


@router.post("/{number}/refund")
def refund(
    request: Request,
    actor: Customer,
    number: str,
    lines: Annotated[list[str] | None, Form()] = None,
    reason: Text = "",
    request_id: Text = "",
) -> Response:
    # For the command, no line means every line; for a person who ticked nothing it would be a surprise.
    if not lines:
        errors, typed = {"refund.lines": "Tick what the money should come back for."}, {"reason": reason[:2000]}
        return _page(request, actor, number, UNPROCESSABLE, errors=errors, typed=typed)
    fields = {"order": number, "reason": reason, "lines": lines}
    return _ask(request, actor, RefundOrder, number=number, fields=fields, request_id=request_id, form="refund")


@router.post("/{number}/address")
def change_address(
    request: Request, actor: Customer, number: str, address: Text = "", request_id: Text = ""
) -> Response:
    fields = {"order": number, "address": address}
    return _ask(request, actor, ChangeOrderAddress, number=number, fields=fields, request_id=request_id, form="address")


@router.post("/{number}/item")
def change_item(
    request: Request, actor: Customer, number: str, line: Text = "", sku: Text = "", request_id: Text = ""
) -> Response:
    fields = {"order": number, "line": line, "sku": sku}
    return _ask(request, actor, ChangeOrderItem, number=number, fields=fields, request_id=request_id, form="item")


@router.post("/{number}/card")
def change_card(request: Request, actor: Customer, number: str, payment: Text = "", request_id: Text = "") -> Response:
    fields = {"order": number, "payment": payment}
    return _ask(request, actor, ChangeOrderPayment, number=number, fields=fields, request_id=request_id, form="card")


@router.post("/{number}/again")
def buy_again(request: Request, actor: Customer, number: str, request_id: Text = "") -> Response:
    fields, to = {"order": number}, "/basket"
    return _ask(request, actor, Reorder, number=number, fields=fields, request_id=request_id, form="again", to=to)


def _ask(
    request: Request,
    actor: Actor,
    kind: type[Command],
    *,
    number: str,
    fields: _Typed,
    request_id: str,
    form: str,
    to: str = "",
) -> Response:
    key = kept_id(request_id)
    match submit(request, actor, kind, fields=fields, request_id=key):
        case NotACommand(argument="order"):
            raise not_here()
        case NotACommand(argument=argument, sentence=sentence):
            errors = {f"{form}.{argument}": sentence}
            return _page(request, actor, number, UNPROCESSABLE, errors=errors, typed=fields)
        case Refused(kind="policy" | "invalid" | "limit", says=says) as refused:
            return _page(request, actor, number, status_of(refused), errors={f"{form}.": says}, typed=fields)
        case (Done() | Refused() | AwaitingApproval() | Pending()) as outcome:
            return way_on(outcome, page=to or f"/orders/{number}", request_id=key)


def _page(
    request: Request,
    actor: Actor,
    number: str,
    status: int = OK,
    *,
    errors: dict[str, str] | None = None,
    typed: _Typed | None = None,
) -> Response:
    house = house_of(request)
    with looking(request, actor) as session:
        order = find_order(session, actor.account_id, number)
        if order is not None:
            return _shown(request, house, session, actor, order, status=status, errors=errors or {}, typed=typed or {})
    # The desk says the same and writes down that somebody asked for what is not theirs.
    house.desk.submit(actor, ShowOrder(number[:20] or "-"), request_id=new_request_id())
    raise not_here()


def _shown(
    request: Request,
    house: House,
    session: Session,
    actor: Actor,
    order: Order,
    *,
    status: int,
    errors: dict[str, str],
    typed: _Typed,
) -> Response:
    view = order_view(session, order, vault=house.vault, with_notes=True)
    refunds = refunds_of(session, order)
    return render(
        request,
        "account/order.html",
        actor=actor,
        session=session,
        status=status,
        order=view,
        story=story_of(order, view, refunds),
        can=changes_of(house, session, actor, order, view),
        cases=[
            case_view(session, case, vault=house.vault) for case in cases_of(session, actor.account_id, order=order)
        ],
        held=held_lines(session, order),
        errors=errors,
        typed={"reason": "", "lines": None, "address": "", "sku": "", "payment": "", **typed},
        page_hint=f"order:{order.number}",
    )
