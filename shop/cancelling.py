"""Cancelling an order that has not left, or lines of it: it is held first, then its money goes back, then its stock.

The shipping goes back with the last line. What is left of an order stays as it is: paid, and soon sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Facts, Room, Settlement
from auth.vault import Vault
from shop.charges import give_back, set_aside, undo_set_aside
from shop.commands import CancelOrder
from shop.money import Money
from shop.orders import CANCELLED, CANCELLING, CHANGING, PAID, Order, OrderLine, find_order, move_order, restock
from shop.payments import PaymentGateway, asked_amount
from shop.refunds import Reckoning, item_of, order_entity, reckon


def cancelling_rooms(vault: Vault, gateway: PaymentGateway, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The room of this file."""
    cancelling = Cancelling(vault, gateway, clock)
    return (
        Room(
            CancelOrder,
            Effect.WRITE,
            find=cancelling.find,
            facts=cancelling.facts,
            handle=cancelling.handle,
            verify=cancelling.verify,
            card=cancelling.card,
            says=say_cancelled,
            unminuted=frozenset({"paid_with"}),
            outside=cancelling,
        ),
    )


@dataclass(frozen=True, slots=True)
class Cancelling:
    """The room of :class:`~shop.commands.CancelOrder`, and its calls to the payment gateway."""

    vault: Vault
    gateway: PaymentGateway
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: CancelOrder) -> Reckoning | None:
        """The actor's own order; a line that it does not have is as little there as somebody else's order."""
        order = find_order(session, actor.account_id, command.order, lock=True)
        if order is None or not set(command.lines) <= {line.line for line in order.lines}:
            return None
        return reckon(session, order)

    def facts(self, session: Session, actor: Actor, command: CancelOrder, found: Reckoning) -> Facts:
        order, back = found.order, _goes_back(found, command)
        snapshot: dict[str, Json] = {
            "order": order.number,
            "lines": [[line.line, line.sku, line.quantity, line.unit_minor] for line in order.open_lines],
            "back": [back.minor, back.currency],
            "to": [order.paid_with, order.charge_reference],
        }
        is_open = all(line.cancelled_at is None for line in order.lines if line.line in command.lines)
        resource = order_entity(order, found.refundable(), self.clock())
        return Facts(resource, {"amount_minor": back.minor, "lines_open": is_open}, snapshot)

    def card(self, session: Session, command: CancelOrder, found: Reckoning) -> Card:
        order, back, going = found.order, _goes_back(found, command), _going(found.order, command)
        items = "; ".join(map(item_of, going))
        lines = [("Order", order.number), ("Items", items), ("Amount", str(back)), ("To", order.paid_with)]
        if not _is_whole(order, command):
            stays = [line for line in order.open_lines if line not in going]
            lines.insert(2, ("What stays", "; ".join(map(item_of, stays))))
        if command.reason:
            lines.append(("Reason", command.reason))
        what = f"order {order.number}" if _is_whole(order, command) else f"{items} of order {order.number}"
        return Card(f"Cancel {what} and get {back} back to {order.paid_with}", tuple(lines), "Confirm cancellation")

    def prepare(self, session: Session, grant: Grant[CancelOrder]) -> Mapping[str, Json]:
        """Hold the order, so that it is neither sent nor changed while the gateway is asked."""
        found = self.find(session, grant.actor, grant.command)
        if found is None:
            raise LookupError("the order was there a moment ago")
        order, whole = found.order, _is_whole(found.order, grant.command)
        back, going = _goes_back(found, grant.command), _going(found.order, grant.command)
        move_order(order, before=PAID, after=CANCELLING if whole else CHANGING)
        if grant.command.reason:
            self.vault.seal(session, order, "cancel_reason", grant.command.reason)
        return {"whole": whole, "lines": [line.line for line in going], **set_aside(session, order, back)}

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        return give_back(self.gateway, key, request)

    def handle(self, session: Session, grant: Grant[CancelOrder]) -> Mapping[str, Json]:
        """The money went back: what was cancelled is on the shelf again."""
        order, going = self._held(session, grant)
        restock(session, going)
        if _was_whole(grant):
            move_order(order, before=CANCELLING, after=CANCELLED)
            order.cancelled_at = grant.at
        else:
            move_order(order, before=CHANGING, after=PAID)
            for line in going:
                line.cancelled_at = grant.at
            order.goods_minor -= sum(line.unit_minor * line.quantity for line in going)
        back = asked_amount(grant.request or {})
        items = "" if _was_whole(grant) else "; ".join(map(item_of, going))
        told: dict[str, Json] = {"order": order.number, "items": items, "amount": str(back)}
        return {**told, "minor": back.minor, "paid_with": order.paid_with}

    def verify(self, session: Session, grant: Grant[CancelOrder], result: Mapping[str, Json]) -> bool:
        order, going = self._held(session, grant)
        if _was_whole(grant):
            return order.status == CANCELLED
        adds_up = order.goods_minor == sum(line.unit_minor * line.quantity for line in order.open_lines)
        return order.status == PAID and adds_up and all(line.cancelled_at == grant.at for line in going)

    def release(self, session: Session, grant: Grant[CancelOrder]) -> None:
        order, _ = self._held(session, grant)
        undo_set_aside(session, order, grant.request or {})
        move_order(order, before=CANCELLING if _was_whole(grant) else CHANGING, after=PAID)

    def _held(self, session: Session, grant: Grant[CancelOrder]) -> tuple[Order, Sequence[OrderLine]]:
        order = find_order(session, grant.account_id, grant.command.order, lock=True)
        if order is None:
            raise LookupError("an order that is being cancelled can't be gone")
        if _was_whole(grant):
            return order, order.open_lines
        return order, [line for line in order.lines if line.line in grant.command.lines]


def say_cancelled(result: Mapping[str, Json]) -> str:
    back = f"{result['amount']} goes back to {result['paid_with']}."
    if result.get("items"):
        return f"Cancelled in order {result['order']}: {result['items']}. {back}"
    return f"Order {result['order']} is cancelled. {back}"


def _going(order: Order, command: CancelOrder) -> list[OrderLine]:
    return [line for line in order.open_lines if not command.lines or line.line in command.lines]


def _is_whole(order: Order, command: CancelOrder) -> bool:
    """Whether nothing of the order would be left."""
    return len(_going(order, command)) == len(order.open_lines)


def _was_whole(grant: Grant[CancelOrder]) -> bool:
    """What was decided when the order was held; a claim from before lines could be named is about all of it."""
    return (grant.request or {}).get("whole", True) is True


def _goes_back(found: Reckoning, command: CancelOrder) -> Money:
    """The charge without what went back before; of some lines, what was paid for them."""
    order = found.order
    if _is_whole(order, command):
        return order.total - Money(found.refunded_minor, order.currency)
    return Money(sum(found.left(line) for line in _going(order, command)), order.currency)
