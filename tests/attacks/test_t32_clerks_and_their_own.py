"""T32: a clerk approves their own request, works without a second factor, or a review is skipped."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from auth.accounts import find_account
from auth.actor import Actor, Channel, Role
from auth.database import Scope, new_id
from auth.guard.approvals import Approval
from auth.guard.decisions import AwaitingApproval, Done, Need, Refused
from shop.commands import RefundOrder, ShipOrder
from shop.refunds import Refund
from tests.attacks.wiles import ADAS_PAID, refused
from tests.browsing import PASSWORD, Street, moved
from tests.building import Building


@pytest.fixture
def waiting(building: Building) -> AwaitingApproval:
    """Ada's refund of €653.90, signed with a fresh code, on a clerk's table."""
    ada = building.person("ada").at_page(building.clock, second_factor_age_s=10)
    parked = building.desk.submit(ada, RefundOrder(building.orders["ada.tent"], "torn"), request_id="r")
    assert isinstance(parked, AwaitingApproval)
    outcome = building.desk.approve(ada, parked.approval_id)
    assert isinstance(outcome, AwaitingApproval) and moved(building) == []
    return outcome


def test_the_money_waits_for_a_clerk_however_often_its_owner_signs(
    building: Building, waiting: AwaitingApproval
) -> None:
    ada = building.person("ada").at_page(building.clock, second_factor_age_s=1)
    for _ in range(3):
        assert isinstance(building.desk.approve(ada, waiting.approval_id), AwaitingApproval)
    assert moved(building) == []


def test_nobody_reviews_their_own(building: Building, waiting: AwaitingApproval) -> None:
    ada = building.person("ada")
    # The worst case: the customer's account has become a clerk's since.
    for role in (Role.CUSTOMER, Role.CLERK):
        actor = Actor(ada.id, role, Channel.STAFF, signed_in_at=building.clock(), second_factor_at=building.clock())
        assert isinstance(building.desk.review(actor, waiting.approval_id, agree=True), Refused)
    assert moved(building) == []


def test_a_clerk_without_a_fresh_enough_factor_or_at_another_door_reviews_nothing(
    building: Building, waiting: AwaitingApproval
) -> None:
    cleo = building.person("cleo")
    for actor in (
        Actor(cleo.id, Role.CLERK, Channel.STAFF, signed_in_at=building.clock()),
        cleo.at_page(building.clock, second_factor_age_s=5),
        cleo.through_chat(),
        building.person("ben").at_work(building.clock),
    ):
        assert isinstance(building.desk.review(actor, waiting.approval_id, agree=True), Refused)
    assert moved(building) == []
    assert isinstance(building.desk.review(cleo.at_work(building.clock), waiting.approval_id, agree=True), Done)
    assert [minor for _, _, minor in moved(building)] == [65390]


def test_two_clerks_at_once_pay_once(building: Building, waiting: AwaitingApproval) -> None:
    clerks = [building.person(name).at_work(building.clock) for name in ("cleo", "dov") * 4]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda clerk: building.desk.review(clerk, waiting.approval_id, agree=True), clerks))
    assert [minor for _, _, minor in moved(building)] == [65390]


def test_splitting_a_sum_does_not_go_around_the_review(building: Building) -> None:
    """What came back in the last 30 days counts, whichever orders it came from."""
    ada, command = building.person("ada"), RefundOrder(building.orders["ada.mug"], "chipped")
    before = building.desk.submit(ada.through_chat(), command, request_id="a")
    assert isinstance(before, AwaitingApproval) and Need.REVIEW not in before.needs
    with building.house.database.begin(Scope.house("many small refunds")) as session:
        for n in range(4):
            # Together with the €24.80 of this card it is a few cents over €1,000; neither is over €500.
            session.add(_refunded(building, minor=24_400, days=n))
    after = building.desk.approve(ada.at_page(building.clock, second_factor_age_s=5), before.approval_id)
    assert isinstance(after, AwaitingApproval) and after.needs == {Need.REVIEW} and moved(building) == []


def test_a_clerk_without_a_factor_can_only_set_one_up(street: Street) -> None:
    building, cleo = street.building, street.building.person("cleo")
    with building.house.database.begin(Scope.own(cleo.id)) as session:
        account = find_account(session, cleo.id)
        assert account is not None
        account.password_hash = building.house.entrance.hasher.hash(PASSWORD)
    browser = street.browser()
    answer = browser.post("/sign-in", data={"email": cleo.email, "password": PASSWORD})
    assert answer.headers["location"] == "/account/security/enrol"
    for path in ("/staff", "/orders", "/staff/orders"):
        assert browser.get(path).status_code in (303, 404)
    assert browser.post(f"/staff/orders/{ADAS_PAID}/ship", data={"tracking": "T"}).status_code in (303, 404)
    assert building.order(ADAS_PAID).status == "paid"
    unproved = Actor(cleo.id, Role.CLERK, Channel.STAFF, signed_in_at=building.clock())
    refused(building.desk.submit(unproved, ShipOrder(ADAS_PAID, "T"), request_id="r"), "clerk.needs-second-factor")


def test_the_clerks_note_is_sealed(building: Building, waiting: AwaitingApproval) -> None:
    building.desk.review(
        building.person("cleo").at_work(building.clock), waiting.approval_id, agree=False, note="Grumbleword"
    )
    with building.house.database.read(Scope.own(building.person("ada").id)) as session:
        card = session.get_one(Approval, waiting.approval_id)
        assert card.note is not None and b"Grumbleword" not in bytes(card.note)
        assert building.house.vault.open(session, card, "note") == "Grumbleword"


def _refunded(building: Building, *, minor: int, days: int) -> Refund:
    at, order = building.clock() - timedelta(days=days), building.order(building.orders["ada.old"])
    return Refund(
        id=new_id(at),
        account_id=order.account_id,
        order_id=order.id,
        amount_minor=minor,
        currency="EUR",
        lines="[]",
        state="settled",
        created_at=at,
        settled_at=at,
    )
