"""The same thing in another option: its piece is kept from the signature on, and sent when the first one is back.

A dearer option is charged when the exchange is signed, a cheaper one is paid back when the parcel arrives.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Declined, Facts, Room, Settled, Settlement
from auth.vault import Vault
from shop.case_money import NO_MONEY, CaseFile, file_facts, find_file, the_file
from shop.cases import ANNOUNCED, EXCHANGE, FAILED, PLACING, SENT, case_of_grant, held_lines, open_case
from shop.catalogue import Variant, find_variant, return_stock, take_stock
from shop.commands import ExchangeItem, SendExchange
from shop.money import Money
from shop.orders import Order, OrderLine, find_order
from shop.payments import (
    CARD_EXPIRED,
    PaymentGateway,
    PaymentMethod,
    asked,
    asked_amount,
    find_payment_methods,
    has_expired,
)
from shop.refunds import Reckoning, item_of, order_entity, reckon


def exchange_rooms(vault: Vault, gateway: PaymentGateway, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    exchanging, sending = Exchanging(vault, gateway, clock), SendingExchange(clock)
    return (
        Room(
            ExchangeItem,
            Effect.WRITE,
            find=exchanging.find,
            facts=exchanging.facts,
            handle=exchanging.handle,
            verify=exchanging.verify,
            card=exchanging.card,
            says=say_exchanged,
            unminuted=frozenset({"paid_with"}),
            outside=exchanging,
        ),
        Room(
            SendExchange,
            Effect.WRITE,
            find=find_file,
            facts=sending.facts,
            handle=sending.handle,
            verify=sending.verify,
            card=sending.card,
            says=say_sent,
        ),
    )


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is to be exchanged for what. ``variant`` is ``None`` where there is no such option of this product;
    ``method`` is the card that a dearer one is paid with."""

    reckoning: Reckoning
    line: OrderLine
    variant: Variant | None
    method: PaymentMethod | None

    @property
    def order(self) -> Order:
        return self.reckoning.order

    @property
    def difference(self) -> Money:
        """What is to be paid; below zero what comes back."""
        price = self.line.unit_minor if self.variant is None else self.variant.price_minor
        return Money((price - self.line.unit_minor) * self.line.quantity, self.order.currency)


@dataclass(frozen=True, slots=True)
class Exchanging:
    """The room of :class:`~shop.commands.ExchangeItem`, and its calls to the payment gateway."""

    vault: Vault
    gateway: PaymentGateway
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: ExchangeItem) -> Exchange | None:
        """The actor's own order and a line that it has."""
        order = find_order(session, actor.account_id, command.order, lock=True)
        line = None if order is None else next((line for line in order.lines if line.line == command.line), None)
        if order is None or line is None:
            return None
        found = reckon(session, order, held=held_lines(session, order, replaced=False))
        variant = find_variant(session, command.sku)
        is_same = variant is not None and variant.product.handle == line.product and variant.sku != line.sku
        other = variant if is_same and variant is not None and variant.currency == order.currency else None
        return Exchange(found, line, other, self._card_of(session, order))

    def facts(self, session: Session, actor: Actor, command: ExchangeItem, found: Exchange) -> Facts:
        order, line, other, difference = found.order, found.line, found.variant, found.difference
        context = {
            "amount_minor": abs(difference.minor),
            "lines_held": found.reckoning.left(line) < line.unit_minor * line.quantity,
            "same_product": other is not None,
            "quantity": line.quantity,
            "stock": None if other is None else other.stock,
            "own_destination": difference.minor <= 0 or found.method is not None,
        }
        snapshot: dict[str, Json] = {
            "order": order.number,
            "line": [line.line, line.sku, line.quantity, line.unit_minor],
            "for": None if other is None else [other.sku, other.option, other.price_minor],
            "with": None if found.method is None else [found.method.token, found.method.words],
            "to": [order.paid_with, order.charge_reference],
        }
        resource = order_entity(order, found.reckoning.refundable((line.line,)), self.clock())
        return Facts(resource, context, snapshot)

    def card(self, session: Session, command: ExchangeItem, found: Exchange) -> Card:
        if found.variant is None:
            return Card("This option is no longer there.")
        order, line, other, difference = found.order, found.line, found.variant, found.difference
        lines = [("Order", order.number), ("Comes back", item_of(line))]
        lines += [("Is sent", f"{line.quantity} × {line.name}, {other.option}"), ("Price", _price_words(found))]
        if difference.minor:
            lines.append(("Amount", str(Money(abs(difference.minor), difference.currency))))
        lines.append(("Reason", command.reason))
        sentence = f"Exchange {item_of(line)} for {other.option}. {_price_words(found)}"
        return Card(sentence, tuple(lines), "Confirm exchange")

    def prepare(self, session: Session, grant: Grant[ExchangeItem]) -> Mapping[str, Json]:
        """Write the case down, and keep the other option for it."""
        found = self.find(session, grant.actor, grant.command)
        if found is None or found.variant is None:
            raise LookupError("the order and the option were there a moment ago")
        line, difference, other = found.line, found.difference, found.variant
        case = open_case(
            session,
            self.vault,
            grant,
            order=found.order,
            kind=EXCHANGE,
            state=PLACING,
            parts=[(line.line, max(0, -difference.minor))],
            reason=grant.command.reason,
        )
        case.amount_minor, case.sku, case.option = -difference.minor, other.sku, other.option
        take_stock(session, other.sku, line.quantity)
        if difference.minor <= 0:
            return {**asked(Money(0, difference.currency)), "token": "", "expired": False}
        if found.method is None:
            raise LookupError("the card was there a moment ago")
        case.paid_with = found.method.words
        return {**asked(difference), "token": found.method.token, "expired": has_expired(found.method, grant.at)}

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        """Charge the difference; where there is none to pay there is nobody to ask."""
        amount = asked_amount(request)
        if not amount.minor:
            return Settled(NO_MONEY)
        if request["expired"]:
            return Declined(CARD_EXPIRED)
        return self.gateway.charge(key, str(request["token"]), amount)

    def handle(self, session: Session, grant: Grant[ExchangeItem]) -> Mapping[str, Json]:
        """What was to be paid is paid: the exchange is announced."""
        case = case_of_grant(session, grant.account_id, grant.id)
        order = session.get_one(Order, case.order_id)
        case.move(ANNOUNCED)
        if case.amount_minor < 0:
            case.charge_reference = grant.settlement
        moved = Money(abs(case.amount_minor), case.currency)
        told: dict[str, Json] = {"order": order.number, "case": case.number, "option": case.option}
        told |= {"amount": str(moved), "minor": case.amount_minor}
        return {**told, "paid_with": case.paid_with or order.paid_with}

    def verify(self, session: Session, grant: Grant[ExchangeItem], result: Mapping[str, Json]) -> bool:
        case = case_of_grant(session, grant.account_id, grant.id)
        is_paid = case.amount_minor >= 0 or case.charge_reference == grant.settlement is not None
        return case.state == ANNOUNCED and case.number == result["case"] and is_paid

    def release(self, session: Session, grant: Grant[ExchangeItem]) -> None:
        """The card was declined: the piece goes back on the shelf, and the exchange never was."""
        case = case_of_grant(session, grant.account_id, grant.id)
        case.move(FAILED)
        case.ended_at = grant.at
        return_stock(session, case.sku, _quantity(session, case.order_id, case.line_numbers))

    def _card_of(self, session: Session, order: Order) -> PaymentMethod | None:
        """The card the order was paid with if its owner still keeps it, else the first of theirs that is valid."""
        kept = [m for m in find_payment_methods(session, order.account_id) if not has_expired(m, self.clock())]
        same = [method for method in kept if method.token == order.payment_token]
        return next(iter(same or kept), None)


@dataclass(frozen=True, slots=True)
class SendingExchange:
    """The room of :class:`~shop.commands.SendExchange`."""

    clock: Callable[[], datetime]

    def facts(self, session: Session, actor: Actor, command: SendExchange, file: CaseFile) -> Facts:
        return file_facts(session, file, Money(0, file.case.currency), now=self.clock())

    def card(self, session: Session, command: SendExchange, file: CaseFile) -> Card:
        return Card(f"Send {file.case.option} for {file.case.number}", (("Tracking", command.tracking),))

    def handle(self, session: Session, grant: Grant[SendExchange]) -> Mapping[str, Json]:
        file = the_file(session, grant)
        file.case.move(SENT)
        file.case.tracking, file.case.ended_at = grant.command.tracking, grant.at
        return {"case": file.case.number, "order": file.order.number}

    def verify(self, session: Session, grant: Grant[SendExchange], result: Mapping[str, Json]) -> bool:
        case = the_file(session, grant).case
        return case.state == SENT and case.tracking == grant.command.tracking


def say_exchanged(result: Mapping[str, Json]) -> str:
    minor = result["minor"]
    price = "The price is the same."
    if isinstance(minor, int) and minor < 0:
        price = f"{result['amount']} more was paid with {result['paid_with']}."
    elif isinstance(minor, int) and minor > 0:
        price = f"{result['amount']} goes back to {result['paid_with']} when the parcel has arrived."
    kept = f"We keep {result['option']} for you."
    return f"Exchange {result['case']} for order {result['order']} is announced. {kept} {price}"


def say_sent(result: Mapping[str, Json]) -> str:
    return f"What {result['case']} was exchanged for is with the carrier."


def _price_words(found: Exchange) -> str:
    difference = found.difference
    if not difference.minor:
        return "The price is the same."
    if difference.minor < 0:
        return f"{Money(-difference.minor, difference.currency)} goes back when the parcel has arrived."
    return f"{difference} more, paid now with {found.method.words if found.method else 'a card'}."


def _quantity(session: Session, order_id: Any, lines: frozenset[int]) -> int:
    order = session.get_one(Order, order_id)
    return sum(line.quantity for line in order.lines if line.line in lines)
