"""Reviews: by people who were sent the thing, once, on the page, and without telling who they are."""

from dataclasses import fields

import pytest

from auth.actor import Actor
from auth.guard.decisions import Refused
from shop.catalogue import Product
from shop.commands import ReadReviews, WriteReview
from shop.orders import OrderLine
from shop.reviews import Review, sign
from shop.views import ReviewList, ReviewView
from tests.small_house import SmallHouse

GOOD = WriteReview("harbour-mug", 5, "Holds tea.")


@pytest.fixture
def ada(small: SmallHouse) -> Actor:
    """Somebody to whom a mug was delivered."""
    ada = small.person()
    small.order(ada, ("HM-PINE", 1))
    small.change(OrderLine, {"product": "harbour-mug"})
    return ada


def test_a_review_counts_once_and_is_shown_with_an_initial(small: SmallHouse, ada: Actor) -> None:
    small.done(ada, GOOD)
    mug = small.one(Product, handle="harbour-mug")
    assert (mug.rating_sum, mug.review_count) == (5, 1)
    view = small.done(small.person(), ReadReviews("harbour-mug")).view
    assert isinstance(view, ReviewList) and view.rating_tenths == 50
    assert [(r.stars, r.text, r.author) for r in view.reviews] == [(5, "Holds tea.", "W.")]


def test_a_second_review_of_the_same_product_is_refused(small: SmallHouse, ada: Actor) -> None:
    small.done(ada, GOOD)
    assert isinstance(small.submit(ada, WriteReview("harbour-mug", 1, "Again.")), Refused)
    assert small.one(Product, handle="harbour-mug").review_count == 1


@pytest.mark.parametrize("status", ["paid", "shipped", "cancelled", "failed"])
def test_only_what_was_delivered_can_be_reviewed(small: SmallHouse, status: str) -> None:
    ben = small.person()
    small.order(ben, ("HM-PINE", 1), status=status)
    small.change(OrderLine, {"product": "harbour-mug"})
    assert isinstance(small.submit(ben, GOOD), Refused)


def test_somebody_elses_delivery_is_not_enough(small: SmallHouse, ada: Actor) -> None:
    assert isinstance(small.submit(small.person(), GOOD), Refused)
    assert small.all(Review) == []


def test_the_assistant_writes_no_reviews(small: SmallHouse, ada: Actor) -> None:
    answer = small.submit(small.through_chat(ada), GOOD)
    assert isinstance(answer, Refused) and "review.in-your-own-words" in answer.policy


def test_a_hidden_review_is_not_shown(small: SmallHouse, ada: Actor) -> None:
    small.done(ada, GOOD)
    small.change(Review, {"hidden": True})
    view = small.done(ada, ReadReviews("harbour-mug")).view
    assert isinstance(view, ReviewList) and view.reviews == ()


def test_a_review_view_has_no_room_for_its_author() -> None:
    assert {field.name for field in fields(ReviewView)} == {"stars", "text", "written_at", "author"}


@pytest.mark.parametrize(
    ("name", "signed"), [("ida Q", "I."), ("  Åsa", "Å."), ("4ever", "a customer"), ("", "a customer")]
)
def test_how_a_review_is_signed(name: str, signed: str) -> None:
    assert sign(name) == signed
