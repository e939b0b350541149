"""The basket of an account: variants and quantities, priced from the catalogue each time it is looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Actor
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Card, Facts, Room
from shop.catalogue import Variant, find_variant, find_variants
from shop.commands import AddToBasket, ChangeBasketLine, ShowBasket
from shop.money import Money, total
from shop.views import BasketLineView, BasketView

MOST = 99


class BasketLine(Base, Owned):
    """A variant in somebody's basket; each variant stands there once, with a quantity of 1 to 99."""

    __tablename__ = "basket_lines"
    __table_args__ = (UniqueConstraint("account_id", "sku", name="one_line_a_variant"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(60))
    quantity: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class ShippingRates:
    """One parcel rate for everywhere the shop sends to, and the goods total from which it is free."""

    flat: Money = Money(490)
    free_from: Money = Money(6000)

    def price(self, goods: Money) -> Money:
        """What sending these goods costs; an empty basket costs nothing to send."""
        free = goods.minor == 0 or goods >= self.free_from
        return Money(0, goods.currency) if free else self.flat


def basket_view(session: Session, account_id: UUID | None, *, rates: ShippingRates, lock: bool = False) -> BasketView:
    """What is in the basket, at today's prices; of nobody's basket, nothing. ``lock`` holds the lines and the stock."""
    kept = basket_lines(session, account_id, lock=lock)
    variants = find_variants(session, (line.sku for line in kept), lock=lock)
    lines = tuple(_line_view(line, variants[line.sku]) for line in kept if line.sku in variants)
    goods = total([line.total for line in lines])
    return BasketView(lines, goods, rates.price(goods))


def basket_lines(session: Session, account_id: UUID | None, *, lock: bool = False) -> Sequence[BasketLine]:
    """The lines of an account's basket in the order they came."""
    if account_id is None:
        return ()
    statement = select(BasketLine).where(BasketLine.account_id == account_id)
    statement = statement.order_by(BasketLine.added_at, BasketLine.id)
    return session.scalars(statement.with_for_update() if lock else statement).all()


def put_in(session: Session, account_id: UUID, sku: str, *, quantity: int, now: datetime) -> BasketLine:
    """Put pieces of a variant on top of what is in the basket; 99 is the most."""
    line = _line(session, account_id, sku)
    if line is None:
        line = BasketLine(id=new_id(now), account_id=account_id, sku=sku, quantity=0, added_at=now)
        session.add(line)
    line.quantity = min(line.quantity + quantity, MOST)
    session.flush()
    return line


def merge_basket(session: Session, from_account: UUID, to_account: UUID) -> None:
    """Move a guest's basket into the account they have signed in to; for a session with the scope of the house."""
    for line in basket_lines(session, from_account):
        put_in(session, to_account, line.sku, quantity=line.quantity, now=line.added_at)
        session.delete(line)
    session.flush()


def basket_entity(account_id: UUID | None, basket: BasketView) -> Entity:
    """A basket as the policy sees it; a line asks for what is on the shelf, or the basket is not in stock."""
    owner = str(account_id or "nobody")
    in_stock = all(line.quantity <= line.stock for line in basket.lines)
    return Entity("Basket", owner, {"owner": owner, "items": basket.count, "in_stock": in_stock})


def basket_rooms(rates: ShippingRates) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    basket = Filling(rates)
    return (
        Room(ShowBasket, Effect.READ, basket.find_basket, basket.basket_facts, basket.show),
        Room(
            AddToBasket,
            Effect.LIGHT,
            find=basket.find_variant,
            facts=basket.adding_facts,
            handle=basket.add,
            verify=basket.holds,
            card=basket.adding_card,
            says=lambda result: f"{result['added']} × {result['name']} is in your basket.",
        ),
        Room(
            ChangeBasketLine,
            Effect.LIGHT,
            find=basket.find_line,
            facts=basket.changing_facts,
            handle=basket.change,
            verify=basket.holds,
            card=basket.changing_card,
            says=lambda result: "Your basket is changed." if result["quantity"] else "It is out of your basket.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Filling:
    """Looking into one's own basket, putting something in, and changing how much."""

    rates: ShippingRates

    # ShowBasket

    def find_basket(self, session: Session, actor: Actor, command: ShowBasket) -> BasketView:
        return basket_view(session, actor.account_id, rates=self.rates)

    def basket_facts(self, session: Session, actor: Actor, command: ShowBasket, basket: BasketView) -> Facts:
        return Facts(basket_entity(actor.account_id, basket))

    def show(self, session: Session, grant: Grant[ShowBasket]) -> BasketView:
        return basket_view(session, grant.actor.account_id, rates=self.rates)

    # AddToBasket

    def find_variant(self, session: Session, actor: Actor, command: AddToBasket) -> Variant | None:
        return find_variant(session, command.sku)

    def adding_facts(self, session: Session, actor: Actor, command: AddToBasket, variant: Variant) -> Facts:
        """``quantity`` is what the basket would then hold, so that adding twice can't go round the stock."""
        there = _line(session, actor.account_id, variant.sku)
        quantity = command.quantity + (0 if there is None else there.quantity)
        product = Entity("Product", variant.product.handle, {"on_sale": variant.product.on_sale, "reviewable": False})
        return Facts(product, {"quantity": quantity, "stock": min(variant.stock, MOST)})

    def adding_card(self, session: Session, command: AddToBasket, variant: Variant) -> Card:
        lines = (("Option", variant.option), ("Price", str(variant.price)))
        return Card(f"Put {command.quantity} × {variant.product.name} into your basket", lines, "Put it in")

    def add(self, session: Session, grant: Grant[AddToBasket]) -> Mapping[str, Json]:
        variant = find_variant(session, grant.command.sku)
        if variant is None:
            raise LookupError("the variant was there a moment ago")
        line = put_in(session, grant.account_id, variant.sku, quantity=grant.command.quantity, now=grant.at)
        added = grant.command.quantity
        return {"sku": variant.sku, "name": variant.product.name, "added": added, "quantity": line.quantity}

    # ChangeBasketLine

    def find_line(self, session: Session, actor: Actor, command: ChangeBasketLine) -> BasketLine | None:
        return _line(session, actor.account_id, command.sku)

    def changing_facts(self, session: Session, actor: Actor, command: ChangeBasketLine, line: BasketLine) -> Facts:
        variant = find_variant(session, line.sku)
        stock = variant.stock if variant is not None and variant.product.on_sale else 0
        basket = basket_view(session, actor.account_id, rates=self.rates)
        return Facts(basket_entity(actor.account_id, basket), {"quantity": command.quantity, "stock": stock})

    def changing_card(self, session: Session, command: ChangeBasketLine, line: BasketLine) -> Card:
        variant = find_variant(session, line.sku)
        name = line.sku if variant is None else variant.product.name
        if command.quantity == 0:
            return Card(f"Take {name} out of your basket", (), "Take it out")
        return Card(f"Have {command.quantity} × {name} in your basket", (("Now", str(line.quantity)),), "Change it")

    def change(self, session: Session, grant: Grant[ChangeBasketLine]) -> Mapping[str, Json]:
        line = _line(session, grant.account_id, grant.command.sku)
        if line is None:
            raise LookupError("the line was there a moment ago")
        if grant.command.quantity == 0:
            session.delete(line)
        else:
            line.quantity = grant.command.quantity
        return {"sku": line.sku, "quantity": grant.command.quantity}

    def holds(
        self, session: Session, grant: Grant[AddToBasket] | Grant[ChangeBasketLine], result: Mapping[str, Json]
    ) -> bool:
        """Whether the basket now holds what the result says."""
        line = _line(session, grant.account_id, str(result["sku"]))
        return (0 if line is None else line.quantity) == result["quantity"]


def _line(session: Session, account_id: UUID | None, sku: str) -> BasketLine | None:
    if account_id is None:
        return None
    wanted = func.lower(BasketLine.sku) == sku.strip().lower()
    statement = select(BasketLine).where(BasketLine.account_id == account_id, wanted)
    return session.scalars(statement.with_for_update()).first()


def _line_view(line: BasketLine, variant: Variant) -> BasketLineView:
    product = variant.product
    return BasketLineView(
        sku=variant.sku,
        product=product.handle,
        name=product.name,
        option=variant.option,
        colour=variant.colour,
        kind=product.kind,
        art_seed=product.art_seed,
        quantity=line.quantity,
        stock=variant.stock if product.on_sale else 0,
        price=variant.price,
    )
