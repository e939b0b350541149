"""T35: what was allowed when it was asked for is carried out when it no longer is."""

from sqlalchemy import update

from auth.accounts import freeze_account
from auth.database import Scope
from auth.guard.approvals import Approval
from auth.guard.decisions import Done, Refused
from auth.vault import VaultError
from shop.commands import CancelOrder, RefundOrder, ShipOrder
from shop.orders import Order
from tests.attacks.wiles import ADAS_MUG, ADAS_PAID, parked, refused
from tests.browsing import cards, moved
from tests.building import Building


def test_an_expired_card_is_worth_nothing(building: Building) -> None:
    ada = building.person("ada")
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    building.clock.move(minutes=16)
    refused(building.desk.approve(ada.at_page(building.clock), card.approval_id), "desk.card-expired")
    assert moved(building) == []


def test_an_order_that_left_meanwhile_is_not_cancelled(building: Building) -> None:
    ada, cleo = building.person("ada"), building.person("cleo")
    card = parked(building, ada, CancelOrder(ADAS_PAID))
    assert isinstance(
        building.desk.submit(cleo.at_work(building.clock), ShipOrder(ADAS_PAID, "T1"), request_id="s"), Done
    )
    refused(building.desk.approve(ada.at_page(building.clock), card.approval_id), "cancel.only-before-it-leaves")
    assert moved(building) == []


def test_a_frozen_account_signs_nothing(building: Building) -> None:
    ada = building.person("ada")
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    with building.house.database.begin(Scope.house("freezing")) as session:
        freeze_account(session, ada.id)
    refused(building.desk.approve(ada.at_page(building.clock), card.approval_id), "account.frozen-looks-only")
    assert moved(building) == []


def test_another_card_behind_the_order_wants_a_new_signature(building: Building) -> None:
    ada = building.person("ada")
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    with building.house.database.begin(Scope.house("the record changes")) as session:
        session.execute(update(Order).where(Order.number == ADAS_MUG).values(paid_with="Visa ···· 6666"))
    outcome = building.desk.approve(ada.at_page(building.clock), card.approval_id)
    assert not isinstance(outcome, Done) and moved(building) == []
    assert sorted(c.state for c in cards(building, "ada")) == ["open", "superseded"]


def test_a_changed_command_in_the_card_is_not_what_was_signed(building: Building) -> None:
    ada = building.person("ada")
    small = parked(building, ada, RefundOrder(ADAS_MUG, "broken"), request_id="a")
    large = parked(building, ada, RefundOrder(building.orders["ada.lamp"], "broken"), request_id="b")
    with building.house.database.begin(Scope.house("an attacker with the database")) as session:
        sealed = session.get_one(Approval, large.approval_id).command
        session.execute(update(Approval).where(Approval.id == small.approval_id).values(command=sealed))
    try:
        outcome: object = building.desk.approve(ada.at_page(building.clock), small.approval_id)
    except VaultError:
        outcome = None
    assert not isinstance(outcome, Done) and moved(building) == []


def test_no_more_than_three_cards_wait_at_once(building: Building) -> None:
    ada = building.person("ada")
    for n, key in enumerate(("mug", "lamp", "tent")):
        parked(building, ada, RefundOrder(building.orders[f"ada.{key}"], "broken"), request_id=f"r{n}")
    fourth = building.desk.submit(ada.through_chat(), CancelOrder(building.orders["ada.paid"]), request_id="r4")
    assert isinstance(fourth, Refused) and fourth.policy == "desk.open-cards"
