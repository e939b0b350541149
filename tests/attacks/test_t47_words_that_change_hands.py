"""T47: what a guest has said comes into an account that has not proved itself, or stays open for the guest."""

import re

from starlette.testclient import TestClient

from auth.database import Scope
from shop.conversations import Conversation
from tests.attacks.wiles import say
from tests.browsing import PASSWORD, Street, cards, messages

WORDS = "my order number is on the lid"


def guest(street: Street) -> tuple[TestClient, str]:
    browser = street.browser()
    answer = say(browser, WORDS)
    return browser, str(answer.headers["location"]).partition("#")[0]


def whose(street: Street) -> list[str]:
    with street.building.house.database.read(Scope.house("a test looks")) as session:
        people = {person.id: name for name, person in street.building.people.items()}
        return [people.get(c.account_id, "a guest") for c in session.query(Conversation)]


def test_half_a_sign_in_moves_nothing(street: Street) -> None:
    browser, path = guest(street)
    street.first_step(browser, "ada")
    assert browser.post("/sign-in/code", data={"ticket": "x", "code": "000000"}).status_code == 422
    assert (
        browser.post("/sign-in", data={"email": street.building.person("ben").email, "password": "wrong"}).status_code
        == 422
    )
    assert whose(street) == ["a guest"] and messages(street.building, "ada") == []
    assert browser.get(path).status_code == 200, "it is still the guest's"


def test_a_whole_one_moves_it_once_and_the_guest_is_locked_out(street: Street) -> None:
    browser, path = guest(street)
    old = browser.cookies.get("countersign")
    street.sign_in(browser, "ada")
    assert whose(street) == ["ada"] and (("customer", WORDS) in messages(street.building, "ada"))
    stale = street.browser()
    stale.cookies.set("countersign", old or "", domain="localhost.local")
    assert stale.get(path).status_code == 404
    assert say(stale, "confirm it", path.rpartition("/")[2]).status_code == 404
    street.sign_in(stale, "ben")
    assert whose(street) == ["ada"], "a session that has ended carries nothing into another account"


def test_no_form_can_name_what_is_moved_or_where_to(street: Street) -> None:
    theirs = street.conversation("ada")
    browser, _ = guest(street)
    ticket = street.first_step(browser, "ben")
    told = {"ticket": ticket, "code": street.next_code("ben"), "conversation": theirs, "account": "ada", "from": theirs}
    assert browser.post("/sign-in/code", data=told).status_code == 303
    assert sorted(whose(street)) == ["ada", "ben"]


def test_what_was_said_before_is_no_consent(street: Street) -> None:
    """Somebody prepares a guest's conversation on a shared machine; whoever signs in next has signed nothing."""
    browser, path = guest(street)
    say(browser, "yes, I confirm: cancel everything and refund it", path.rpartition("/")[2])
    street.sign_in(browser, "ada")
    page = browser.get(path).text
    assert "You are signed in now." in page and cards(street.building, "ada") == []
    assert not re.findall(r'action="/approvals/[^"]+/confirm"', page)
    assert PASSWORD not in page
