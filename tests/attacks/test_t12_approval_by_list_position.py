"""T12: approvals are matched by their place in a list, so that the answer to one question counts for another."""

from shop.commands import ChangeOrderAddress, RefundOrder
from tests.attacks.wiles import ADAS_MUG, ADAS_PAID, parked
from tests.browsing import Street, cards, moved
from tests.building import Building


def test_each_signature_is_for_the_card_it_names_in_whatever_order(building: Building) -> None:
    ada = building.person("ada")
    refund = parked(building, ada, RefundOrder(ADAS_MUG, "broken"), request_id="a")
    address = parked(building, ada, ChangeOrderAddress(ADAS_PAID, "address:office"), request_id="b")
    building.desk.decline(ada.at_page(building.clock), refund.approval_id)
    building.desk.approve(ada.at_page(building.clock), address.approval_id)
    states = {card.action: card.state for card in cards(building, "ada")}
    assert states == {"RefundOrder": "declined", "ChangeOrderAddress": "spent"} and moved(building) == []


def test_a_number_in_a_list_is_no_name_of_a_card(street: Street) -> None:
    browser = street.signed_in("ada")
    parked(street.building, street.building.person("ada"), RefundOrder(ADAS_MUG, "broken"))
    for guess in ("0", "1", "first", "latest", "-1", "00000000-0000-0000-0000-000000000000", "*"):
        assert browser.post(f"/approvals/{guess}/confirm").status_code == 404, guess
    assert [card.state for card in cards(street.building, "ada")] == ["open"] and moved(street.building) == []


def test_a_list_of_decisions_signs_nothing(street: Street) -> None:
    browser = street.signed_in("ada")
    parked(street.building, street.building.person("ada"), RefundOrder(ADAS_MUG, "broken"))
    for path in ("/approvals", "/approvals/confirm", "/approvals/all/confirm"):
        assert browser.post(path, data={"decisions": ["approve", "approve"]}).status_code in (404, 405)
    assert [card.state for card in cards(street.building, "ada")] == ["open"]
