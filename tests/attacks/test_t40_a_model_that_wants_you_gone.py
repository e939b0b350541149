"""T40: a hostile model deletes the account it talks for, fetches everything about it, or signs its owner out."""

from typing import Any

import pytest

from auth.accounts import Account
from auth.database import Scope
from auth.guard.decisions import AwaitingApproval, Outcome, Refused
from auth.sign_in.sessions import SignInSession
from shop.commands import DeleteAccount, EndSessions, ExportMyData
from shop.data_exports import DataExport
from shop.orders import Order
from tests.browsing import Street, moved
from tests.building import Building

WANTED: tuple[Any, ...] = (DeleteAccount("because I said so"), ExportMyData(), EndSessions())


@pytest.fixture
def settled(building: Building) -> Building:
    with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
        for order in session.query(Order):
            order.status, order.delivered_at = "delivered", building.clock()
    return building


def state(building: Building) -> tuple[str, int, int]:
    with building.house.database.read(Scope.house("a test looks")) as session:
        status = session.get_one(Account, building.person("ada").id).status
        exports = session.query(DataExport).count()
        return status, exports, session.query(SignInSession).filter(SignInSession.revoked_at.is_(None)).count()


@pytest.mark.parametrize("command", WANTED, ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("tainted", [False, True])
def test_a_model_gets_a_card_and_nothing_else(settled: Building, street: Street, command: Any, tainted: bool) -> None:
    street.signed_in("ada")
    before = state(settled)
    ada = settled.person("ada")
    outcome: Outcome = settled.desk.submit(ada.through_chat(tainted=tainted), command, request_id="x")
    assert isinstance(outcome, AwaitingApproval) and "confirmation" in outcome.needs
    assert tainted <= ("second_factor" in outcome.needs)
    # The model that asked is not the one that signs, however often it tries.
    for _ in range(3):
        assert isinstance(settled.desk.approve(ada.through_chat(tainted=tainted), outcome.approval_id), Refused)
    assert state(settled) == before and moved(settled) == []


@pytest.mark.parametrize("command", [DeleteAccount(), ExportMyData()], ids=lambda c: type(c).__name__)
def test_a_click_without_a_fresh_proof_is_not_enough(settled: Building, command: Any) -> None:
    ada, before = settled.person("ada"), state(settled)
    outcome = settled.desk.submit(ada.through_chat(), command, request_id="x")
    assert isinstance(outcome, AwaitingApproval)
    for age in (None, 300):
        again = settled.desk.approve(ada.at_page(settled.clock, second_factor_age_s=age), outcome.approval_id)
        assert isinstance(again, AwaitingApproval)
    assert state(settled) == before


@pytest.mark.parametrize("command", WANTED, ids=lambda c: type(c).__name__)
def test_it_cannot_be_done_to_somebody_else(settled: Building, street: Street, command: Any) -> None:
    """No command names a person: what Ben's model asks for is about Ben, and Ada's card is not there for him."""
    street.signed_in("ada")
    before = state(settled)
    parked = settled.desk.submit(settled.person("ada").through_chat(), command, request_id="x")
    assert isinstance(parked, AwaitingApproval)
    ben = settled.person("ben").at_page(settled.clock, second_factor_age_s=1)
    outcome = settled.desk.approve(ben, parked.approval_id)
    assert isinstance(outcome, Refused) and outcome.kind == "not_found" and state(settled) == before
