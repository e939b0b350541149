"""What the owner of an order may still change about it: the judge itself is asked for each button of the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from auth.actor import Actor
from frontend.house import House
from frontend.pages.checkout import addresses_of
from frontend.pages.returns import possible
from shop.catalogue import find_variants
from shop.commands import (
    CancelOrder,
    ChangeOrderAddress,
    ChangeOrderItem,
    ChangeOrderPayment,
    RefundOrder,
    Reorder,
    ShowInvoice,
)
from shop.orders import Order
from shop.payments import find_payment_methods, payment_method_view
from shop.views import AddressView, OrderLineView, OrderView, PaymentMethodView, VariantView


@dataclass(frozen=True, slots=True)
class Exchange:
    """A line of an order with the options it could become."""

    line: OrderLineView
    options: tuple[VariantView, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Which forms the page of an order has, and what can be chosen in them."""

    cancel: bool
    refund: bool
    not_right: bool
    again: bool
    invoice: bool
    addresses: Sequence[AddressView]
    exchanges: Sequence[Exchange]
    cards: Sequence[PaymentMethodView]

    @property
    def is_any(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.cancel or self.refund or self.addresses or self.exchanges or self.cards)


def changes_of(house: House, session: Session, actor: Actor, order: Order, view: OrderView) -> Changes:
    """Ask the judge about each change of an order, for its owner."""
    number, could = order.number, house.desk.could
    addresses = [other for other in addresses_of(house, session, actor) if other.lines != view.address]
    return Changes(
        cancel=could(session, actor, CancelOrder(number)),
        refund=any(could(session, actor, RefundOrder(number, "-", (line.line,))) for line in order.lines),
        not_right=any(possible(house, session, actor, order).values()),
        again=could(session, actor, Reorder(number)),
        invoice=could(session, actor, ShowInvoice(number)),
        addresses=[a for a in addresses if could(session, actor, ChangeOrderAddress(number, a.handle))],
        exchanges=_exchanges(house, session, actor, view),
        cards=_cards(house, session, actor, order),
    )


def _exchanges(house: House, session: Session, actor: Actor, view: OrderView) -> list[Exchange]:
    present = find_variants(session, [line.sku for line in view.lines])
    found = list[Exchange]()
    for line in view.lines:
        siblings = present[line.sku].product.variants if line.sku in present else ()
        options = [
            VariantView(v.sku, v.option, v.colour, v.price, v.stock)
            for v in siblings
            if v.sku != line.sku and house.desk.could(session, actor, ChangeOrderItem(view.number, line.line, v.sku))
        ]
        if options:
            found.append(Exchange(line, tuple(options)))
    return found


def _cards(house: House, session: Session, actor: Actor, order: Order) -> list[PaymentMethodView]:
    kept = [payment_method_view(m, house.clock()) for m in find_payment_methods(session, actor.account_id)]
    return [c for c in kept if house.desk.could(session, actor, ChangeOrderPayment(order.number, c.handle))]
