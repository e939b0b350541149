"""T57: a stolen session, or one of two mailboxes, carries the account off: by another address, unseen, for good.

Shows ASVS 5.0 §6.3.5 and §6.3.7 (told of new devices and of changed sign-in), §7.4.3 and §7.5.2 (sessions seen
and ended), §7.2.4 (a new token at each proof); OWASP Authentication Cheat Sheet (both addresses agree to a change).
"""

import re
from typing import Any

import pytest
from starlette.responses import Response

from auth.accounts import Account, find_account_id_by_email_tag
from auth.database import Scope
from auth.mail import Mail, waiting_mail
from auth.sign_in.devices import count_known
from auth.sign_in.mail_change import carry_out_changes
from auth.sign_in.outside.identities import Identity, add_identity, lines_of
from auth.sign_in.registration import register
from tests.browsing import PASSWORD, Street, entries

NEW = "ada.elsewhere@example.org"
NELLS = "a long word and another"


def test_a_stolen_session_without_a_fresh_proof_asks_for_nothing(street: Street) -> None:
    thief = street.signed_in("ada")
    street.building.clock.move(minutes=6)
    answer = thief.post("/account/security/address", data={"email": NEW, "password": PASSWORD})
    assert answer.headers["location"].startswith("/account/security/fresh")
    assert _mails(street, "") == [] and entries(street.building, "mail.change_asked") == []


def test_neither_mailbox_alone_changes_the_address_and_both_wait_a_day(street: Street) -> None:
    for agreeing in ("Use this address", "Another address for"):
        _ask(street)
        (letter,) = _mails(street, agreeing)[:1]
        assert street.browser().post(_links(letter.text)[0]).status_code == 200
        street.building.clock.move(hours=50)
        assert carry_out_changes(street.building.house.entrance) == 0 and _address(street) != NEW
    _ask(street)
    for agreeing in ("Use this address", "Another address for"):
        assert street.browser().post(_links(_mails(street, agreeing)[0].text)[0]).status_code == 200
    street.building.clock.move(hours=23, minutes=59)
    assert carry_out_changes(street.building.house.entrance) == 0
    street.building.clock.move(minutes=1)
    assert carry_out_changes(street.building.house.entrance) == 1 and _address(street) == NEW
    old = street.building.person("ada").email
    assert {mail.to for mail in _mails(street, "A change to your sign-in")} == {old, NEW}
    assert carry_out_changes(street.building.house.entrance) == 0


def test_the_old_mailbox_stops_it_until_the_last_minute(street: Street) -> None:
    _ask(street)
    for agreeing in ("Use this address", "Another address for"):
        street.browser().post(_links(_mails(street, agreeing)[0].text)[0])
    (waits,) = _mails(street, "changes on")
    street.building.clock.move(hours=23, minutes=59)
    assert street.browser().post(_links(waits.text)[0]).status_code == 200
    street.building.clock.move(hours=1)
    assert carry_out_changes(street.building.house.entrance) == 0 and _address(street) != NEW


def test_a_letter_about_an_older_wish_agrees_to_no_newer_one(street: Street) -> None:
    """The owner's own earlier change must not lend its agreement to the attacker's."""
    _ask(street, "first@example.org")
    older = [_links(mail.text)[0] for mail in _mails(street, "address")]
    assert len(older) == 2
    _ask(street, NEW)
    for link in older:
        assert street.browser().post(link).status_code == 422
    assert entries(street.building, "mail.agreed") == []


def test_an_address_that_is_somebodys_is_told_to_nobody_and_never_taken(street: Street) -> None:
    ben = street.building.person("ben").email
    answer = _ask(street, ben)
    free = _ask(street, NEW)
    assert (answer.status_code, answer.headers["location"]) == (free.status_code, free.headers["location"])
    assert [mail.to for mail in _mails(street, "You already have an account")] == [ben]
    # An address that becomes somebody's while the change waits is not taken from them.
    for agreeing in ("Use this address", "Another address for"):
        street.browser().post(_links(_mails(street, agreeing)[0].text)[0])
    house = street.building.house
    _register_nell(street)
    token = re.findall(r"/register/confirm/([\w-]+)", _mails(street, "Confirm your address")[0].text)[0]
    nell = street.browser().post(f"/register/confirm/{token}", data={"password": NELLS})
    assert nell.status_code == 303
    street.building.clock.move(hours=25)
    assert carry_out_changes(house.entrance) == 0 and _address(street) != NEW
    assert [mail.to for mail in _mails(street, "stays as it is")] == [street.building.person("ada").email]


@pytest.mark.parametrize("is_before", [True, False], ids=["before the wish", "after it"])
def test_a_registration_that_nobody_has_confirmed_stops_no_change_of_address(street: Street, is_before: bool) -> None:
    """A stranger who types the address has proved nothing, and its mailbox has."""
    if is_before:
        _register_nell(street)
    _ask(street)
    if not is_before:
        _register_nell(street)
    for agreeing in ("Use this address", "Another address for"):
        assert street.browser().post(_links(_mails(street, agreeing)[0].text)[0]).status_code == 200
    street.building.clock.move(hours=25)
    assert carry_out_changes(street.building.house.entrance) == 1 and _address(street) == NEW
    assert entries(street.building, "register.given_up")
    assert street.browser().post("/sign-in", data={"email": NEW, "password": NELLS}).status_code == 422


def test_with_another_address_what_the_old_mailbox_holds_is_worthless(street: Street) -> None:
    _ask(street)
    for agreeing in ("Use this address", "Another address for"):
        street.browser().post(_links(_mails(street, agreeing)[0].text)[0])
    street.building.clock.move(hours=23, minutes=50)
    old = street.building.person("ada").email
    thief = street.browser("198.51.100.66")
    thief.post("/forgot", data={"email": old})
    thief.post("/sign-in/lost", data={"ticket": street.first_step(thief, "ada")})
    (reset,) = re.findall(r"http://localhost:8000(/reset/[\w-]+)", _mails(street, "Choose a new password")[0].text)
    finish = _links(_mails(street, "is lost")[0].text)[1]
    street.building.clock.move(minutes=15)
    assert carry_out_changes(street.building.house.entrance) == 1
    assert thief.post(reset, data={"password": "another heron lantern 58"}).status_code == 422
    street.building.clock.move(hours=73)
    assert thief.post(finish).status_code in (404, 422)
    assert entries(street.building, "factors.reset_cancelled") and not entries(street.building, "factors.reset")


def test_a_new_password_ends_a_change_that_somebody_began(street: Street) -> None:
    browser = street.signed_in("ada")
    browser.post("/account/security/address", data={"email": NEW})
    links = [_links(mail.text)[0] for mail in _mails(street, "address")]
    browser.post("/account/security/password", data={"current": PASSWORD, "new": "another heron lantern 58"})
    for link in links:
        assert street.browser().post(link).status_code == 422


def test_a_reset_takes_every_identity_off_and_knows_no_browser(street: Street) -> None:
    """Whoever was in may have left a way back: an identity of their own, and a browser that is no news any more."""
    house, ada = street.building.house, street.building.person("ada")
    thief = street.signed_in("ada")
    with house.database.begin(Scope.own(ada.id)) as session:
        theirs = Identity("id-example", "https://id.example", "u-thief", "thief@example.org")
        add_identity(session, house.vault, ada.id, theirs, now=house.clock())
    thief.post("/account/security/password", data={"current": PASSWORD, "new": "another heron lantern 58"})
    (told,) = _mails(street, "A change to your sign-in")
    assert "sign-in with id-example" in told.text and "an authenticator app" in told.text and "thief" not in told.text
    owner = street.browser("198.51.100.66")
    owner.post("/forgot", data={"email": ada.email})
    (link,) = re.findall(r"http://localhost:8000(/reset/[\w-]+)", _mails(street, "Choose a new password")[0].text)
    assert owner.post(link, data={"password": PASSWORD}).status_code == 303
    with house.database.read(Scope.own(ada.id)) as session:
        assert lines_of(session, house.vault, ada.id) == [] and count_known(session, ada.id) == 0
    told = max(_mails(street, "A change to your sign-in"), key=lambda mail: "Removed" in mail.text)
    assert "Removed with it: sign-in with id-example" in told.text
    street.sign_in(thief, "ada")
    assert len(_mails(street, "new device")) == 1


def test_a_new_device_is_told_and_a_known_one_is_not(street: Street) -> None:
    mine = street.signed_in("ada")
    assert _mails(street, "new device") == []
    mine.post("/sign-out")
    street.sign_in(mine, "ada")
    assert _mails(street, "new device") == []
    thief = street.browser(
        "198.51.100.66", headers={"Origin": "http://localhost:8000", "User-Agent": "Firefox/1 Linux"}
    )
    street.sign_in(thief, "ada")
    (told,) = _mails(street, "new device")
    assert told.to == street.building.person("ada").email and "Firefox on Linux, from 198.51.100.…" in told.text
    assert len(entries(street.building, "device.new")) == 1


def test_somebody_elses_device_cookie_makes_nobody_known(street: Street) -> None:
    """A cookie that is known to one account says nothing to another, and two of them say nothing at all."""
    street.signed_in("ben")
    mine = street.signed_in("ada")
    street.sign_in(mine, "ben")
    assert [mail.to for mail in _mails(street, "new device")] == [street.building.person("ben").email]
    (value,) = [cookie.value for cookie in mine.cookies.jar if cookie.name == "countersign_device"]
    tossed = street.browser("198.51.100.66")
    ticket = street.first_step(tossed, "ada")
    both = {"Cookie": f"countersign_device={value}; countersign_device={'A' * 43}"}
    code = {"ticket": ticket, "code": street.next_code("ada")}
    assert tossed.post("/sign-in/code", data=code, headers=both).status_code == 303
    assert len(_mails(street, "new device")) == 2


def test_sessions_are_listed_with_where_and_when_and_end_one_by_one_or_all(street: Street) -> None:
    mine, other = street.signed_in("ada"), street.signed_in("ada", "198.51.100.66")
    page = mine.get("/account/security").text
    assert "198.51.100.…" in page and "last seen" in page and "We know 2 browsers" in page
    (session_id,) = re.findall(r"/account/security/sessions/([0-9a-f-]{36})/end", page)
    # Somebody else's session is not there.
    assert street.signed_in("ben").post(f"/account/security/sessions/{session_id}/end").status_code == 404
    assert mine.post(f"/account/security/sessions/{session_id}/end").status_code == 303
    assert other.get("/orders").status_code == 303 and mine.get("/orders").status_code == 200
    third = street.signed_in("ada", "198.51.100.67")
    assert mine.post("/account/security/sessions/end-others").status_code == 303
    assert third.get("/orders").status_code == 303 and mine.get("/orders").status_code == 200
    assert mine.post("/account/security/devices/forget").status_code == 303
    street.sign_in(third, "ada")
    assert _mails(street, "new device")[0].text.count("198.51.100.…") == 1


def test_a_planted_session_and_the_one_before_a_passkey_end_at_the_proof(street: Street) -> None:
    """Session fixation at the newest doors: each proof gives a token that nobody has seen."""
    browser = street.signed_in("ada")
    (before,) = [cookie.value for cookie in browser.cookies.jar if cookie.name == "countersign"]
    browser.post("/account/security/fresh", data={"code": street.next_code("ada")})
    planted = street.browser()
    assert planted.get("/orders", headers={"Cookie": f"countersign={before}"}).status_code == 303


def _register_nell(street: Street) -> None:
    register(street.building.house.entrance, name="Nell", email=NEW, password=NELLS)


def _ask(street: Street, email: str = NEW) -> Response:
    street.building.clock.move(hours=2)
    answer: Any = street.signed_in("ada").post("/account/security/address", data={"email": email})
    assert answer.status_code == 303
    return answer


def _address(street: Street) -> str:
    house, ada = street.building.house, street.building.person("ada")
    with house.database.read(Scope.own(ada.id)) as session:
        found = house.vault.open(session, session.get_one(Account, ada.id), "email")
        assert find_account_id_by_email_tag(session, house.vault.email_tag(found)) == ada.id
        return found


def _mails(street: Street, subject: str) -> list[Mail]:
    """The newest first."""
    house = street.building.house
    with house.database.read(Scope.house("a test reads the mail")) as session:
        return [each.mail for each in waiting_mail(session, house.vault) if subject in each.mail.subject]


def _links(text: str) -> list[str]:
    return re.findall(r"http://localhost:8000(/link/[\w-]+)", text)
