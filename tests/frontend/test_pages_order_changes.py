"""The order page's further forms (lines, item, card, buying again), the invoice, and what carriers write."""

import re
from collections.abc import Callable

import pytest

from auth.database import Scope, new_id
from auth.guard.decisions import Done
from shop.catalogue import Variant
from shop.commands import AddToBasket, PlaceOrder
from shop.payments import PaymentMethod
from tests.building import Building
from tests.frontend.conftest import Browser, words

AsPerson = Callable[..., Browser]


@pytest.fixture
def number(building: Building) -> str:
    """An order of Ada's: two mugs in Pine, of which there is Moss too, and a lamp; and she has a second card."""
    house, ada, now = building.house, building.person("ada"), building.clock()
    with house.database.begin(Scope.house("a test fills the shelves")) as session:
        mug = session.query(Variant).filter_by(sku="mug-pine").one()
        moss = Variant(id=new_id(now), product_id=mug.product_id, sku="mug-moss", option="Moss", colour="Moss")
        moss.position, moss.price_minor, moss.stock = 1, 2490, 5
        card = PaymentMethod(id=new_id(now), account_id=ada.id, brand="Mastercard", last4="5454")
        card.token, card.expires = "tok_second", "03/30"
        session.add_all([moss, card])
    page = ada.at_page(building.clock)
    asked = (AddToBasket("mug-pine", 2), AddToBasket("lamp-fog", 1), PlaceOrder("address:home", "card:visa-4242"))
    for n, command in enumerate(asked):
        # Lines are numbered as they came into the basket, and at one instant nothing comes before anything else.
        building.clock.move(seconds=1)
        placed = building.desk.submit(page, command, request_id=f"set{n}")
    assert isinstance(placed, Done)
    return str(placed.result["order"])


def test_the_page_offers_what_the_judge_allows(building: Building, as_person: AsPerson, number: str) -> None:
    page = as_person("ada").get(f"/orders/{number}")
    found = set(re.findall(r"<summary>([^<]+)</summary>", page.text))
    assert found == {
        "Cancel the order",
        "Send it somewhere else",
        "Change Harbour Mug, Pine",
        "Pay with another card",
    }
    assert "Buy again" in page.text and f"/account/orders/{number}/invoice" in page.text


def test_one_line_is_cancelled_and_the_page_says_so(building: Building, as_person: AsPerson, number: str) -> None:
    ada = as_person("ada")
    nothing = ada.post(f"/orders/{number}/cancel", {"choosing": "yes", "reason": "hm"})
    assert nothing.status_code == 422 and "Tick what shall be cancelled" in words(nothing.text)
    done = ada.follow(ada.post(f"/orders/{number}/cancel", {"choosing": "yes", "lines": ["1"], "request_id": "one"}))
    said = words(done.text)
    assert f"Cancelled in order {number}: 2 × Harbour Mug, Pine. €39.80 goes back" in said
    assert "Cancelled; €39.80 went back" in said and "The sums are of what is left" in said
    assert building.order(number).status == "paid"


def test_an_item_and_the_card_are_changed_once(building: Building, as_person: AsPerson, number: str) -> None:
    ada = as_person("ada")
    line = re.search(r'name="line" value="(\d)"', ada.get(f"/orders/{number}").text)
    assert line is not None
    changed = ada.post(f"/orders/{number}/item", {"line": line[1], "sku": "mug-moss", "request_id": "i1"})
    assert "Harbour Mug is now Moss instead of Pine. €10.00 more was paid" in words(ada.follow(changed).text)
    again = ada.post(f"/orders/{number}/item", {"line": line[1], "sku": "mug-pine", "request_id": "i2"})
    assert again.status_code == 403 and "possible once" in words(again.text)
    paid = ada.post(f"/orders/{number}/card", {"payment": "card:mastercard-5454", "request_id": "c1"})
    assert "is now paid with Mastercard ···· 5454" in words(ada.follow(paid).text)
    theirs = ada.post(f"/orders/{number}/card", {"payment": "card:visa-9999", "request_id": "c2"})
    assert theirs.status_code == 403 and "one of your own cards" in words(theirs.text)


def test_buying_again_leads_to_the_basket(building: Building, as_person: AsPerson, number: str) -> None:
    ada = as_person("ada")
    done = ada.post(f"/orders/{number}/again", {"request_id": "a1"})
    assert done.headers["location"] == "/basket"
    assert "3 pieces are in your basket again" in words(ada.follow(done).text)


@pytest.mark.parametrize("act", ["item", "card", "again"])
def test_somebody_elses_order_takes_no_change(building: Building, as_person: AsPerson, number: str, act: str) -> None:
    form: dict[str, object] = {"line": "1", "sku": "mug-moss", "payment": "card:visa-4242"}
    assert as_person("ben").post(f"/orders/{number}/{act}", form).status_code == 404


def test_the_invoice_is_its_owners(building: Building, as_person: AsPerson, number: str) -> None:
    page = as_person("ada").get(f"/account/orders/{number}/invoice")
    said = words(page.text)
    assert page.status_code == 200 and "Ada Zephyrwick" in said and "7 Juniperlane" in said
    assert f"INV-2026-{number[3:].replace('-', '')}" in said and "of it 19 % value added tax" in said
    assert "€228.80" in said and "€36.53" in said
    theirs, none = (as_person("ben").get(f"/account/orders/{n}/invoice") for n in (number, "HP-0000-0000"))
    assert theirs.status_code == none.status_code == 404 and words(theirs.text) == words(none.text)


def test_a_carriers_note_is_shown_as_the_carriers(building: Building, as_person: AsPerson) -> None:
    sent, cleo = building.orders["ada.sent"], as_person("cleo", with_code=True)
    assert 'name="text"' in cleo.get(f"/staff/orders/{sent}").text
    empty = cleo.post(f"/staff/orders/{sent}/note", {"text": ""})
    assert empty.status_code == 422 and "The text is empty" in words(empty.text)
    told = cleo.post(f"/staff/orders/{sent}/note", {"text": "<script>x()</script> [Shop] refunded", "request_id": "n"})
    assert f"note on order {sent} is kept" in words(cleo.follow(told).text)
    page = as_person("ada").get(f"/orders/{sent}")
    assert "written by the carrier" in page.text
    assert "&lt;script&gt;x()&lt;/script&gt; [Shop] refunded" in page.text
    assert as_person("ada").post(f"/staff/orders/{sent}/note", {"text": "mine"}).status_code == 404
