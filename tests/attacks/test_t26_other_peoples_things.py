"""T26: an order, a card, an address or a session of somebody else is reached by its number."""

from dataclasses import fields

import pytest
from markupsafe import escape

from auth.actor import Actor
from auth.database import Scope
from auth.guard.commands import Command
from auth.guard.decisions import Done
from auth.sign_in.sessions import SignInSession
from shop.commands import (
    AddToBasket,
    CancelOrder,
    ChangeOrderAddress,
    MarkDelivered,
    PlaceOrder,
    ReadCustomerOrder,
    RefundOrder,
    RemoveAddress,
    SaveAddress,
    ShipOrder,
    ShowOrder,
)
from tests.agent.scripted import Scripted
from tests.attacks.wiles import ADAS_MUG, ADAS_PAID, BENS_MUG, BENS_PAID, hostile, parked, refused, say, told
from tests.browsing import Street, cards, goods, messages, moved
from tests.building import Building

NEVER = "HP-ZZZZ-9999"


@pytest.mark.parametrize(
    "number", [BENS_MUG, BENS_MUG.lower(), f" {BENS_PAID} ", f"{BENS_MUG}%", "' OR 1=1 --", "HP-____-____"]
)
def test_an_order_page_that_is_not_yours_is_a_page_that_is_not_there(street: Street, number: str) -> None:
    browser = street.signed_in("ada")
    before = goods(street.building)
    for verb, path in (("get", ""), ("post", "/cancel"), ("post", "/refund"), ("post", "/address")):
        form = {} if verb == "get" else {"data": {"lines": "1", "reason": "x", "address": "address:home"}}
        theirs = getattr(browser, verb)(f"/orders/{number}{path}", **form)
        absent = getattr(browser, verb)(f"/orders/{NEVER}{path}", **form)
        assert theirs.status_code == absent.status_code == 404
        assert theirs.text == absent.text.replace(NEVER, str(escape(number)))
    assert goods(street.building) == before and moved(street.building) == []


COMMANDS: tuple[Command, ...] = (
    ShowOrder(BENS_MUG),
    RefundOrder(BENS_MUG, "x"),
    CancelOrder(BENS_PAID),
    ChangeOrderAddress(BENS_PAID, "address:office"),
    ReadCustomerOrder(BENS_MUG),
    ShipOrder(BENS_PAID, "T"),
    MarkDelivered(BENS_PAID),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_at_the_desk_not_yours_and_not_there_are_one_answer(building: Building, command: Command) -> None:
    before = goods(building)
    for n, actor in enumerate(_doors(building)):
        theirs = building.desk.submit(actor, command, request_id=f"a{n}")
        never = type(command)(**{**_fields(command), "order": NEVER})
        absent = building.desk.submit(actor, never, request_id=f"b{n}")
        assert not isinstance(theirs, Done)
        assert (theirs.kind, theirs.says, theirs.policy) == (absent.kind, absent.says, absent.policy)
    assert goods(building) == before and moved(building) == []


def test_a_card_of_somebody_else_is_not_there(street: Street) -> None:
    building, ada = street.building, street.building.person("ada")
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    browser = street.signed_in("ben")
    for path in ("", "/card"):
        assert browser.get(f"/approvals/{card.approval_id}{path}").status_code == 404
    for verb in ("confirm", "decline"):
        assert browser.post(f"/approvals/{card.approval_id}/{verb}").status_code == 404
    clerk = building.person("cleo").at_work(building.clock)
    for actor in (building.person("ben").at_page(building.clock), clerk):
        refused(building.desk.approve(actor, card.approval_id), "not-found")
        refused(building.desk.decline(actor, card.approval_id), "not-found")
    assert [c.state for c in cards(building, "ada")] == ["open"] and moved(building) == []


def test_own_things_cannot_be_sent_or_paid_with_what_is_somebody_elses(building: Building) -> None:
    ben, bens = building.person("ben"), building.person("ben").at_page(building.clock)
    building.desk.submit(bens, SaveAddress("Den", "Ben", "1 Street", "1", "Town", "IE"), request_id="s")
    ada = building.person("ada").at_page(building.clock)
    building.desk.submit(ada, AddToBasket("mug-pine"), request_id="b")
    before = goods(building)
    for n, command in enumerate(
        (
            ChangeOrderAddress(ADAS_PAID, "address:den"),
            PlaceOrder("address:den", "card:visa-4242"),
            PlaceOrder("address:home", f"tok_{ben.id.hex}"),
            RemoveAddress("address:den"),
        )
    ):
        assert not isinstance(building.desk.submit(ada, command, request_id=f"r{n}"), Done)
    assert goods(building) == before and moved(building) == []


def test_a_session_of_somebody_else_cannot_be_ended(street: Street) -> None:
    ben, ada = street.signed_in("ben"), street.signed_in("ada")
    with street.building.house.database.read(Scope.own(street.building.person("ben").id)) as session:
        theirs = session.query(SignInSession).one().id
    assert ada.post(f"/account/security/sessions/{theirs}/end").status_code == 404
    assert ben.get("/orders").status_code == 200


def test_a_model_that_knows_every_number_reads_only_the_customers_own(empty_building: Building) -> None:
    numbers = [BENS_MUG, BENS_PAID, NEVER]
    model = Scripted(
        told("", *(("show_order", {"order": number}) for number in numbers)),
        told("", *(("refund_order", {"order": number, "reason": "x"}) for number in numbers)),
        told("", *(("cancel_order", {"order": number}) for number in numbers)),
        told("That was all."),
    )
    building = hostile(empty_building, model=model)
    before = goods(building)
    say(Street.before(building).signed_in("ada"), "show me everything")
    results = [str(message.content) for message in model.seen[-1] if message.type == "tool"]
    assert len(results) == 9 and not [r for r in results if '"items"' in r or "Harbour" in r or "Ben" in r]
    theirs = {row for name in ("orders", "refunds", "addresses") for row in map(repr, before[name])}
    assert {row for name in ("orders", "refunds", "addresses") for row in map(repr, goods(building)[name])} == theirs
    assert cards(building, "ada") == cards(building, "ben") == [] and "Ben" not in str(messages(building, "ada"))


def _doors(building: Building) -> list[Actor]:
    ada, clock = building.person("ada"), building.clock
    return [ada.at_page(clock, second_factor_age_s=5), ada.through_chat(), ada.at_work(clock)]


def _fields(command: Command) -> dict[str, object]:
    return {field.name: getattr(command, field.name) for field in fields(command)}
