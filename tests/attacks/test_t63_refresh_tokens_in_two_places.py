"""T63: a refresh token was copied, and the thief and the program both use it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from auth.oauth.clients import Kind
from tests.browsing import Street, entries
from tests.building import Building
from tests.software import Flow, add_program, backend, post

AT_ONCE = 50


def refresh(street: Street, token: str) -> tuple[int, dict[str, str]]:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    answer = post(backend(street.app), "/oauth/token", "pocket-pine", "", form)
    return answer.status_code, answer.json()


@pytest.fixture
def first(building: Building, street: Street) -> dict[str, str]:
    add_program(building, kind=Kind.PUBLIC)
    return Flow().tokens(street.signed_in("ada"), backend(street.app), "")


def knows(street: Street, token: str) -> bool:
    answer = backend(street.app).get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


def test_of_fifty_at_once_one_wins_and_the_family_dies(
    building: Building, street: Street, first: dict[str, str]
) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: refresh(street, first["refresh_token"]), range(AT_ONCE)))
    assert Counter(status for status, _ in answers) == {200: 1, 400: AT_ONCE - 1}
    won = next(body for status, body in answers if status == 200)
    assert {body["error"] for status, body in answers if status != 200} == {"invalid_grant"}
    assert refresh(street, won["refresh_token"])[1]["error"] == "invalid_grant", "the winner's is dead too"
    assert not knows(street, won["access_token"]) and not knows(street, first["access_token"])
    assert len(entries(building, "app.refresh_replayed")) == 1


def test_an_old_one_much_later_ends_it_as_well(building: Building, street: Street, first: dict[str, str]) -> None:
    second = refresh(street, first["refresh_token"])[1]
    third = refresh(street, second["refresh_token"])[1]
    assert knows(street, third["access_token"])
    building.clock.move(days=3)
    assert refresh(street, first["refresh_token"])[1]["error"] == "invalid_grant"
    assert refresh(street, third["refresh_token"])[1]["error"] == "invalid_grant"


def test_another_program_with_it_changes_nothing(building: Building, street: Street, first: dict[str, str]) -> None:
    other = add_program(building, "other-app")
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    stolen = post(backend(street.app), "/oauth/token", "other-app", other.secret, form)
    assert stolen.json()["error"] == "invalid_grant"
    assert refresh(street, first["refresh_token"])[0] == 200


def test_an_unused_one_ends_after_thirty_days(building: Building, street: Street, first: dict[str, str]) -> None:
    building.clock.move(days=30)
    assert refresh(street, first["refresh_token"])[1]["error"] == "invalid_grant"


def test_a_guessed_one_ends_nobodys_leave(building: Building, street: Street, first: dict[str, str]) -> None:
    owner, _, _ = first["refresh_token"].rpartition(".")
    for guess in (f"{owner}.{'A' * 43}", owner, "cs_refresh_.", "", "x" * 4000, first["access_token"]):
        assert refresh(street, guess)[0] == 400
    assert refresh(street, first["refresh_token"])[0] == 200
