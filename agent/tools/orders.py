"""Tools for the customer's own orders. Looks answer at once; changes are parked for the customer's signature."""

from datetime import date
from typing import Annotated

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import Answer, ask, changed
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import (
    CancelOrder,
    ChangeOrderAddress,
    ChangeOrderItem,
    ChangeOrderPayment,
    ListOrders,
    RefundOrder,
    Reorder,
    ShowOrder,
)
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
    order: Number,
    runtime: ToolRuntime[Turn],
    items: Annotated[list[int] | None, "Line numbers of the order; none for the whole order"] = None,
    reason: Annotated[str | None, "Why, in the customer's words"] = None,
) -> str:
    """Prepare the cancellation of an order that has not been sent, or of some of its lines. The shop works out what
    goes back; the customer confirms it on a card."""
    return ask(runtime.context, CancelOrder, {"order": order, "reason": reason, "lines": items}, changed)


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


@tool
def change_order_item(
    order: Number,
    line: Annotated[int, "The line number of the item in the order"],
    sku: Annotated[str, "The sku of another option of the same product"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Prepare changing an item of an order that has not left yet into another option of the same product; once an
    order. A price difference is charged or goes back; the customer confirms it on a card."""
    return ask(runtime.context, ChangeOrderItem, {"order": order, "line": line, "sku": sku}, changed)


@tool
def change_order_payment(
    order: Number,
    payment: Annotated[str, "The handle of another of the customer's own payment cards, like card:visa-4242"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Prepare paying an order that has not left yet with another of the customer's own cards. The customer confirms it
    on a card."""
    return ask(runtime.context, ChangeOrderPayment, {"order": order, "payment": payment}, changed)


@tool
def reorder(order: Number, runtime: ToolRuntime[Turn]) -> str:
    """Put what an order held into the customer's basket again, as far as it is on sale and in stock."""
    return ask(runtime.context, Reorder, {"order": order}, changed)


def _listed(turn: Turn, view: OrderList) -> Answer:
    for order in view.orders[:CARDS]:
        turn.say_card("order", order.number)
    return {"orders": [order_row(order) for order in view.orders[:LISTED]], "count": len(view.orders)}


def _shown(turn: Turn, view: OrderView) -> Answer:
    turn.say_card("order", view.number)
    sums = {"shipping": str(view.shipping)}
    if view.refundable.minor:
        sums["refundable"] = str(view.refundable)
    if view.refunded.minor:
        sums["refunded"] = str(view.refunded)
    dates = {"shipped": in_words(view.shipped_at), "delivered": in_words(view.delivered_at)}
    dates["estimate"] = in_words(view.estimate)
    more = {**sums, **dates, "tracking": view.tracking, "destination": view.destination[:30]}
    return {"order": {**order_row(view), **{name: value for name, value in more.items() if value}}}


def order_row(view: OrderView) -> Answer:
    """No name, street or payment method: the page has them, and the model has no use for them."""
    items = [
        {"line": line.line, "name": line.name, "variant": line.option, "quantity": line.quantity}
        | {"price": str(line.price)}
        | ({"cancelled": True} if line.cancelled else {})
        for line in view.lines
    ]
    state = {"status": view.status}
    if view.status_word != view.status:
        state["status_word"] = view.status_word
    return {
        "number": view.number,
        "placed": in_words(view.placed_at),
        **state,
        "total": str(view.total),
        "items": items,
    }


def in_words(when: date | None) -> str:
    """A day as the tools write it; nothing for none."""
    return "" if when is None else f"{when.day} {when:%b %Y}"


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = (
    (list_orders, ListOrders),
    (show_order, ShowOrder),
    (cancel_order, CancelOrder),
    (refund_order, RefundOrder),
    (change_order_address, ChangeOrderAddress),
    (change_order_item, ChangeOrderItem),
    (change_order_payment, ChangeOrderPayment),
    (reorder, Reorder),
)
