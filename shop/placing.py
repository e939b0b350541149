"""Placing an order: the stock is taken and the basket emptied first, then the card is charged, then the order stands.

If the card is declined, everything goes back to where it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.database import new_id
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Declined, Facts, Room, Settlement
from auth.vault import Vault
from shop.addresses import Address, copy_address, find_address, postal_lines
from shop.basket import ShippingRates, basket_entity, basket_lines, basket_view, put_in
from shop.catalogue import take_stock
from shop.commands import PlaceOrder
from shop.orders import FAILED, PAID, PLACING, Order, OrderLine, new_order_number, order_of_grant, restock
from shop.payments import (
    CARD_EXPIRED,
    PaymentGateway,
    PaymentMethod,
    asked,
    asked_amount,
    find_payment_method,
    has_expired,
)
from shop.views import BasketLineView, BasketView


@dataclass(frozen=True, slots=True)
class Checkout:
    """What is about to be ordered. Address and payment method are ``None`` when they are not the person's own."""

    basket: BasketView
    address: Address | None
    method: PaymentMethod | None


def placing_rooms(vault: Vault, gateway: PaymentGateway, rates: ShippingRates) -> tuple[Room[Any], ...]:
    """The room of this file."""
    placing = Placing(vault, gateway, rates)
    return (
        Room(
            PlaceOrder,
            Effect.WRITE,
            find=placing.find,
            facts=placing.facts,
            handle=placing.handle,
            verify=placing.verify,
            card=placing.card,
            says=say_placed,
            unminuted=frozenset({"paid_with"}),
            outside=placing,
        ),
    )


@dataclass(frozen=True, slots=True)
class Placing:
    """The room of :class:`~shop.commands.PlaceOrder`, and its calls to the payment gateway."""

    vault: Vault
    gateway: PaymentGateway
    rates: ShippingRates

    def find(self, session: Session, actor: Actor, command: PlaceOrder) -> Checkout:
        account_id = actor.account_id
        return Checkout(
            basket_view(session, account_id, rates=self.rates, lock=True),
            find_address(session, account_id, command.address, vault=self.vault),
            find_payment_method(session, account_id, command.payment),
        )

    def facts(self, session: Session, actor: Actor, command: PlaceOrder, checkout: Checkout) -> Facts:
        basket, address, method = checkout.basket, checkout.address, checkout.method
        to = () if address is None else postal_lines(session, address, vault=self.vault)
        snapshot: dict[str, Json] = {
            "lines": [[line.sku, line.quantity, line.price.minor, line.price.currency] for line in basket.lines],
            "shipping": basket.shipping.minor,
            "to": [*to],
            "with": None if method is None else [method.token, method.words],
        }
        context = {
            "amount_minor": basket.total.minor,
            "quantity": basket.count,
            "own_destination": address is not None and method is not None,
        }
        return Facts(basket_entity(actor.account_id, basket), context, snapshot)

    def card(self, session: Session, command: PlaceOrder, checkout: Checkout) -> Card:
        basket, address, method = checkout.basket, checkout.address, checkout.method
        if address is None or method is None:
            return Card("The address or the payment method is no longer there.")
        to = postal_lines(session, address, vault=self.vault)
        lines = [(f"{line.quantity} × {line.name}, {line.option}", str(line.total)) for line in basket.lines]
        lines += [("Shipping", str(basket.shipping)), ("Total", str(basket.total))]
        lines += [("To", ", ".join(to)), ("Paid with", method.words)]
        items = "1 item" if basket.count == 1 else f"{basket.count} items"
        return Card(f"Order {items} for {basket.total}, paid with {method.words}", tuple(lines), "Confirm order")

    def prepare(self, session: Session, grant: Grant[PlaceOrder]) -> Mapping[str, Json]:
        """Write the order down as *placing*, take the stock, empty the basket."""
        checkout = self.find(session, grant.actor, grant.command)
        if checkout.address is None or checkout.method is None:
            raise LookupError("the address and the payment method were there a moment ago")
        order = _new_order(grant, checkout.basket, checkout.method)
        session.add(order)
        copy_address(session, checkout.address, order, vault=self.vault)
        for line in sorted(checkout.basket.lines, key=lambda line: line.sku):
            take_stock(session, line.sku, line.quantity)
        for kept in basket_lines(session, grant.account_id):
            session.delete(kept)
        expired = has_expired(checkout.method, grant.at)
        return {**asked(order.total), "token": order.payment_token, "expired": expired}

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        if request["expired"]:
            return Declined(CARD_EXPIRED)
        return self.gateway.charge(key, str(request["token"]), asked_amount(request))

    def handle(self, session: Session, grant: Grant[PlaceOrder]) -> Mapping[str, Json]:
        """The card was charged: the order is paid."""
        order = order_of_grant(session, grant.account_id, grant.id)
        if order.status != PLACING:
            raise RuntimeError(f"the order is {order.status} already")
        order.status, order.paid_at, order.charge_reference = PAID, grant.at, grant.settlement
        total = order.total
        return {"order": order.number, "amount": str(total), "minor": total.minor, "paid_with": order.paid_with}

    def verify(self, session: Session, grant: Grant[PlaceOrder], result: Mapping[str, Json]) -> bool:
        order = order_of_grant(session, grant.account_id, grant.id)
        return order.status == PAID and order.number == result["order"] and order.charge_reference == grant.settlement

    def release(self, session: Session, grant: Grant[PlaceOrder]) -> None:
        """The card was declined: stock and basket are as they were, and the order says that it was not paid."""
        order = order_of_grant(session, grant.account_id, grant.id)
        order.status = FAILED
        restock(session, order.lines)
        for line in order.lines:
            put_in(session, order.account_id, line.sku, quantity=line.quantity, now=grant.at)


def say_placed(result: Mapping[str, Json]) -> str:
    return f"Thank you. Order {result['order']} is placed: {result['amount']}, paid with {result['paid_with']}."


def _new_order(grant: Grant[PlaceOrder], basket: BasketView, method: PaymentMethod) -> Order:
    lines = [_new_line(grant, number, line) for number, line in enumerate(basket.lines, start=1)]
    return Order(
        id=new_id(grant.at),
        account_id=grant.account_id,
        number=new_order_number(),
        status=PLACING,
        placed_at=grant.at,
        goods_minor=basket.goods.minor,
        shipping_minor=basket.shipping.minor,
        currency=basket.goods.currency,
        paid_with=method.words,
        payment_token=method.token,
        grant_id=grant.id,
        lines=lines,
    )


def _new_line(grant: Grant[PlaceOrder], number: int, line: BasketLineView) -> OrderLine:
    return OrderLine(
        id=new_id(grant.at),
        account_id=grant.account_id,
        line=number,
        sku=line.sku,
        product=line.product,
        name=line.name,
        option=line.option,
        colour=line.colour,
        kind=line.kind,
        art_seed=line.art_seed,
        quantity=line.quantity,
        unit_minor=line.price.minor,
    )
