"""Where an order goes and how far it has come: its owner may redirect it until it leaves, clerks send it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Facts, Room
from auth.vault import Vault
from shop.addresses import Address, copy_address, find_address, postal_lines
from shop.commands import ChangeOrderAddress, MarkDelivered, ShipOrder
from shop.letters import LetterHead
from shop.orders import DELIVERED, SHIPPED, Order, find_order, find_order_at_work
from shop.preferences import ORDER_UPDATES, REVIEW_REMINDERS, write_to
from shop.refunds import order_entity, reckon

StaffCommand = ShipOrder | MarkDelivered


def sending_rooms(vault: Vault, clock: Callable[[], datetime], letters: LetterHead) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    redirecting, dispatch = Redirecting(vault, clock), Dispatch(vault, clock, letters)
    return (
        Room(
            ChangeOrderAddress,
            Effect.WRITE,
            find=redirecting.find,
            facts=redirecting.facts,
            handle=redirecting.handle,
            verify=redirecting.verify,
            card=redirecting.card,
            says=say_redirected,
        ),
        Room(
            ShipOrder,
            Effect.WRITE,
            find=dispatch.find,
            facts=dispatch.facts,
            handle=dispatch.ship,
            verify=dispatch.is_shipped,
            card=dispatch.shipping_card,
            says=say_shipped,
        ),
        Room(
            MarkDelivered,
            Effect.WRITE,
            find=dispatch.find,
            facts=dispatch.facts,
            handle=dispatch.mark_delivered,
            verify=dispatch.is_delivered,
            card=dispatch.delivery_card,
            says=say_delivered,
        ),
    )


@dataclass(frozen=True, slots=True)
class Redirect:
    """An order and the address it shall go to; ``None`` when that is not one of the person's own."""

    order: Order
    address: Address | None


@dataclass(frozen=True, slots=True)
class Redirecting:
    """The room of :class:`~shop.commands.ChangeOrderAddress`."""

    vault: Vault
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: ChangeOrderAddress) -> Redirect | None:
        order = find_order(session, actor.account_id, command.order, lock=True)
        if order is None:
            return None
        return Redirect(order, find_address(session, actor.account_id, command.address, vault=self.vault))

    def facts(self, session: Session, actor: Actor, command: ChangeOrderAddress, found: Redirect) -> Facts:
        order, address = found.order, found.address
        resource = order_entity(order, reckon(session, order).refundable(), self.clock())
        to = () if address is None else postal_lines(session, address, vault=self.vault)
        snapshot: dict[str, Json] = {"from": [*postal_lines(session, order, vault=self.vault)], "to": [*to]}
        return Facts(resource, {"own_destination": address is not None}, snapshot)

    def card(self, session: Session, command: ChangeOrderAddress, found: Redirect) -> Card:
        order, address = found.order, found.address
        if address is None:
            return Card("The address is no longer there.")
        label = self.vault.open(session, address, "label")
        lines = [("Order", order.number), ("From", ", ".join(postal_lines(session, order, vault=self.vault)))]
        lines.append(("To", ", ".join(postal_lines(session, address, vault=self.vault))))
        return Card(f"Send order {order.number} to “{label}”", tuple(lines), "Confirm address")

    def handle(self, session: Session, grant: Grant[ChangeOrderAddress]) -> Mapping[str, Json]:
        found = self.find(session, grant.actor, grant.command)
        if found is None or found.address is None:
            raise LookupError("the order and the address were there a moment ago")
        copy_address(session, found.address, found.order, vault=self.vault)
        return {"order": found.order.number}

    def verify(self, session: Session, grant: Grant[ChangeOrderAddress], result: Mapping[str, Json]) -> bool:
        found = self.find(session, grant.actor, grant.command)
        if found is None or found.address is None:
            return False
        there = postal_lines(session, found.order, vault=self.vault)
        return there == postal_lines(session, found.address, vault=self.vault)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What clerks do with orders: hand them to the carrier, and note that they have arrived. The customer is told."""

    vault: Vault
    clock: Callable[[], datetime]
    letters: LetterHead

    def find(self, session: Session, actor: Actor, command: StaffCommand) -> Order | None:
        return find_order_at_work(session, actor, command.order)

    def facts(self, session: Session, actor: Actor, command: StaffCommand, order: Order) -> Facts:
        resource = order_entity(order, reckon(session, order).refundable(), self.clock())
        snapshot: dict[str, Json] = {"to": [*postal_lines(session, order, vault=self.vault)]}
        return Facts(resource, snapshot=snapshot, whose=order.account_id)

    def shipping_card(self, session: Session, command: ShipOrder, order: Order) -> Card:
        to = ", ".join(postal_lines(session, order, vault=self.vault))
        return Card(f"Hand order {order.number} to the carrier", (("Tracking", command.tracking), ("To", to)))

    def ship(self, session: Session, grant: Grant[ShipOrder]) -> Mapping[str, Json]:
        order = self._there(session, grant)
        order.status, order.shipped_at, order.tracking = SHIPPED, grant.at, grant.command.tracking
        letter = self.letters.sent(order.number, order.tracking)
        write_to(session, self.vault, order.account_id, topic=ORDER_UPDATES, letter=letter, now=grant.at)
        return {"order": order.number}

    def is_shipped(self, session: Session, grant: Grant[ShipOrder], result: Mapping[str, Json]) -> bool:
        order = self._there(session, grant)
        return order.status == SHIPPED and order.tracking == grant.command.tracking

    def delivery_card(self, session: Session, command: MarkDelivered, order: Order) -> Card:
        return Card(f"Note that order {order.number} was delivered", (("Tracking", order.tracking),))

    def mark_delivered(self, session: Session, grant: Grant[MarkDelivered]) -> Mapping[str, Json]:
        order = self._there(session, grant)
        order.status, order.delivered_at = DELIVERED, grant.at
        letter = self.letters.asks_for_review(order.number)
        write_to(session, self.vault, order.account_id, topic=REVIEW_REMINDERS, letter=letter, now=grant.at)
        return {"order": order.number}

    def is_delivered(self, session: Session, grant: Grant[MarkDelivered], result: Mapping[str, Json]) -> bool:
        return self._there(session, grant).status == DELIVERED

    def _there(self, session: Session, grant: Grant[ShipOrder] | Grant[MarkDelivered]) -> Order:
        order = find_order_at_work(session, grant.actor, grant.command.order)
        if order is None:
            raise LookupError("the order was there a moment ago")
        return order


def say_redirected(result: Mapping[str, Json]) -> str:
    return f"Order {result['order']} now goes to the address you chose."


def say_shipped(result: Mapping[str, Json]) -> str:
    return f"Order {result['order']} is with the carrier."


def say_delivered(result: Mapping[str, Json]) -> str:
    return f"Order {result['order']} is noted as delivered."
