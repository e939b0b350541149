"""Another option of the same product in an order that has not left: the new one is taken off the shelf first, then the
price difference is charged or goes back, then the old one returns. If the card is declined, all is as it was.
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
from shop.catalogue import Variant, find_variants, return_stock, take_stock
from shop.charges import add_charge, give_back, set_aside, undo_set_aside
from shop.commands import ChangeOrderItem
from shop.money import Money
from shop.orders import CHANGING, PAID, Order, OrderLine, find_order, move_order
from shop.payments import CARD_EXPIRED, PaymentGateway, PaymentMethod, asked, asked_amount, card_behind, has_expired
from shop.refunds import item_of, order_entity, reckon

EVEN = "even"


def swapping_rooms(gateway: PaymentGateway, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The room of this file."""
    swapping = Swapping(gateway, clock)
    return (
        Room(
            ChangeOrderItem,
            Effect.WRITE,
            find=swapping.find,
            facts=swapping.facts,
            handle=swapping.handle,
            verify=swapping.verify,
            card=swapping.card,
            says=say_swapped,
            unminuted=frozenset({"card"}),
            outside=swapping,
        ),
    )


@dataclass(frozen=True, slots=True)
class Swap:
    """A line of an order, the variant it shall become, and the card that paid, while its owner still keeps it."""

    order: Order
    line: OrderLine
    variant: Variant
    method: PaymentMethod | None

    @property
    def difference(self) -> Money:
        """What the new option costs more, for the whole line; below zero when it costs less."""
        return (self.variant.price - Money(self.line.unit_minor, self.order.currency)) * self.line.quantity

    @property
    def is_same_product(self) -> bool:
        return self.variant.product.handle == self.line.product and self.variant.currency == self.order.currency


@dataclass(frozen=True, slots=True)
class Swapping:
    """The room of :class:`~shop.commands.ChangeOrderItem`, and its calls to the payment gateway."""

    gateway: PaymentGateway
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: ChangeOrderItem) -> Swap | None:
        """The actor's own line and a variant of the shop; what is not there and what is not theirs is ``None``."""
        order = find_order(session, actor.account_id, command.order, lock=True)
        line = None if order is None else next((one for one in order.lines if one.line == command.line), None)
        if order is None or line is None:
            return None
        # Old and new are locked together and in the order of their SKUs, as whole orders lock them.
        there = find_variants(session, {line.sku, command.sku.strip().upper(), command.sku.strip()}, lock=True)
        variant = there.get(command.sku.strip()) or there.get(command.sku.strip().upper())
        return None if variant is None else Swap(order, line, variant, card_behind(session, order))

    def facts(self, session: Session, actor: Actor, command: ChangeOrderItem, found: Swap) -> Facts:
        order, line, variant = found.order, found.line, found.variant
        is_same = found.is_same_product
        # Another product's price in another currency can't be compared; it is refused whatever it costs.
        moves = found.difference.minor if is_same else 0
        context = {
            "amount_minor": abs(moves),
            "quantity": line.quantity,
            "stock": variant.stock if variant.product.on_sale else 0,
            "same_product": is_same,
            "already_so": variant.sku == line.sku,
            "lines_open": line.cancelled_at is None,
            "item_changes": order.item_changes,
            "own_destination": moves <= 0 or found.method is not None,
        }
        snapshot: dict[str, Json] = {
            "order": order.number,
            "from": [line.line, line.sku, line.quantity, line.unit_minor],
            "to": [variant.sku, variant.price_minor, variant.currency],
            "with": [order.paid_with, order.charge_reference],
        }
        refundable = reckon(session, order).refundable()
        return Facts(order_entity(order, refundable, self.clock()), context, snapshot)

    def card(self, session: Session, command: ChangeOrderItem, found: Swap) -> Card:
        order, line, variant = found.order, found.line, found.variant
        lines = [("Order", order.number), ("Item", item_of(line)), ("Becomes", variant.option)]
        lines += [("Price", f"{Money(line.unit_minor, order.currency)} → {variant.price}")]
        if not found.is_same_product:
            return Card("This is no option of the same product.", tuple(lines))
        if found.difference.minor > 0:
            how = f" and pay {found.difference} more with {order.paid_with}"
            lines += [("You pay", str(found.difference)), ("With", order.paid_with)]
        elif found.difference.minor < 0:
            back = found.difference * -1
            how = f" and get {back} back to {order.paid_with}"
            lines += [("You get back", str(back)), ("To", order.paid_with)]
        else:
            how = ", at the same price"
        sentence = f"Change {line.name} in order {order.number} from {line.option} to {variant.option}{how}"
        return Card(sentence, tuple(lines), "Confirm change")

    def prepare(self, session: Session, grant: Grant[ChangeOrderItem]) -> Mapping[str, Json]:
        """Hold the order and take the new option off the shelf; what was signed is what will be asked and written."""
        found = self.find(session, grant.actor, grant.command)
        if found is None:
            raise LookupError("the order and the option were there a moment ago")
        order, line, variant, difference = found.order, found.line, found.variant, found.difference
        move_order(order, before=PAID, after=CHANGING)
        take_stock(session, variant.sku, line.quantity)
        becomes: dict[str, Json] = {"sku": variant.sku, "option": variant.option, "colour": variant.colour}
        becomes["unit_minor"] = variant.price_minor
        if difference.minor < 0:
            return {"way": "refund", "becomes": becomes, **set_aside(session, order, difference * -1)}
        if difference.minor == 0:
            return {"way": EVEN, "becomes": becomes, **asked(difference)}
        if found.method is None:
            raise LookupError("the card that paid was there a moment ago")
        expired = has_expired(found.method, grant.at)
        token = found.method.token
        return {"way": "charge", "becomes": becomes, "token": token, "expired": expired, **asked(difference)}

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        match request["way"]:
            case "refund":
                return give_back(self.gateway, key, request)
            case "charge" if request["expired"]:
                return Declined(CARD_EXPIRED)
            case "charge":
                return self.gateway.charge(key, str(request["token"]), asked_amount(request))
        return Settled(EVEN)

    def handle(self, session: Session, grant: Grant[ChangeOrderItem]) -> Mapping[str, Json]:
        """The difference is settled: the line is what was signed, and the old option is on the shelf again."""
        order, line = self._held(session, grant)
        request, becomes = grant.request or {}, _becomes(grant)
        moved, was = asked_amount(request), (line.sku, line.option)
        difference = (int(str(becomes["unit_minor"])) - line.unit_minor) * line.quantity
        line.sku, line.option, line.colour = (str(becomes[name]) for name in ("sku", "option", "colour"))
        line.unit_minor = int(str(becomes["unit_minor"]))
        order.goods_minor += difference
        order.item_changes += 1
        if request["way"] == "charge" and grant.settlement is not None:
            add_charge(session, order, grant.settlement, amount=moved, now=grant.at)
        return_stock(session, was[0], line.quantity)
        move_order(order, before=CHANGING, after=PAID)
        told: dict[str, Json] = {"order": order.number, "item": line.name, "was": was[1], "is": line.option}
        return {**told, "way": request["way"], "amount": str(moved), "minor": moved.minor, "card": order.paid_with}

    def verify(self, session: Session, grant: Grant[ChangeOrderItem], result: Mapping[str, Json]) -> bool:
        order, line = self._held(session, grant)
        adds_up = order.goods_minor == sum(one.unit_minor * one.quantity for one in order.open_lines)
        return order.status == PAID and line.sku == _becomes(grant)["sku"] and adds_up

    def release(self, session: Session, grant: Grant[ChangeOrderItem]) -> None:
        """The gateway said no: the new option goes back on the shelf, and the order is as it was."""
        order, line = self._held(session, grant)
        request = grant.request or {}
        if request["way"] == "refund":
            undo_set_aside(session, order, request)
        return_stock(session, str(_becomes(grant)["sku"]), line.quantity)
        move_order(order, before=CHANGING, after=PAID)

    def _held(self, session: Session, grant: Grant[ChangeOrderItem]) -> tuple[Order, OrderLine]:
        order = find_order(session, grant.account_id, grant.command.order, lock=True)
        if order is None:
            raise LookupError("an order that is being changed can't be gone")
        return order, next(line for line in order.lines if line.line == grant.command.line)


def say_swapped(result: Mapping[str, Json]) -> str:
    said = f"Order {result['order']}: {result['item']} is now {result['is']} instead of {result['was']}."
    match result["way"]:
        case "charge":
            return f"{said} {result['amount']} more was paid with {result['card']}."
        case "refund":
            return f"{said} {result['amount']} goes back to {result['card']}."
    return f"{said} The price is the same."


def _becomes(grant: Grant[ChangeOrderItem]) -> Mapping[str, Json]:
    becomes = (grant.request or {})["becomes"]
    if not isinstance(becomes, dict):
        raise TypeError("a kept change says what the line becomes")
    return becomes
