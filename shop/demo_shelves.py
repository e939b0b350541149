"""The demo's shelves: products from the files beside this one, what customers wrote about them, and a few baskets."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy.orm import Session

from auth.database import new_id
from shop.basket import put_in
from shop.catalogue import CATEGORIES, Product, Variant
from shop.demo_orders import STARS
from shop.reviews import Review, sign

REVIEWS = 300
_DATA = Path(__file__).parent / "demo_data"


def make_products(dice: Random, now: datetime) -> list[Product]:
    """Everything for sale, by category, with its variants; nothing is written yet."""
    made = list[Product]()
    for category, _, _ in CATEGORIES:
        for written in read_data(f"products/{category}.yaml"):
            made.append(_product(category, written, art_seed=len(made), dice=dice, now=now))
    return made


def shelf_names() -> tuple[str, ...]:
    """The names of everything on the demo's shelves, without a database."""
    return tuple(
        str(written["name"]) for category, _, _ in CATEGORIES for written in read_data(f"products/{category}.yaml")
    )


def _product(category: str, written: Mapping[str, Any], *, art_seed: int, dice: Random, now: datetime) -> Product:
    handle = re.sub(r"[\W_]+", "-", written["name"].replace("'", "").casefold()).strip("-")
    return Product(
        id=new_id(now),
        handle=handle,
        name=written["name"],
        category=category,
        kind=written["kind"],
        art_seed=art_seed,
        summary=written["summary"],
        description=written["description"],
        details=json.dumps([list(pair) for pair in written["details"].items()], ensure_ascii=False),
        on_sale=True,
        rating_sum=0,
        review_count=0,
        created_at=now - timedelta(days=200),
        variants=[_variant(handle, n, line, dice, now) for n, line in enumerate(written["variants"])],
    )


def _variant(handle: str, position: int, line: Sequence[Any], dice: Random, now: datetime) -> Variant:
    option, colour, price_minor, *stock = line
    part = re.sub(r"[\W_]+", "-", option).strip("-")
    return Variant(
        id=new_id(now),
        sku=f"{handle}-{part}".upper(),
        option=option,
        colour=colour,
        position=position,
        price_minor=price_minor,
        currency="EUR",
        stock=stock[0] if stock else dice.randint(6, 40),
    )


def write_reviews(
    session: Session,
    products: Sequence[Product],
    owners: Sequence[UUID],
    people: Sequence[Mapping[str, Any]],
    *,
    dice: Random,
    now: datetime,
) -> int:
    """The hostile reviews first, then friendly ones until there are 300; at most one of a customer for a product."""
    told, shelf = read_data("reviews.yaml"), {product.handle: product for product in products}
    words = [(shelf[handle], stars, text) for handle, stars, text in told["hostile"]]
    words += _friendly(products, told, REVIEWS - len(words), dice)
    free = {product.id: dice.sample(range(STARS, len(owners)), len(owners) - STARS) for product in products}
    for product, stars, text in words:
        # The tour's customers have written nothing yet: they may review what they were sent.
        author = free[product.id].pop()
        at = now - timedelta(days=dice.uniform(1, 170))
        session.add(
            Review(
                id=new_id(at),
                product_id=product.id,
                author_id=owners[author],
                signed=sign(people[author]["name"]),
                stars=stars,
                text=text,
                written_at=at,
            )
        )
        product.rating_sum += stars
        product.review_count += 1
    session.flush()
    return len(words)


def _friendly(
    products: Sequence[Product], told: Mapping[str, Any], count: int, dice: Random
) -> Iterator[tuple[Product, int, str]]:
    lines = {product.id: dice.sample(told["kinds"][product.kind], 4) for product in products}
    for n in range(count):
        product = products[n % len(products)]
        # A product's fifth review and later ones repeat a line of its kind, with another sentence behind it.
        stars, text = lines[product.id][n // len(products) % 4]
        more = told["more"][(n * 5 + n // len(products)) % len(told["more"])]
        yield product, stars, f"{text} {more}".strip()


def fill_baskets(session: Session, products: Sequence[Product], owners: Sequence[UUID], *, now: datetime) -> None:
    """Leave two things in the baskets of a few customers."""
    for n in (1, 3, 6, 9):
        for product in (products[3 * n], products[3 * n + 14]):
            variant = next(v for v in product.variants if v.stock > 3)
            put_in(session, owners[n], variant.sku, quantity=1 + n % 2, now=now - timedelta(hours=n))


def read_data(name: str) -> Any:
    """One of the demo's files, which are ours: lists and mappings of plain values."""
    return yaml.safe_load((_DATA / name).read_text("utf-8"))
