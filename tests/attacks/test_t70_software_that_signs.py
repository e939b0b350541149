"""T70: a program signs its own wish: by the pages' doors, by one of its own, by guessing, through another program."""

import pytest
from fastapi import FastAPI

from auth.actor import Act, Actor, Channel, Role
from auth.guard.approvals import OPEN
from frontend.app import create_app
from tests.attacks.wiles import ADAS_MUG, ADAS_PAID, refused
from tests.browsing import Street, cards, goods, moved
from tests.building import Building
from tests.programs import Program, letters, program
from tests.software import end


@pytest.fixture
def app(building: Building) -> FastAPI:
    return create_app(building.settings, building.house, chores=False)


@pytest.fixture
def ada(building: Building, app: FastAPI) -> Program:
    return program(building, app)


def wish(ada: Program) -> str:
    answer = ada.post(f"/orders/{ADAS_MUG}/refund", {"reason": "It came with a crack"})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["approval"]["id"])


def test_no_door_of_the_api_signs(building: Building, ada: Program) -> None:
    key, before = wish(ada), goods(building)
    for path in (f"/approvals/{key}/confirm", f"/approvals/{key}", f"/approvals/{key}/decline", "/approvals"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = ada.send(method, path, {"confirmed": True, "state": "done"}, X_HTTP_Method_Override="POST")
            assert answer.status_code in (404, 405), (method, path, answer.status_code)
    assert [card.state for card in cards(building, "ada")] == [OPEN]
    assert goods(building) == before and moved(building) == []


def test_the_pages_take_no_token(building: Building, ada: Program) -> None:
    key = wish(ada)
    for headers in (
        ada.headers(),
        ada.headers(Origin="http://localhost:8000"),
        ada.headers(Sec_Fetch_Site="same-origin"),
    ):
        for verb in ("confirm", "decline"):
            answer = ada.client.post(f"/approvals/{key}/{verb}", headers=headers)
            assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in"), answer.status_code
    assert [card.state for card in cards(building, "ada")] == [OPEN] and moved(building) == []


def test_the_desk_takes_no_signature_from_software(building: Building, ada: Program) -> None:
    """The second wall: were there such a door, the desk would still say no."""
    wish(ada)
    (card,) = cards(building, "ada")
    acting = Actor(building.person("ada").id, Role.CUSTOMER, Channel.API, act=Act("pocket-pine", "x"))
    for actor in (acting, acting.through(Channel.PAGE, act=acting.act), acting.through(Channel.API)):
        refused(building.desk.approve(actor, card.id), "approval.page-only")
    assert moved(building) == []


def test_nothing_in_a_body_stands_for_a_signature(building: Building, ada: Program) -> None:
    before = goods(building)
    for extra in ("confirmed", "approved", "channel", "second_factor_age_s", "reviewed", "force", "act", "scopes"):
        answer = ada.post(f"/orders/{ADAS_PAID}/cancellation", {"reason": "x", extra: True})
        assert answer.status_code == 422, extra
    assert goods(building) == before and cards(building, "ada") == []


def test_a_wish_repeated_by_two_programs_is_still_two_wishes_and_no_signature(
    building: Building, app: FastAPI, ada: Program
) -> None:
    first = wish(ada)
    second = wish(program(building, app, client_id="other-app"))
    assert first != second and moved(building) == []
    assert {subject.partition(" asks")[0] for subject, _ in letters(building, "ada")} == {"Pocket Pine", "Other App"}


def test_what_one_program_wished_is_not_carried_out_once_its_leave_is_gone(
    building: Building, app: FastAPI, ada: Program
) -> None:
    key = wish(ada)
    street = Street(building, app)
    browser = street.signed_in("ada")
    end(building, building.person("ada").id, ada.leave.id)
    browser.post(f"/approvals/{key}/confirm")
    assert moved(building) == [] and [card.state for card in cards(building, "ada")] == ["refused"]
