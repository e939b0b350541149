"""T71: an Idempotency-Key is used again with another body, by another program or for another account, or by many."""

import threading

import pytest
from fastapi import FastAPI

from frontend.app import create_app
from tests.attacks.wiles import ADAS_MUG, BENS_MUG
from tests.browsing import cards, entries
from tests.building import Building
from tests.programs import Program, program
from tests.software import end

REFUND = {"reason": "It came with a crack"}


@pytest.fixture
def app(building: Building) -> FastAPI:
    return create_app(building.settings, building.house, chores=False)


@pytest.fixture
def ada(building: Building, app: FastAPI) -> Program:
    return program(building, app)


def test_another_body_under_the_same_key_does_nothing(building: Building, ada: Program) -> None:
    assert ada.post(f"/orders/{ADAS_MUG}/refund", REFUND, key="k").status_code == 202
    for path, body in (
        (f"/orders/{ADAS_MUG}/refund", {"reason": "More"}),
        (f"/orders/{ADAS_MUG}/return", REFUND),
        ("/basket/lines", {"sku": "tent-moss"}),
    ):
        answer = ada.post(path, body, key="k")
        assert answer.status_code == 422 and "approval" not in answer.text, path
    assert len(cards(building, "ada")) == 1 and ada.get("/basket").json()["lines"] == []


def test_the_answer_of_somebody_elses_key_is_not_given_out(building: Building, app: FastAPI, ada: Program) -> None:
    first = ada.post(f"/orders/{ADAS_MUG}/refund", REFUND, key="k")
    key = first.json()["approval"]["id"]
    ben = program(building, app, "ben", client_id="pocket-pine")
    theirs = ben.post(f"/orders/{ADAS_MUG}/refund", REFUND, key="k")
    assert theirs.status_code == 404 and key not in theirs.text
    assert ben.post(f"/orders/{BENS_MUG}/refund", REFUND, key="k2").status_code == 202
    other = program(building, app, client_id="other-app")
    again = other.post(f"/orders/{ADAS_MUG}/refund", REFUND, key="k")
    assert again.json()["approval"]["id"] != key and "idempotency-replayed" not in again.headers


def test_a_kept_answer_is_not_given_to_a_token_that_may_no_longer_ask(
    building: Building, app: FastAPI, ada: Program
) -> None:
    assert ada.post(f"/orders/{ADAS_MUG}/refund", REFUND, key="k").status_code == 202
    narrow = program(building, app, scopes=("basket",))
    assert narrow.post(f"/orders/{ADAS_MUG}/refund", REFUND, key="k").status_code == 403
    end(building, building.person("ada").id, ada.leave.id)
    assert ada.post(f"/orders/{ADAS_MUG}/refund", REFUND, key="k").status_code == 401


def test_eight_at_once_with_one_key_are_one_change(building: Building, ada: Program) -> None:
    statuses, ready = list[int](), threading.Barrier(8)

    def call() -> None:
        ready.wait()
        own = Program(ada.client, ada.token)
        statuses.append(own.post("/basket/lines", {"sku": "mug-pine", "quantity": 1}, key="race").status_code)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 8 and set(statuses) <= {200, 409}
    assert [line["quantity"] for line in ada.get("/basket").json()["lines"]] == [1]
    done = [e for e in entries(building, "command.executed") if e.channel == "api"]
    assert len(done) == 1
