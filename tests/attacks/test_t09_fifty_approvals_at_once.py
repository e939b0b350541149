"""T09: the money goes out first and the request is marked as used afterwards, so that many clicks pay many times."""

from concurrent.futures import ThreadPoolExecutor

from auth.guard.decisions import Done, Pending
from shop.commands import RefundOrder
from shop.payments import DemoGateway
from tests.attacks.wiles import ADAS_MUG, parked
from tests.browsing import entries, moved
from tests.building import Building

CLICKS = 50


def test_fifty_approvals_at_once_make_one_entry_in_the_gateways_books(building: Building) -> None:
    ada = building.person("ada")
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    with ThreadPoolExecutor(CLICKS) as pool:
        clicks = [
            pool.submit(building.desk.approve, ada.at_page(building.clock), card.approval_id) for _ in range(CLICKS)
        ]
        outcomes = [click.result() for click in clicks]
    assert [minor for _, _, minor in moved(building)] == [2480]
    assert all(isinstance(outcome, Done | Pending) for outcome in outcomes)
    assert len(entries(building, "command.executed")) == 1


def test_two_cards_for_the_same_money_pay_once(building: Building) -> None:
    ada = building.person("ada")
    first = parked(building, ada, RefundOrder(ADAS_MUG, "broken"), request_id="a")
    second = parked(building, ada, RefundOrder(ADAS_MUG, "chipped"), request_id="b")
    assert first.approval_id != second.approval_id
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda c: building.desk.approve(ada.at_page(building.clock), c.approval_id), (first, second)))
    assert [minor for _, _, minor in moved(building)] == [2480]


def test_an_answer_that_got_lost_is_asked_for_again_under_the_same_key(building: Building) -> None:
    ada, order = building.person("ada"), building.order(ADAS_MUG)
    key = "grant-of-a-crashed-process"
    first = building.gateway.refund(key, str(order.charge_reference), order.total)
    again = building.gateway.refund(key, str(order.charge_reference), order.total)
    assert first == again and len(moved(building)) == 1
    # The money is gone from the charge, so whatever the shop believes, the gateway pays it no second time.
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    assert not isinstance(building.desk.approve(ada.at_page(building.clock), card.approval_id), Done)
    assert len(moved(building)) == 1
    assert isinstance(building.gateway, DemoGateway)
