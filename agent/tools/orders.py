"""Tools for the customer's own orders. Looks answer at once; changes are parked for the customer's signature."""

from datetime import date
from typing import Annotated

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import Answer, ask, changed
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import CancelOrder, ChangeOrderAddress, ListOrders, RefundOrder, ShowOrder
from shop.views import OrderList, OrderView

LISTED = 10
CARDS = 3  # cards for a list; more would bury the answer

Number = Annotated[str, "The order's number, like HP-7K3M-29QD"]


@tool
def list_orders(
    runtime: ToolRuntime[Turn],
    status: Annotated[str | None, "Only orders with this status: paid, shipped, delivered or cancelled"] = None,
) -> str:
    """List the customer's own orders, newest first."""
    return ask(runtime.context, ListOrders, {"status": status}, lambda view: _listed(runtime.context, view))


@tool
def show_order(order: Number, runtime: ToolRuntime[Turn]) -> str:
    """Look at one of the customer's orders: status, items, tracking, what can be refunded."""
    return ask(runtime.context, ShowOrder, {"order": order}, lambda view: _shown(runtime.context, view))


@tool
def cancel_order(
    order: Number, runtime: ToolRuntime[Turn], reason: Annotated[str | None, "Why, in the customer's words"] = None
) -> str:
    """Prepare the cancellation of a whole order that has not been sent. The customer confirms it on a card."""
    return ask(runtime.context, CancelOrder, {"order": order, "reason": reason}, changed)


@tool
def refund_order(
    order: Number,
    reason: Annotated[str, "Why, in the customer's words"],
    runtime: ToolRuntime[Turn],
    items: Annotated[list[int] | None, "Line numbers of the order; none for the whole order"] = None,
) -> str:
    """Prepare money back for a delivered order or some of its lines. The shop works out the amount; the customer
    confirms it on a card."""
    return ask(runtime.context, RefundOrder, {"order": order, "reason": reason, "lines": items}, changed)


@tool
def change_order_address(
    order: Number,
    address: Annotated[str, "The handle of one of the customer's own addresses, like address:office"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Prepare sending an order that has not left yet to another of the customer's own addresses. The customer confirms
    it on a card."""
    return ask(runtime.context, ChangeOrderAddress, {"order": order, "address": address}, changed)


def _listed(turn: Turn, view: OrderList) -> Answer:
    for order in view.orders[:CARDS]:
        turn.say_card("order", order.number)
    return {"orders": [_row(order) for order in view.orders[:LISTED]], "count": len(view.orders)}


def _shown(turn: Turn, view: OrderView) -> Answer:
    turn.say_card("order", view.number)
    sums = {"shipping": str(view.shipping)}
    if view.refundable.minor:
        sums["refundable"] = str(view.refundable)
    if view.refunded.minor:
        sums["refunded"] = str(view.refunded)
    dates = {"shipped": _day(view.shipped_at), "delivered": _day(view.delivered_at), "estimate": _day(view.estimate)}
    more = {**sums, **dates, "tracking": view.tracking, "destination": view.destination[:30]}
    return {"order": {**_row(view), **{name: value for name, value in more.items() if value}}}


def _row(view: OrderView) -> Answer:
    """No name, street or payment method: the page has them, and the model has no use for them."""
    items = [
        {"line": line.line, "name": line.name, "variant": line.option, "quantity": line.quantity}
        | {"price": str(line.price)}
        for line in view.lines
    ]
    state = {"status": view.status}
    if view.status_word != view.status:
        state["status_word"] = view.status_word
    return {"number": view.number, "placed": _day(view.placed_at), **state, "total": str(view.total), "items": items}


def _day(when: date | None) -> str:
    return "" if when is None else f"{when.day} {when:%b %Y}"


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = (
    (list_orders, ListOrders),
    (show_order, ShowOrder),
    (cancel_order, CancelOrder),
    (refund_order, RefundOrder),
    (change_order_address, ChangeOrderAddress),
)
