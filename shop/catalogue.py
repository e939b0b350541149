"""What is for sale: products with their variants, found by words, by category and by name.

Prices are whole minor units; stock can't go below zero, because the database refuses it.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz, process
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    CursorResult,
    ForeignKey,
    Select,
    String,
    Text,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from auth.actor import Actor
from auth.database import Base, UtcDateTime
from auth.guard.commands import Effect, clean
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Facts, Room
from shop.commands import SearchProducts, ShowProduct
from shop.money import Money
from shop.views import ProductList, ProductView, VariantView

CATEGORIES: tuple[tuple[str, str, str], ...] = (
    ("camp", "Camp & Shelter", "Tents, sleeping bags and light for nights outside."),
    ("carry", "Packs & Bags", "Packs and bags for a day, a week or the market."),
    ("trail", "Trail Tools", "Knives, lamps, poles and what else a path asks for."),
    ("wear", "Wear", "Wool, waxed cotton and boots that can be resoled."),
    ("kitchen", "Camp Kitchen", "Stoves, pots and mugs that survive a rucksack."),
    ("home", "Home & Hearth", "Blankets, baskets and candles for the way back."),
    ("table", "Table & Pantry", "Stoneware, boards and linen for a long supper."),
    ("garden", "Garden & Shed", "Planters, cans and gloves for the plot behind the house."),
)
PAGE_SIZE = 24


class Product(Base):
    """Something for sale. ``details`` is a JSON list of ``[label, value]``; ``kind`` and ``art_seed`` pick its
    picture; ``rating_sum`` over ``review_count`` is the average of its stars."""

    __tablename__ = "products"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    category: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    art_seed: Mapped[int]
    summary: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text)
    details: Mapped[str] = mapped_column(Text, default="[]")
    on_sale: Mapped[bool] = mapped_column(default=True)
    rating_sum: Mapped[int] = mapped_column(default=0)
    review_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    variants: Mapped[list["Variant"]] = relationship(
        back_populates="product", order_by="Variant.position", lazy="selectin"
    )


class Variant(Base):
    """What a customer puts into the basket: a product in one option and colour, with a price and a stock."""

    __tablename__ = "variants"
    __table_args__ = (CheckConstraint("stock >= 0", name="stock_not_negative"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    sku: Mapped[str] = mapped_column(String(60), unique=True)
    option: Mapped[str] = mapped_column(String(80))
    colour: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    stock: Mapped[int]
    product: Mapped[Product] = relationship(back_populates="variants", lazy="joined", innerjoin=True)

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


def search(
    session: Session, query: str, *, category: str = "", max_price: Money | None = None, page: int = 1
) -> ProductList:
    """Products on sale that match every word of the query, the best match first; 24 a page, the first page is 1.

    A word may stand in the name, the kind, the summary or the description. ``max_price`` bounds the cheapest variant.
    """
    words = search_words(query)
    statement = on_sale().where(*(_has_word(word) for word in words))
    if category:
        statement = statement.where(Product.category == category_slug(category))
    found = [p for p in session.scalars(statement).unique() if p.variants]
    if max_price is not None:
        found = [p for p in found if min(v.price for v in p.variants).minor <= max_price.minor]
    found.sort(key=lambda p: (-_score(p, words), p.name))
    first = (max(page, 1) - 1) * PAGE_SIZE
    return ProductList(tuple(product_view(p) for p in found[first : first + PAGE_SIZE]), len(found))


def on_sale() -> Select[Product]:
    """Everything that is for sale at the moment."""
    return select(Product).where(Product.on_sale)


def products_in(session: Session, category: str, *, limit: int | None = None) -> tuple[ProductView, ...]:
    """What is on sale in a category, by name."""
    statement = on_sale().where(Product.category == category).order_by(Product.name).limit(limit)
    return tuple(product_view(p) for p in session.scalars(statement).unique() if p.variants)


def product_names(session: Session) -> tuple[str, ...]:
    """The names of everything on sale, in order; the assistant's model reads them to recognise typed ones."""
    return tuple(session.scalars(select(Product.name).where(Product.on_sale).order_by(Product.name)))


def find_product(session: Session, name: str) -> Product | None:
    """The product with this handle or name; else the one product whose name is clearly the closest, if there is one."""
    # The name may come straight from an address, and PostgreSQL refuses a text with a NUL in it with an error.
    wanted = clean(name).strip().casefold()
    exact = select(Product).where(or_(Product.handle == wanted, func.lower(Product.name) == wanted))
    found = session.scalars(exact).first()
    return found if found is not None or not wanted else _closest(session, wanted)


def find_variant(session: Session, sku: str) -> Variant | None:
    """A variant and its product, in whichever case its SKU is written; locked where the database locks rows."""
    wanted = clean(sku).strip().lower()  # for the same reason as in find_product
    statement = select(Variant).where(func.lower(Variant.sku) == wanted)
    return session.scalars(statement.with_for_update(of=Variant)).first()


def find_variants(session: Session, skus: Iterable[str], *, lock: bool = False) -> dict[str, Variant]:
    """Variants by SKU; locked in the order of their SKUs, so that two orders never wait for each other in a circle."""
    statement = select(Variant).where(Variant.sku.in_(sorted(skus))).order_by(Variant.sku)
    return {v.sku: v for v in session.scalars(statement.with_for_update(of=Variant) if lock else statement)}


def take_stock(session: Session, sku: str, quantity: int) -> None:
    """Take pieces off the shelf. Raises when they are not there, which the caller has asked the policy about before."""
    if not _move_stock(session, sku, -quantity):
        raise LookupError(f"{sku} was not in stock any more")


def return_stock(session: Session, sku: str, quantity: int) -> None:
    """Put pieces back on the shelf; a variant that is no longer in the catalogue has no shelf."""
    _move_stock(session, sku, quantity)


def product_view(product: Product) -> ProductView:
    """A product as pages, cards and tools show it."""
    return ProductView(
        handle=product.handle,
        name=product.name,
        category=product.category,
        kind=product.kind,
        art_seed=product.art_seed,
        summary=product.summary,
        description=product.description,
        details=tuple((str(label), str(value)) for label, value in json.loads(product.details)),
        variants=tuple(VariantView(v.sku, v.option, v.colour, v.price, v.stock) for v in product.variants),
        rating_tenths=product.rating_sum * 10 // product.review_count if product.review_count else 0,
        review_count=product.review_count,
        on_sale=product.on_sale,
    )


def catalogue_rooms() -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    shelves = Shelves()
    return (
        Room(SearchProducts, Effect.READ, shelves.find_shop, shelves.shop_facts, shelves.list_found),
        Room(ShowProduct, Effect.READ, shelves.find_named, shelves.product_facts, shelves.show),
    )


@dataclass(frozen=True, slots=True)
class Shelves:
    """The rooms in which the catalogue is looked at; they are open to everybody."""

    def find_shop(self, session: Session, actor: Actor, command: SearchProducts) -> str:
        return "shop"

    def shop_facts(self, session: Session, actor: Actor, command: SearchProducts, shop: str) -> Facts:
        return Facts(Entity("Shop", shop, {}))

    def list_found(self, session: Session, grant: Grant[SearchProducts]) -> ProductList:
        asked = grant.command
        return search(session, asked.query, category=asked.category, max_price=asked.max_price)

    def find_named(self, session: Session, actor: Actor, command: ShowProduct) -> Product | None:
        return find_product(session, command.product)

    def product_facts(self, session: Session, actor: Actor, command: ShowProduct, product: Product) -> Facts:
        return Facts(Entity("Product", product.handle, {"on_sale": product.on_sale, "reviewable": False}))

    def show(self, session: Session, grant: Grant[ShowProduct]) -> ProductView:
        product = find_product(session, grant.command.product)
        if product is None:
            raise LookupError("the product was there a moment ago")
        return product_view(product)


# Words that say nothing about a product; "a mug for the garden" looks for mugs and gardens.
_SMALL_WORDS = frozenset(("a", "an", "and", "any", "for", "from", "in", "my", "of", "on", "or", "some", "the", "with"))


def search_words(query: str) -> list[str]:
    """The words of a query that say something about a product, in the singular; twelve at most."""
    found = re.findall(r"[^\W_]+", query.casefold())
    return [_singular(word) for word in found[:12] if word not in _SMALL_WORDS]


def _singular(word: str) -> str:
    # "knives" and "torches" are not worth a stemmer; "tents" and "mugs" are what people type.
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _has_word(word: str) -> ColumnElement[bool]:
    columns = (Product.name, Product.kind, Product.summary, Product.description, Product.category)
    return or_(*(func.lower(column).contains(word, autoescape=True) for column in columns))


def _score(product: Product, words: Sequence[str]) -> int:
    """Five for a word in the name, three for the kind, one for the summary."""
    places = ((product.name, 5), (product.kind, 3), (product.summary, 1))
    return sum(weight for word in words for text, weight in places if word in text.casefold())


def category_slug(name: str) -> str:
    """A category's slug, from its slug or its name."""
    wanted = clean(name).strip().casefold()
    return next((slug for slug, title, _ in CATEGORIES if wanted in (slug, title.casefold())), wanted)


def _closest(session: Session, wanted: str) -> Product | None:
    names = {product.id: product.name for product in session.scalars(on_sale())}
    best = process.extract(wanted, names, scorer=fuzz.token_set_ratio, processor=str.casefold, limit=2)
    # A second product nearly as close means that the name was not clear, and then nobody should guess.
    if not best or best[0][1] < 82 or (len(best) > 1 and best[0][1] - best[1][1] < 6):
        return None
    return session.get(Product, best[0][2])


def _move_stock(session: Session, sku: str, change: int) -> bool:
    result = session.execute(
        update(Variant)
        .where(Variant.sku == sku, Variant.stock + change >= 0)
        .values(stock=Variant.stock + change)
        .execution_options(synchronize_session="fetch")
    )
    return isinstance(result, CursorResult) and result.rowcount == 1
