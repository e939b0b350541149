"""T69: with a session that is not theirs somebody adds a way in of their own, or takes the owner's only way away.

OWASP ASVS 5.0 §7.5.1 and §6.4.4, NIST SP 800-63B-4 §4.1.2 (binding of authenticators).
"""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pyotp
import pytest
from starlette.testclient import TestClient

from auth.accounts import Account
from auth.database import Scope
from auth.sign_in import totp
from auth.sign_in.outside.identities import Identity, add_identity
from tests.browsing import PASSWORD, entries, kinds
from tests.elsewhere import Person, Quarter, come_in, leave, onward, open_quarter, who

ADA = Person("u-ada", "ada.elsewhere@example.org", True, "Ada")
WREN = Person("u-wren", "wren.marsh@example.net", True, "Wren Marsh")
LINK = "/account/security/elsewhere/id-example/link"


@pytest.fixture
def quarter(tmp_path: Path, database_url: str) -> Iterator[Quarter]:
    with open_quarter(tmp_path, database_url) as quarter:
        yield quarter


def test_a_session_that_was_left_open_adds_no_way_in(quarter: Quarter) -> None:
    """With a second factor: a fresh code. Old ones, and the password, are not enough."""
    browser = quarter.street.signed_in("ada")
    quarter.building.clock.move(minutes=6)
    for form in ({}, {"password": PASSWORD}):
        answer = browser.post(LINK, data=form)
        assert answer.headers["location"].startswith("/account/security/fresh")
    assert quarter.town.asked == []
    browser.post("/account/security/fresh", data={"code": quarter.street.next_code("ada")})
    assert _link(browser, quarter, ADA).headers["location"] == "/account/security"


def test_without_a_second_factor_the_password_is_typed_again(quarter: Quarter) -> None:
    browser = _with_password(quarter, "ben")
    quarter.building.clock.move(minutes=6)
    for form in ({}, {"password": "not the password"}):
        answer = browser.post(LINK, data=form)
        assert answer.status_code == 422 and "refresh" not in answer.headers
    assert quarter.identities() == [] and "password.show_refused" in kinds(quarter.building)
    assert _link(browser, quarter, ADA, password=PASSWORD).headers["location"] == "/account/security"
    assert [row.account_id for row in quarter.identities()] == [quarter.building.person("ben").id]


def test_a_first_factor_of_an_account_without_a_password_takes_a_fresh_arrival(quarter: Quarter) -> None:
    """Or a session that was left open could set up a factor of its own and lock the owner out."""
    browser = quarter.browser()
    come_in(browser, quarter.id, WREN)
    assert "Your password" not in browser.get("/account/security/enrol").text
    quarter.building.clock.move(minutes=6)
    page = browser.get("/account/security/enrol").text
    assert "This account has no password" in page and "Your password" not in page
    for password in ("", PASSWORD):
        assert browser.post("/account/security/enrol/start", data={"password": password}).status_code == 422
    again = quarter.browser()
    come_in(again, quarter.id, WREN)
    assert again.post("/account/security/enrol/start", data={"password": ""}).status_code in (200, 303)


def test_without_a_password_a_fresh_arrival_changes_the_address_and_nothing_older_does(quarter: Quarter) -> None:
    browser = quarter.browser()
    come_in(browser, quarter.id, WREN)
    page = browser.get("/account/security").text
    assert "This account has no password" in page and "Present password" not in page and "Your password" not in page
    form = {"email": "wren.elsewhere@example.org", "password": ""}
    assert browser.post("/account/security/address", data=form).status_code == 303
    assert [mail.subject for mail in quarter.letters(form["email"])]
    asked = len(entries(quarter.building, "mail.change_asked"))
    quarter.building.clock.move(minutes=6)
    for password in ("", PASSWORD):
        stale = browser.post("/account/security/address", data={**form, "password": password})
        assert stale.status_code == 422 and "This account has no password" in stale.text
    assert len(entries(quarter.building, "mail.change_asked")) == asked == 1


def test_without_a_password_a_card_takes_a_fresh_arrival(quarter: Quarter) -> None:
    browser = quarter.browser()
    come_in(browser, quarter.id, WREN)
    quarter.building.clock.move(minutes=6)
    card = browser.post("/account/privacy/export", data={"request_id": "x"}).headers["location"]
    assert card.startswith("/approvals/")
    assert "This account has no password" in browser.get(card).text
    for password in ("", PASSWORD):
        refused = browser.post(f"{card}/confirm", data={"password": password})
        assert refused.status_code == 422 and "Your password" not in refused.text
    again = quarter.browser()
    come_in(again, quarter.id, WREN)
    assert again.post("/account/privacy/export", data={"request_id": "y"}).headers["location"] == "/account/privacy"


def test_without_a_password_the_last_factor_goes_after_a_fresh_arrival(quarter: Quarter) -> None:
    browser = quarter.browser()
    come_in(browser, quarter.id, WREN)
    house, account_id = quarter.building.house, quarter.identities()[0].account_id
    with house.database.begin(Scope.own(account_id)) as session:
        account = session.get_one(Account, account_id)
        secret = totp.enrol(session, house.vault, account, now=house.clock(), issuer="test").secret
    code = pyotp.TOTP(secret).at(house.clock())
    assert browser.post("/account/security/enrol", data={"code": code}).status_code == 200
    quarter.building.clock.move(minutes=6)
    fresh = {"code": pyotp.TOTP(secret).at(house.clock())}
    assert browser.post("/account/security/fresh", data=fresh).status_code == 303
    assert browser.post("/account/security/remove", data={"password": PASSWORD}).status_code == 422
    again = quarter.browser()
    ticket = re.findall(r'name="ticket" value="([^"]+)"', come_in(again, quarter.id, WREN).text)[0]
    quarter.building.clock.move(seconds=31)
    code = pyotp.TOTP(secret).at(house.clock())
    assert again.post("/sign-in/code", data={"ticket": ticket, "code": code}).status_code == 303
    assert again.post("/account/security/remove").status_code == 303
    assert "Set up an app" in again.get("/account/security").text


def test_a_clerk_who_has_to_enrol_first_leaves_a_known_browser(quarter: Quarter) -> None:
    house, cleo = quarter.building.house, quarter.building.person("cleo")
    with house.database.begin(Scope.own(cleo.id)) as session:
        theirs = Identity("id-example", quarter.id.issuer, "u-cleo", cleo.email)
        add_identity(session, house.vault, cleo.id, theirs, now=house.clock())
    browser = quarter.browser()
    answer = come_in(browser, quarter.id, Person("u-cleo", cleo.email))
    assert answer.headers["location"] == "/account/security/enrol"
    assert "countersign_device" in {cookie.name for cookie in browser.cookies.jar}


def test_an_identity_of_one_account_is_not_taken_by_another(quarter: Quarter) -> None:
    come_in(quarter.browser(), quarter.id, WREN)
    browser = quarter.street.signed_in("ada")
    answer = _link(browser, quarter, WREN)
    assert answer.status_code == 409 and "signs in to another account" in answer.text
    (row,) = quarter.identities()
    assert row.account_id != quarter.building.person("ada").id and quarter.refusals() == ["taken"]


def test_a_link_that_was_begun_by_one_does_not_end_with_another(quarter: Quarter) -> None:
    """The victim is sent to the callback of a linking that the attacker began (RFC 9700 §4.7, in the other direction):
    neither account gets the other's identity."""
    attacker, victim = quarter.street.signed_in("ben"), quarter.street.signed_in("ada")
    back = quarter.id.allow(onward(attacker.post(LINK)), Person("u-attacker", "eve@example.org"))
    assert victim.get(back).status_code == 422
    planted = next(c.value for c in attacker.cookies.jar if c.name == "countersign-elsewhere")
    session = next(c.value for c in victim.cookies.jar if c.name == "countersign")
    both = {"Cookie": f"countersign={session}; countersign-elsewhere={planted}"}
    answer = quarter.browser().get(back, headers=both)
    assert answer.status_code == 422 and "in between" in answer.text and quarter.identities() == []


def test_signing_out_ends_a_link_that_was_under_way(quarter: Quarter) -> None:
    browser = quarter.street.signed_in("ada")
    back = quarter.id.allow(onward(browser.post(LINK)), ADA)
    browser.post("/sign-out")
    assert browser.get(back).status_code == 422 and quarter.identities() == []


def test_the_last_way_in_stays(quarter: Quarter) -> None:
    """An account that was opened from elsewhere has no password: its one identity can't be taken away."""
    browser = quarter.browser()
    come_in(browser, quarter.id, WREN)
    (row,) = quarter.identities()
    answer = browser.post(f"/account/security/elsewhere/{row.id}/unlink")
    assert answer.status_code == 422 and "only way into your account" in answer.text
    assert quarter.identities() and "outside.unlink_refused" in kinds(quarter.building)
    again = quarter.browser()
    assert come_in(again, quarter.id, WREN).status_code == 303 and "Wren" in who(again)


def test_with_another_identity_or_a_password_it_goes_and_the_owner_hears_of_it(quarter: Quarter) -> None:
    browser = quarter.browser()
    come_in(browser, quarter.id, WREN)
    url = onward(browser.post("/account/security/elsewhere/other-example/link"))
    assert browser.get(quarter.other.allow(url, Person("o-wren", "w@example.org"))).status_code == 303
    first, second = quarter.identities()
    assert browser.post(f"/account/security/elsewhere/{first.id}/unlink").status_code == 303
    assert [row.id for row in quarter.identities()] == [second.id]
    assert browser.post(f"/account/security/elsewhere/{second.id}/unlink").status_code == 422
    told = [mail.text for mail in quarter.letters(WREN.email)]
    assert any("Other Example was added" in text for text in told)
    assert any("Id Example was removed" in text for text in told)
    assert entries(quarter.building, "outside.unlinked")[0].facts()["provider"] == "id-example"


def test_of_two_last_identities_taken_away_at_once_one_stays(quarter: Quarter) -> None:
    browser = quarter.browser()
    come_in(browser, quarter.id, WREN)
    url = onward(browser.post("/account/security/elsewhere/other-example/link"))
    browser.get(quarter.other.allow(url, Person("o-wren", "w@example.org")))
    token = [c.value for c in browser.cookies.jar if c.name == "countersign"][-1]
    rows, statuses, start = quarter.identities(), list[int](), threading.Barrier(2)

    def take(identity_id: object) -> None:
        mine = quarter.browser()
        start.wait()
        path = f"/account/security/elsewhere/{identity_id}/unlink"
        statuses.append(mine.post(path, headers={"Cookie": f"countersign={token}"}).status_code)

    threads = [threading.Thread(target=take, args=(row.id,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 422] and len(quarter.identities()) == 1


def test_taking_away_takes_a_proof_of_this_moment_too(quarter: Quarter) -> None:
    ada = quarter.street.signed_in("ada")
    _link(ada, quarter, ADA)
    (row,) = quarter.identities()
    quarter.building.clock.move(minutes=6)
    path = f"/account/security/elsewhere/{row.id}/unlink"
    assert ada.post(path).headers["location"].startswith("/account/security/fresh") and quarter.identities()
    wren = quarter.browser()
    come_in(wren, quarter.id, WREN)
    own = next(r for r in quarter.identities() if r.id != row.id)
    # Somebody else's is not there, and neither is one that never was.
    assert wren.post(path).status_code == wren.post(path.replace(str(row.id), str(uuid4()))).status_code == 404
    quarter.building.clock.move(minutes=6)
    answer = wren.post(f"/account/security/elsewhere/{own.id}/unlink")
    assert answer.status_code == 422 and "sign in again as you did" in answer.text


def test_nobody_adds_or_takes_without_signing_in(quarter: Quarter) -> None:
    guest = quarter.browser()
    guest.post("/basket", data={"sku": "mug-pine", "quantity": "1"})
    for path in (LINK, f"/account/security/elsewhere/{uuid4()}/unlink"):
        assert guest.post(path).headers["location"].startswith("/sign-in")
    url = leave(guest, "id-example")
    assert guest.get(quarter.id.allow(url, WREN)).status_code == 303 and len(quarter.identities()) == 1


def _link(browser: TestClient, quarter: Quarter, person: Person, **form: str):  # type: ignore[no-untyped-def]
    answer = browser.post(LINK, data=form)
    assert answer.status_code == 200, answer.text[:800]
    return browser.get(quarter.id.allow(onward(answer), person))


def _with_password(quarter: Quarter, name: str) -> TestClient:
    """Somebody who has a password and nothing else, signed in with it."""
    house, person = quarter.building.house, quarter.building.person(name)
    with house.database.begin(Scope.own(person.id)) as session:
        session.get_one(Account, person.id).password_hash = house.entrance.hasher.hash(PASSWORD)
    browser = quarter.browser()
    assert browser.post("/sign-in", data={"email": person.email, "password": PASSWORD}).status_code == 303
    return browser
