"""Cursors that nobody else can use, ETags that say whether a thing is still the same, changes held against them."""

import base64

import pytest
from fastapi import FastAPI

from frontend.app import create_app
from tests.building import Building
from tests.programs import Program, program


@pytest.fixture
def app(building: Building) -> FastAPI:
    return create_app(building.settings, building.house, chores=False)


@pytest.fixture
def ada(building: Building, app: FastAPI) -> Program:
    return program(building, app)


def test_a_list_is_walked_to_its_end_without_a_gap(building: Building, ada: Program) -> None:
    whole = [order["number"] for order in ada.get("/orders").json()["items"]]
    found, cursor = list[str](), ""
    for _ in range(10):
        page = ada.get(f"/orders?limit=2&cursor={cursor}").json()
        found += [order["number"] for order in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == whole and len(whole) == 7 and cursor is None


def test_a_cursor_is_for_one_list_one_program_and_one_customer(building: Building, app: FastAPI, ada: Program) -> None:
    cursor = ada.get("/orders?limit=2").json()["next"]
    assert ada.get(f"/orders?limit=3&cursor={cursor}").status_code == 200
    ben = program(building, app, "ben", client_id="pocket-pine")
    other = program(building, app, client_id="other-app")
    raw = base64.urlsafe_b64decode(cursor + "==")
    forged = base64.urlsafe_b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b"0" * 16 + b"2|HP-0000-0000").decode().rstrip("=")
    tries = [(ben, "/orders", cursor), (other, "/orders", cursor), (ada, "/approvals", cursor), (ada, "/cases", cursor)]
    tries += [(ada, "/orders", text) for text in (forged, unsigned, cursor[:-4], "x", "%00", "9" * 300)]
    for caller, path, text in tries:
        answer = caller.get(f"{path}?cursor={text}")
        assert answer.status_code == 400 and answer.json()["type"].endswith("#cursor"), (path, text)
    assert ada.get(f"/orders?status=paid&cursor={cursor}").status_code == 400, "other filters are another list"
    assert ada.get(f"/orders?cursor={'x' * 301}").status_code == 422


def test_the_record_is_walked_too(building: Building, ada: Program) -> None:
    for number in range(12):
        ada.post("/basket/lines", {"sku": "mug-pine", "quantity": 1}) if number % 2 else ada.get("/orders")
        ada.post(f"/orders/HP-0000-{number:04d}/refund", {"reason": "x"})
    first = ada.get("/activity").json()
    seen = [item["steps"][0]["at"] + item["title"] for item in first["items"]]
    assert seen and (first["next"] is None or ada.get(f"/activity?cursor={first['next']}").status_code == 200)
    assert ada.get("/activity?cursor=abc").status_code == 400


def test_a_look_that_is_still_the_same_is_not_sent_again(building: Building, ada: Program) -> None:
    first = ada.get("/orders")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache" and first.headers["vary"] == "Authorization"
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = ada.get("/orders", If_None_Match=given)
        assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == tag
    assert ada.get("/orders", If_None_Match='"other"').status_code == 200
    ada.post("/basket/lines", {"sku": "mug-pine", "quantity": 1})
    basket = ada.get("/basket")
    ada.post("/basket/lines", {"sku": "mug-pine", "quantity": 1})
    assert ada.get("/basket", If_None_Match=basket.headers["etag"]).status_code == 200


def test_a_basket_line_is_changed_only_as_it_was_seen(building: Building, ada: Program) -> None:
    ada.post("/basket/lines", {"sku": "mug-pine", "quantity": 1})
    seen = ada.get("/basket").headers["etag"]
    line = "/basket/lines/mug-pine"
    missing = ada.send("PUT", line, {"quantity": 3})
    assert missing.status_code == 428 and missing.json()["type"].endswith("#unconditional")
    ada.post("/basket/lines", {"sku": "lamp-fog", "quantity": 1})
    for method, body in (("PUT", {"quantity": 3}), ("DELETE", None)):
        answer = ada.send(method, line, body, If_Match=seen)
        assert answer.status_code == 412 and answer.json()["type"].endswith("#not-fresh")
    now = ada.get("/basket").headers["etag"]
    assert ada.send("PUT", line, {"quantity": 3}, If_Match=f"W/{now}").status_code == 412, (
        "weak tags match nothing here"
    )
    assert ada.send("PUT", line, {"quantity": 3}, If_Match=now).status_code == 200
    assert ada.send("DELETE", line, If_Match="*").status_code == 200
    assert [found["sku"] for found in ada.get("/basket").json()["lines"]] == ["lamp-fog"]


def test_an_address_is_removed_only_from_the_list_that_was_seen(building: Building, ada: Program) -> None:
    assert ada.send("DELETE", "/addresses/address:office").status_code == 428
    assert ada.send("DELETE", "/addresses/address:office", If_Match='"older"').status_code == 412
    seen = ada.get("/addresses").headers["etag"]
    assert ada.send("DELETE", "/addresses/address:office", If_Match=seen).status_code == 202
    body = {
        "label": "Barn",
        "recipient": "Ada",
        "street": "1 Lane",
        "postcode": "D1",
        "city": "Dublin",
        "country": "IE",
    }
    assert ada.post("/addresses", body, If_Match='"older"').status_code == 412
    assert ada.post("/addresses", body).status_code == 202
    assert len(ada.get("/addresses").json()["items"]) == 2, "nothing changes before it is signed"
