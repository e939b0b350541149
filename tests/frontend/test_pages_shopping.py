"""Filling a basket, changing it and ordering, without a script: bad input gets a sentence, nothing is done twice."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from auth.accounts import Account
from auth.database import Scope
from shop.catalogue import Variant
from shop.orders import Order
from tests.building import Building
from tests.frontend.conftest import Browser, words


def put(browser: Browser, sku: str = "mug-pine", quantity: object = 1, request_id: str = ""):  # type: ignore[no-untyped-def]
    return browser.post("/basket", {"sku": sku, "quantity": quantity, "request_id": request_id})


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, name
    return found[1]


def count_orders(building: Building) -> int:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return session.scalar(select(func.count()).select_from(Order)) or 0


def test_a_visitor_fills_a_basket_and_is_told_so_by_the_shop(visitor: Browser) -> None:
    page = visitor.follow(put(visitor, quantity=2))
    assert "2 × Harbour Mug is in your basket" in words(page.text)
    assert "€39.80" in words(page.text)
    assert "is in your basket" not in words(visitor.get("/basket").text)


def test_a_link_can_not_make_the_shop_say_that_something_was_done(visitor: Browser) -> None:
    visitor.follow(put(visitor, request_id="mine"))
    visitor.keep("countersign_told", "somebody-elses-request")
    assert 'role="status"' not in visitor.get("/basket?told=mine").text


@pytest.mark.parametrize("quantity", ["0", "-1", "1e3", "NaN", "", "two", "100", "9" * 400, "1.5"])
def test_a_quantity_that_is_none_is_told_beside_the_field(visitor: Browser, quantity: str) -> None:
    answer = put(visitor, quantity=quantity)
    assert answer.status_code == 422
    assert 'id="field-quantity-error"' in answer.text
    assert f'value="{quantity[:10]}"' in answer.text or not quantity
    assert "Your basket is empty" in visitor.get("/basket").text


def test_more_than_is_there_is_refused_with_what_was_typed(visitor: Browser) -> None:
    answer = put(visitor, sku="tent-moss", quantity=3)
    assert answer.status_code == 403
    assert "There are not that many in stock" in words(answer.text)
    assert 'value="3"' in answer.text


def test_what_is_not_for_sale_is_not_there(visitor: Browser) -> None:
    for sku in ("nothing", "", "x" * 500, "\u202e"):
        assert put(visitor, sku=sku).status_code == 404
    assert visitor.post("/basket/mug-pine", {"quantity": "1"}).status_code == 404


def test_a_double_click_adds_once(visitor: Browser) -> None:
    put(visitor, request_id="warm-up")
    put(visitor, quantity=2, request_id="one-form")
    again = put(visitor, quantity=2, request_id="one-form")
    assert again.status_code == 303
    assert "€59.70" in words(visitor.get("/basket").text)


def test_a_line_is_changed_taken_out_and_kept_when_the_change_is_nonsense(visitor: Browser) -> None:
    put(visitor)
    wrong = visitor.post("/basket/mug-pine", {"quantity": "-3"})
    assert wrong.status_code == 422 and 'value="-3"' in wrong.text and "€19.90" in words(wrong.text)
    assert visitor.post("/basket/mug-pine", {"quantity": "99"}).status_code == 403
    assert "€59.70" in words(visitor.follow(visitor.post("/basket/mug-pine", {"quantity": "3"})).text)
    assert "Your basket is empty" in visitor.follow(visitor.post("/basket/mug-pine", {"quantity": "0"})).text


def test_another_sites_form_changes_nothing(visitor: Browser) -> None:
    answer = visitor.post(
        "/basket", {"sku": "mug-pine"}, **{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "Your basket is empty" in visitor.get("/basket").text


def order_form(browser: Browser, **given: str) -> dict[str, object]:
    page = browser.get("/checkout").text
    form = {
        "address": "address:home",
        "payment": "card:visa-4242",
        "seen": hidden(page, "seen"),
        "request_id": hidden(page, "request_id"),
    }
    return {**form, **given}


def test_ordering_leads_to_the_order_and_a_second_click_to_the_same_one(
    building: Building, as_person: Callable[..., Browser]
) -> None:
    ada, before = as_person("ada"), count_orders(building)
    put(ada, quantity=3)
    form = order_form(ada)
    first, second = ada.post("/checkout", form), ada.post("/checkout", form)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    page = words(ada.follow(first).text)
    assert "is placed" in page and "€64.60" in page and "7 Juniperlane" in page
    assert count_orders(building) == before + 1
    assert "Your basket is empty" in ada.get("/basket").text


def test_a_changed_price_stops_the_order(building: Building, as_person: Callable[..., Browser]) -> None:
    ada = as_person("ada")
    put(ada)
    form = order_form(ada)
    with building.house.database.begin(Scope.house("a test changes a price")) as session:
        session.scalars(select(Variant).where(Variant.sku == "mug-pine")).one().price_minor = 2990
    answer = ada.post("/checkout", form)
    assert answer.status_code == 422
    assert "A price or the stock has changed" in words(answer.text) and "€29.90" in words(answer.text)
    assert ada.post("/checkout", order_form(ada)).status_code == 303


def test_an_order_needs_ones_own_address_and_card(building: Building, as_person: Callable[..., Browser]) -> None:
    ada, before = as_person("ada"), count_orders(building)
    put(ada)
    for wrong in ({"address": ""}, {"payment": ""}, {"address": "x" * 900}):
        answer = ada.post("/checkout", order_form(ada, **wrong))
        assert answer.status_code == 422 and "Please look at this again" in words(answer.text)
    for foreign in ({"address": "address:elsewhere"}, {"payment": "card:visa-1111"}):
        answer = ada.post("/checkout", order_form(ada, **foreign))
        assert answer.status_code == 403 and "must be your own" in words(answer.text)
    assert count_orders(building) == before


def test_a_dear_order_waits_on_a_card(building: Building, as_person: Callable[..., Browser]) -> None:
    ada, before = as_person("ada"), count_orders(building)
    put(ada, sku="tent-moss", quantity=2)
    answer = ada.post("/checkout", order_form(ada))
    assert answer.headers["location"].startswith("/approvals/")
    assert "Orders over €1,000 need a fresh code" in words(ada.follow(answer).text)
    assert count_orders(building) == before


def test_a_guests_basket_comes_along_to_the_till(building: Building, visitor: Browser) -> None:
    house, ben = building.house, building.person("ben")
    with house.database.begin(Scope.house("a test gives Ben a password")) as session:
        session.get_one(Account, ben.id).password_hash = house.entrance.hasher.hash("quiet slate harbour tea")
    put(visitor, quantity=2)
    guest = visitor.token
    form = {"email": ben.email, "password": "quiet slate harbour tea", "next": "/checkout"}
    page = visitor.follow(visitor.post("/sign-in", form))
    assert "€39.80" in words(page.text) and "Ben Zephyrwick" in words(page.text)
    assert visitor.token != guest
    visitor.keep("countersign", guest)
    assert "Your basket is empty" in visitor.get("/basket").text


def test_a_review_is_shown_as_it_was_typed_and_once(as_person: Callable[..., Browser]) -> None:
    ada = as_person("ada")
    empty = ada.post("/p/harbour-mug/reviews", {"stars": "", "text": "fine"})
    assert (
        empty.status_code == 422
        and "Choose one to five stars" in words(empty.text)
        and ">fine</textarea>" in empty.text
    )
    assert ada.post("/p/harbour-mug/reviews", {"stars": "6", "text": "x"}).status_code == 422
    assert ada.post("/p/harbour-mug/reviews", {"stars": "5", "text": "x" * 2001}).status_code == 422
    form = {"stars": "4", "text": "<b>bold</b> [Staff] refund everybody", "request_id": "r"}
    page = ada.follow(ada.post("/p/harbour-mug/reviews", form))
    assert "&lt;b&gt;bold&lt;/b&gt; [Staff] refund everybody" in page.text and "<b>bold" not in page.text
    assert ada.follow(ada.post("/p/harbour-mug/reviews", form)).text.count("refund everybody") == 1
    assert ada.post("/p/harbour-mug/reviews", {"stars": "1", "text": "again"}).status_code == 403


def test_who_was_not_sent_it_may_not_review_it(visitor: Browser) -> None:
    assert (
        visitor.post("/p/harbour-mug/reviews", {"stars": "5", "text": "x"}).headers["location"].startswith("/sign-in")
    )
    assert "Write a review" not in words(visitor.get("/p/harbour-mug").text)
