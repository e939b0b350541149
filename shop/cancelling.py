"""Cancelling an order that has not left: the order is held first, then the charge goes back, then the stock returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Facts, Room, Settlement
from auth.vault import Vault
from shop.commands import CancelOrder
from shop.money import Money
from shop.orders import CANCELLED, CANCELLING, PAID, Order, find_order, restock
from shop.payments import PaymentGateway, asked, asked_amount
from shop.refunds import Reckoning, order_entity, reckon


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
        order = find_order(session, actor.account_id, command.order, lock=True)
        return None if order is None else reckon(session, order)

    def facts(self, session: Session, actor: Actor, command: CancelOrder, found: Reckoning) -> Facts:
        order, back = found.order, _goes_back(found)
        snapshot: dict[str, Json] = {
            "order": order.number,
            "lines": [[line.sku, line.quantity, line.unit_minor] for line in order.lines],
            "back": [back.minor, back.currency],
            "to": [order.paid_with, order.charge_reference],
        }
        resource = order_entity(order, found.refundable(), self.clock())
        return Facts(resource, {"amount_minor": back.minor}, snapshot)

    def card(self, session: Session, command: CancelOrder, found: Reckoning) -> Card:
        order, back = found.order, _goes_back(found)
        items = "; ".join(f"{line.quantity} × {line.name}" for line in order.lines)
        lines = [("Order", order.number), ("Items", items), ("Amount", str(back)), ("To", order.paid_with)]
        if command.reason:
            lines.append(("Reason", command.reason))
        sentence = f"Cancel order {order.number} and get {back} back to {order.paid_with}"
        return Card(sentence, tuple(lines), "Confirm cancellation")

    def prepare(self, session: Session, grant: Grant[CancelOrder]) -> Mapping[str, Json]:
        """Hold the order, so that it is neither sent nor changed while the gateway is asked."""
        found = self.find(session, grant.actor, grant.command)
        if found is None:
            raise LookupError("the order was there a moment ago")
        _move(found.order, before=PAID, after=CANCELLING)
        if grant.command.reason:
            self.vault.seal(session, found.order, "cancel_reason", grant.command.reason)
        return {"charge": found.order.charge_reference, **asked(_goes_back(found))}

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        return self.gateway.refund(key, str(request["charge"]), asked_amount(request))

    def handle(self, session: Session, grant: Grant[CancelOrder]) -> Mapping[str, Json]:
        """The money went back: the order has ended and its goods are on the shelf again."""
        order = self._held(session, grant)
        _move(order, before=CANCELLING, after=CANCELLED)
        order.cancelled_at = grant.at
        restock(session, order)
        back = asked_amount(grant.request or {})
        return {"order": order.number, "amount": str(back), "minor": back.minor, "paid_with": order.paid_with}

    def verify(self, session: Session, grant: Grant[CancelOrder], result: Mapping[str, Json]) -> bool:
        return self._held(session, grant).status == CANCELLED

    def release(self, session: Session, grant: Grant[CancelOrder]) -> None:
        _move(self._held(session, grant), before=CANCELLING, after=PAID)

    def _held(self, session: Session, grant: Grant[CancelOrder]) -> Order:
        order = find_order(session, grant.account_id, grant.command.order, lock=True)
        if order is None:
            raise LookupError("an order that is being cancelled can't be gone")
        return order


def say_cancelled(result: Mapping[str, Json]) -> str:
    return f"Order {result['order']} is cancelled. {result['amount']} goes back to {result['paid_with']}."


def _goes_back(found: Reckoning) -> Money:
    """The charge without what went back before."""
    return found.order.total - Money(found.refunded_minor, found.order.currency)


def _move(order: Order, *, before: str, after: str) -> None:
    if order.status != before:
        raise RuntimeError(f"the order is {order.status} and not {before}")
    order.status = after
