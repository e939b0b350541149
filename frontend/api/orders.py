"""One's own orders: looking at them, and preparing changes. Every change waits for the customer's signature."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from frontend.api import examples
from frontend.api.cursors import LONGEST, Page, paged
from frontend.api.operations import Call, Operation, look
from frontend.api.shapes import Changed, Invoice, Order, Tracking
from shop.commands import (
    CancelOrder,
    ChangeOrderAddress,
    ChangeOrderItem,
    ChangeOrderPayment,
    ListOrders,
    RefundOrder,
    Reorder,
    ShowInvoice,
    ShowOrder,
    TrackOrder,
)

READ, WRITE, SEES_ADDRESSES = ("orders:read",), ("orders:write",), "addresses"


class Orders(BaseModel):
    """Which of one's own orders."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Annotated[str, Field(max_length=20, description="paid, shipped, delivered, cancelled, …; empty: all")] = ""
    limit: Annotated[int, Field(ge=1, le=50, description="How many at once")] = 20
    cursor: Annotated[str, Field(max_length=LONGEST, description="`next` of the page before")] = ""


def list_orders(call: Call) -> Page[Order]:
    query: Orders = call.query
    found = look(call, call.command(ListOrders, status=query.status)).orders
    cursors = call.cursors(query.status)
    part, following = paged(cursors, found, key="number", cursor=query.cursor, limit=query.limit)
    return Page(tuple(_order(call, view) for view in part), following)


def show_order(call: Call) -> Order:
    return _order(call, look(call, call.command(ShowOrder)))


def track_order(call: Call) -> Tracking:
    return Tracking.of(look(call, call.command(TrackOrder)))


def show_invoice(call: Call) -> Invoice:
    return Invoice.of(look(call, call.command(ShowInvoice)), origin=call.house.issuer.url)


def _order(call: Call, view: object) -> Order:
    # Where somebody lives is its own leave: "see your orders" says nothing of it.
    return Order.of(view, with_address=SEES_ADDRESSES in call.may)  # type: ignore[arg-type]


def _change(name: str, command: type, path: str, summary: str, *, sends: dict[str, object]) -> Operation:
    return Operation(
        name,
        "POST",
        f"/orders/{{order}}/{path}",
        "Orders",
        summary,
        Changed,
        examples.CHANGED,
        scopes=WRITE,
        command=command,
        sends=sends,
    )


OPERATIONS = (
    Operation(
        "listOrders",
        "GET",
        "/orders",
        "Orders",
        "The customer's orders, newest first",
        Page[Order],
        Page((examples.ORDER,), None),
        scopes=READ,
        answer=list_orders,
        query=Orders,
    ),
    Operation(
        "showOrder",
        "GET",
        "/orders/{order}",
        "Orders",
        "One of the customer's orders",
        Order,
        examples.ORDER,
        scopes=READ,
        answer=show_order,
    ),
    Operation(
        "trackOrder",
        "GET",
        "/orders/{order}/tracking",
        "Orders",
        "How far an order has come, with what its carrier wrote",
        Tracking,
        examples.TRACKING,
        scopes=READ,
        answer=track_order,
    ),
    Operation(
        "showInvoice",
        "GET",
        "/orders/{order}/invoice",
        "Orders",
        "The invoice of an order that was paid",
        Invoice,
        examples.INVOICE,
        scopes=READ,
        answer=show_invoice,
    ),
    _change(
        "cancelOrder",
        CancelOrder,
        "cancellation",
        "Prepare cancelling an order that has not been sent, or lines of it",
        sends={"reason": "Ordered twice", "lines": [1]},
    ),
    _change(
        "refundOrder",
        RefundOrder,
        "refund",
        "Prepare money back for lines of a delivered order (every line, unless `lines` names some)",
        sends={"reason": "It came with a crack", "lines": [1]},
    ),
    _change(
        "changeOrderAddress",
        ChangeOrderAddress,
        "address",
        "Prepare sending an order to another of the customer's addresses",
        sends={"address": "address:office"},
    ),
    _change(
        "changeOrderItem",
        ChangeOrderItem,
        "item",
        "Prepare another option of the same product in a line",
        sends={"line": 1, "sku": "mug-fog"},
    ),
    _change(
        "changeOrderPayment",
        ChangeOrderPayment,
        "payment",
        "Prepare paying an order with another of the customer's cards",
        sends={"payment": "card:visa-4242"},
    ),
    _change(
        "reorder",
        Reorder,
        "reorder",
        "Put what an order held into the basket again, as far as it is in stock",
        sends={},
    ),
)
