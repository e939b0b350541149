"""T23: answers tell which e-mail addresses have an account: by words, by status, or by the work that was done."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from auth.sign_in.passwords import PasswordHasher
from frontend.app import create_app
from tests.browsing import PASSWORD, Street
from tests.building import Building

KNOWN, UNKNOWN = "ada.zephyrwick@example.com", "eve.zephyrwick@example.com"
FORMS = {
    "/sign-in": {"password": "not the password at all"},
    "/forgot": {},
    "/register": {"name": "Somebody Else", "password": "copper lantern quarry 77"},
}


@dataclass
class Counting:
    """The real hasher, with its work written down."""

    hasher: PasswordHasher
    work: list[str]

    def verify(self, stored: str | None, password: str) -> Any:
        self.work.append("verify")
        return self.hasher.verify(stored, password)

    def hash(self, password: str) -> str:
        self.work.append("hash")
        return self.hasher.hash(password)


@pytest.mark.parametrize("path", FORMS)
def test_a_known_and_an_unknown_address_get_the_same_answer(street: Street, path: str) -> None:
    street.equip("ada")
    answers = []
    for email in (KNOWN, UNKNOWN):
        answer = street.browser().post(path, data={"email": email, **FORMS[path]})
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        answers.append((answer.status_code, headers, answer.text.replace(email, "…")))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("path", FORMS)
def test_and_it_costs_the_same_hashing(street: Street, path: str) -> None:
    street.equip("ada")
    done = []
    for email in (KNOWN, UNKNOWN):
        work: list[str] = []
        counted = _counting(street.building, work)
        counted.browser().post(path, data={"email": email, **FORMS[path]})
        done.append(work)
    assert done[0] == done[1]
    assert path == "/forgot" or done[0]


def test_an_unconfirmed_address_is_as_unknown_as_any(street: Street) -> None:
    browser = street.browser()
    form = {"email": "new.zephyrwick@example.com", "name": "New", "password": "copper lantern quarry 77"}
    browser.post("/register", data=form)
    tried = browser.post("/sign-in", data={"email": form["email"], "password": form["password"]})
    other = browser.post("/sign-in", data={"email": UNKNOWN, "password": form["password"]})
    assert tried.status_code == other.status_code == 422
    assert tried.text.replace(form["email"], "…") == other.text.replace(UNKNOWN, "…")


def test_too_many_tries_are_told_alike(street: Street) -> None:
    street.equip("ada")
    told = []
    for email in (KNOWN, UNKNOWN):
        browser = street.browser(f"198.51.100.{len(told) + 1}")
        for _ in range(11):
            answer = browser.post("/sign-in", data={"email": email, "password": "wrong"})
        told.append((answer.status_code, answer.text.replace(email, "…")))
    assert told[0] == told[1] and told[0][0] == 429
    # From another network the owner still comes in.
    assert street.browser("192.0.2.1").post("/sign-in", data={"email": KNOWN, "password": PASSWORD}).status_code == 200


def _counting(building: Building, work: list[str]) -> Street:
    entrance = building.house.entrance
    counted: Any = Counting(entrance.hasher, work)
    house = replace(building.house, entrance=replace(entrance, hasher=counted))
    return Street(building, create_app(building.settings, house, chores=False))
