"""T55: one-time codes are tried from many networks, or on many accounts, or two at once, until one fits.

Shows ASVS 5.0 §6.3.1 (against guessing), §6.5.1 (one-time), §6.5.2 (recovery codes hashed) and
RFC 6238 §5.2 (accepted once; one step of drift either way).
"""

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from auth.accounts import Account
from auth.database import Scope
from auth.sign_in import attempts, recovery
from auth.sign_in.second_factor import prove
from tests.browsing import PASSWORD, Street, entries

REFUSED, TOO_OFTEN = 422, 429


def test_thirty_networks_have_five_tries_between_them(street: Street) -> None:
    """A guesser with the password and a botnet gets no more tries than one with a single machine."""
    ticket, answers = street.first_step(street.browser(), "ada"), []
    for number in range(30):
        browser = street.browser(f"198.51.100.{number + 1}")
        tried = browser.post("/sign-in/code", data={"ticket": ticket, "code": _wrong(street, "ada")})
        answers.append(tried.status_code)
    assert answers == [REFUSED] * 5 + [TOO_OFTEN] * 25
    # The right code is not looked at either, from any network; and the log tells of it once and not 25 times.
    fitting = {"ticket": ticket, "code": street.code_now("ada")}
    right = street.browser("203.0.113.99").post("/sign-in/code", data=fitting)
    assert right.status_code == TOO_OFTEN and "retry-after" in right.headers
    assert len(entries(street.building, "code.too_many")) == 1


def test_a_patient_guesser_has_twenty_tries_a_day(street: Street) -> None:
    street.equip("ada")
    house, ada, tried = street.building.house, street.building.person("ada"), 0
    for hour in range(23):
        for _ in range(6):
            with house.database.begin(Scope.own(ada.id)) as session:
                network = f"198.51.100.{hour}"
                answer = prove(session, house.vault, ada.id, _wrong(street, "ada"), now=house.clock(), network=network)
            tried += not isinstance(answer, attempts.TooMany)
        street.building.clock.move(hours=1)
    assert tried == 20


def test_one_network_with_many_passwords_is_stopped_across_accounts(street: Street) -> None:
    """Five codes on each of many accounts is a way around a limit that counts accounts alone."""
    house, seen = street.building.house, []
    street.equip("ada")
    street.equip("ben")
    network = "198.51.100.200"
    for number in range(attempts.CODE_NETWORK.tries + 2):
        person = street.building.person("ada" if number % 2 else "ben")
        with house.database.begin(Scope.own(person.id)) as session:
            attempts.forget(session, house.vault, attempts.CODE, subject=str(person.id))
            attempts.forget(session, house.vault, attempts.CODE_DAILY, subject=str(person.id))
            answer = prove(session, house.vault, person.id, "000000", now=house.clock(), network=network)
        seen.append(isinstance(answer, attempts.TooMany))
    assert seen == [False] * attempts.CODE_NETWORK.tries + [True, True]
    with house.database.begin(Scope.own(street.building.person("ada").id)) as session:
        elsewhere = prove(
            session, house.vault, street.building.person("ada").id, street.code_now("ada"), now=house.clock()
        )
    assert not isinstance(elsewhere, attempts.TooMany)


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off_and_no_more(street: Street, steps: int, fits: bool) -> None:
    ticket = street.first_step(street.browser(), "ada")
    street.building.clock.move(minutes=2)
    at = int(street.building.clock().timestamp()) + 30 * steps
    answer = street.browser().post(
        "/sign-in/code", data={"ticket": ticket, "code": pyotp.TOTP(street.secrets["ada"]).at(at)}
    )
    assert (answer.status_code == 303) is fits


def test_of_two_threads_with_one_recovery_code_one_comes_in_and_a_used_one_is_dead(street: Street) -> None:
    street.equip("ada")
    house, ada = street.building.house, street.building.person("ada")
    with house.database.begin(Scope.own(ada.id)) as session:
        code = recovery.make_codes(session, ada.id, now=house.clock())[0]
    tickets = [street.first_step(street.browser(), "ada") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        tries = [
            pool.submit(street.browser().post, "/sign-in/code", data={"ticket": ticket, "code": code})
            for ticket in tickets
        ]
    assert sorted(t.result().status_code for t in tries) == [303, REFUSED]
    ticket = street.first_step(street.browser(), "ada")
    assert street.browser().post("/sign-in/code", data={"ticket": ticket, "code": code}).status_code == REFUSED


def test_no_clerk_works_without_a_second_factor_or_through_a_day(street: Street) -> None:
    """ASVS 5.0 §6.3.3 and §7.3.1: forced for staff, who sign in each working day."""
    street.equip("cleo")
    browser = street.signed_in("cleo")
    assert browser.get("/staff").status_code == 200
    street.building.clock.move(minutes=61)
    assert browser.get("/staff").status_code == 404
    house, dov = street.building.house, street.building.person("dov")
    hashed = house.entrance.hasher.hash(PASSWORD)
    with house.database.begin(Scope.own(dov.id)) as session:
        account = session.get_one(Account, dov.id)
        account.password_hash = hashed
    alone = street.browser()
    assert alone.post("/sign-in", data={"email": dov.email, "password": PASSWORD}).status_code == 303
    assert alone.get("/staff").status_code == 404 and "enrol" in alone.get("/account").headers["location"]


def _wrong(street: Street, name: str) -> str:
    return f"{(int(street.code_now(name)) + 500_000) % 1_000_000:06}"
