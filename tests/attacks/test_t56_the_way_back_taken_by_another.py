"""T56: the path for a lost phone, or the button that removes a factor, lets an attacker go on without it.

Shows NIST SP 800-63B-4 §4.2 (recovery is announced and takes more than one proof), ASVS 5.0 §6.4.3 and §6.4.4 (a lost
factor is replaced at the level it was set up at), §7.5.1 (fresh proof before factors change).
"""

import re

import pyotp
from starlette.testclient import TestClient

from auth.accounts import Account
from auth.database import Scope
from auth.mail import Mail, waiting_mail
from auth.sign_in import lost_factor, sessions, totp
from auth.sign_in.visit import Visit
from tests.browsing import PASSWORD, Street, entries

DEAD = (404, 422)


def test_an_attacker_with_password_and_mailbox_waits_three_days_and_is_announced(street: Street) -> None:
    thief = street.browser("198.51.100.66")
    page = thief.post("/sign-in/lost", data={"ticket": street.first_step(thief, "ada")})
    assert page.status_code == 200 and "three days" in page.text
    (told,) = _letters(street, "is lost")
    assert told.to == street.building.person("ada").email and "stop it now" in told.text
    finish = _links(told.text)[1]
    for hours in (0, 24, 47):
        street.building.clock.move(hours=hours)
        early = thief.post(finish)
        assert early.status_code == 422 and "Not yet" in early.text and _has_app(street)
    assert len(entries(street.building, "factors.reset_asked")) == 1
    street.building.clock.move(hours=1, minutes=1)
    assert "Take it off" in thief.get(finish).text and _has_app(street)
    assert thief.post(finish).status_code == 200 and not _has_app(street)
    assert thief.post(finish).status_code in DEAD
    assert _letters(street, "A change to your sign-in") and entries(street.building, "factors.reset")


def test_the_owner_stops_it_by_the_link_on_the_page_by_a_password_or_by_their_phone(street: Street) -> None:
    for stop in (_by_link, _by_page, _by_password, _by_phone):
        thief = street.browser("198.51.100.66")
        assert thief.post("/sign-in/lost", data={"ticket": street.first_step(thief, "ada")}).status_code == 200
        finish = _links(_letters(street, "is lost")[0].text)[1]
        stop(street)
        street.building.clock.move(hours=73)
        assert thief.get(finish).status_code == 404 and thief.post(finish).status_code in DEAD, stop.__name__
        assert _has_app(street), stop.__name__
    assert len(entries(street.building, "factors.reset_cancelled")) == 4


def test_carried_out_it_ends_every_session_and_every_older_way_in(street: Street) -> None:
    before = street.signed_in("ada")
    thief = street.browser("198.51.100.66")
    thief.post("/sign-in/lost", data={"ticket": street.first_step(thief, "ada")})
    finish = _links(_letters(street, "is lost")[0].text)[1]
    street.building.clock.move(hours=72)
    assert before.get("/orders").status_code == 200
    assert street.browser().post(finish).status_code == 200
    assert before.get("/orders").status_code == 303
    # The password beside the factor may have been a short one: it is chosen anew, by a letter, and must stand alone.
    email = street.building.person("ada").email
    again = street.browser()
    assert again.post("/sign-in", data={"email": email, "password": PASSWORD}).status_code == 422
    again.post("/forgot", data={"email": email})
    (link,) = re.findall(r"http://localhost:8000(/reset/[\w-]+)", _letters(street, "Choose a new password")[0].text)
    assert again.post(link, data={"password": "heron 58"}).status_code == 422
    assert again.post(link, data={"password": "another heron lantern 58"}).status_code == 303
    assert again.post("/sign-in", data={"email": email, "password": "another heron lantern 58"}).status_code == 303
    assert again.get("/orders").status_code == 200


def test_without_the_password_nobody_even_begins_and_a_clerk_cannot(street: Street) -> None:
    for ticket in ("", "x" * 43):
        assert street.browser().post("/sign-in/lost", data={"ticket": ticket}).status_code == 422
    clerk = street.browser("198.51.100.67")
    assert clerk.post("/sign-in/lost", data={"ticket": street.first_step(clerk, "cleo")}).status_code == 422
    assert _letters(street, "is lost") == []


def test_asked_again_the_wait_is_the_same_and_too_late_it_is_over(street: Street) -> None:
    thief = street.browser("198.51.100.66")
    thief.post("/sign-in/lost", data={"ticket": street.first_step(thief, "ada")})
    street.building.clock.move(hours=70)
    thief.post("/sign-in/lost", data={"ticket": street.first_step(thief, "ada")})
    assert len(_letters(street, "is lost")) == 1
    finish = _links(_letters(street, "is lost")[0].text)[1]
    street.building.clock.move(hours=2 + 24 * 7 + 1)
    assert thief.post(finish).status_code in DEAD and _has_app(street)


def test_a_stolen_session_removes_no_factor_and_the_last_one_takes_the_password(street: Street) -> None:
    thief = street.signed_in("ada")
    street.building.clock.move(minutes=6)
    stale = thief.post("/account/security/remove", data={"password": PASSWORD})
    assert stale.headers["location"].startswith("/account/security/fresh") and _has_app(street)
    thief.post("/account/security/fresh", data={"code": street.next_code("ada")})
    for guess in ("", "not the password 1"):
        assert thief.post("/account/security/remove", data={"password": guess}).status_code == 422 and _has_app(street)
    clerk = street.signed_in("cleo")
    assert clerk.post("/account/security/remove", data={"password": PASSWORD}).status_code == 422


def test_opening_a_link_changes_nothing(street: Street) -> None:
    """Mail programs and scanners open what is in a letter."""
    thief = street.browser("198.51.100.66")
    thief.post("/sign-in/lost", data={"ticket": street.first_step(thief, "ada")})
    cancel, _ = _links(_letters(street, "is lost")[0].text)
    for _ in range(3):
        assert street.browser().get(cancel).status_code == 200
    house, ada = street.building.house, street.building.person("ada")
    with house.database.read(Scope.own(ada.id)) as session:
        assert lost_factor.waits_until(session, ada.id, now=house.clock()) is not None


def test_a_first_factor_that_somebody_else_has_set_up_comes_off_by_its_letter(street: Street) -> None:
    """Whoever knows the password sets up an app of theirs and changes the password; the owner needs no three days."""
    thief = _enrolled_by_a_thief(street)
    changed = thief.post("/account/security/password", data={"current": PASSWORD, "new": "another heron lantern 58"})
    assert changed.status_code == 303 and _has_app(street)
    told = next(mail for mail in _letters(street, "A change to your sign-in") if "set up" in mail.text)
    (disown,) = _links(told.text)
    owner = street.browser()
    assert "Was it not you?" in owner.get(disown).text and _has_app(street)
    page = owner.post(disown)
    assert page.status_code == 200 and 'href="/forgot"' in page.text and not _has_app(street)
    assert thief.get("/orders").status_code == 303 and owner.post(disown).status_code in DEAD
    email = street.building.person("ada").email
    again = thief.post("/sign-in", data={"email": email, "password": "another heron lantern 58"})
    assert again.status_code == 422 and entries(street.building, "factors.disowned")


def test_the_letter_about_a_first_factor_counts_for_seven_days_and_a_later_one_has_no_link(street: Street) -> None:
    thief = _enrolled_by_a_thief(street)
    told = next(mail for mail in _letters(street, "A change to your sign-in") if "set up" in mail.text)
    thief.post("/account/security/enrol/start")
    assert len([m for m in _letters(street, "A change to your sign-in") if _links(m.text)]) == 1
    street.building.clock.move(hours=24 * 7)
    assert street.browser().post(_links(told.text)[0]).status_code in DEAD and _has_app(street)


def _enrolled_by_a_thief(street: Street) -> TestClient:
    house, ada = street.building.house, street.building.person("ada")
    with house.database.begin(Scope.own(ada.id)) as session:
        totp.remove(session, ada.id, now=house.clock())
        session.get_one(Account, ada.id).password_hash = house.entrance.hasher.hash(PASSWORD)
    thief = street.browser("198.51.100.66")
    assert thief.post("/sign-in", data={"email": ada.email, "password": PASSWORD}).status_code == 303
    thief.post("/account/security/enrol/start", data={"password": PASSWORD})
    with house.database.read(Scope.own(ada.id)) as session:
        waiting = totp.waiting_enrolment(
            session, house.vault, session.get_one(Account, ada.id), now=house.clock(), issuer="x"
        )
    assert waiting is not None
    assert (
        thief.post("/account/security/enrol", data={"code": pyotp.TOTP(waiting.secret).at(house.clock())}).status_code
        == 200
    )
    return thief


def _by_link(street: Street) -> None:
    assert street.browser().post(_links(_letters(street, "is lost")[0].text)[0]).status_code == 200


def _by_page(street: Street) -> None:
    # A browser that was signed in before: signing in anew with the phone would stop it already.
    browser = _still_signed_in(street)
    assert "second factor is lost" in browser.get("/account/security").text
    assert browser.post("/account/security/lost/cancel").status_code == 303


def _by_password(street: Street) -> None:
    browser = _still_signed_in(street)
    changed = browser.post("/account/security/password", data={"current": PASSWORD, "new": "another heron lantern 58"})
    assert changed.status_code == 303
    back = browser.post("/account/security/password", data={"current": "another heron lantern 58", "new": PASSWORD})
    assert back.status_code == 303


def _by_phone(street: Street) -> None:
    street.signed_in("ada")


def _still_signed_in(street: Street) -> TestClient:
    house, ada, browser = street.building.house, street.building.person("ada"), street.browser()
    with house.database.begin(Scope.own(ada.id)) as session:
        account = session.get_one(Account, ada.id)
        started = sessions.start(
            session, house.vault, account, life=house.entrance.life, visit=Visit(), now=house.clock(), amr="pwd"
        )
    browser.cookies.set("countersign", started.token, domain="localhost.local")
    return browser


def _letters(street: Street, subject: str) -> list[Mail]:
    house = street.building.house
    with house.database.read(Scope.house("a test reads the mail")) as session:
        return [each.mail for each in waiting_mail(session, house.vault) if subject in each.mail.subject]


def _links(text: str) -> list[str]:
    return re.findall(r"http://localhost:8000(/link/[\w-]+)", text)


def _has_app(street: Street) -> bool:
    ada = street.building.person("ada")
    with street.building.house.database.read(Scope.own(ada.id)) as session:
        return totp.has_factor(session, ada.id)
