"""T19: "done" is said when nothing happened: by the model, by a page that trusts a timeout, or by a broken handler."""

from dataclasses import replace
from typing import Any

import pytest

from auth.guard.decisions import Done, Pending, Refused
from auth.guard.rooms import Declined, Settlement, Unreachable
from shop.commands import RefundOrder
from shop.money import Money
from shop.payments import DemoGateway
from tests.agent.scripted import Scripted
from tests.attacks.wiles import ADAS_MUG, hostile, parked, say, told
from tests.browsing import Street, kinds, messages, moved
from tests.building import Building, build, move_in

CLAIMS = (
    "I have refunded €24.80 to your card.",
    "Done! Your refund has been processed.",
    "Your order HP-APA1-0004 has been cancelled.",
    "Ich habe Ihre Bestellung storniert.",
    "You will get €999.00 back.",
)


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_model_that_claims_a_change_is_not_heard(empty_building: Building, claim: str) -> None:
    building = hostile(empty_building, told(claim))
    browser = Street.before(building).signed_in("ada")
    say(browser, "please refund my mug")
    assert claim not in browser.get("/chat").text and claim not in str(messages(building, "ada"))
    assert moved(building) == [] and "text.struck" in kinds(building)


class NoGateway(DemoGateway):
    """A gateway whose line is dead, or which says no."""

    answer: Settlement | None = None

    def refund(self, key: str, charge_reference: str, amount: Money) -> Settlement:
        if self.answer is None:
            raise Unreachable("nobody answers")
        return self.answer


@pytest.fixture
def lines_down(empty_building: Building) -> tuple[Building, NoGateway]:
    url = empty_building.house.database.engine.url.render_as_string(hide_password=False)
    empty_building.house.database.close()
    made: list[Any] = []

    def wrap(gateway: DemoGateway) -> NoGateway:
        made.append(NoGateway(clock=gateway._clock))
        return made[0]

    model = Scripted(told("I listen."))
    return move_in(build(empty_building.folder, database_url=url, model=model, wrap_gateway=wrap)), made[0]


def test_an_unanswered_gateway_is_said_to_be_unanswered(lines_down: tuple[Building, NoGateway]) -> None:
    building, gateway = lines_down
    street = Street.before(building)
    browser, ada = street.signed_in("ada"), building.person("ada")
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    page = browser.post(f"/approvals/{card.approval_id}/confirm?fragment=1")
    assert page.status_code == 202 and "Refunded" not in page.text and "it is done" not in page.text
    assert isinstance(building.desk.approve(ada.at_page(building.clock), card.approval_id), Pending)
    assert "command.verified" not in kinds(building)
    gateway.answer = Declined("The bank did not accept the refund.")
    building.clock.move(minutes=2)
    (settled,) = building.desk.recover()
    assert isinstance(settled, Refused) and "command.failed" in kinds(building)
    assert "Refunded" not in browser.get(f"/orders/{ADAS_MUG}").text


def test_a_changed_record_that_does_not_show_the_change_is_a_failure(building: Building) -> None:
    ada, desk = building.person("ada"), building.desk
    card = parked(building, ada, RefundOrder(ADAS_MUG, "broken"))
    room = building.house.rooms[RefundOrder]
    # A room whose handler does nothing; the desk's own verification is the real one.
    building.house.rooms._rooms[RefundOrder] = replace(room, handle=lambda session, grant: {"order": ADAS_MUG})
    outcome = desk.approve(ada.at_page(building.clock), card.approval_id)
    assert not isinstance(outcome, Done) and "command.verified" not in kinds(building)


def test_a_link_cannot_make_the_shop_say_that_something_was_done(street: Street) -> None:
    browser = street.signed_in("ada")
    for query in ("?notice=done", "?told=password-changed", "?message=Your+refund+was+paid", "?done=1"):
        page = browser.get("/" + query).text
        assert "refund was paid" not in page and "password is changed" not in page
