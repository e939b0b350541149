"""Passkeys on the pages: added, listed, shown at each place where a code is asked, and never needed without scripts."""

import json
import re
from html import unescape

import pytest

from auth.accounts import Account
from auth.database import Scope
from auth.sign_in import recovery
from shop.commands import RefundOrder
from tests.attacks.wiles import parked
from tests.authenticator import Authenticator
from tests.browsing import PASSWORD, Street, cards, entries


@pytest.fixture
def street(building) -> Street:
    return Street.before(building)


@pytest.fixture
def phone() -> Authenticator:
    return Authenticator()


def add(browser, phone, *, password=""):
    """Through the two pages, as a script would go; the browser must have shown a factor just now, or none be there."""
    page = browser.post("/account/security/passkeys/start", data={"name": "Ada’s phone", "password": password})
    options = json.loads(unescape(re.search(r'data-passkey-create="([^"]+)"', page.text)[1]))
    return browser.post("/account/security/passkeys", data={"passkey": phone.make(options), "name": "Ada’s phone"})


def asked(browser, path, **fields):
    answer = browser.post(path, data=fields, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_added_listed_renamed_and_removed(street, phone):
    browser = street.signed_in("ada")
    assert add(browser, phone).headers["location"] == "/account/security"
    page = browser.get("/account/security").text
    assert "Ada’s phone" in page and "Stays on the device it was made on" in page
    assert "Your passkey is added" in page
    key = re.search(r"passkeys/([0-9a-f-]{36})/rename", page)[1]
    browser.post(f"/account/security/passkeys/{key}/rename", data={"name": "<b>Blue</b>"})
    assert "&lt;b&gt;Blue" in browser.get("/account/security").text
    assert browser.post(f"/account/security/passkeys/{key}/remove").headers["location"] == "/account/security"
    assert "Blue" not in browser.get("/account/security").text


def test_signing_in_with_it_takes_no_password_and_brings_the_basket(street, phone):
    add(street.signed_in("ada"), phone)
    browser = street.browser()
    browser.post("/basket", data={"sku": "mug-pine", "quantity": "1"})
    options = asked(browser, "/sign-in/passkey/options")
    assert "allowCredentials" not in options or options["allowCredentials"] == []
    answer = browser.post("/sign-in/passkey", data={"passkey": phone.show(options), "next": "/orders"})
    assert answer.status_code == 303 and answer.headers["location"] == "/orders"
    assert browser.get("/orders").status_code == 200 and "Harbour Mug" in browser.get("/basket").text


def test_after_the_password_the_page_offers_what_the_person_has(street, phone):
    add(street.signed_in("ada"), phone)
    browser = street.browser()
    ticket = street.first_step(browser, "ada")
    options = asked(browser, "/sign-in/passkey/options", ticket=ticket)
    assert len(options["allowCredentials"]) == 1
    wrong = browser.post("/sign-in/passkey", data={"passkey": "{}", "ticket": ticket})
    assert wrong.status_code == 422 and "did not count" in wrong.text and "Use a passkey" in wrong.text
    assert "Code from your authenticator app" in wrong.text
    options = asked(browser, "/sign-in/passkey/options", ticket=ticket)
    answer = browser.post("/sign-in/passkey", data={"passkey": phone.show(options), "ticket": ticket})
    assert answer.status_code == 303 and browser.get("/orders").status_code == 200


def test_a_card_that_needs_a_fresh_factor_is_signed_with_it(street, phone):
    browser, ada = street.signed_in("ada"), street.building.person("ada")
    add(browser, phone)
    street.building.clock.move(minutes=6)
    card = parked(street.building, ada, RefundOrder(street.building.orders["ada.lamp"], "broken"))
    page = browser.get(f"/approvals/{card.approval_id}").text
    assert "Use a passkey" in page and "Code from your authenticator app" in page
    options = asked(browser, "/account/security/passkeys/options")
    path = f"/approvals/{card.approval_id}/confirm?fragment=1"
    assert browser.post(path, data={"passkey": phone.show(options, count=1)}).status_code == 200
    (kept,) = cards(street.building, "ada")
    assert kept.state == "spent" and kept.second_factor_age_s == 0


def test_where_there_is_neither_the_card_says_how_to_set_one_up(street):
    building = street.building
    browser = _with_password_only(street, "ada")
    card = parked(building, building.person("ada"), RefundOrder(building.orders["ada.lamp"], "broken"))
    page = browser.get(f"/approvals/{card.approval_id}").text
    assert "/account/security/passkeys/new" in page and "/account/security/enrol" in page
    assert "your account has none yet" in browser.get("/account/security/fresh").text


def test_the_fresh_page_takes_either_and_a_recovery_code_without_scripts(street, phone):
    browser, building = _with_password_only(street, "ada"), street.building
    codes = add(browser, phone, password=PASSWORD)
    assert codes.status_code == 200 and len(re.findall(r"<li>[0-9A-Z-]{19}</li>", codes.text)) == 10
    building.clock.move(minutes=6)
    page = browser.get("/account/security/fresh").text
    assert "Or one of your recovery codes" in page and 'maxlength="24"' in page
    options = asked(browser, "/account/security/passkeys/options")
    answer = browser.post("/account/security/fresh", data={"passkey": phone.show(options), "next": "/orders"})
    assert answer.headers["location"] == "/orders"
    with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
        code = recovery.make_codes(session, building.person("ada").id, now=building.clock())[0]
    assert browser.post("/account/security/fresh", data={"code": code}).status_code == 303
    assert browser.post("/account/security/fresh", data={"code": code}).status_code == 422


def test_a_clerk_may_begin_with_a_passkey(street, phone):
    browser = _with_password_only(street, "cleo")
    assert browser.get("/staff").status_code == 404
    assert "A passkey" in browser.get("/account/security/enrol").text
    assert add(browser, phone, password=PASSWORD).status_code == 200
    assert browser.get("/staff").status_code == 200
    key = re.search(r"passkeys/([0-9a-f-]{36})/rename", browser.get("/account/security").text)[1]
    answer = browser.post(f"/account/security/passkeys/{key}/remove", data={"password": PASSWORD})
    assert answer.status_code == 422 and "so it stays" in answer.text


def test_nobody_is_asked_who_has_none_and_bad_answers_are_told(street):
    browser = street.signed_in("ada")
    answer = browser.post("/account/security/passkeys/options", headers={"Accept": "application/json"})
    assert answer.status_code == 409 and "another way" in answer.json()["detail"]
    page = browser.post("/account/security/passkeys", data={"passkey": "[" * 9000})
    assert page.status_code == 422 and "nothing was added" in page.text
    assert browser.post("/account/security/fresh", data={"passkey": "{}"}).status_code == 422
    page = street.browser().post("/sign-in/passkey", data={"passkey": "{}"})
    assert page.status_code == 422 and "did not count" in page.text
    assert entries(street.building, "passkey.refused")


def test_a_wrong_password_adds_nothing(street):
    browser = _with_password_only(street, "ada")
    page = browser.post("/account/security/passkeys/start", data={"name": "x", "password": "not mine at all 1"})
    assert page.status_code == 422 and "present password" in page.text and "data-passkey-create" not in page.text


def _with_password_only(street, name):
    """A browser signed in with the password, where there is nothing else yet."""
    house, person = street.building.house, street.building.person(name)
    hashed = house.entrance.hasher.hash(PASSWORD)
    with house.database.begin(Scope.own(person.id)) as session:
        account = session.get_one(Account, person.id)
        account.password_hash = hashed
    browser = street.browser()
    assert browser.post("/sign-in", data={"email": person.email, "password": PASSWORD}).status_code == 303
    return browser
