"""Another card for an order that has not left: the new one is charged, then the old one gets its money back.

Two questions to the gateway, each with a key of its own made from the grant's: whoever asks again after a crash gets
the first answers, and nothing is charged or given back twice. If the old card's bank takes nothing back, the new
charge is undone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Declined, Facts, Room, Settlement, Unreachable
from shop.charges import give_back, set_aside, undo_set_aside
from shop.commands import ChangeOrderPayment
from shop.money import Money
from shop.orders import CHANGING, PAID, Order, find_order, move_order
from shop.payments import PaymentGateway, PaymentMethod, asked_amount, find_payment_method, has_expired
from shop.refunds import order_entity, reckon


def recharging_rooms(gateway: PaymentGateway, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The room of this file."""
    recharging = Recharging(gateway, clock)
    return (
        Room(
            ChangeOrderPayment,
            Effect.WRITE,
            find=recharging.find,
            facts=recharging.facts,
            handle=recharging.handle,
            verify=recharging.verify,
            card=recharging.card,
            says=say_recharged,
            unminuted=frozenset({"card", "was"}),
            outside=recharging,
        ),
    )


@dataclass(frozen=True, slots=True)
class Recharge:
    """An order, what is left of what it cost, and the card to pay it; ``None`` when that is not one's own."""

    order: Order
    left: Money
    method: PaymentMethod | None


@dataclass(frozen=True, slots=True)
class Recharging:
    """The room of :class:`~shop.commands.ChangeOrderPayment`, and its calls to the payment gateway."""

    gateway: PaymentGateway
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: ChangeOrderPayment) -> Recharge | None:
        order = find_order(session, actor.account_id, command.order, lock=True)
        if order is None:
            return None
        left = order.total - Money(reckon(session, order).refunded_minor, order.currency)
        return Recharge(order, left, find_payment_method(session, actor.account_id, command.payment))

    def facts(self, session: Session, actor: Actor, command: ChangeOrderPayment, found: Recharge) -> Facts:
        order, method = found.order, found.method
        context = {
            "amount_minor": found.left.minor,
            "own_destination": method is not None,
            "already_so": method is not None and method.words == order.paid_with,
            "card_expired": method is not None and has_expired(method, self.clock()),
        }
        snapshot: dict[str, Json] = {
            "order": order.number,
            "amount": [found.left.minor, found.left.currency],
            "from": [order.paid_with, order.charge_reference],
            "to": None if method is None else [method.token, method.words],
        }
        refundable = reckon(session, order).refundable()
        return Facts(order_entity(order, refundable, self.clock()), context, snapshot)

    def card(self, session: Session, command: ChangeOrderPayment, found: Recharge) -> Card:
        order, method = found.order, found.method
        if method is None:
            return Card("The payment card is no longer there.")
        lines = (("Order", order.number), ("Amount", str(found.left)), ("Paid with", method.words))
        sentence = f"Pay {found.left} for order {order.number} with {method.words} instead of {order.paid_with}"
        return Card(sentence, (*lines, ("Goes back to", order.paid_with)), "Confirm card")

    def prepare(self, session: Session, grant: Grant[ChangeOrderPayment]) -> Mapping[str, Json]:
        """Hold the order, and set all that was paid aside to go back."""
        found = self.find(session, grant.actor, grant.command)
        if found is None or found.method is None:
            raise LookupError("the order and the card were there a moment ago")
        move_order(found.order, before=PAID, after=CHANGING)
        # The card is named here and not looked up at the end: its owner may remove it meanwhile.
        new: dict[str, Json] = {"token": found.method.token, "card": found.method.words}
        return {**new, **set_aside(session, found.order, found.left)}

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        charged = self.gateway.charge(f"{key}:new", str(request["token"]), asked_amount(request))
        if isinstance(charged, Declined):
            return charged
        back = give_back(self.gateway, f"{key}:old", request)
        if not isinstance(back, Declined):
            return charged
        undone = self.gateway.refund(f"{key}:undo", charged.reference, asked_amount(request))
        if isinstance(undone, Declined):
            raise Unreachable("both cards are charged and neither bank takes it back")
        return back

    def handle(self, session: Session, grant: Grant[ChangeOrderPayment]) -> Mapping[str, Json]:
        """The new card has paid and the old one has its money: the order says so."""
        order, request = self._held(session, grant), grant.request or {}
        was, moved = order.paid_with, asked_amount(request)
        order.paid_with, order.payment_token = str(request["card"]), str(request["token"])
        order.charge_reference = grant.settlement
        move_order(order, before=CHANGING, after=PAID)
        told: dict[str, Json] = {"order": order.number, "amount": str(moved), "minor": moved.minor}
        return {**told, "card": order.paid_with, "was": was}

    def verify(self, session: Session, grant: Grant[ChangeOrderPayment], result: Mapping[str, Json]) -> bool:
        order = self._held(session, grant)
        return order.status == PAID and order.charge_reference == grant.settlement is not None

    def release(self, session: Session, grant: Grant[ChangeOrderPayment]) -> None:
        """The new card was declined: the old charge stands."""
        order = self._held(session, grant)
        undo_set_aside(session, order, grant.request or {})
        move_order(order, before=CHANGING, after=PAID)

    def _held(self, session: Session, grant: Grant[ChangeOrderPayment]) -> Order:
        order = find_order(session, grant.account_id, grant.command.order, lock=True)
        if order is None:
            raise LookupError("an order that is being changed can't be gone")
        return order


def say_recharged(result: Mapping[str, Json]) -> str:
    return (
        f"Order {result['order']} is now paid with {result['card']}. {result['amount']} goes back to {result['was']}."
    )
