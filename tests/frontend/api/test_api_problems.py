"""Whatever the API refuses is a problem document: by its own rules, the policies, the framework and the skin."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from frontend.api.problems import KINDS
from frontend.app import create_app
from tests.browsing import goods
from tests.building import Building
from tests.programs import Program, nobody, program

MEMBERS = {"type", "title", "status", "detail"}


@pytest.fixture
def app(building: Building) -> FastAPI:
    return create_app(building.settings, building.house, chores=False)


@pytest.fixture
def ada(building: Building, app: FastAPI) -> Program:
    return program(building, app)


def is_problem(answer: object, status: int, kind: str = "") -> dict[str, object]:
    assert answer.status_code == status, (answer.status_code, answer.text[:300])  # type: ignore[attr-defined]
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    body: dict[str, object] = answer.json()  # type: ignore[attr-defined]
    assert set(body) >= MEMBERS and body["status"] == status
    assert not kind or str(body["type"]) == f"http://localhost:8000/api#{kind}"
    return body


def test_what_the_framework_refuses_is_a_problem_too(ada: Program) -> None:
    is_problem(ada.get("/no-such-thing"), 404)
    wrong = ada.send("DELETE", "/orders")
    is_problem(wrong, 405)
    assert {method.strip() for method in wrong.headers["allow"].split(",")} == {"GET", "POST"}
    is_problem(ada.client.get("/api/v1/orders", headers={**ada.headers(), "Host": "evil.example"}), 421)


def test_accept_makes_no_page_of_it(ada: Program) -> None:
    is_problem(ada.get("/no-such-thing", Accept="text/html"), 404)
    is_problem(ada.get("/orders/HP-0000-0000", Accept="text/html,*/*"), 404, "not-there")


def test_a_body_of_another_kind_or_size_is_refused(building: Building, ada: Program) -> None:
    path = "/api/v1/basket/lines"
    body = b'{"sku":"mug-pine","quantity":1}'
    for kind in (
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/jsonp",
    ):
        headers = {**ada.headers(), "Idempotency-Key": "k", **({"Content-Type": kind} if kind else {})}
        is_problem(ada.client.post(path, content=body, headers=headers), 415, "media-type")
    zipped = {**ada.headers(), "Idempotency-Key": "k", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    is_problem(ada.client.post(path, content=body, headers=zipped), 415, "media-type")
    big = {**ada.headers(), "Idempotency-Key": "k", "Content-Type": "application/json"}

    def pieces() -> Iterator[bytes]:
        for _ in range(32):
            yield b" " * 32_768

    is_problem(ada.client.post(path, content=b" " * 1_048_576, headers=big), 413)
    is_problem(ada.client.post(path, content=pieces(), headers=big), 413)
    assert ada.client.post(path, content=body, headers=big).status_code == 200, "the control"


def test_values_that_do_not_fit_are_named_and_not_repeated(building: Building, ada: Program) -> None:
    order = building.orders["ada.mug"]
    before = goods(building)
    tries = (
        ("/basket/lines", {"sku": "mug-pine", "quantity": "1"}, "quantity"),
        ("/basket/lines", {"sku": "mug-pine", "quantity": True}, "quantity"),
        ("/basket/lines", {"sku": "mug-pine", "quantity": 1.0}, "quantity"),
        ("/basket/lines", {"sku": "mug-pine", "quantity": 0}, "quantity"),
        ("/basket/lines", {"sku": "mug-pine", "quantity": 1, "price": 1}, "price"),
        ("/basket/lines", {"quantity": 1}, "sku"),
        ("/basket/lines", {"sku": ["mug-pine"]}, "sku"),
        (f"/orders/{order}/refund", {"reason": "x", "order": building.orders["ben.mug"]}, "order"),
        (f"/orders/{order}/refund", {"reason": "x", "amount": {"minor": "5", "currency": "EUR"}}, "amount.minor"),
        (f"/orders/{order}/refund", {"reason": "x", "confirmed": True}, "confirmed"),
        (f"/orders/{order}/refund", {"reason": "\u200b \u200b"}, "reason"),
        ("/conversations", {"message": "hi", "user_id": "ben"}, "user_id"),
        ("/conversations", {"message": "x" * 2001}, "message"),
        ("/conversations", {"message": "\u200b"}, "message"),
        ("/orders", [], ""),
    )
    for path, body, argument in tries:
        told = is_problem(ada.post(path, body), 422, "invalid")
        assert told["argument"] in (argument, argument.partition(".")[0]), (body, told)
    for path in (
        "/orders?limit=0",
        "/orders?limit=x",
        "/orders?unknown=1",
        "/orders?limit=1&limit=2",
        "/products?max_price=-1",
    ):
        is_problem(ada.get(path), 422, "invalid")
    assert goods(building) == before


def test_too_often_is_a_problem_with_a_time(building: Building, app: FastAPI) -> None:
    caller = program(building, app, scopes=("basket",), peer="203.0.113.171")
    answers = [caller.post("/basket/lines", {"sku": "no-such", "quantity": 1}) for _ in range(61)]
    assert all(answer.status_code == 404 for answer in answers[:60])
    told = answers[60]
    is_problem(told, 429)
    assert int(told.headers["retry-after"]) >= 1
    other = program(building, app, client_id="other-app", scopes=("basket",), peer="203.0.113.171")
    assert other.post("/basket/lines", {"sku": "mug-pine", "quantity": 1}).status_code == 200, "not its doing"


def test_guessing_tokens_is_counted_for_the_network(app: FastAPI) -> None:
    caller = nobody(app, peer="203.0.113.172")
    caller.token = "a.b.c"
    statuses = [caller.get("/orders").status_code for _ in range(301)]
    assert set(statuses[:300]) == {401} and statuses[300] == 429


def test_every_kind_of_problem_is_explained_on_the_page(app: FastAPI) -> None:
    page = nobody(app).client.get("/api", headers={"Accept": "text/html"}).text
    assert set(re.findall(r'<li id="([a-z-]+)"><p><code>\d', page)) == set(KINDS)
