"""Idempotency keys: the first answer again and nothing twice; not for another body, another program or another day."""

import threading
from datetime import timedelta

import pytest
from fastapi import FastAPI

from auth.database import Scope
from auth.guard.keyed_answers import Claimed, KeyedAnswer, KeyOwner, UnderWay, claim, release
from frontend.app import create_app
from tests.browsing import cards, entries, messages
from tests.building import Building
from tests.programs import Program, program
from tests.software import token_for

REFUND = {"reason": "It came with a crack"}


@pytest.fixture
def app(building: Building) -> FastAPI:
    return create_app(building.settings, building.house, chores=False)


@pytest.fixture
def ada(building: Building, app: FastAPI) -> Program:
    return program(building, app)


def refund(building: Building) -> str:
    return f"/orders/{building.orders['ada.mug']}/refund"


def test_every_change_needs_one_plain_key(building: Building, ada: Program) -> None:
    for key in ("", "x" * 65, "a b", "a/b", "a,b"):
        answer = ada.post(refund(building), REFUND, key=key)
        assert answer.status_code == 400 and answer.json()["type"].endswith("#key-missing"), key
    assert cards(building, "ada") == []


def test_a_replay_is_the_first_answer_byte_for_byte(building: Building, ada: Program) -> None:
    first = ada.post(refund(building), REFUND, key="one")
    again = ada.post(refund(building), REFUND, key="one")
    assert (again.status_code, again.content) == (first.status_code, first.content) == (202, first.content)
    assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
    assert len(cards(building, "ada")) == 1
    assert sum(e.channel == "api" for e in entries(building, "command.proposed")) == 1, "the desk was asked once"


def test_a_refusal_is_kept_too_and_the_world_may_change_meanwhile(building: Building, ada: Program) -> None:
    body = {"sku": "tent-moss", "quantity": 50}
    first = ada.post("/basket/lines", body, key="one")
    assert first.status_code in (403, 409, 422)
    again = ada.post("/basket/lines", body, key="one")
    assert again.content == first.content and again.status_code == first.status_code
    assert again.headers["content-type"] == "application/problem+json"


def test_the_same_key_for_something_else_is_refused(building: Building, ada: Program) -> None:
    assert ada.post("/basket/lines", {"sku": "mug-pine", "quantity": 1}, key="one").status_code == 200
    for path, body in (("/basket/lines", {"sku": "mug-pine", "quantity": 2}), (refund(building), REFUND)):
        answer = ada.post(path, body, key="one")
        assert answer.status_code == 422 and answer.json()["type"].endswith("#key-reused")
    assert ada.get("/basket").json()["lines"][0]["quantity"] == 1 and cards(building, "ada") == []


def test_a_key_belongs_to_its_program_and_its_customer(building: Building, app: FastAPI, ada: Program) -> None:
    others = program(building, app, client_id="other-app"), program(building, app, "ben", client_id="pocket-pine")
    body = {"sku": "mug-pine", "quantity": 1}
    for caller in (ada, *others):
        answer = caller.post("/basket/lines", body, key="shared")
        assert answer.status_code == 200 and "idempotency-replayed" not in answer.headers
    assert ada.get("/basket").json()["lines"][0]["quantity"] == 2, "two programs of one customer, two wishes"
    assert others[1].get("/basket").json()["lines"][0]["quantity"] == 1


def test_two_calls_at_once_are_one_change(building: Building, app: FastAPI, ada: Program) -> None:
    answers, ready = list[tuple[int, bytes]](), threading.Barrier(4)

    def call() -> None:
        own = Program(ada.client, ada.token)
        ready.wait()
        answer = own.post("/basket/lines", {"sku": "mug-pine", "quantity": 1}, key="race")
        answers.append((answer.status_code, answer.content))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} <= {200, 409} and 200 in {status for status, _ in answers}
    assert len({body for status, body in answers if status == 200}) == 1
    assert ada.get("/basket").json()["lines"][0]["quantity"] == 1


def test_a_key_that_is_under_way_is_told_so_and_a_dead_one_is_taken_up(building: Building, ada: Program) -> None:
    """What a process that died leaves behind: the claim, and perhaps the desk's first answer."""
    body = b'{"sku":"mug-pine","quantity":1}'
    kept = _claim(building, "dead", b"POST /api/v1/basket/lines\n" + body)
    assert isinstance(kept, Claimed)
    headers = ada.headers(Content_Type="application/json") | {"Idempotency-Key": "dead"}
    for _ in range(2):
        answer = ada.client.post("/api/v1/basket/lines", content=body, headers=headers)
        assert answer.status_code == 409 and answer.headers["retry-after"] == "1"
    building.clock.move(minutes=4)
    assert ada.client.post("/api/v1/basket/lines", content=body, headers=headers).status_code == 200
    _forget_answer(building, kept)
    building.clock.move(minutes=4)
    ada.token = token_for(building, ada.leave)
    headers["Authorization"] = f"Bearer {ada.token}"
    assert ada.client.post("/api/v1/basket/lines", content=body, headers=headers).status_code == 200
    assert ada.get("/basket").json()["lines"][0]["quantity"] == 1, "the desk knew the request by its id"


def test_a_key_is_forgotten_after_a_day(building: Building, ada: Program) -> None:
    body = {"sku": "mug-pine", "quantity": 1}
    ada.post("/basket/lines", body, key="one")
    building.clock.move(hours=24, seconds=1)
    ada.token = token_for(building, ada.leave)
    assert "idempotency-replayed" not in ada.post("/basket/lines", body, key="one").headers
    assert ada.get("/basket").json()["lines"][0]["quantity"] == 2


def test_what_has_to_wait_gives_its_key_back(building: Building, ada: Program) -> None:
    for number in range(3):
        assert ada.post(refund(building), {"reason": f"Reason {number}"}).status_code == 202
    full = ada.post(refund(building), {"reason": "The fourth"}, key="again")
    assert full.status_code == 429 and full.json()["policy"] == "desk.open-cards"
    building.clock.move(minutes=16)
    ada.token = token_for(building, ada.leave)
    assert ada.post(refund(building), {"reason": "The fourth"}, key="again").status_code == 202


def test_a_message_is_said_once(building: Building, ada: Program) -> None:
    first = ada.post("/conversations", {"message": "Where is my last order?"}, key="say")
    again = ada.post("/conversations", {"message": "Where is my last order?"}, key="say")
    assert again.content == first.content and again.headers["idempotency-replayed"] == "true"
    stream = ada.post("/conversations", {"message": "Hello"}, key="stream", Accept="text/event-stream")
    repeated = ada.post("/conversations", {"message": "Hello"}, key="stream", Accept="text/event-stream")
    assert repeated.content == stream.content and repeated.headers["content-type"].startswith("text/event-stream")
    assert [voice for voice, _ in messages(building, "ada")].count("customer") == 2
    assert ada.post("/conversations", {"message": "Other"}, key="say").status_code == 422


def test_what_is_kept_says_nothing_to_whoever_reads_the_table(building: Building, ada: Program) -> None:
    ada.post(refund(building), REFUND, key="a-key-in-plain-text")
    with building.house.database.read(Scope.house("a test looks")) as session:
        row = session.query(KeyedAnswer).one()
        raw = b"".join(value for value in (row.key, row.digest, bytes(row.body or b"")) if value)
    assert b"a-key" not in raw and b"Refund" not in raw and row.account_id == building.person("ada").id


def _claim(building: Building, key: str, asked: bytes) -> object:
    house, owner = building.house, KeyOwner(building.person("ada").id, "pocket-pine")
    with house.database.begin(Scope.own(owner.account_id)) as session:
        return claim(session, house.vault, owner, key=key, asked=asked, now=building.clock())


def _forget_answer(building: Building, kept: Claimed) -> None:
    """As if the process had died after the desk's commit and before the answer was written down."""
    with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
        row = session.get_one(KeyedAnswer, kept.id)
        row.status, row.body, row.kind = None, None, ""


def test_a_released_key_is_free_and_an_answered_one_is_not_released(building: Building, ada: Program) -> None:
    kept = _claim(building, "mine", b"x")
    assert isinstance(kept, Claimed) and isinstance(_claim(building, "mine", b"x"), UnderWay)
    with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
        release(session, kept)
    assert isinstance(_claim(building, "mine", b"y"), Claimed)
    ada.post(refund(building), REFUND, key="answered")
    building.clock.move(seconds=timedelta(hours=1).total_seconds())
    with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
        for row in session.query(KeyedAnswer).filter(KeyedAnswer.status.isnot(None)):
            release(session, Claimed(row.id, ""))
    ada.token = token_for(building, ada.leave)
    assert ada.post(refund(building), REFUND, key="answered").headers["idempotency-replayed"] == "true"
