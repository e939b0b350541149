"""T07: any signed-in user can list the customers, or read another one's record."""

import pytest

from auth.actor import Channel
from auth.guard.decisions import Done, Refused
from shop.commands import ListAddresses, ListOrders, ReadCustomerOrder
from tests.attacks.wiles import BENS_MUG
from tests.browsing import Street
from tests.building import Building

BENS = ("Ben Zephyrwick", "ben.zephyrwick", "HP-B")


def test_no_page_a_customer_can_open_names_another_customer(street: Street) -> None:
    browser, pages = street.signed_in("ada"), sorted(p for p in _paths(street) if "{" not in p)
    assert len(pages) > 10
    for path in pages:
        answer = browser.get(path)
        assert answer.status_code < 500, path
        if path == "/sign-in":
            continue  # In the demo it lists everybody who was seeded; signed in, it leads away.
        assert not [word for word in BENS if word in answer.text], path


def test_the_staffs_pages_are_not_there_for_a_customer_and_for_nobody(street: Street) -> None:
    customer, stranger = street.signed_in("ada"), street.browser()
    guess = [path for path in _paths(street) if path.startswith("/staff")] or ["/staff"]
    for path in guess + ["/staff", "/admin", "/customers", "/users"]:
        path = path.replace("{approval_id}", "1").replace("{conversation_id}", "1").replace("{number}", BENS_MUG)
        absent = customer.get("/no-such-page-at-all").status_code
        assert customer.get(path).status_code == stranger.get(path).status_code == absent == 404, path


def test_at_the_desk_a_list_is_ones_own(building: Building) -> None:
    ada = building.person("ada").at_page(building.clock)
    for command in (ListOrders(), ListAddresses()):
        outcome = building.desk.submit(ada, command, request_id="r")
        assert isinstance(outcome, Done) and "Ben" not in repr(outcome.view) and "HP-B" not in repr(outcome.view)


@pytest.mark.parametrize("channel", [Channel.PAGE, Channel.CHAT, Channel.STAFF, Channel.API])
def test_a_customer_cannot_read_as_staff_through_any_door(building: Building, channel: Channel) -> None:
    actor = building.person("ada").at_page(building.clock, second_factor_age_s=10).through(channel)
    assert isinstance(building.desk.submit(actor, ReadCustomerOrder(BENS_MUG), request_id="r"), Refused)


def _paths(street: Street) -> set[str]:
    found = set(street.app.openapi()["paths"])
    assert "/orders" in found and "/sign-in" in found
    return {path for path in found if "get" in street.app.openapi()["paths"][path]}
