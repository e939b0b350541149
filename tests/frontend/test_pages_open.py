"""Every page opens for whom it is meant, and is not there for others."""

from collections.abc import Callable

import pytest

from tests.building import Building
from tests.frontend.conftest import Browser, words

FOR_ALL = (
    "/",
    "/c/camp",
    "/search",
    "/search?q=mug",
    "/p/harbour-mug",
    "/basket",
    "/sign-in",
    "/register",
    "/register/sent",
    "/register/confirm/abc",
    "/forgot",
    "/forgot/sent",
    "/reset/abc",
    "/policies",
    "/policies/returns",
    "/guarded",
    "/art/mug/pine.svg",
    "/static/css/base.css",
)
FOR_CUSTOMERS = (
    "/account",
    "/orders",
    "/checkout",
    "/account/addresses",
    "/account/activity",
    "/account/activity?show=everything",
    "/account/security",
    "/account/security/enrol",
    "/account/security/fresh",
)
NOT_THERE = (
    "/nowhere",
    "/c/nowhere",
    "/p/nothing",
    "/p/harbour mug",
    "/policies/nothing",
    "/art/mug/nothing.svg",
    "/art/nothing/pine.svg",
    "/art/mug/pine.svg?seed=-1",
    "/art/mug/pine.svg?seed=x",
    "/%00",
)


@pytest.mark.parametrize("path", FOR_ALL)
def test_everybody_may_look(visitor: Browser, as_person: Callable[..., Browser], path: str) -> None:
    assert visitor.get(path).status_code == 200
    if path != "/sign-in":
        assert as_person("ada").get(path).status_code == 200


@pytest.mark.parametrize("path", FOR_CUSTOMERS)
def test_an_account_is_for_its_owner(visitor: Browser, as_person: Callable[..., Browser], path: str) -> None:
    assert as_person("ada").get(path).status_code == 200
    turned_away = visitor.get(path)
    assert turned_away.status_code == 303
    assert turned_away.headers["location"].startswith("/sign-in?next=%2F")


@pytest.mark.parametrize("path", NOT_THERE)
def test_what_is_not_there_says_so_kindly(visitor: Browser, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in words(answer.text)


def test_a_signed_in_person_stays_so_on_an_error_page(as_person: Callable[..., Browser]) -> None:
    assert "Ada Zephyrwick" in words(as_person("ada").get("/nowhere").text)


def test_a_program_gets_a_problem_and_no_page(visitor: Browser) -> None:
    answer = visitor.get("/nowhere", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_a_crash_is_a_page_with_all_its_headers_and_no_detail(building: Building, app, visitor: Browser) -> None:  # type: ignore[no-untyped-def]
    @app.get("/crash-for-the-test")
    def crash() -> None:
        raise RuntimeError("secret detail")

    answer = visitor.get("/crash-for-the-test")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_pictures_may_be_kept_for_good_and_pages_of_known_people_not_at_all(as_person: Callable[..., Browser]) -> None:
    ada = as_person("ada")
    assert "immutable" in ada.get("/art/mug/pine.svg?seed=3").headers["cache-control"]
    assert ada.get("/orders").headers["cache-control"] == "no-store"


def test_a_search_says_what_is_wrong_with_a_price(visitor: Browser) -> None:
    for price in ("NaN", "-5", "1e999", "ten"):
        answer = visitor.get("/search", params={"q": "mug", "max_price": price})
        assert answer.status_code == 422
        assert "That is not an amount" in words(answer.text)
        assert f'value="{price}"' in answer.text
    dear = visitor.get("/search", params={"max_price": "20"})
    assert "Harbour Mug" in dear.text and "Ridge Tent" not in dear.text


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999999999", "²"])
def test_a_page_number_that_is_none_is_no_crash(visitor: Browser, as_person: Callable[..., Browser], page: str) -> None:
    assert visitor.get("/search", params={"page": page}).status_code == 200
    assert as_person("ada").get("/orders", params={"page": page}).status_code == 200
    assert as_person("ada").get("/account/activity", params={"before": page}).status_code == 200


def test_searched_words_are_shown_and_never_executed(visitor: Browser) -> None:
    page = visitor.get("/search", params={"q": '"><script>alert(1)</script>\u202e\u200b' + "x" * 500})
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text and "\u200b" not in page.text


def test_the_light_is_remembered_and_leads_nowhere_else(visitor: Browser) -> None:
    answer = visitor.post("/theme", {"theme": "dark", "next": "//evil.example"})
    assert answer.headers["location"] == "/"
    assert 'data-theme="dark"' in visitor.follow(answer).text
    visitor.post("/theme", {"theme": "<script>"})
    assert "<script>alert" not in visitor.get("/").text and "data-theme" not in visitor.get("/").text
