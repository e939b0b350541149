"""The card on a page and as a piece of one: signed by its owner, with a code where it takes one, once, and in time."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from auth.database import Scope
from auth.guard.approvals import Approval
from auth.guard.decisions import AwaitingApproval, Need
from shop.catalogue import Variant
from shop.commands import CancelOrder, RefundOrder
from shop.money import Money
from tests.building import Building
from tests.frontend.conftest import Browser, words


def proposed(building: Building, name: str, key: str = "mug", **given: object) -> UUID:
    """What the assistant has prepared for somebody."""
    number = building.orders[f"{name}.{key}"]
    command = CancelOrder(number) if key == "paid" else RefundOrder(number, "It <b>broke</b>", **given)  # type: ignore[arg-type]
    outcome = building.desk.submit(building.person(name).through_chat(), command, request_id=f"{name}{key}{given}")
    assert isinstance(outcome, AwaitingApproval), outcome
    return outcome.approval_id


def refunds(building: Building) -> list[int]:
    return [m.amount.minor for m in building.gateway.ledger() if m.kind == "refund"]


def state(building: Building, approval_id: UUID) -> str:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return session.get_one(Approval, approval_id).state


def test_the_card_says_what_will_happen_and_why_it_asks(building: Building, as_person: Callable[..., Browser]) -> None:
    card = proposed(building, "ada")
    ada = as_person("ada")
    page = ada.get(f"/approvals/{card}")
    told = words(page.text)
    assert "Refund €24.80" in told and "Visa ···· 4242" in told and "You confirm what is prepared for you" in told
    assert "It &lt;b&gt;broke&lt;/b&gt;" in page.text and 'name="code"' not in page.text
    piece = ada.get(f"/approvals/{card}/card")
    assert "<html" not in piece.text and f'data-approval="{card}"' in piece.text


def test_confirming_carries_it_out_once(building: Building, as_person: Callable[..., Browser]) -> None:
    card, ada = proposed(building, "ada"), as_person("ada")
    for _ in range(2):
        page = ada.follow(ada.post(f"/approvals/{card}/confirm"))
        assert "Refunded €24.80" in words(page.text) and "Signed" in words(page.text)
        assert "Confirm" not in words(page.text)
    assert refunds(building) == [2480]


def test_a_script_gets_the_card_alone(building: Building, as_person: Callable[..., Browser]) -> None:
    card, ada = proposed(building, "ada"), as_person("ada")
    piece = ada.post(f"/approvals/{card}/confirm?fragment=1")
    assert piece.status_code == 200
    assert "<html" not in piece.text and "Refunded €24.80" in words(piece.text)
    other = proposed(building, "ada", "paid")
    assert "Not signed" in words(ada.post(f"/approvals/{other}/decline?fragment=1").text)
    assert building.order(building.orders["ada.paid"]).status == "paid"


@pytest.mark.parametrize("act", ["confirm", "decline"])
def test_somebody_elses_card_is_not_there(building: Building, as_person: Callable[..., Browser], act: str) -> None:
    card, ben = proposed(building, "ada"), as_person("ben")
    for answer in (
        ben.get(f"/approvals/{card}"),
        ben.get(f"/approvals/{card}/card"),
        ben.post(f"/approvals/{card}/{act}"),
        ben.post(f"/approvals/{card}/{act}?fragment=1"),
        ben.get("/approvals/not-a-card"),
        ben.get(f"/approvals/{UUID(int=7)}"),
    ):
        assert answer.status_code == 404
        assert "There is nothing here" in words(answer.text)
    assert state(building, card) == "open"


def test_nobody_signs_without_signing_in(building: Building, visitor: Browser) -> None:
    card = proposed(building, "ada")
    assert visitor.post(f"/approvals/{card}/confirm").headers["location"].startswith("/sign-in")
    assert state(building, card) == "open"


def test_a_wrong_code_changes_nothing_and_loses_nothing(
    building: Building, as_person: Callable[..., Browser], authenticator: Callable[[str], Callable[[], str]]
) -> None:
    code = authenticator("ada")
    card, ada = proposed(building, "ada", "lamp"), as_person("ada")
    assert 'name="code"' in ada.get(f"/approvals/{card}").text
    for wrong in ("", "000000", "x" * 500, "\u202e123456"):
        answer = ada.post(f"/approvals/{card}/confirm", {"code": wrong})
        assert answer.status_code == 422
        assert "Refund €193.90" in words(answer.text) and 'name="code"' in answer.text
    assert state(building, card) == "open" and refunds(building) == []
    before = ada.token
    page = ada.follow(ada.post(f"/approvals/{card}/confirm", {"code": code()}))
    assert "Refunded €193.90" in words(page.text)
    assert ada.token != before, "the session's token changes with a step-up"
    assert refunds(building) == [19390]


def test_a_code_is_used_up_by_one_card_and_stays_fresh_for_the_next(
    building: Building, as_person: Callable[..., Browser], authenticator: Callable[[str], Callable[[], str]]
) -> None:
    code, ada = authenticator("ada"), as_person("ada")
    card = proposed(building, "ada", "lamp", amount=Money(11000))
    ada.post(f"/approvals/{card}/confirm", {"code": code()})
    other = proposed(building, "ada", "tent", amount=Money(12000))
    assert 'name="code"' not in ada.get(f"/approvals/{other}").text
    building.clock.move(minutes=6)
    assert 'name="code"' in ada.get(f"/approvals/{other}").text
    assert ada.post(f"/approvals/{other}/confirm").status_code == 422
    assert refunds(building) == [11000]


def test_a_code_that_aged_while_the_card_waited_is_asked_for_again(
    building: Building, as_person: Callable[..., Browser], authenticator: Callable[[str], Callable[[], str]]
) -> None:
    code, number = authenticator("ada"), building.orders["ada.lamp"]
    asked = replace(building.person("ada").through_chat(), second_factor_at=building.clock())
    outcome = building.desk.submit(asked, RefundOrder(number, "It flickers"), request_id="fresh then")
    assert isinstance(outcome, AwaitingApproval) and outcome.needs == {Need.CONFIRMATION}
    ada = as_person("ada", with_code=True)
    building.clock.move(minutes=6)
    page = ada.follow(ada.post(f"/approvals/{outcome.approval_id}/confirm"))
    assert 'name="code"' in page.text and refunds(building) == []
    ada.post(f"/approvals/{outcome.approval_id}/confirm", {"code": code()})
    assert refunds(building) == [19390]


def test_whoever_has_just_tried_codes_in_vain_needs_one_for_every_card(
    building: Building, as_person: Callable[..., Browser], authenticator: Callable[[str], Callable[[], str]]
) -> None:
    authenticator("ada")
    large, small, ada = proposed(building, "ada", "lamp"), proposed(building, "ada"), as_person("ada")
    assert 'name="code"' not in ada.get(f"/approvals/{small}").text
    for _ in range(5):
        ada.post(f"/approvals/{large}/confirm", {"code": "000000"})
    page = ada.follow(ada.post(f"/approvals/{small}/confirm"))
    assert 'name="code"' in page.text and refunds(building) == []
    building.clock.move(minutes=61)
    ada.post(f"/orders/{building.orders['ada.mug']}/refund", {"lines": "1", "reason": "broke"})
    assert refunds(building) == [2480], "an hour later all is as before"


def test_too_many_codes_end_for_a_while(
    building: Building, as_person: Callable[..., Browser], authenticator: Callable[[str], Callable[[], str]]
) -> None:
    authenticator("ada")
    card, ada = proposed(building, "ada", "lamp"), as_person("ada")
    answers = [ada.post(f"/approvals/{card}/confirm", {"code": "000000"}) for _ in range(7)]
    assert answers[-1].status_code == 429
    assert "tried too often" in words(answers[-1].text) and "Refund €193.90" in words(answers[-1].text)


def test_who_has_no_authenticator_is_told_how_to_get_one(building: Building, as_person: Callable[..., Browser]) -> None:
    card = proposed(building, "ada", "lamp")
    page = as_person("ada").get(f"/approvals/{card}")
    assert "Set up two-step sign-in" in words(page.text) and "/account/security/enrol" in page.text


def test_a_card_runs_out(building: Building, as_person: Callable[..., Browser]) -> None:
    card, ada = proposed(building, "ada"), as_person("ada")
    building.clock.move(minutes=16)
    assert "Expired" in words(ada.get(f"/approvals/{card}").text)
    assert ada.post(f"/approvals/{card}/confirm?fragment=1").status_code == 410
    assert "Expired" in words(ada.follow(ada.post(f"/approvals/{card}/confirm")).text)
    assert refunds(building) == []


def test_a_changed_record_leads_to_the_new_card(building: Building, as_person: Callable[..., Browser]) -> None:
    ada = as_person("ada")
    first = proposed(building, "ada", "tent", amount=Money(5000), lines=(1,))
    second = proposed(building, "ada", "tent", amount=None)
    # The second card says "everything that is left"; the first one changes how much that is.
    ada.post(f"/approvals/{first}/confirm")
    changed = ada.get(f"/approvals/{second}")
    assert "Refund €599.00" in words(changed.text)


def test_a_large_refund_goes_to_the_staff_after_signing(
    building: Building, as_person: Callable[..., Browser], authenticator: Callable[[str], Callable[[], str]]
) -> None:
    code, ada = authenticator("ada"), as_person("ada")
    card = proposed(building, "ada", "tent")
    page = ada.follow(ada.post(f"/approvals/{card}/confirm", {"code": code()}))
    assert "With our staff" in words(page.text) and "Confirm" not in words(page.text)
    assert state(building, card) == "in_review" and refunds(building) == []
    building.desk.review(building.person("cleo").at_work(building.clock), card, agree=False)
    after = words(ada.get(f"/approvals/{card}").text)
    assert "Not carried out" in after and "A clerk looked at this and did not agree" in after


def test_a_price_that_changed_makes_a_new_card(
    building: Building, as_person: Callable[..., Browser], authenticator: Callable[[str], Callable[[], str]]
) -> None:
    code, ada = authenticator("ada"), as_person("ada")
    ada.post("/basket", {"sku": "tent-moss", "quantity": "2"})
    seen = ada.get("/checkout").text.split('name="seen" value="')[1].split('"')[0]
    form = {"address": "address:home", "payment": "card:visa-4242", "seen": seen}
    card = ada.post("/checkout", form).headers["location"]
    with building.house.database.begin(Scope.house("a test changes a price")) as session:
        session.query(Variant).filter_by(sku="tent-moss").one().price_minor = 65900
    answer = ada.post(f"{card}/confirm", {"code": code()})
    assert answer.headers["location"] != card
    assert "€1,318.00" in words(ada.follow(answer).text)
    old = ada.get(card)
    assert "Changed since" in words(old.text) and answer.headers["location"] in old.text
