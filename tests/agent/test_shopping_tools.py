"""The tools for basket, order, wallet and advice on a real house: what they show, and what waits for a signature."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auth.guard.approvals import Approval
from shop.addresses import Address
from shop.basket import BasketLine
from shop.orders import Order
from shop.payments import PaymentMethod
from tests.promises.hostile import Two, move_two_in
from tests.promises.test_every_tool import answers, call
from tests.small_house import build_small_house


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[Two]:
    small = build_small_house(database_url, tmp_path)
    yield move_two_in(small)
    small.database.close()


def told(two: Two, name: str, **arguments: Any) -> dict[str, Any]:
    _, turn = call(two, name, arguments)
    (answer,) = answers(turn)
    return answer


def test_the_basket_is_changed_by_sku_and_emptied_with_zero(two: Two) -> None:
    mine = {"account_id": two.ada.account_id}
    assert told(two, "add_to_basket", product="harbour-mug")["outcome"] == "done"
    assert told(two, "change_basket", sku="hm-pine", quantity=3)["outcome"] == "done"
    assert [line.quantity for line in two.small.all(BasketLine, **mine)] == [3]
    assert told(two, "change_basket", sku="HM-PINE", quantity=50)["policy"] == "basket.line-only-what-is-there"
    assert told(two, "change_basket", sku="QL-FOG", quantity=1)["outcome"] == "not_found"
    assert told(two, "change_basket", sku="HM-PINE", quantity=-1)["outcome"] == "refused"
    assert told(two, "change_basket", sku="HM-PINE", quantity=0)["outcome"] == "done"
    assert two.small.all(BasketLine, **mine) == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("place_order", {"address": "address:home", "payment": "card:visa-4242"}),
        ("remove_address", {"address": "address:office"}),
        ("remove_payment_method", {"payment": "card:visa-4242"}),
    ],
)
def test_orders_and_removals_wait_on_a_card(two: Two, name: str, arguments: dict[str, str]) -> None:
    mine = {"account_id": two.ada.account_id}
    told(two, "add_to_basket", product="harbour-mug")
    before = len(two.small.all(Order, **mine)), len(two.small.all(Approval, **mine))
    answer = told(two, name, **arguments)
    assert answer["outcome"] == "awaiting_approval", answer
    assert "Juniperlane" not in json.dumps(answer)
    assert (len(two.small.all(Order, **mine)), len(two.small.all(Approval, **mine))) == (before[0], before[1] + 1)
    assert len(two.small.all(Address, **mine)) == 2 and len(two.small.all(PaymentMethod, **mine)) == 1


def test_an_order_cannot_go_or_be_paid_elsewhere(two: Two) -> None:
    told(two, "add_to_basket", product="harbour-mug")
    strange = told(two, "place_order", address="address:lanternkeep", payment="card:visa-4242")
    assert strange["policy"] == "order.place-own-destination"
    assert told(two, "place_order", address="address:home", payment="card:visa-9999")["outcome"] == "refused"


def test_payment_methods_are_named_by_handle_brand_and_last_four(two: Two) -> None:
    assert told(two, "list_payment_methods") == {
        "methods": [{"handle": "card:visa-4242", "words": "Visa ···· 4242", "expires": "12/29"}]
    }
    assert "tok_" not in json.dumps(told(two, "list_payment_methods"))


def test_advice_comes_with_prices_and_reasons(two: Two) -> None:
    compared = told(two, "compare_products", products=["harbour-mug", "Quiet Lamp"])
    assert [p["handle"] for p in compared["products"]] == ["harbour-mug", "quiet-lamp"]
    assert compared["cheapest"] == "harbour-mug" and compared["products"][0]["price"] == "€19.90"
    assert told(two, "compare_products", products=["harbour-mug"])["outcome"] == "refused"
    found = told(two, "recommend_products", query="lamp", max_price="200")["products"]
    assert [p["handle"] for p in found] == ["quiet-lamp"]
    assert found[0]["reason"].startswith("“lamp” stands in its name") and "within €200.00" in found[0]["reason"]
    assert told(two, "recommend_products", max_price="1e999")["outcome"] == "refused"
