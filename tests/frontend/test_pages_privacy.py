"""Mails, privacy and leaving on their pages: with a code, or with the password where there is none."""

import json
from collections.abc import Callable

import pytest

from auth.accounts import Account
from auth.database import Scope
from shop.orders import Order
from tests.building import Building
from tests.frontend.conftest import Browser, words

PASSWORD = "quarry heron lantern 58"
PAGE = "/account/privacy"


@pytest.fixture
def ada(building: Building, as_person: Callable[..., Browser]) -> Browser:
    """Ada with a password, without a second factor, and with nothing under way."""
    person = building.person("ada")
    with building.house.database.begin(Scope.own(person.id)) as session:
        session.get_one(Account, person.id).password_hash = building.house.entrance.hasher.hash(PASSWORD)
        for order in session.query(Order):
            order.status, order.delivered_at = "delivered", building.clock()
    return as_person("ada")


def status(building: Building) -> str:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return session.get_one(Account, building.person("ada").id).status


def test_a_mail_is_switched_on_and_off_and_what_is_owed_has_no_switch(ada: Browser) -> None:
    page = ada.get("/account/preferences")
    assert words(page.text).count("Always comes.") == 2 and page.text.count('name="topic"') == 2
    told = ada.follow(ada.post("/account/preferences", {"topic": "news", "on": "yes", "request_id": "a"}))
    assert "From now on you get mails about: news" in words(told.text) and "Switch off" in words(told.text)
    told = ada.follow(ada.post("/account/preferences", {"topic": "news", "on": "no", "request_id": "b"}))
    assert "you do not get" in words(told.text)
    assert ada.post("/account/preferences", {"topic": "", "on": "yes"}).status_code == 404


def test_what_is_kept_is_counted(ada: Browser) -> None:
    told = words(ada.get(PAGE).text)
    assert "Orders 7" in told and "Addresses 2" in told and "Payment cards 1" in told
    assert "Make the file" in told and "Fetch the file" not in told


def test_who_has_just_typed_the_password_fetches_the_file(ada: Browser) -> None:
    told = ada.follow(ada.post(f"{PAGE}/export", {"request_id": "x"}))
    assert "Your file is ready." in words(told.text) and "Fetch the file" in words(told.text)
    assert json.loads(ada.get(f"{PAGE}/my-data.json").content)["kept"]["accounts"][0]["name"] == "Ada Zephyrwick"


def test_later_the_card_asks_for_the_password_and_takes_no_other(building: Building, ada: Browser) -> None:
    building.clock.move(minutes=6)
    card = ada.post(f"{PAGE}/export", {"request_id": "x"}).headers["location"]
    page = ada.get(card).text
    assert 'name="password"' in page and 'name="code"' not in page and "Set up two-step" not in words(page)
    for typed, sentence in (("", "This needs your password."), ("wrong horse", "That is not your password.")):
        answer = ada.post(f"{card}/confirm", {"password": typed})
        assert answer.status_code == 422 and sentence in words(answer.text)
    assert ada.get(f"{PAGE}/my-data.json").status_code == 404
    done = ada.follow(ada.post(f"{card}/confirm", {"password": PASSWORD}))
    assert "Your file is ready." in words(done.text) and f'href="{PAGE}"' in done.text
    assert ada.get(f"{PAGE}/my-data.json").status_code == 200


def test_a_password_signs_nothing_but_these_two(building: Building, ada: Browser) -> None:
    """It is no second factor: a refund that wants one still sends its person to set one up."""
    building.clock.move(minutes=6)
    number = building.orders["ada.lamp"]
    parked = ada.post(f"/orders/{number}/refund", {"lines": "1", "reason": "It hums.", "request_id": "r"})
    card = parked.headers["location"]
    page = ada.get(card).text
    assert 'name="password"' not in page and "Set up two-step sign-in" in words(page)
    assert ada.post(f"{card}/confirm", {"password": PASSWORD}).status_code == 422


def test_too_many_passwords_are_stopped(building: Building, ada: Browser) -> None:
    building.clock.move(minutes=6)
    card = ada.post(f"{PAGE}/export", {"request_id": "x"}).headers["location"]
    answers = [ada.post(f"{card}/confirm", {"password": f"guess {n}"}).status_code for n in range(12)]
    assert answers[0] == 422 and answers[-1] == 429
    assert ada.post(f"{card}/confirm", {"password": PASSWORD}).status_code == 429
    assert ada.get(f"{PAGE}/my-data.json").status_code == 404


def test_leaving_takes_a_tick_and_ends_on_a_last_page(building: Building, ada: Browser) -> None:
    assert "Tick the box" in words(ada.post(f"{PAGE}/delete", {"reason": "moving"}).text)
    assert status(building) == "active"
    gone = ada.post(f"{PAGE}/delete", {"sure": "yes", "reason": "moving", "request_id": "x"})
    assert gone.headers["location"] == "/goodbye" and status(building) == "closed"
    assert "Farewell" in words(ada.follow(gone).text)
    assert ada.get("/account").headers["location"].startswith("/sign-in")


def test_leaving_later_asks_for_the_password_on_the_card(building: Building, ada: Browser) -> None:
    building.clock.move(minutes=6)
    card = ada.post(f"{PAGE}/delete", {"sure": "yes", "request_id": "x"}).headers["location"]
    page = words(ada.get(card).text)
    assert "Delete your account for good" in page and "2 addresses" in page and "7 orders" in page
    gone = ada.post(f"{card}/confirm", {"password": PASSWORD})
    assert gone.headers["location"] == "/goodbye" and status(building) == "closed"


def test_the_card_in_the_conversation_says_it_as_well(building: Building, ada: Browser) -> None:
    building.clock.move(minutes=6)
    card = ada.post(f"{PAGE}/delete", {"sure": "yes", "request_id": "x"}).headers["location"]
    answer = ada.post(f"{card}/confirm?fragment=1", {"password": PASSWORD})
    assert answer.status_code == 200 and "Your account is deleted" in words(answer.text)


def test_other_devices_are_signed_out_over_the_desk(
    building: Building, ada: Browser, as_person: Callable[..., Browser]
) -> None:
    other = as_person("ada")
    told = ada.follow(ada.post("/account/security/sessions/end-others", {"request_id": "e"}))
    assert "Every other device is signed out." in words(told.text)
    assert other.get("/account").headers["location"].startswith("/sign-in")
    assert ada.get("/account").status_code == 200
