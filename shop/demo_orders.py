"""The demo's past: two hundred orders over half a year, in every state, planned before anything is written or charged.

A plan is pure: the same dice and the same shelves give the same orders. The gateway is asked between planning and
writing, so that a refund of a seeded order finds its charge in the gateway's books.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from auth.database import new_id
from auth.guard.rooms import Declined, Settled, Settlement
from auth.vault import Vault
from shop.addresses import Address, copy_address
from shop.basket import ShippingRates
from shop.carrier_notes import write_note
from shop.catalogue import Product, Variant
from shop.money import Money
from shop.orders import CANCELLED, DELIVERED, FAILED, PAID, PLACING, SHIPPED, Order, OrderLine
from shop.payments import DemoGateway, PaymentGateway, PaymentMethod
from shop.refunds import SETTLED, Refund

HOW_MANY = 200
STARS = 5  # The first customers: each has an order for every sentence of the tour.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BACK = (
    "One arrived chipped.",
    "Too small, and I should have known.",
    "Came twice.",
    "Not the colour I had hoped for.",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """An order to be. ``customer`` counts from 0; ``refund`` is the line that went back; ages are before now."""

    customer: int
    status: str
    age: timedelta
    lines: tuple[tuple[Variant, int], ...]
    number: str = ""
    sent_after: timedelta = timedelta(days=1)
    travelled: timedelta = timedelta(days=2)
    refund: int | None = None

    @property
    def goods(self) -> Money:
        return Money(sum(variant.price_minor * quantity for variant, quantity in self.lines))

    @property
    def shipping(self) -> Money:
        return ShippingRates().price(self.goods)

    @property
    def refunded(self) -> Money:
        """What went back: everything for a cancelled order, one line for some delivered ones."""
        if self.status == CANCELLED:
            return self.goods + self.shipping
        if self.refund is None:
            return Money(0)
        variant, quantity = self.lines[self.refund - 1]
        return variant.price * quantity

    @property
    def is_paid_for(self) -> bool:
        return self.status not in (PLACING, FAILED)


@dataclass(frozen=True, slots=True)
class Charged:
    """What the gateway calls the charge and the refund of a plan; empty where there is none."""

    charge: str = ""
    refund: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a seeded customer's orders go and what pays them."""

    address: Address
    method: PaymentMethod


def plan_orders(products: Sequence[Product], customers: int, *, dice: Random) -> tuple[Plan, ...]:
    """All orders, the tour's first. Numbers are unique."""
    by_handle = {product.handle: product for product in products}
    plans = [*_for_the_tour(by_handle)]
    plans += [Plan(customers - 1 - n, PLACING, timedelta(minutes=9 + n), _some(products, dice)) for n in range(2)]
    plans += [_by_chance(products, customers, dice) for _ in range(HOW_MANY - len(plans))]
    plans = [*_with_money_back(plans)]
    return tuple(replace(plan, number=number) for plan, number in zip(plans, _numbers(dice), strict=False))


def charge_all(
    gateway: PaymentGateway, plans: Sequence[Plan], *, token: str, seeding: str
) -> Iterator[tuple[Plan, Charged]]:
    """Ask the gateway for each order's charge and refund. No transaction may be open. ``seeding`` keeps keys apart."""
    for plan in plans:
        if not plan.is_paid_for:
            yield plan, Charged()
            continue
        charge = _settled(gateway.charge(f"{seeding}:{plan.number}", token, plan.goods + plan.shipping))
        back = plan.refunded
        refund = _settled(gateway.refund(f"{seeding}:{plan.number}:back", charge, back)) if back.minor else ""
        yield plan, Charged(charge, refund)


def write_order(
    session: Session, vault: Vault, plan: Plan, *, charged: Charged, home: Home, now: datetime, dice: Random
) -> Order:
    """Write a planned order with its lines, its sealed destination, and what went back."""
    placed, account_id = now - plan.age, home.address.account_id
    shipped = placed + plan.sent_after if plan.status in (SHIPPED, DELIVERED) else None
    delivered = None if shipped is None or plan.status != DELIVERED else shipped + plan.travelled
    order = Order(
        id=new_id(placed),
        account_id=account_id,
        number=plan.number,
        status=plan.status,
        placed_at=placed,
        paid_at=placed if plan.is_paid_for else None,
        shipped_at=shipped,
        delivered_at=delivered,
        cancelled_at=placed + timedelta(hours=3) if plan.status == CANCELLED else None,
        goods_minor=plan.goods.minor,
        shipping_minor=plan.shipping.minor,
        currency="EUR",
        paid_with=home.method.words,
        payment_token=DemoGateway.DECLINED if plan.status == FAILED else home.method.token,
        charge_reference=charged.charge or None,
        tracking="" if shipped is None else f"PK{dice.randrange(10**9, 10**10)}",
        lines=[_line(account_id, n, pair, placed) for n, pair in enumerate(plan.lines, start=1)],
    )
    copy_address(session, home.address, order, vault=vault)
    session.add(order)
    if plan.refund is not None and delivered is not None:
        _write_refund(session, vault, order, plan=plan, reference=charged.refund, at=delivered + timedelta(days=1))
    return order


def write_carrier_notes(
    session: Session, vault: Vault, orders: Sequence[Order], words: Sequence[str], *, now: datetime
) -> int:
    """What carriers wrote about parcels on their way, one note each. The tour's first parcel has none, so that asking
    where it is leaves the conversation free of other people's words."""
    on_their_way = [order for order in orders if order.status == SHIPPED][1:]
    told = list(zip(on_their_way, words, strict=False))
    for order, text in told:
        shipped = order.shipped_at or now
        write_note(session, vault, order, text, at=min(shipped + timedelta(hours=20), now))
    return len(told)


def _for_the_tour(shelf: dict[str, Product]) -> Iterator[Plan]:
    """What the tour asks about: a mug that came, something that can be cancelled, something on its way."""
    also = ("washing-up-linen-towels", "breakfast-board", "peat-walking-socks", "pine-tar-candle", "tern-porridge-bowl")
    fresh = (
        "firefly-camp-lantern",
        "errand-18-daypack",
        "watch-cap-beanie",
        "brook-water-bottle",
        "whittler-pocket-knife",
    )
    sent = (
        "picnic-blanket-with-wax-back",
        "ember-gas-stove",
        "gansey-wool-sweater",
        "galley-linen-apron",
        "meridian-compass",
    )
    for n in range(STARS):
        mug = _of(shelf, "harbour-stoneware-mug", n % 3), 1 + n % 2
        delivered = Plan(n, DELIVERED, timedelta(days=7 + n, hours=2), (mug, (_of(shelf, also[n]), 1)))
        yield replace(delivered, travelled=timedelta(days=3))
        yield Plan(n, SHIPPED, timedelta(days=2, hours=6 + n), ((_of(shelf, sent[n]), 1),), travelled=timedelta(days=3))
        yield Plan(n, PAID, timedelta(hours=3 + 2 * n), ((_of(shelf, fresh[n]), 1),))
    for n in (0, 1):
        # Money back for one of these needs a fresh code (over €100); for one of the next, a clerk as well (over €500).
        bag = (_of(shelf, "eider-down-sleeping-bag"), 1)
        yield Plan(n, DELIVERED, timedelta(days=13 + n), (bag,), travelled=timedelta(days=3))
    for n in (0, 2):
        tent, pack = (_of(shelf, "longhouse-four-tent"), 1), (_of(shelf, "fellside-45-backpack"), 1)
        yield Plan(n, DELIVERED, timedelta(days=18 + n), (tent, pack), travelled=timedelta(days=4))


def _with_money_back(plans: Sequence[Plan]) -> Iterator[Plan]:
    """For the first customer's oldest delivered order a line went back, so that the tour can ask where the money is."""
    old = [plan for plan in plans if plan.customer == 0 and plan.status == DELIVERED and plan.age > timedelta(days=60)]
    chosen = max(old, key=lambda plan: plan.age, default=None)
    for plan in plans:
        yield replace(plan, refund=1) if plan is chosen else plan


def _by_chance(products: Sequence[Product], customers: int, dice: Random) -> Plan:
    customer = dice.randrange(customers)
    # The tour's customers have no newer order than the tour's: "my last order" must be the one that can be cancelled.
    age = timedelta(days=dice.uniform(24 if customer < STARS else 0.2, 180))
    lines = _some(products, dice)
    sent, travelled = timedelta(hours=dice.uniform(18, 44)), timedelta(days=dice.uniform(2, 5))
    status = _status(age, sent, travelled, dice)
    can_return = status == DELIVERED and (customer >= STARS or age > timedelta(days=60)) and dice.random() < 0.1
    refund = dice.randint(1, len(lines)) if can_return and age > sent + travelled + timedelta(days=2) else None
    return Plan(customer, status, age, lines, sent_after=sent, travelled=travelled, refund=refund)


def _status(age: timedelta, sent: timedelta, travelled: timedelta, dice: Random) -> str:
    luck = dice.random()
    if luck < 0.05:
        return FAILED
    if luck < 0.13 and age > timedelta(hours=4):
        return CANCELLED
    return PAID if age < sent else SHIPPED if age < sent + travelled else DELIVERED


def _some(products: Sequence[Product], dice: Random) -> tuple[tuple[Variant, int], ...]:
    chosen = dice.sample(products, dice.choices((1, 2, 3, 4), (44, 32, 16, 8))[0])
    return tuple((dice.choice(product.variants), dice.choices((1, 2, 3), (82, 14, 4))[0]) for product in chosen)


def _of(shelf: dict[str, Product], handle: str, variant: int = 0) -> Variant:
    return shelf[handle].variants[variant]


def _numbers(dice: Random) -> Iterator[str]:
    seen = set[str]()
    while True:
        body = "".join(dice.choices(_DIGITS, k=8))
        if body not in seen:
            seen.add(body)
            yield f"HP-{body[:4]}-{body[4:]}"


def _line(account_id: Any, number: int, pair: tuple[Variant, int], placed: datetime) -> OrderLine:
    variant, quantity = pair
    product = variant.product
    return OrderLine(
        id=new_id(placed),
        account_id=account_id,
        line=number,
        sku=variant.sku,
        product=product.handle,
        name=product.name,
        option=variant.option,
        colour=variant.colour,
        kind=product.kind,
        art_seed=product.art_seed,
        quantity=quantity,
        unit_minor=variant.price_minor,
    )


def _write_refund(session: Session, vault: Vault, order: Order, *, plan: Plan, reference: str, at: datetime) -> None:
    refund = Refund(
        id=new_id(at),
        account_id=order.account_id,
        order_id=order.id,
        amount_minor=plan.refunded.minor,
        currency="EUR",
        lines=json.dumps([[plan.refund, plan.refunded.minor]]),
        state=SETTLED,
        reference=reference,
        created_at=at,
        settled_at=at,
    )
    vault.seal(session, refund, "reason", _BACK[plan.refunded.minor % len(_BACK)])
    session.add(refund)


def _settled(answer: Settlement) -> str:
    match answer:
        case Settled(reference):
            return reference
        case Declined(says):
            raise ValueError(f"the gateway would not settle a seeded order: {says}")
