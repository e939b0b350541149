"""Advice that can be checked: products side by side, and a few that fit, each with its reason from the records.

The score is a sum that anybody can do again: how well a product fits what is asked for (at most 50 points), how it is
rated (at most 40) and whether its price is near that of what is liked (10). Nothing about a person is in it, and no
other customer's orders: what people buy together would show one order in a shop that has few.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Facts, Room
from shop.catalogue import CATEGORIES, Product, category_slug, find_product, on_sale, product_view, search_words
from shop.commands import CompareProducts, RecommendProducts
from shop.money import Money
from shop.views import Comparison, ProductView, Recommendation, RecommendationList

NAMED = 4
# A product without reviews counts as four stars, and each review moves it: five reviews weigh as much as the guess.
PRIOR_STARS, PRIOR_REVIEWS = 4, 5
POINTS_A_STAR = 8
_SAME_KIND, _SAME_AISLE = 40, 20
_IN_NAME, _IN_KIND, _IN_TEXT = 50, 40, 15
_NEAR_IN_PRICE = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for: words, something that is liked, and bounds. An empty wish asks for the best rated."""

    words: tuple[str, ...] = ()
    like: ProductView | None = None
    category: str = ""
    max_price: Money | None = None


def recommend(session: Session, wish: Wish, *, limit: int = NAMED) -> tuple[Recommendation, ...]:
    """The products in stock that fit best, the best first; none where nothing fits."""
    shelf = (product_view(p) for p in session.scalars(on_sale()).unique() if p.variants)
    fitting = [(score(p, wish), p) for p in shelf if _is_possible(p, wish) and _fit(p, wish)[0] > 0]
    fitting.sort(key=lambda scored: (-scored[0], scored[1].name))
    return tuple(Recommendation(p, reason(p, wish)) for _, p in fitting[:limit])


def beside(session: Session, liked: ProductView) -> tuple[tuple[Recommendation, ...], tuple[Recommendation, ...]]:
    """For a product's own page: others of its kind, and what of its aisle goes with it."""
    found = recommend(session, Wish(like=liked), limit=40)
    alike = [r for r in found if r.product.kind == liked.kind]
    others = [r for r in found if r.product.kind != liked.kind]
    return tuple(alike[:NAMED]), tuple(others[:NAMED])


def score(product: ProductView, wish: Wish) -> int:
    """The points of a product for a wish: fit, rating and nearness in price."""
    near = _NEAR_IN_PRICE if wish.like is not None and _is_near(product.price, wish.like.price) else 0
    return _fit(product, wish)[0] + rating_points(product) + near


def rating_points(product: ProductView) -> int:
    """At most 40: eight for each star of an average that begins at four and is moved by each review."""
    stars_tenths = PRIOR_STARS * 10 * PRIOR_REVIEWS + product.rating_tenths * product.review_count
    return POINTS_A_STAR * stars_tenths // (10 * (PRIOR_REVIEWS + product.review_count))


def reason(product: ProductView, wish: Wish) -> str:
    """Why it is named, in plain words: what fits, what customers gave it, what it costs against the bound."""
    parts = [_fit(product, wish)[1]]
    if product.review_count:
        reviews = "1 review" if product.review_count == 1 else f"{product.review_count} reviews"
        parts.append(f"{product.rating_tenths // 10}.{product.rating_tenths % 10} stars from {reviews}")
    if wish.max_price is not None:
        parts.append(f"within {wish.max_price}")
    elif wish.like is not None and _is_near(product.price, wish.like.price):
        parts.append("near in price")
    said = [part for part in parts if part]
    return ", and ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else (said or ["In stock"])[0]


def compare(session: Session, names: Iterable[str]) -> Comparison:
    """Products side by side, each once; what is not there is named as missing."""
    found = [(name, find_product(session, name)) for name in names]
    there = [product_view(p) for _, p in found if p is not None and p.variants]
    products = tuple({view.handle: view for view in there}.values())
    return Comparison(
        products,
        tuple(name for name, p in found if p is None or not p.variants),
        cheapest=_only(products, lambda p: -p.price.minor),
        best_rated=_only([p for p in products if p.review_count], lambda p: p.rating_tenths),
    )


def advice_rooms() -> tuple[Room[Any], ...]:
    """The rooms of this file; they are open to everybody, as the catalogue is."""
    advice = Advice()
    return (
        Room(CompareProducts, Effect.READ, advice.find, advice.facts, advice.compare),
        Room(RecommendProducts, Effect.READ, advice.find_wish, advice.facts, advice.recommend),
    )


@dataclass(frozen=True, slots=True)
class Advice:
    """Comparing and recommending."""

    def find(self, session: Session, actor: Actor, command: CompareProducts) -> str:
        return "shop"

    def find_wish(self, session: Session, actor: Actor, command: RecommendProducts) -> Wish | None:
        """``None`` where something is to be liked that is not there."""
        liked: Product | None = find_product(session, command.like) if command.like.strip() else None
        if command.like.strip() and (liked is None or not liked.variants):
            return None
        like = None if liked is None else product_view(liked)
        aisle = category_slug(command.category)
        is_aisle = aisle in {slug for slug, *_ in CATEGORIES}
        words = search_words(command.query if is_aisle else f"{command.query} {command.category}")
        return Wish(tuple(words), like, aisle if is_aisle else "", command.max_price)

    def facts(
        self, session: Session, actor: Actor, command: CompareProducts | RecommendProducts, found: object
    ) -> Facts:
        return Facts(Entity("Shop", "shop", {}))

    def compare(self, session: Session, grant: Grant[CompareProducts]) -> Comparison:
        return compare(session, grant.command.products)

    def recommend(self, session: Session, grant: Grant[RecommendProducts]) -> RecommendationList:
        wish = self.find_wish(session, grant.actor, grant.command)
        if wish is None:
            raise LookupError("the product was there a moment ago")
        return RecommendationList(recommend(session, wish))


def _is_possible(product: ProductView, wish: Wish) -> bool:
    if not product.in_stock or (wish.like is not None and product.handle == wish.like.handle):
        return False
    if wish.category and product.category != wish.category:
        return False
    return wish.max_price is None or product.price.minor <= wish.max_price.minor


def _fit(product: ProductView, wish: Wish) -> tuple[int, str]:
    """Points for fitting, and in words what fits; nothing for a product that does not."""
    if wish.words:
        return _fit_of_words(product, wish.words)
    if wish.like is None:
        return 1, ""
    if product.kind == wish.like.kind:
        return _SAME_KIND, f"The same kind of thing as {wish.like.name}"
    if product.category == wish.like.category:
        return _SAME_AISLE, f"From the same aisle as {wish.like.name}"
    return 0, ""


def _fit_of_words(product: ProductView, words: Sequence[str]) -> tuple[int, str]:
    """The mean over the words, each at the best place it stands in; a wish is told less exactly than a search."""
    places = [(_place(product, word), word) for word in words]
    best, word = max(places, key=lambda found: found[0])
    points = sum(place for place, _ in places) // len(words)
    if best == _IN_KIND:
        return points, f"It is made as a {product.kind.replace('_', ' ')}"
    return points, f"“{word}” stands in its {'name' if best == _IN_NAME else 'description'}"


def _place(product: ProductView, word: str) -> int:
    places = (
        (_IN_NAME, product.name),
        (_IN_KIND, product.kind),
        (_IN_TEXT, f"{product.summary} {product.description} {product.category}"),
    )
    begins = re.compile(rf"(?<![^\W_]){re.escape(word)}")
    return next((points for points, text in places if begins.search(text.casefold())), 0)


def _is_near(price: Money, other: Money) -> bool:
    """Within a quarter of the other price."""
    return price.currency == other.currency and abs(price.minor - other.minor) * 4 <= other.minor


def _only(products: Sequence[ProductView], key: Callable[[ProductView], int]) -> str:
    """The handle of the one product with the highest key; empty when there is no single one."""
    if len(products) < 2:
        return ""
    best = max(key(p) for p in products)
    first = [p for p in products if key(p) == best]
    return first[0].handle if len(first) == 1 else ""
