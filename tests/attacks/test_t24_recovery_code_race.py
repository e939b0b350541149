"""T24: a recovery code is spent twice by two requests at once, or can be read from the database."""

from concurrent.futures import ThreadPoolExecutor

from auth.database import Scope
from auth.sign_in import recovery
from tests.browsing import Street, entries


def test_of_eight_sign_ins_at_once_with_one_code_one_comes_in(street: Street) -> None:
    (code, *_), tickets = _codes(street), []
    browsers = [street.browser(f"198.51.100.{n}") for n in range(1, 5)]
    for browser in browsers:
        tickets.append(street.first_step(browser, "ada"))
    with ThreadPoolExecutor(4) as pool:
        tries = [
            pool.submit(browser.post, "/sign-in/code", data={"ticket": ticket, "code": code})
            for browser, ticket in zip(browsers, tickets, strict=True)
        ]
        statuses = sorted(t.result().status_code for t in tries)
    assert statuses == [303, 422, 422, 422]
    assert len(entries(street.building, "recovery_code.used")) == 1


def test_the_codes_are_hashed_and_one_persons_code_is_not_anothers(street: Street) -> None:
    codes = _codes(street)
    house = street.building.house
    with house.database.read(Scope.own(street.building.person("ada").id)) as session:
        stored = [row.code_hash for row in session.query(recovery.RecoveryCode)]
    assert len(stored) == 10 and not [code for code in codes if code.replace("-", "").encode() in b"".join(stored)]
    browser = street.browser()
    ticket = street.first_step(browser, "ben")
    assert browser.post("/sign-in/code", data={"ticket": ticket, "code": codes[0]}).status_code == 422


def _codes(street: Street) -> tuple[str, ...]:
    street.equip("ada")
    house, ada = street.building.house, street.building.person("ada")
    with house.database.begin(Scope.own(ada.id)) as session:
        return recovery.make_codes(session, ada.id, now=house.clock())
