"""Payment cards on their page: a newcomer adds one and buys; bad input gets a sentence; a number goes nowhere."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from auth.database import Scope, new_id
from frontend.app import create_app
from frontend.pages.payment import samples_of
from shop.payments import PaymentMethod, find_payment_methods
from tests.browsing import Street
from tests.building import Building
from tests.frontend.conftest import Browser, words

PAGE = "/account/payment"


@pytest.fixture
def ada(as_person: Callable[..., Browser]) -> Browser:
    return as_person("ada")


def kept(building: Building, name: str = "ada") -> list[str]:
    person = building.person(name)
    with building.house.database.read(Scope.own(person.id)) as session:
        return sorted(method.handle for method in find_payment_methods(session, person.id))


def take_all(building: Building) -> None:
    """As a new customer begins: without a card."""
    with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
        for method in session.query(PaymentMethod):
            session.delete(method)


def add(browser: Browser, reference: str, **more: object):  # type: ignore[no-untyped-def]
    return browser.post(PAGE, {"reference": reference, **more})


def test_a_newcomer_comes_from_the_till_adds_a_card_and_buys(building: Building, ada: Browser) -> None:
    take_all(building)
    ada.post("/basket", {"sku": "mug-pine", "quantity": 1})
    till = ada.get("/checkout").text
    assert "You have no payment card yet" in words(till)
    way = re.search(r'href="(/account/payment\?next=[^"]+)"', till)
    assert way is not None
    page = ada.get(way[1]).text
    assert "None yet" in words(page) and 'name="next" value="/checkout"' in page
    back = add(ada, "ref_demo_visa_4242", next="/checkout", request_id="first")
    assert back.headers["location"] == "/checkout"
    till = ada.follow(back).text
    assert "Visa ···· 4242 is kept in your account." in words(till)
    seen = re.search(r'name="seen" value="([^"]*)"', till)
    assert seen is not None
    form: dict[str, object] = {"address": "address:home", "payment": "card:visa-4242", "seen": seen[1]}
    bought = ada.post("/checkout", {**form, "request_id": "buy"})
    assert bought.status_code == 303 and bought.headers["location"].startswith("/orders/HP-")


def test_a_card_is_listed_and_removed(building: Building, ada: Browser) -> None:
    add(ada, "ref_demo_mastercard_5100")
    page = ada.get(PAGE).text
    assert "Mastercard ···· 5100 Valid to 12/29" in words(page)
    assert f'href="{PAGE}" aria-current="page"' in page, "the account's side navigation leads here"
    told = ada.follow(ada.post(f"{PAGE}/card:mastercard-5100/remove", {"request_id": "away"}))
    assert "The card is removed." in words(told.text)
    assert kept(building) == ["card:visa-4242"]


@pytest.mark.parametrize("typed", ["", "4242424242424242", "4242 4242 4242 4242", "<b>x</b>", "x" * 5000, "\u202eref"])
def test_what_is_no_reference_is_told_beside_the_choice_and_not_repeated(
    building: Building, ada: Browser, typed: str
) -> None:
    answer = add(ada, typed)
    assert answer.status_code == 422 and "Choose a card." in words(answer.text)
    assert not typed or typed[:20] not in answer.text
    assert kept(building) == ["card:visa-4242"]


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("ref_demo_visa_0002", "The bank did not confirm this card"),
        ("ref_demo_visa_4242", "This card is in your account already"),
        ("ref_nobody_knows", "The payment service does not know this card"),
    ],
)
def test_a_no_is_told_on_the_page(building: Building, ada: Browser, reference: str, sentence: str) -> None:
    answer = add(ada, reference)
    assert answer.status_code == 402 and sentence in words(answer.text)
    assert kept(building) == ["card:visa-4242"]


def test_no_answer_yet_is_told_and_does_not_lead_on_to_the_till(building: Building, ada: Browser) -> None:
    answer = add(ada, "ref_demo_mastercard_0119", next="/checkout", request_id="slow")
    assert answer.headers["location"] == PAGE
    assert "has not answered yet" in words(ada.follow(answer).text)
    building.clock.move(minutes=2)
    building.desk.recover()
    assert "Mastercard ···· 0119" in words(ada.get(PAGE).text)


def test_a_double_click_adds_once(building: Building, ada: Browser) -> None:
    for _ in range(2):
        assert add(ada, "ref_demo_mastercard_5100", request_id="one-form").status_code == 303
    assert kept(building) == ["card:mastercard-5100", "card:visa-4242"]


def test_with_five_cards_there_is_no_form_and_no_sixth(building: Building, ada: Browser) -> None:
    person = building.person("ada")
    with building.house.database.begin(Scope.own(person.id)) as session:
        (visa,) = find_payment_methods(session, person.id)
        for last4 in ("0001", "0002", "0003", "0004"):
            more = PaymentMethod(id=new_id(building.clock()), account_id=person.id)
            more.brand, more.last4, more.token, more.expires = "Visa", last4, visa.token, "10/26"
            session.add(more)
    page = ada.get(PAGE).text
    assert "at most five cards" in words(page) and 'name="reference"' not in page
    assert "Expired, last valid in 10/26" in words(page)
    ada.post("/basket", {"sku": "mug-pine", "quantity": 1})
    assert "Expired: choose another one" in words(ada.get("/checkout").text)
    answer = add(ada, "ref_demo_mastercard_5100")
    assert answer.status_code == 403 and len(kept(building)) == 5


def test_somebody_elses_card_is_not_there(building: Building, ada: Browser, as_person: Callable[..., Browser]) -> None:
    add(as_person("ben"), "ref_demo_mastercard_5100")
    for handle in ("card:mastercard-5100", "card:nothing", "x" * 500):
        assert ada.post(f"{PAGE}/{handle}/remove").status_code == 404
    assert "card:mastercard-5100" in kept(building, "ben")


def test_next_leads_nowhere_else(ada: Browser) -> None:
    answer = add(ada, "ref_demo_mastercard_5100", next="https://evil.example/")
    assert answer.headers["location"].startswith("/") and "evil" not in answer.headers["location"]
    assert "evil" not in ada.get(f"{PAGE}?next=//evil.example").text


def test_only_a_demo_offers_cards_to_choose_from(building: Building, ada: Browser) -> None:
    assert "ref_demo_visa_4242" in ada.get(PAGE).text
    assert len(samples_of(building.house)) > 3
    assert samples_of(replace(building.house, demo=None)) == ()


def test_without_the_demo_the_page_says_where_cards_are_entered(building: Building) -> None:
    house = replace(building.house, demo=None)
    app = create_app(building.settings, house, chores=False)
    street = Street(building, app)
    page = street.signed_in("ada").get(PAGE)
    assert page.status_code == 200 and "payment service’s own page" in words(page.text)
    assert 'name="reference"' not in page.text
