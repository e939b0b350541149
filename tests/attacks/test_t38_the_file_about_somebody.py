"""T38: the file with everything about somebody is fetched by somebody else, or with a session that was left open."""

import json
from typing import Any

import pytest

from auth.database import Scope, new_id
from auth.guard.decisions import AwaitingApproval, Done, Refused
from shop.commands import ExportMyData
from shop.data_exports import FETCHED_WITHIN, DataExport
from tests.browsing import Street
from tests.building import Building

FILE = "/account/privacy/my-data.json"


def leaves(building: Building) -> list[DataExport]:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return session.query(DataExport).all()


def signed_export(street: Street, name: str) -> Any:
    """A browser whose person has asked for their file a minute after signing in with a code."""
    browser = street.signed_in(name)
    assert browser.post("/account/privacy/export", data={"request_id": ""}).headers["location"] == "/account/privacy"
    return browser


def test_the_file_holds_ones_own_and_nobody_elses(building: Building, street: Street) -> None:
    street.conversation("ada", ("customer", "my Marmaladewagon broke"))  # type: ignore[arg-type]
    answer = signed_export(street, "ada").get(FILE)
    assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    content = json.loads(answer.content)
    assert {row["number"] for row in content["kept"]["orders"]} == {
        number for key, number in building.orders.items() if key.startswith("ada.")
    }
    assert content["kept"]["accounts"][0]["name"] == "Ada Zephyrwick" and content["activity"]
    for word in ("Marmaladewagon", "Juniperlane", "ada.zephyrwick@example.com"):
        assert word in answer.text
    for word in ("Ben Zephyrwick", str(building.person("ben").id), "argon2", street.secrets["ada"], "tok_"):
        assert word not in answer.text


def test_nobody_fetches_the_file_of_another(building: Building, street: Street) -> None:
    signed_export(street, "ada")
    for browser in (street.signed_in("ben"), street.browser(), street.signed_in("cleo")):
        answer = browser.get(FILE)
        assert answer.status_code in (303, 404) and "Ada" not in answer.text
    assert len(leaves(building)) == 1


def test_a_session_left_open_gets_no_file(building: Building, street: Street) -> None:
    browser = street.signed_in("ada")
    building.clock.move(minutes=6)
    parked = browser.post("/account/privacy/export", data={"request_id": ""})
    assert parked.headers["location"].startswith("/approvals/") and leaves(building) == []
    card = parked.headers["location"]
    for form in ({}, {"code": "000000"}, {"password": "quarry heron lantern 58"}):
        assert browser.post(f"{card}/confirm", data=form).status_code == 422
    assert leaves(building) == [] and browser.get(FILE).status_code == 404
    assert browser.post(f"{card}/confirm", data={"code": street.next_code("ada")}).status_code == 303
    assert browser.get(FILE).status_code == 200


def test_leave_to_fetch_it_ends(building: Building, street: Street) -> None:
    browser = signed_export(street, "ada")
    building.clock.move(seconds=FETCHED_WITHIN.total_seconds() + 1)
    assert browser.get(FILE).status_code == 404


@pytest.mark.parametrize("age", [None, 300, 4000])
def test_the_desk_wants_a_fresh_proof_at_every_door(building: Building, age: int | None) -> None:
    ada = building.person("ada")
    outcome = building.desk.submit(ada.at_page(building.clock, second_factor_age_s=age), ExportMyData(), request_id="x")
    assert isinstance(outcome, AwaitingApproval) and "second_factor" in outcome.needs
    again = building.desk.approve(ada.at_page(building.clock, second_factor_age_s=age), outcome.approval_id)
    assert isinstance(again, AwaitingApproval) and leaves(building) == []
    fresh = building.desk.approve(ada.at_page(building.clock, second_factor_age_s=10), outcome.approval_id)
    assert isinstance(fresh, Done) and len(leaves(building)) == 1


def test_leave_given_to_another_row_is_not_ones_own(building: Building, street: Street) -> None:
    """Even a leave written past the desk opens only its owner's file."""
    now = building.clock()
    with building.house.database.begin(Scope.house("an attacker with the database")) as session:
        row = DataExport(
            id=new_id(now), account_id=building.person("ben").id, made_at=now, ends_at=now + FETCHED_WITHIN
        )
        session.add(row)
    assert street.signed_in("ada").get(FILE).status_code == 404


def test_guests_and_the_assistant_alone_get_nothing(building: Building) -> None:
    outcome = building.desk.submit(building.person("ada").through_chat(), ExportMyData(), request_id="x")
    assert isinstance(outcome, AwaitingApproval) and leaves(building) == []
    refused = building.desk.approve(building.person("ben").at_page(building.clock), outcome.approval_id)
    assert isinstance(refused, Refused) and refused.kind == "not_found"
