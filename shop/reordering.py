"""Buying again: what an order held goes into the basket, as far as it is on sale and in stock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Facts, Room
from shop.basket import MOST, basket_lines, put_in
from shop.catalogue import find_variants
from shop.commands import Reorder
from shop.orders import Order, OrderLine, find_order
from shop.refunds import order_entity, reckon


def reordering_rooms(clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The room of this file."""
    again = BuyingAgain(clock)
    return (
        Room(
            Reorder,
            Effect.LIGHT,
            find=again.find,
            facts=again.facts,
            handle=again.handle,
            verify=again.verify,
            card=again.card,
            says=say_reordered,
        ),
    )


@dataclass(frozen=True, slots=True)
class Again:
    """An order and, by SKU, how many pieces of what it held the basket can take now."""

    order: Order
    pieces: Mapping[str, int]

    @property
    def short(self) -> list[OrderLine]:
        """The lines of which not everything can be had."""
        asked = _asked(self.order)
        return [line for line in self.order.open_lines if self.pieces[line.sku] < asked[line.sku]]


@dataclass(frozen=True, slots=True)
class BuyingAgain:
    """The room of :class:`~shop.commands.Reorder`."""

    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: Reorder) -> Again | None:
        """The actor's own order, with what stock and basket leave room for."""
        order = find_order(session, actor.account_id, command.order)
        if order is None:
            return None
        asked, there = _asked(order), _in_basket(session, actor)
        variants = find_variants(session, asked, lock=True)
        on_sale = {sku: v.stock if v.product.on_sale else 0 for sku, v in variants.items()}
        room = {sku: min(on_sale.get(sku, 0), MOST) - there.get(sku, 0) for sku in asked}
        return Again(order, {sku: max(0, min(asked[sku], room[sku])) for sku in asked})

    def facts(self, session: Session, actor: Actor, command: Reorder, found: Again) -> Facts:
        resource = order_entity(found.order, reckon(session, found.order).refundable(), self.clock())
        return Facts(resource, {"quantity": sum(found.pieces.values())})

    def card(self, session: Session, command: Reorder, found: Again) -> Card:
        there = [line for line in found.order.open_lines if found.pieces[line.sku]]
        names = dict.fromkeys(f"{found.pieces[line.sku]} × {line.name}, {line.option}" for line in there)
        lines = (("Order", found.order.number), ("Items", "; ".join(names)))
        return Card(f"Put what order {found.order.number} held into your basket again", lines, "Put it in")

    def handle(self, session: Session, grant: Grant[Reorder]) -> Mapping[str, Json]:
        found = self.find(session, grant.actor, grant.command)
        if found is None:
            raise LookupError("the order was there a moment ago")
        short = [line.name for line in found.short]
        kept = dict[str, Json]()
        for sku, pieces in found.pieces.items():
            if pieces:
                kept[sku] = put_in(session, grant.account_id, sku, quantity=pieces, now=grant.at).quantity
        told: dict[str, Json] = {"order": found.order.number, "added": sum(found.pieces.values()), "basket": kept}
        return {**told, "short": [*dict.fromkeys(short)]}

    def verify(self, session: Session, grant: Grant[Reorder], result: Mapping[str, Json]) -> bool:
        there, kept = _in_basket(session, grant.actor), result["basket"]
        return isinstance(kept, dict) and all(there.get(sku) == quantity for sku, quantity in kept.items())


def say_reordered(result: Mapping[str, Json]) -> str:
    added, short = result["added"], result["short"]
    said = "1 piece is" if added == 1 else f"{added} pieces are"
    sentence = f"{said} in your basket again, at today's prices."
    if isinstance(short, list) and short:
        sentence += f" Not there, or not that many: {', '.join(map(str, short))}."
    return sentence


def _asked(order: Order) -> dict[str, int]:
    """What an order held, by SKU, without the lines that were cancelled by themselves."""
    held = order.open_lines
    return {sku: sum(line.quantity for line in held if line.sku == sku) for sku in sorted({line.sku for line in held})}


def _in_basket(session: Session, actor: Actor) -> dict[str, int]:
    return {line.sku: line.quantity for line in basket_lines(session, actor.account_id)}
