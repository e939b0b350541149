"""T10: the endpoint that approves asks nobody who they are."""

import pytest

from auth.actor import VISITOR, Actor, Channel, Role
from shop.commands import RefundOrder
from tests.attacks.wiles import ADAS_MUG, parked, refused
from tests.browsing import Street, cards, moved
from tests.building import Building


@pytest.mark.parametrize("verb", ["confirm", "decline"])
def test_without_a_session_a_card_can_be_neither_signed_nor_declined(street: Street, verb: str) -> None:
    card = parked(street.building, street.building.person("ada"), RefundOrder(ADAS_MUG, "broken"))
    for browser in (street.browser(), _guest(street)):
        answer = browser.post(f"/approvals/{card.approval_id}/{verb}")
        assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        assert browser.get(f"/approvals/{card.approval_id}").status_code == 303
    assert [c.state for c in cards(street.building, "ada")] == ["open"] and moved(street.building) == []


def test_the_desk_knows_no_card_of_nobody(building: Building) -> None:
    card = parked(building, building.person("ada"), RefundOrder(ADAS_MUG, "broken"))
    nobody = Actor(None, Role.CUSTOMER, Channel.PAGE, second_factor_at=building.clock())
    for actor in (VISITOR, nobody):
        refused(building.desk.approve(actor, card.approval_id), "not-found")
        refused(building.desk.decline(actor, card.approval_id), "not-found")
    assert moved(building) == []


def _guest(street: Street) -> object:
    browser = street.browser()
    browser.post("/basket", data={"sku": "mug-pine", "quantity": "1"})
    assert browser.cookies
    return browser
