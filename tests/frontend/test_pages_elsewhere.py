"""Buttons, the way out, each way back, and the part of the security page: what a person sees of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from auth.database import Scope
from auth.sign_in.outside.handshake import SpentHandshake
from frontend.app import create_app
from frontend.chores import Chores
from tests.browsing import Street, kinds
from tests.elsewhere import Person, Quarter, come_in, leave, onward, open_quarter, who

WREN = Person("u-wren", "wren.marsh@example.net", True, "Wren Marsh")


@pytest.fixture
def quarter(tmp_path: Path, database_url: str) -> Iterator[Quarter]:
    with open_quarter(tmp_path, database_url) as quarter:
        yield quarter


def title(text: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", text, re.S)
    assert found, text[:400]
    return found[1]


def test_the_buttons_are_on_both_pages_and_send_forms(quarter: Quarter) -> None:
    browser = quarter.browser()
    for page in ("/sign-in?next=/orders", "/register"):
        text = browser.get(page).text
        for key, name in (("id-example", "Id Example"), ("other-example", "Other Example"), ("github", "GitHub")):
            assert f'<form method="post" action="/sign-in/with/{key}">' in text and f"Continue with {name}" in text
    assert 'name="next" value="/orders"' in browser.get("/sign-in?next=/orders").text
    # The secret of no provider is on a page.
    assert "a-secret-of-the-test" not in text and quarter.town.asked == []


def test_without_providers_there_is_nothing_to_see(tmp_path: Path, database_url: str) -> None:
    with open_quarter(tmp_path, database_url, providers=()) as quarter:
        browser = quarter.street.signed_in("ada")
        assert "somebody else" not in browser.get("/account/security").text
        guest = quarter.browser()
        assert "Continue with" not in guest.get("/sign-in").text
        assert guest.post("/sign-in/with/id-example").status_code == 404


def test_the_way_out_is_a_page_that_goes_on_by_itself(quarter: Quarter) -> None:
    """No redirect: ``form-action 'self'`` would stop it in Chromium. No script: the header does it, and a link."""
    answer = quarter.browser().post("/sign-in/with/id-example", data={"next": "/orders"})
    url = onward(answer)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert f'href="{url.replace("&", "&amp;")}"' in answer.text
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("countersign-elsewhere="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Max-Age=600" in cookie and "Domain" not in cookie
    asked = parse_qs(urlsplit(url).query)
    assert asked["scope"] == ["openid email profile"] and asked["response_type"] == ["code"]


def test_a_new_person_gets_an_account_and_lands_where_they_wanted(quarter: Quarter) -> None:
    browser = quarter.browser()
    browser.post("/basket", data={"sku": "mug-pine", "quantity": "1"})
    back = quarter.id.allow(leave(browser, "id-example", next="/basket"), WREN)
    answer = browser.get(back)
    assert answer.status_code == 303 and answer.headers["location"] == "/basket"
    assert "Harbour Mug" in browser.get("/basket").text, "what the guest had comes along"
    assert "Max-Age=0" in next(c for c in answer.headers.get_list("set-cookie") if "elsewhere" in c)
    (letter,) = quarter.letters(WREN.email)
    assert "An account was opened" in letter.text and "/forgot" in letter.text
    assert {"outside.opened", "sign_in.succeeded"} <= set(kinds(quarter.building))
    again = quarter.browser()
    assert come_in(again, quarter.id, WREN).status_code == 303 and len(quarter.identities()) == 1


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        ("access_denied", 200, "You said no at Id Example"),
        ("consent_required", 200, "You said no at Id Example"),
        ("server_error", 422, "Id Example could not do this"),
        ("<script>alert(1)</script>", 422, "Id Example could not do this"),
    ],
)
def test_a_no_and_a_mistake_are_told_apart_and_lead_on(quarter: Quarter, error: str, status: int, says: str) -> None:
    browser = quarter.browser()
    url = leave(browser, "id-example", next="/orders")
    answer = browser.get(quarter.id.allow(url, WREN, code="", error=error, error_description="<b>boo</b>"))
    assert answer.status_code == status and title(answer.text) == says
    assert "alert(1)" not in answer.text and "boo" not in answer.text
    assert 'action="/sign-in/with/id-example"' in answer.text and 'value="/orders"' in answer.text
    assert come_in(browser, quarter.id, WREN).status_code == 303


def test_a_provider_that_is_down_when_one_starts(quarter: Quarter) -> None:
    quarter.id.status = 500
    answer = quarter.browser().post("/sign-in/with/id-example", data={"next": "/orders"})
    assert answer.status_code == 503 and title(answer.text) == "Id Example does not answer"
    assert "Sign in another way" in answer.text
    quarter.id.status = 200
    assert come_in(quarter.browser(), quarter.id, WREN).status_code == 303


def test_a_double_click_or_a_reload_ends_in_peace(quarter: Quarter) -> None:
    browser = quarter.browser()
    back = quarter.id.allow(leave(browser, "id-example"), WREN)
    assert browser.get(back).status_code == 303
    again = browser.get(back)
    assert title(again.text) == "You are signed in" and "Wren Marsh" in who(browser)
    # Two presses of the button: the newer one counts, and the older answer does not spoil it.
    other = quarter.browser()
    first, second = leave(other, "id-example"), leave(other, "id-example")
    assert title(other.get(quarter.id.allow(first, WREN)).text) == "This answer belongs to another try"
    assert other.get(quarter.id.allow(second, WREN)).status_code == 303


def test_who_is_signed_in_is_not_sent_away_to_sign_in(quarter: Quarter) -> None:
    browser = quarter.street.signed_in("ada")
    answer = browser.post("/sign-in/with/id-example", data={"next": "/orders"})
    assert answer.status_code == 303 and answer.headers["location"] == "/orders" and quarter.town.asked == []


def test_under_another_address_of_the_shop_it_says_where_to_go(tmp_path: Path, database_url: str) -> None:
    """The provider sends people back to one address, and cookies of 127.0.0.1 are not there."""
    with open_quarter(tmp_path, database_url, other_origins=("http://127.0.0.1:8000",)) as quarter:
        browser = quarter.browser()
        headers = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}
        answer = browser.post("/sign-in/with/id-example", headers=headers)
        assert answer.status_code == 422 and 'href="http://localhost:8000/sign-in"' in answer.text


def test_the_security_page_lists_links_and_unlinks(quarter: Quarter) -> None:
    browser = quarter.street.signed_in("ada")
    assert "Add Id Example" in browser.get("/account/security").text
    url = onward(browser.post("/account/security/elsewhere/id-example/link"))
    assert browser.get(quarter.id.allow(url, WREN)).headers["location"] == "/account/security"
    page = browser.get("/account/security").text
    assert "From now on it signs you in here as well." in page and "wren.marsh@example.net" in page
    assert "Add Id Example" not in page and "Add Other Example" in page
    url = onward(browser.post("/account/security/elsewhere/id-example/link"))
    assert browser.get(quarter.id.allow(url, WREN)).status_code == 303 and len(quarter.identities()) == 1
    (row,) = quarter.identities()
    assert browser.post(f"/account/security/elsewhere/{row.id}/unlink").status_code == 303
    assert "It no longer signs you in here." in browser.get("/account/security").text and quarter.identities() == []


def test_a_provider_that_is_no_longer_offered_can_still_be_taken_away(quarter: Quarter) -> None:
    browser = quarter.street.signed_in("ada")
    url = onward(browser.post("/account/security/elsewhere/other-example/link"))
    browser.get(quarter.other.allow(url, WREN))
    (row,) = quarter.identities()
    ways = replace(quarter.building.house.ways, providers={})
    street = Street(quarter.building, create_app(quarter.building.settings, replace(quarter.building.house, ways=ways)))
    later = street.browser()
    later.cookies = browser.cookies
    assert WREN.email in later.get("/account/security").text
    assert later.post(f"/account/security/elsewhere/{row.id}/unlink").status_code == 303
    assert quarter.identities() == []


def test_handshakes_that_are_used_up_are_forgotten_when_they_would_have_ended(quarter: Quarter) -> None:
    come_in(quarter.browser(), quarter.id, WREN)
    assert _spent(quarter) == 1
    chores = Chores(quarter.building.house, quarter.street.app.state.door)
    chores.once()
    assert _spent(quarter) == 1
    quarter.building.clock.move(minutes=11)
    chores.once()
    assert _spent(quarter) == 0


def test_a_clerk_from_elsewhere_needs_a_second_factor_here(quarter: Quarter) -> None:
    cleo = quarter.street.signed_in("cleo")
    url = onward(cleo.post("/account/security/elsewhere/id-example/link"))
    cleo.get(quarter.id.allow(url, WREN))
    browser = quarter.browser()
    answer = come_in(browser, quarter.id, WREN)
    assert answer.status_code == 200 and "Enter your code" in answer.text
    assert browser.get("/staff").status_code == 404


def _spent(quarter: Quarter) -> int:
    with quarter.building.house.database.read(Scope.house("a test counts")) as session:
        return session.scalar(select(func.count()).select_from(SpentHandshake)) or 0
