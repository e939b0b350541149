"""T34: a double click, a reload or a replay does the same thing again; or its number is reused for another."""

from concurrent.futures import ThreadPoolExecutor

from auth.guard.decisions import Done, Refused
from shop.commands import AddToBasket, CancelOrder, PlaceOrder, RefundOrder
from tests.attacks.wiles import ADAS_MUG, ADAS_PAID
from tests.browsing import Street, entries, goods, moved
from tests.building import Building


def test_eight_clicks_on_one_button_place_one_order(building: Building) -> None:
    ada = building.person("ada").at_page(building.clock)
    building.desk.submit(ada, AddToBasket("mug-pine"), request_id="b")
    order = PlaceOrder("address:home", "card:visa-4242")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: building.desk.submit(ada, order, request_id="one form"), range(8)))
    assert [kind for kind, _, _ in moved(building)] == ["charge"]


def test_a_form_sent_again_changes_nothing_more(street: Street) -> None:
    browser = street.signed_in("ada")
    for _ in range(4):
        answer = browser.post("/basket", data={"sku": "mug-pine", "quantity": "2", "request_id": "one-form"})
        assert answer.status_code == 303
    assert [row for row in goods(street.building)["basket_lines"] if 8 in row] == []
    assert len(entries(street.building, "command.executed")) == 1


def test_a_number_used_for_something_else_is_refused(building: Building) -> None:
    ada = building.person("ada").at_page(building.clock)
    assert isinstance(building.desk.submit(ada, CancelOrder(ADAS_PAID), request_id="n"), Done)
    again = building.desk.submit(ada, RefundOrder(ADAS_MUG, "broken"), request_id="n")
    assert isinstance(again, Refused) and len(moved(building)) == 1


def test_the_number_is_ones_own(building: Building) -> None:
    for name in ("ada", "ben"):
        outcome = building.desk.submit(
            building.person(name).at_page(building.clock), AddToBasket("mug-pine"), request_id="same"
        )
        assert isinstance(outcome, Done)
    assert len(entries(building, "command.executed")) == 2
