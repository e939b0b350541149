"""T20: somebody was refused and nothing tells of it."""

from collections.abc import Callable
from typing import Any

import pytest

from auth.actor import VISITOR
from auth.guard.commands import Command
from auth.web.turned_away import TurnedAway
from shop.commands import CancelOrder, RefundOrder, ShipOrder, ShowOrder
from shop.money import Money
from tests.attacks.wiles import ADAS_MUG, ADAS_PAID, BENS_MUG, hostile, parked, say, told
from tests.browsing import Street, entries, kinds
from tests.building import Building

REFUSED: dict[str, tuple[str, Command]] = {
    "somebody else's order": ("not-found", RefundOrder(BENS_MUG, "x")),
    "no such order": ("not-found", ShowOrder("HP-0000-0000")),
    "an order that has left": ("cancel.only-before-it-leaves", CancelOrder(ADAS_MUG)),
    "more than was paid": ("refund.no-more-than-was-paid", RefundOrder(ADAS_MUG, "x", amount=Money(999_999))),
    "less than nothing": ("refund.no-more-than-was-paid", RefundOrder(ADAS_MUG, "x", amount=Money(-500))),
    "staff work": ("not-found", ShipOrder(BENS_MUG, "T")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_each_refusal_of_the_desk_names_who_and_why(building: Building, what: str) -> None:
    policy, command = REFUSED[what]
    ada = building.person("ada")
    building.desk.submit(ada.through_chat(), command, request_id="r")
    last = entries(building, "command.refused")[-1]
    assert last.account_id == ada.id and last.channel == "chat" and last.facts()["policy"] == policy


def test_a_foreign_or_unsigned_approval_is_an_event(building: Building) -> None:
    ada, ben = building.person("ada"), building.person("ben")
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    for n, actor in enumerate((ben.at_page(building.clock), VISITOR, ada.through_chat()), start=1):
        building.desk.approve(actor, card.approval_id)
        assert len(entries(building, "command.refused")) == n
    clerk = building.person("cleo").at_page(building.clock)
    building.desk.review(clerk, card.approval_id, agree=True)
    assert len(entries(building, "command.refused")) == 4


def test_a_flood_of_refusals_is_counted_and_does_not_fill_the_log(building: Building) -> None:
    ada = building.person("ada").through_chat()
    for n in range(40):
        building.desk.submit(ada, RefundOrder(BENS_MUG, "x"), request_id=f"r{n}")
    assert len(entries(building, "command.refused")) == 1
    building.clock.move(minutes=1)
    building.desk.submit(ada, RefundOrder(BENS_MUG, "x"), request_id="later")
    assert entries(building, "command.refused")[-1].facts()["unwritten_before"] == 39


def test_what_the_gate_refuses_is_an_event(empty_building: Building) -> None:
    building = hostile(empty_building, told("", ("drop_tables", {}), ("list_orders", {"customer": "ben"})), told("No."))
    say(Street.before(building).signed_in("ada"), "hello")
    assert [entry.facts()["why"] for entry in entries(building, "tool.refused")] == [
        "unknown-tool",
        "invalid-arguments",
    ]
    assert all(entry.facts()["act"]["name"] == "assistant" for entry in entries(building, "tool.refused"))


SIGN_IN: dict[str, tuple[str, Callable[[Street, Any], Any]]] = {
    "sign_in.refused": ("a wrong password", lambda s, b: _sign_in(b, s.building.person("ada").email, "wrong")),
    "step_up.refused": ("a wrong code", lambda s, b: b.post("/account/security/fresh", data={"code": "000000"})),
    "totp.refused": ("a wrong code", lambda s, b: b.post("/account/security/fresh", data={"code": "000000"})),
}


@pytest.mark.parametrize("kind", SIGN_IN)
def test_refusals_of_the_entrance_are_events(street: Street, kind: str) -> None:
    browser = street.signed_in("ada")
    assert kind not in kinds(street.building)
    SIGN_IN[kind][1](street, browser)
    assert kind in kinds(street.building)


def test_what_the_skin_turns_away_is_told_in_sums(street: Street) -> None:
    browser, house = street.signed_in("ada"), street.building.house
    for _ in range(3):
        evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert browser.post(f"/orders/{ADAS_PAID}/cancel", headers=evil).status_code == 403
    assert browser.post("/chat", content=b"x" * 100_000).status_code == 413
    assert browser.get("/staff").status_code == 404
    tally: TurnedAway = street.app.state.door.turned_away
    tally.tell(house.database, house.vault, clock=house.clock)
    told_of = {(entry.facts()["status"], entry.facts()["times"]) for entry in entries(street.building, "web.refused")}
    assert told_of >= {(403, 3), (413, 1), (404, 1)}


def _sign_in(browser: Any, email: str, password: str) -> Any:
    return browser.post("/sign-in", data={"email": email, "password": password})
