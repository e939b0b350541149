"""T02: the amount is taken from the browser when the card is confirmed or the basket is ordered."""

import re

from sqlalchemy import update

from auth.database import Scope
from auth.guard.decisions import AwaitingApproval
from shop.catalogue import Variant
from shop.commands import AddToBasket, PlaceOrder, RefundOrder
from tests.attacks.wiles import ADAS_MUG, parked
from tests.browsing import Street, moved
from tests.building import Building

FORGED = {"amount": "999.00", "minor": "99900", "price": "1", "amount_minor": "1", "total": "1", "command": "{}"}


def test_fields_beside_the_button_change_nothing_about_what_was_stored(street: Street) -> None:
    browser, ada = street.signed_in("ada"), street.building.person("ada")
    card = parked(street.building, ada, RefundOrder(ADAS_MUG, "broken"))
    browser.post(f"/approvals/{card.approval_id}/confirm?amount=99900", data=FORGED)
    assert moved(street.building) == [("refund", street.building.order(ADAS_MUG).charge_reference, 2480)]


def test_the_checkout_charges_what_the_catalogue_says(street: Street) -> None:
    browser = street.signed_in("ada")
    browser.post("/basket", data={"sku": "mug-pine", "quantity": "1", "price": "1", "price_minor": "1"})
    seen = re.search(r'name="seen" value="([^"]*)"', browser.get("/checkout").text)
    assert seen is not None
    form = {"address": "address:home", "payment": "card:visa-4242", "seen": seen[1], **FORGED}
    assert browser.post("/checkout", data=form).status_code == 303
    ((kind, _, minor),) = moved(street.building)
    assert kind == "charge" and minor >= 1990


def test_a_price_that_changed_since_the_card_was_made_wants_a_new_signature(building: Building) -> None:
    ada = building.person("ada")
    building.desk.submit(ada.at_page(building.clock), AddToBasket("mug-pine"), request_id="b")
    card = parked(building, ada, PlaceOrder("address:home", "card:visa-4242"))
    with building.house.database.begin(Scope.house("the shop raises a price")) as session:
        session.execute(update(Variant).where(Variant.sku == "mug-pine").values(price_minor=2990))
    again = building.desk.approve(ada.at_page(building.clock), card.approval_id)
    assert isinstance(again, AwaitingApproval) and again.replaced and again.approval_id != card.approval_id
    assert moved(building) == []
    building.desk.approve(ada.at_page(building.clock), card.approval_id)
    assert moved(building) == []
