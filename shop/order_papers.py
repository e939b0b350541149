"""An order's papers: its invoice, and how far its parcel has come."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect
from auth.guard.grants import Grant
from auth.guard.rooms import Facts, Room
from auth.vault import Vault
from shop.commands import ShowInvoice, TrackOrder
from shop.money import Money
from shop.order_views import order_view
from shop.orders import CANCELLED, Order, find_order
from shop.refunds import order_entity, reckon
from shop.views import InvoiceView, OrderView, TrackingStep, TrackingView

# Prices on the shelf include value added tax, at the rate of the shop's home. A fork that sells elsewhere has its own.
VAT_PERCENT = 19


def invoice_of(order: Order, view: OrderView) -> InvoiceView:
    """The invoice of a paid order; its number says the year of payment and the order, so that no two are the same.

    What has gone back is taken off the total. :class:`ValueError` for an order that nobody has paid.
    """
    if order.paid_at is None:
        raise ValueError("an order that was not paid has no invoice")
    total = Money(0, order.currency) if order.status == CANCELLED else view.total - view.refunded
    number = f"INV-{order.paid_at.year}-{order.number.removeprefix('HP-').replace('-', '')}"
    return InvoiceView(number, order.paid_at, view, total, vat_in(total), VAT_PERCENT)


def vat_in(gross: Money) -> Money:
    """The tax contained in an amount that includes it, to the nearest cent."""
    return gross.share(VAT_PERCENT, 100 + VAT_PERCENT)


def steps_of(order: Order) -> tuple[TrackingStep, ...]:
    """The steps an order has taken, oldest first."""
    return tuple(sorted(_steps(order), key=lambda step: step.at))


def paper_rooms(vault: Vault, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    papers = Papers(vault, clock)
    return (
        Room(ShowInvoice, Effect.READ, papers.find, papers.facts, papers.show_invoice),
        Room(TrackOrder, Effect.READ, papers.find, papers.facts, papers.track),
    )


@dataclass(frozen=True, slots=True)
class Papers:
    """The rooms in which an order's papers are looked at."""

    vault: Vault
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: ShowInvoice | TrackOrder) -> Order | None:
        return find_order(session, actor.account_id, command.order)

    def facts(self, session: Session, actor: Actor, command: ShowInvoice | TrackOrder, order: Order) -> Facts:
        return Facts(order_entity(order, reckon(session, order).refundable(), self.clock()))

    def show_invoice(self, session: Session, grant: Grant[ShowInvoice]) -> InvoiceView:
        order = self._there(session, grant)
        return invoice_of(order, order_view(session, order, vault=self.vault))

    def track(self, session: Session, grant: Grant[TrackOrder]) -> TrackingView:
        order = self._there(session, grant)
        return TrackingView(order_view(session, order, vault=self.vault, with_notes=True), steps_of(order))

    def _there(self, session: Session, grant: Grant[ShowInvoice] | Grant[TrackOrder]) -> Order:
        order = self.find(session, grant.actor, grant.command)
        if order is None:
            raise LookupError("the order was there a moment ago")
        return order


def _steps(order: Order) -> Iterator[TrackingStep]:
    yield TrackingStep("Placed", order.placed_at)
    if order.paid_at is not None:
        yield TrackingStep("Paid, to be packed", order.paid_at)
    if order.shipped_at is not None:
        yield TrackingStep("Handed to the carrier", order.shipped_at)
    if order.delivered_at is not None:
        yield TrackingStep("Delivered", order.delivered_at)
    if order.cancelled_at is not None:
        yield TrackingStep("Cancelled", order.cancelled_at)
