"""T72: JSON that two readers read differently, a body that is too much, or a header that says who somebody is."""

import json
from time import process_time

import pytest
from fastapi import FastAPI

from frontend.app import create_app
from tests.attacks.wiles import ADAS_MUG, BENS_MUG
from tests.browsing import cards, goods
from tests.building import Building
from tests.programs import Program, nobody, program

WHO = (
    *("X-User-Id", "X-User", "X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Account-Id", "X-Customer-Id"),
    *("X-Auth-Request-User", "X-Authenticated-User", "X-Original-User", "X-Act-As", "X-On-Behalf-Of", "Sub"),
)
ODD = (
    b'{"sku":"mug-pine","quantity":1,"quantity":99}',
    b'{"sku":"mug-pine","sku":"tent-moss"}',
    b'{"sku":"mug-pine","\\u0073ku":"tent-moss"}',
    b'{"sku":"mug-pine","quantity":NaN}',
    b'{"sku":"mug-pine","quantity":Infinity}',
    b'{"sku":"mug-pine","quantity":-Infinity}',
    b'{"sku":"mug-pine","quantity":1e999}',
    b'{"sku":"mug-pine","quantity":' + b"9" * 5000 + b"}",
    b'{"sku":"mug-pine","quantity":1}{"sku":"tent-moss"}',
    b'{"sku":"mug-pine","quantity":1,}',
    b"{'sku':'mug-pine'}",
    b'{"sku":"mug-pine"/*,*/}',
    b"[" * 60_000,
    b'{"a":' * 9 + b"1" + b"}" * 9,
    b'\xef\xbb\xbf{"sku":"mug-pine"}',
    '{"sku":"mug-pine"}'.encode("utf-16"),
    b'{"sku":"mug-\xff"}',
    b"",
    b"null\x00",
)
MISFITS = (b'"mug-pine"', b"[]", b"null", b'{"sku":"\\ud83d"}', b'{"sku":"mug-pine","__proto__":{"admin":true}}', b"{}")


@pytest.fixture
def app(building: Building) -> FastAPI:
    return create_app(building.settings, building.house, chores=False)


@pytest.fixture
def ada(building: Building, app: FastAPI) -> Program:
    return program(building, app)


def send(ada: Program, body: bytes, number: int) -> int:
    headers = {**ada.headers(), "Idempotency-Key": f"odd-{number}", "Content-Type": "application/json"}
    return int(ada.client.post("/api/v1/basket/lines", content=body, headers=headers).status_code)


def test_what_two_readers_could_read_differently_is_refused(building: Building, ada: Program) -> None:
    before = goods(building)
    for number, body in enumerate(ODD):
        assert send(ada, body, number) == 400, body[:60]
    for number, body in enumerate(MISFITS):
        assert send(ada, body, 100 + number) == 422, body[:60]
    assert goods(building) == before
    assert send(ada, b'{"sku":"mug-pine","quantity":1}', 200) == 200, "the control"


def test_the_work_of_reading_grows_with_the_length_and_no_faster(building: Building, ada: Program) -> None:
    """Texts without an end: read again from each quotation mark, 60 KB of them would hold the shop for seconds."""
    before = goods(building)
    for number, body in enumerate((b'"' + b'\\"' * 30_000, b'{"sku":"' + b'\\"' * 30_000, b'"' + b"\\" * 60_000)):
        began = process_time()
        assert send(ada, body, 300 + number) == 400
        assert process_time() - began < 5.0
    assert goods(building) == before


def test_a_megabyte_is_refused(building: Building, ada: Program) -> None:
    big = json.dumps({"reason": "x" * 1_048_576}).encode()
    headers = {**ada.headers(), "Idempotency-Key": "big", "Content-Type": "application/json"}
    answer = ada.client.post(f"/api/v1/orders/{ADAS_MUG}/refund", content=big, headers=headers)
    assert answer.status_code == 413 and answer.headers["content-type"] == "application/problem+json"
    assert ada.client.request("GET", "/api/v1/orders", content=big, headers=ada.headers()).status_code == 413
    assert cards(building, "ada") == []


def test_no_header_says_who_somebody_is(building: Building, app: FastAPI, ada: Program) -> None:
    ben, anyone = building.person("ben"), nobody(app)
    for name in WHO:
        for value in (str(ben.id), ben.email, "ben", "admin"):
            assert anyone.get("/orders", **{name: value}).status_code == 401, name
        assert ada.get(f"/orders/{BENS_MUG}", **{name: str(ben.id)}).status_code == 404, name
    listed = ada.get("/orders", X_User_Id=str(ben.id)).json()["items"]
    assert {order["number"] for order in listed} == {n for k, n in building.orders.items() if k.startswith("ada.")}


def test_two_tokens_are_none(building: Building, app: FastAPI, ada: Program) -> None:
    ben = program(building, app, "ben", client_id="other-app")
    pair = [("Authorization", f"Bearer {ada.token}"), ("Authorization", f"Bearer {ben.token}")]
    assert ada.client.get("/api/v1/orders", headers=pair).status_code == 401
    for place in (f"?access_token={ada.token}", f"?token={ada.token}"):
        assert nobody(app).get(f"/orders{place}").status_code == 401, "a token in an address is none (RFC 9700 §4.3.2)"
