"""T22: a session that an attacker has planted or seen becomes the victim's when they sign in."""

from sqlalchemy import select

from auth.database import Base, Scope
from tests.browsing import Street
from tests.building import Building

PLANTED = "A" * 43


def test_a_planted_token_is_never_the_one_that_signs_in(street: Street) -> None:
    browser = street.browser()
    browser.cookies.set("countersign", PLANTED, domain="localhost.local")
    before = set(_token(street, browser))
    street.sign_in(browser, "ada")
    assert before == {PLANTED} and PLANTED not in _token(street, browser)
    assert _orders(street, PLANTED).status_code == 303


def test_a_guests_session_ends_when_its_browser_signs_in(street: Street) -> None:
    browser = street.browser()
    browser.post("/basket", data={"sku": "mug-pine", "quantity": "1"})
    (guest,) = _token(street, browser)
    street.sign_in(browser, "ada")
    attacker = street.browser()
    attacker.cookies.set("countersign", guest, domain="localhost.local")
    # The guest's session is dead, so what is put into a basket with its token goes to a new guest.
    assert "countersign=" in attacker.post("/basket", data={"sku": "lamp-fog"}).headers["set-cookie"]
    assert (
        "Quiet Lamp" not in browser.get("/basket").text
        and "Harbour Mug" not in attacker.get("/basket").text
        and "Harbour Mug" in browser.get("/basket").text
    )


def test_the_token_changes_when_more_is_proved_and_dies_on_signing_out(street: Street) -> None:
    browser = street.signed_in("ada")
    (first,) = _token(street, browser)
    assert browser.post("/account/security/fresh", data={"code": street.next_code("ada")}).status_code == 303
    second = _token(street, browser)[-1]
    assert first != second and _orders(street, first).status_code == 303 and _orders(street, second).status_code == 200
    browser.post("/sign-out")
    assert _orders(street, second).status_code == 303


def test_a_cookie_sent_twice_counts_for_nothing(street: Street) -> None:
    browser = street.signed_in("ada")
    (token,) = _token(street, browser)
    both = {"Cookie": f"countersign={token}; countersign={PLANTED}"}
    assert street.browser().get("/orders", headers=both).status_code == 303


def test_the_database_holds_no_token_and_the_cookie_is_out_of_scripts_reach(street: Street) -> None:
    browser = street.browser()
    answer = street.sign_in(browser, "ada")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie and "domain" not in cookie
    assert answer.headers["cache-control"] == "no-store"
    (token,) = _token(street, browser)
    assert token not in _everything(street.building)


def _token(street: Street, browser: object) -> list[str]:
    return [cookie.value for cookie in browser.cookies.jar if cookie.name == "countersign"]  # type: ignore[attr-defined]


def _orders(street: Street, token: str) -> object:
    browser = street.browser()
    return browser.get("/orders", headers={"Cookie": f"countersign={token}"})


def _everything(building: Building) -> str:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return repr([session.connection().execute(select(t)).all() for t in Base.metadata.sorted_tables])
