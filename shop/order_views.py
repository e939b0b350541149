"""How an order looks to the person it belongs to, and to a clerk at work: the record with what went back for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Facts, Room
from auth.vault import Vault
from shop.addresses import postal_lines
from shop.carrier_notes import carrier_notes
from shop.commands import ListOrders, ReadCustomerOrder, ShowOrder
from shop.money import Money
from shop.orders import (
    CANCELLED,
    CHANGING,
    PAID,
    SHIPPED,
    Order,
    OrderLine,
    find_order,
    find_order_at_work,
    find_orders,
)
from shop.refunds import Reckoning, order_entity, reckon
from shop.views import OrderLineView, OrderList, OrderView

_PACKING = timedelta(days=2)
_TRAVELLING = timedelta(days=3)


def order_view(session: Session, order: Order, *, vault: Vault, with_notes: bool = False) -> OrderView:
    """An order with its lines, its destination opened, and what has gone back for it; the carrier's notes if asked."""
    reckoning = reckon(session, order)
    refunded = order.total if order.status == CANCELLED else Money(reckoning.refunded_minor, order.currency)
    return OrderView(
        number=order.number,
        status=order.status,
        placed_at=order.placed_at,
        shipped_at=order.shipped_at,
        delivered_at=order.delivered_at,
        lines=tuple(_line_view(line, reckoning) for line in order.lines),
        goods=Money(order.goods_minor, order.currency),
        shipping=Money(order.shipping_minor, order.currency),
        refunded=refunded,
        refundable=reckoning.refundable(),
        paid_with=order.paid_with,
        destination=vault.open(session, order, "label"),
        address=postal_lines(session, order, vault=vault),
        tracking=order.tracking,
        estimate=expected_on(order),
        notes=carrier_notes(session, order, vault=vault) if with_notes else (),
    )


def expected_on(order: Order) -> date | None:
    """The day by which it should arrive: two days of packing, three of travelling."""
    if order.status in (PAID, CHANGING):
        return (order.placed_at + _PACKING + _TRAVELLING).date()
    if order.status == SHIPPED and order.shipped_at is not None:
        return (order.shipped_at + _TRAVELLING).date()
    return None


def looking_rooms(vault: Vault, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The rooms in which orders are looked at."""
    orders = OrderDesk(vault, clock)
    return (
        Room(ListOrders, Effect.READ, orders.find_owner, orders.owner_facts, orders.list_all),
        Room(ShowOrder, Effect.READ, orders.find_own, orders.order_facts, orders.show_own),
        Room(ReadCustomerOrder, Effect.READ, orders.find_any, orders.order_facts, orders.show_any),
    )


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """The rooms in which orders are looked at."""

    vault: Vault
    clock: Callable[[], datetime]

    # ListOrders

    def find_owner(self, session: Session, actor: Actor, command: ListOrders) -> str:
        return str(actor.account_id or "nobody")

    def owner_facts(self, session: Session, actor: Actor, command: ListOrders, owner: str) -> Facts:
        return Facts(Entity("Account", owner, {"owner": owner}))

    def list_all(self, session: Session, grant: Grant[ListOrders]) -> OrderList:
        found = find_orders(session, grant.actor.account_id, status=grant.command.status)
        return OrderList(tuple(order_view(session, order, vault=self.vault) for order in found))

    # ShowOrder and ReadCustomerOrder

    def find_own(self, session: Session, actor: Actor, command: ShowOrder) -> Order | None:
        return find_order(session, actor.account_id, command.order)

    def find_any(self, session: Session, actor: Actor, command: ReadCustomerOrder) -> Order | None:
        return find_order_at_work(session, actor, command.order)

    def order_facts(
        self, session: Session, actor: Actor, command: ShowOrder | ReadCustomerOrder, order: Order
    ) -> Facts:
        resource = order_entity(order, reckon(session, order).refundable(), self.clock())
        return Facts(resource, whose=order.account_id)

    def show_own(self, session: Session, grant: Grant[ShowOrder]) -> OrderView:
        return self._shown(session, self.find_own(session, grant.actor, grant.command))

    def show_any(self, session: Session, grant: Grant[ReadCustomerOrder]) -> OrderView:
        return self._shown(session, self.find_any(session, grant.actor, grant.command), with_notes=True)

    def _shown(self, session: Session, order: Order | None, *, with_notes: bool = False) -> OrderView:
        if order is None:
            raise LookupError("the order was there a moment ago")
        return order_view(session, order, vault=self.vault, with_notes=with_notes)


def _line_view(line: OrderLine, reckoning: Reckoning) -> OrderLineView:
    currency, is_cancelled = reckoning.order.currency, line.cancelled_at is not None
    gone = line.unit_minor * line.quantity if is_cancelled else reckoning.refunded.get(line.line, 0)
    return OrderLineView(
        line=line.line,
        product=line.product,
        name=line.name,
        option=line.option,
        colour=line.colour,
        kind=line.kind,
        art_seed=line.art_seed,
        quantity=line.quantity,
        price=Money(line.unit_minor, currency),
        refunded=Money(gone, currency),
        sku=line.sku,
        cancelled=is_cancelled,
    )
