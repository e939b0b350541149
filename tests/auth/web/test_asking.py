"""Who somebody is comes from the cookie and the record behind it, and from nothing else in a request."""

import pytest

from auth.actor import Role
from auth.web.asking import safe_next

COOKIE = "__Host-countersign"


def test_each_page_is_there_for_whom_its_signature_names(shop):
    people = {
        "nobody": shop.browser(),
        "guest": shop.signed_in(Role.GUEST),
        "customer": shop.signed_in(),
        "new clerk": shop.signed_in(Role.CLERK),
        "clerk": shop.signed_in(Role.CLERK, with_factor=True),
        "customer with factor": shop.signed_in(with_factor=True),
    }
    doors = ("/me", "/account", "/orders", "/queue", "/enrol")
    answers = {who: [browser.get(path).status_code for path in doors] for who, browser in people.items()}
    assert answers == {
        "nobody": [200, 303, 303, 404, 303],
        "guest": [200, 303, 303, 404, 303],
        "customer": [200, 200, 200, 404, 200],
        "new clerk": [303, 303, 303, 404, 200],
        "clerk": [200, 200, 404, 200, 200],
        "customer with factor": [200, 200, 200, 404, 200],
    }


def test_a_page_that_is_not_yours_looks_like_one_that_is_not_there(shop):
    browser = shop.signed_in()
    closed, missing = browser.get("/queue"), browser.get("/no-such-page")
    assert (closed.status_code, closed.text) == (missing.status_code, missing.text)
    assert closed.headers.keys() == missing.headers.keys()


def test_no_header_and_no_field_names_a_person(shop):
    ida = shop.signed_in()
    account = ida.get("/me").json()["account"]
    claims = {
        name: account
        for name in ("X-User", "X-User-Id", "X-Account-Id", "X-Remote-User", "Remote-User", "X-Forwarded-User")
    }
    claims["Authorization"] = f"Bearer {account}"
    claims["X-Role"] = "clerk"
    answer = shop.browser().get(f"/me?account_id={account}&role=clerk", headers=claims).json()
    assert answer["account"] == "None"
    assert answer["role"] == "guest"


def test_staff_ask_through_the_staff_door(shop):
    assert shop.signed_in(Role.CLERK, with_factor=True).get("/queue").json()["channel"] == "staff"
    assert shop.signed_in().get("/orders").json()["channel"] == "page"


def test_a_script_gets_401_and_a_person_the_sign_in_page_with_the_way_back(shop):
    browser = shop.browser()
    page = browser.get("/orders?page=2")
    assert page.headers["location"] == "/sign-in?next=%2Forders%3Fpage%3D2"
    script = browser.get("/orders", headers={"Accept": "application/json"})
    assert script.status_code == 401
    assert script.json()["error"] == "Sign in first"


def test_looking_around_opens_no_account_and_leaving_something_opens_one(shop):
    browser = shop.browser()
    looked = browser.get("/me")
    assert looked.json()["account"] == "None"
    assert "set-cookie" not in looked.headers
    first = browser.post("/basket", headers=shop.own)
    assert first.headers["set-cookie"].startswith(f"{COOKIE}=")
    again = browser.post("/basket", headers=shop.own)
    assert again.json()["account"] == first.json()["account"]
    assert again.json()["role"] == "guest"
    assert "set-cookie" not in again.headers


def test_a_planted_token_is_not_taken_over(shop):
    browser = shop.browser()
    browser.headers["Cookie"] = f"{COOKIE}=planted-by-an-attacker-0000"
    answer = browser.post("/basket", headers=shop.own)
    assert "planted" not in answer.headers["set-cookie"]


def test_two_cookies_of_one_name_are_no_cookie(shop):
    browser = shop.signed_in()
    browser.headers["Cookie"] += f"; {COOKIE}=planted-by-an-attacker-0000"
    assert browser.get("/me").json()["account"] == "None"


def test_an_idle_session_is_over_and_a_visit_keeps_it(shop):
    visiting, idle = shop.signed_in(), shop.signed_in()
    for _ in range(2):
        shop.clock.advance(days=4)
        assert visiting.get("/account").status_code == 200
    assert idle.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("path", "goes_to"),
    [
        ("/orders?page=2", "/orders?page=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("/" + "a" * 2000, "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_the_way_back_stays_in_the_shop(path, goes_to):
    assert safe_next(path) == goes_to
