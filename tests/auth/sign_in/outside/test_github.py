"""GitHub: plain OAuth without an ID token. Its number says who somebody is; its primary address counts if verified."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.elsewhere import Quarter, leave, open_quarter, who


@pytest.fixture
def quarter(tmp_path: Path, database_url: str) -> Iterator[Quarter]:
    with open_quarter(tmp_path, database_url) as quarter:
        yield quarter


def come_in_by_github(quarter: Quarter) -> tuple[int, str]:
    browser = quarter.browser()
    answer = browser.get(quarter.github.allow(leave(browser, "github")))
    return answer.status_code, who(browser)


def test_its_number_and_verified_primary_address_open_an_account(quarter: Quarter) -> None:
    status, page = come_in_by_github(quarter)
    assert status == 303 and "Wren Marsh" in page
    # The login may be given to somebody else; the number may not.
    quarter.github.user = {"id": 4242, "login": "renamed", "name": "Renamed"}
    assert "Wren Marsh" in come_in_by_github(quarter)[1] and len(quarter.identities()) == 1
    quarter.github.user = {"id": 4243, "login": "wren", "name": "Wren Marsh"}
    assert come_in_by_github(quarter) == (409, "")


def test_another_verified_address_is_not_taken_in_place_of_the_primary_one(quarter: Quarter) -> None:
    quarter.github.emails = [
        {"email": quarter.building.person("ada").email, "primary": False, "verified": True},
        {"email": "fresh@example.org", "primary": True, "verified": False},
    ]
    assert come_in_by_github(quarter) == (200, "")
    assert [mail.to for mail in quarter.letters()] == ["fresh@example.org"]


@pytest.mark.parametrize("emails", [[], {}, [7], [{"email": "a@b.example", "verified": True}]])
def test_without_a_primary_address_it_says_what_to_do(quarter: Quarter, emails: Any) -> None:
    quarter.github.emails = emails
    browser = quarter.browser()
    answer = browser.get(quarter.github.allow(leave(browser, "github")))
    assert answer.status_code == 422 and "told us no e-mail address" in answer.text and not who(browser)


@pytest.mark.parametrize("user", [{}, {"id": "4242"}, {"id": True}, [], {"login": "wren"}])
def test_without_a_number_nobody_is_signed_in(quarter: Quarter, user: Any) -> None:
    quarter.github.user = user
    assert come_in_by_github(quarter) == (422, "") and quarter.refusals() == ["unsound"]


def test_a_code_of_somebody_elses_handshake_is_refused_by_pkce(quarter: Quarter) -> None:
    browser = quarter.browser()
    back = quarter.github.allow(leave(browser, "github"))
    quarter.github.challenges["gh-code"] = "another"
    assert browser.get(back).status_code == 422 and quarter.refusals() == ["provider_error"]
