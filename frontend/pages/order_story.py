"""What has happened to an order and what comes next, in time order, from the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from shop.money import Money
from shop.orders import CANCELLED, CANCELLING, CHANGING, FAILED, PAID, PLACING, SHIPPED, Order
from shop.refunds import CLAIMED, Refund, item_of
from shop.views import OrderView


@dataclass(frozen=True, slots=True)
class Happening:
    """One step. ``kind`` is done, refused or next; ``at`` is ``None`` for what has not happened yet."""

    what: str
    at: datetime | None
    kind: str = "done"
    why: str = ""
    by: date | None = None


def story_of(order: Order, view: OrderView, refunds: Sequence[Refund]) -> list[Happening]:
    """The steps of an order, the oldest first, and what is still to come at the end."""
    # What an order came to when it was placed stands in it only as long as nothing in it was changed.
    amount = f"{view.total}, to be paid with {view.paid_with}." if view.is_whole and not order.item_changes else ""
    steps = [Happening("Placed", order.placed_at, why=amount)]
    if order.paid_at is not None:
        steps.append(Happening("Paid", order.paid_at, why=f"With {view.paid_with}."))
    if order.shipped_at is not None:
        steps.append(Happening("Sent", order.shipped_at, why=f"Tracking {order.tracking}" if order.tracking else ""))
    if order.delivered_at is not None:
        steps.append(Happening("Delivered", order.delivered_at, why=f"To {view.destination}."))
    if order.cancelled_at is not None:
        back = Money(view.total.minor, view.total.currency)
        steps.append(Happening("Cancelled", order.cancelled_at, why=f"{back} goes back to {view.paid_with}."))
    for line in order.lines:
        if line.cancelled_at is not None:
            gone = Money(line.unit_minor, order.currency) * line.quantity
            steps.append(Happening(f"Cancelled: {item_of(line)}", line.cancelled_at, why=f"{gone} went back."))
    steps += [_refunded(refund, view) for refund in refunds]
    steps.sort(key=lambda step: step.at or order.placed_at)
    return steps + _next(order, view)


def _refunded(refund: Refund, view: OrderView) -> Happening:
    amount = Money(refund.amount_minor, refund.currency)
    if refund.state == CLAIMED:
        return Happening(f"Refund of {amount} on its way", refund.created_at, "", "The payment service is being asked.")
    return Happening(f"Refunded {amount}", refund.settled_at or refund.created_at, why=f"To {view.paid_with}.")


def _next(order: Order, view: OrderView) -> list[Happening]:
    match order.status:
        case s if s == PLACING:
            return [Happening("Waiting for the payment service", None, "next", "Nothing else is asked of you.")]
        case s if s == FAILED:
            return [Happening("Not paid", None, "refused", "The payment did not go through; nothing was taken.")]
        case s if s == CANCELLING:
            return [Happening("Being cancelled", None, "next", "The payment service is being asked for the money.")]
        case s if s == CHANGING:
            return [Happening("Being changed", None, "next", "The payment service is being asked.")]
        case s if s in (PAID, SHIPPED):
            what = "Leaves us, then arrives" if order.status == PAID else "Arrives"
            return [Happening(what, None, "next", by=view.estimate)]
        case s if s == CANCELLED and order.cancelled_at is None:
            return [Happening("Cancelled", None, "refused")]
    return []
