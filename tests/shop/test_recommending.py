"""Advice from records: what fits comes first, each reason is true, and nobody is sent to an empty shelf."""

import pytest

from auth.actor import VISITOR
from auth.database import Scope, new_id
from auth.guard.commands import NotACommand, parse
from auth.guard.decisions import Done, Refused
from shop.catalogue import Product, Variant
from shop.commands import CompareProducts, RecommendProducts
from shop.money import Money
from shop.recommending import Wish, rating_points, reason, score
from shop.views import Comparison, ProductView, RecommendationList, VariantView
from tests.small_house import SmallHouse

SHELF = (
    ("fell-tent", "Fell Tent", "tent", 61900, 3, (48, 10)),
    ("dale-tent", "Dale Tent", "tent", 21900, 3, (30, 10)),
    ("gone-tent", "Gone Tent", "tent", 20000, 0, (50, 10)),
)


@pytest.fixture
def stocked(small: SmallHouse) -> SmallHouse:
    with small.database.begin(Scope.house("a test fills the shelves")) as session:
        for handle, name, kind, price, stock, (stars, reviews) in SHELF:
            row = Product(id=new_id(small.clock()), handle=handle, name=name, category="camp", kind=kind, art_seed=1)
            row.summary, row.description, row.created_at = f"The {name}.", "For rain and for wind.", small.clock()
            row.rating_sum, row.review_count = stars * reviews // 10, reviews
            variant = Variant(id=new_id(small.clock()), sku=handle.upper(), option="Moss", colour="Moss", position=0)
            variant.price_minor, variant.stock = price, stock
            row.variants = [variant]
            session.add(row)
    return small


def recommended(small: SmallHouse, **asked: object) -> list[tuple[str, str]]:
    view = small.done(VISITOR, RecommendProducts(**asked)).view  # type: ignore[arg-type]
    assert isinstance(view, RecommendationList)
    return [(r.product.handle, r.reason) for r in view.recommendations]


def product(
    *, price: int = 2000, stars: int = 0, reviews: int = 0, kind: str = "mug", name: str = "Mug"
) -> ProductView:
    variant = VariantView("S", "Pine", "Pine", Money(price), 3)
    return ProductView("h", name, "table", kind, 1, "Stoneware.", "", (), (variant,), stars, reviews, True)


def test_the_same_kind_comes_before_the_same_aisle_and_the_sold_out_not_at_all(stocked: SmallHouse) -> None:
    found = recommended(stocked, like="ridge-tent")
    assert [handle for handle, _ in found] == ["fell-tent", "dale-tent", "harbour-mug", "quiet-lamp"]
    assert found[0][1] == "The same kind of thing as Ridge Tent, 4.8 stars from 10 reviews, and near in price"
    assert found[2][1] == "From the same aisle as Ridge Tent"


def test_a_bound_holds_and_is_part_of_the_reason(stocked: SmallHouse) -> None:
    found = recommended(stocked, query="tent", max_price=Money(30000))
    assert found == [("dale-tent", "“tent” stands in its name, 3.0 stars from 10 reviews, and within €300.00")]
    assert recommended(stocked, query="tent", max_price=Money(100)) == []
    assert recommended(stocked, query="zeppelin") == []


def test_an_aisle_that_does_not_exist_is_read_as_words(stocked: SmallHouse) -> None:
    assert [h for h, _ in recommended(stocked, category="tents")] == [h for h, _ in recommended(stocked, query="tent")]
    assert len(recommended(stocked, category="camp")) == 4 and recommended(stocked, category="garden") == []


def test_what_is_to_be_liked_must_be_there(stocked: SmallHouse) -> None:
    assert isinstance(stocked.submit(VISITOR, RecommendProducts(like="flying carpet")), Refused)


def test_few_stars_of_one_friend_do_not_outrun_many_good_ones() -> None:
    one_five, many_good, none = product(stars=50, reviews=1), product(stars=48, reviews=40), product()
    assert rating_points(many_good) > rating_points(one_five) > rating_points(none) == 32
    assert score(product(stars=20, reviews=30), Wish()) < score(none, Wish())
    assert reason(one_five, Wish()) == "5.0 stars from 1 review"
    assert reason(none, Wish()) == "In stock"


def test_products_stand_side_by_side_once_and_the_missing_is_named(stocked: SmallHouse) -> None:
    asked = CompareProducts(("Ridge Tent", "fell-tent", "ridge-tent", "flying carpet"))
    outcome = stocked.submit(VISITOR, asked)
    assert isinstance(outcome, Done) and isinstance(outcome.view, Comparison)
    assert [p.handle for p in outcome.view.products] == ["ridge-tent", "fell-tent"]
    assert outcome.view.missing == ("flying carpet",)
    assert outcome.view.cheapest == "fell-tent" and outcome.view.best_rated == ""


@pytest.mark.parametrize("named", [[], ["mug"], ["a", "b", "c", "d", "e"], ["a", ""], ["a", "x" * 200], ["a", 7]])
def test_a_comparison_takes_two_to_four_names(named: list[object]) -> None:
    with pytest.raises(NotACommand):
        parse(CompareProducts, {"products": named})
