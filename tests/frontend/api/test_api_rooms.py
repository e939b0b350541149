"""What the API does for a program with a customer's leave: looks, changes that wait, conversations; and whose."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from auth.oauth.clients import Kind
from frontend.api.table import OPERATIONS
from frontend.app import create_app
from shop.conversations import Voice
from tests.browsing import Street, cards, entries, goods
from tests.building import Building
from tests.programs import letters, nobody, program
from tests.software import add_program, backend, end, give_leave, post, token_for

NOT_THERE = "HP-0000-0000"


@pytest.fixture
def app(building: Building) -> FastAPI:
    return create_app(building.settings, building.house, chores=False)


def test_the_catalogue_needs_no_token_and_takes_no_bad_one(building: Building, app: FastAPI) -> None:
    anyone = nobody(app)
    found = anyone.get("/products?q=mug").json()["items"]
    assert [item["handle"] for item in found] == ["harbour-mug"]
    assert anyone.get("/products/harbour-mug").json()["price_from"] == {
        "minor": 1990,
        "currency": "EUR",
        "text": "€19.90",
    }
    assert anyone.get("/products/harbour-mug/reviews").json() == {"items": [], "next": None}
    assert "30" in anyone.get("/rules/returns").json()["text"]
    assert anyone.get("/products/nothing-like-it-at-all").status_code == 404
    anyone.token = "x.y.z"
    assert anyone.get("/products").status_code == 401


def test_orders_are_the_customers_own_and_show_a_street_only_with_leave(building: Building, app: FastAPI) -> None:
    narrow = program(building, app, scopes=("orders:read",))
    number = building.orders["ada.mug"]
    listed = narrow.get("/orders").json()["items"]
    assert {order["number"] for order in listed} == {n for k, n in building.orders.items() if k.startswith("ada.")}
    seen = narrow.get(f"/orders/{number}")
    assert seen.json()["address"] is None and seen.json()["destination"] == "Home" and "Juniperlane" not in seen.text
    wide = program(building, app, scopes=("orders:read", "addresses"))
    assert "7 Juniperlane" in wide.get(f"/orders/{number}").json()["address"]
    assert narrow.get(f"/orders/{number}/tracking").json()["steps"][0]["what"] == "Placed"
    assert narrow.get(f"/orders/{number}/invoice").json()["total"]["minor"] == 2480


def test_not_yours_and_not_there_look_the_same(building: Building, app: FastAPI) -> None:
    ada, bens = program(building, app), building.orders["ben.mug"]
    for path in ("/orders/{}", "/orders/{}/tracking", "/orders/{}/invoice"):
        theirs, missing = ada.get(path.format(bens)), ada.get(path.format(NOT_THERE))
        assert theirs.status_code == missing.status_code == 404 and theirs.json() == missing.json()
    theirs = ada.post(f"/orders/{bens}/refund", {"reason": "mine now"})
    missing = ada.post(f"/orders/{NOT_THERE}/refund", {"reason": "mine now"})
    assert theirs.status_code == missing.status_code == 404 and theirs.json() == missing.json()
    assert cards(building, "ben") == [] and letters(building, "ben") == []


def test_a_change_waits_for_the_customer_who_signs_it_on_a_page(
    building: Building, app: FastAPI, as_person: Callable[..., object]
) -> None:
    ada, number = program(building, app), building.orders["ada.mug"]
    before = goods(building)
    answer = ada.post(f"/orders/{number}/refund", {"reason": "It came with a crack"})
    waiting = answer.json()
    approval = waiting["approval"]
    assert answer.status_code == 202 and waiting["state"] == "waiting" and goods(building) == before
    assert approval["says"].startswith("Refund €24.80") and approval["asked_by"] == "pocket-pine"
    assert approval["sign_at"] == f"http://localhost:8000/approvals/{approval['id']}"
    page = as_person("ada").get(f"/approvals/{approval['id']}")
    assert "The app Pocket Pine asks for this" in page.text and "Refund €24.80" in page.text
    signed = as_person("ada").post(f"/approvals/{approval['id']}/confirm")
    assert signed.status_code == 303
    assert [m.amount.minor for m in building.gateway.ledger() if m.kind == "refund"] == [2480]
    after = ada.get(f"/approvals/{approval['id']}").json()
    assert after["state"] == "done" and "24.80" in after["outcome"]


def test_the_customer_hears_of_each_card_once_and_by_the_apps_name(building: Building, app: FastAPI) -> None:
    ada, number = program(building, app), building.orders["ada.mug"]
    ids = {ada.post(f"/orders/{number}/refund", {"reason": "A crack"}).json()["approval"]["id"] for _ in range(3)}
    assert len(ids) == 1, "the same wish has one card"
    ((subject, text),) = letters(building, "ada")
    assert subject == "Pocket Pine asks you to sign something at Harbor & Pine"
    assert (
        f"http://localhost:8000/approvals/{ids.pop()}" in text and number in text and "Nothing has changed yet" in text
    )


def test_a_mailbox_is_not_filled(building: Building, app: FastAPI) -> None:
    ada, number = program(building, app), building.orders["ada.mug"]
    for turn in range(13):
        assert ada.post(f"/orders/{number}/refund", {"reason": f"Reason {turn}"}).status_code == 202
        building.clock.move(minutes=16)
        ada.token = token_for(building, ada.leave)
    assert len(letters(building, "ada")) == 10 and len(cards(building, "ada")) == 13


def test_the_record_names_the_app_and_its_leave(
    building: Building, app: FastAPI, as_person: Callable[..., object]
) -> None:
    ada = program(building, app)
    ada.post(f"/orders/{building.orders['ada.mug']}/refund", {"reason": "A crack"})
    entry = next(e for e in entries(building, "command.proposed") if e.channel == "api")
    assert entry.facts()["act"]["name"] == "pocket-pine" and entry.facts()["act"]["delegation"] == str(ada.leave.id)
    page = as_person("ada").get("/account/activity?show=everything")
    assert "Pocket Pine, through a program" in page.text
    (told, *_) = ada.get("/activity").json()["items"]
    assert told["who"] == "the app Pocket Pine" and told["outcome"] == "waiting"
    assert any(why["policy"] == "chat.writes-need-confirmation" for step in told["steps"] for why in step["policies"])


def test_a_policys_no_has_its_name_and_its_words(building: Building, app: FastAPI) -> None:
    ada = program(building, app)
    answer = ada.post(f"/orders/{building.orders['ada.sent']}/cancellation", {"reason": "Too late"})
    assert answer.status_code == 403 and answer.json()["policy"].startswith("cancel.")
    assert answer.json()["type"] == "http://localhost:8000/api#policy" and "cancel" in answer.json()["detail"]


def test_every_change_of_orders_and_addresses_parks_and_the_basket_does_not(building: Building, app: FastAPI) -> None:
    ada, orders = program(building, app), building.orders
    basket = ada.post("/basket/lines", {"sku": "mug-pine", "quantity": 1})
    assert basket.status_code == 200 and basket.json()["result"]["quantity"] == 1
    before = goods(building)
    tag = ada.get("/addresses").headers["etag"]
    tries = (
        ("POST", "/orders", {"address": "address:home", "payment": "card:visa-4242"}),
        ("POST", f"/orders/{orders['ada.paid']}/cancellation", {}),
        ("POST", f"/orders/{orders['ada.mug']}/return", {"reason": "Too small"}),
        ("POST", f"/orders/{orders['ada.paid']}/address", {"address": "address:office"}),
        ("DELETE", "/addresses/address:office", None),
    )
    for method, path, body in tries:
        building.clock.move(minutes=16)
        ada.token = token_for(building, ada.leave)
        answer = ada.send(method, path, body, If_Match=tag) if method == "DELETE" else ada.send(method, path, body)
        assert answer.status_code == 202, (path, answer.text)
    assert goods(building) == before


def test_a_program_sees_its_own_cards_and_others_only_with_leave(building: Building, app: FastAPI) -> None:
    first = program(building, app, scopes=("orders:write",))
    other = program(building, app, client_id="other-app", scopes=("orders:write",))
    reader = program(building, app, client_id="reader-app", scopes=("activity",))
    ben = program(building, app, "ben", client_id="bens-app", scopes=("activity", "orders:write"))
    key = first.post(f"/orders/{building.orders['ada.mug']}/refund", {"reason": "A crack"}).json()["approval"]["id"]
    assert [card["id"] for card in first.get("/approvals").json()["items"]] == [key]
    assert other.get("/approvals").json()["items"] == [] and other.get(f"/approvals/{key}").status_code == 404
    assert [card["id"] for card in reader.get("/approvals").json()["items"]] == [key]
    assert ben.get(f"/approvals/{key}").status_code == 404 and ben.get("/approvals/not-an-id").status_code == 404


def test_the_assistant_is_talked_to_as_json_and_as_a_stream(building: Building, app: FastAPI) -> None:
    ada, paid = program(building, app, scopes=("assistant",)), building.orders["ada.paid"]
    answer = ada.post("/conversations", {"message": f"Please cancel order {paid}, I ordered twice"})
    said = answer.json()
    assert answer.status_code == 200 and said["answers"][0]["voice"] == "assistant"
    (card,) = said["approvals"]
    assert card["says"].startswith(f"Cancel order {paid}") and building.order(paid).status == "paid"
    assert [subject for subject, _ in letters(building, "ada")] == [
        "Pocket Pine asks you to sign something at Harbor & Pine"
    ]
    path = f"/conversations/{said['conversation']}"
    stream = ada.post(f"{path}/messages", {"message": "Where is my last order?"}, Accept="text/event-stream")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert "event: token" in stream.text and stream.text.rstrip().endswith("data: {}")
    talk = ada.get(path).json()
    assert [m["voice"] for m in talk["messages"]] == ["customer", "assistant"] * 2
    assert [m["position"] for m in ada.get(f"{path}?after=3").json()["messages"]] == [4]
    assert ada.get("/conversations").json()["items"][0]["id"] == said["conversation"]
    assert (
        ada.post(f"{path}/person", {}).status_code == 200 and ada.get(path).json()["conversation"]["state"] == "waiting"
    )


def test_somebody_elses_conversation_is_not_there(building: Building, app: FastAPI) -> None:
    ben = program(building, app, "ben", client_id="bens-app", scopes=("assistant",))
    theirs = ben.post("/conversations", {"message": "Hello"}).json()["conversation"]
    ada = program(building, app, scopes=("assistant",))
    for answer in (
        ada.get(f"/conversations/{theirs}"),
        ada.post(f"/conversations/{theirs}/messages", {"message": "Hello"}),
        ada.post("/conversations/nonsense/messages", {"message": "Hello"}),
        ada.post(f"/conversations/{theirs}/person", {}),
    ):
        assert answer.status_code == 404, answer.text


def test_what_a_customer_said_elsewhere_is_not_the_programs(building: Building, app: FastAPI) -> None:
    own = Street(building, app).conversation("ada", (Voice.CUSTOMER, "Marmaladewagon"))
    other = program(building, app, client_id="other-app", scopes=("assistant",))
    others = other.post("/conversations", {"message": "Hello"}).json()["conversation"]
    ada = program(building, app, scopes=("assistant",))
    assert ada.get("/conversations").json()["items"] == []
    assert [c["id"] for c in other.get("/conversations").json()["items"]] == [others]
    for conversation in (own, others):
        assert ada.get(f"/conversations/{conversation}").status_code == 404
        assert ada.post(f"/conversations/{conversation}/messages", {"message": "Hello"}).status_code == 404
        assert ada.post(f"/conversations/{conversation}/person", {}).status_code == 404


def test_the_customers_chat_does_not_go_on_where_an_app_reads_it(
    building: Building, app: FastAPI, as_person: Callable[..., Any]
) -> None:
    ada = program(building, app, scopes=("assistant",))
    begun = ada.post("/conversations", {"message": "Hello"}).json()["conversation"]
    own, browser = Street(building, app).conversation("ada", (Voice.CUSTOMER, "Marmaladewagon")), as_person("ada")
    building.clock.move(minutes=1)
    assert ada.post(f"/conversations/{begun}/messages", {"message": "Hello again"}).status_code == 200
    for path in ("/chat", "/chat/panel", "/chat/latest/seen"):
        assert begun not in browser.get(path).text.partition("Earlier conversations")[0], path
    assert own in browser.get("/chat").text and own in browser.get("/chat/latest/seen").text
    assert browser.post("/chat", {"message": "My secret", "conversation": begun}).status_code == 404
    assert "My secret" not in ada.get(f"/conversations/{begun}").text
    page = browser.get(f"/chat/{begun}").text
    assert "The app Pocket Pine began this conversation" in page and "<textarea" not in page
    for path in ("/chat", "/chats"):
        assert "begun by the app Pocket Pine" in browser.get(path).text
    assert browser.post("/chat", {"message": "My own", "conversation": own}).status_code == 303, "the control"


def test_the_card_tells_that_an_app_wrote_it_through_the_assistant(
    building: Building, app: FastAPI, as_person: Callable[..., Any]
) -> None:
    ada, paid = program(building, app, scopes=("assistant",)), building.orders["ada.paid"]
    answer = ada.post("/conversations", {"message": f"Please cancel order {paid}, I ordered twice"}).json()
    page = as_person("ada").get(f"/approvals/{answer['approvals'][0]['id']}").text
    assert "The app Pocket Pine asks for this" in page and "order: written by the app" in page
    assert "typed by you" not in page
    entry = next(e for e in entries(building, "command.proposed") if e.facts()["action"] == "CancelOrder")
    assert entry.facts()["act"]["name"] == "assistant" and entry.facts()["act"]["app"] == "pocket-pine"
    assert "assistant, for the app Pocket Pine" in as_person("ada").get("/account/activity?show=everything").text


def test_cards_of_the_customers_own_chat_are_not_the_programs(
    building: Building, app: FastAPI, as_person: Callable[..., Any]
) -> None:
    ada = program(building, app, scopes=("assistant",))
    said = {"message": f"Please cancel order {building.orders['ada.paid']}, I ordered twice"}
    assert as_person("ada").post("/chat", said).status_code == 303
    (own,) = cards(building, "ada")
    assert ada.get("/approvals").json()["items"] == [] and ada.get(f"/approvals/{own.id}").status_code == 404
    building.clock.move(minutes=16)
    ada.token = token_for(building, ada.leave)
    asked = ada.post("/conversations", said).json()["approvals"][0]["id"]
    assert [card["id"] for card in ada.get("/approvals").json()["items"]] == [asked]
    other = program(building, app, client_id="other-app", scopes=("assistant",))
    assert other.get("/approvals").json()["items"] == []


def test_a_service_looks_at_the_catalogue_and_acts_for_nobody(building: Building, app: FastAPI) -> None:
    service = add_program(building, "stock-counter", kind=Kind.SERVICE, scopes=("catalogue",))
    body = post(backend(app), "/oauth/token", "stock-counter", service.secret, {"grant_type": "client_credentials"})
    caller = nobody(app)
    caller.token = body.json()["access_token"]
    assert caller.get("/products").status_code == 200
    answer = caller.get("/approvals")
    assert answer.status_code == 403 and answer.json()["type"].endswith("#no-customer")
    assert caller.get("/orders").status_code == 403


def test_a_leave_that_was_taken_back_ends_at_the_next_call(building: Building, app: FastAPI) -> None:
    ada = program(building, app)
    assert ada.get("/orders").status_code == 200
    end(building, building.person("ada").id, ada.leave.id)
    answer = ada.get("/orders")
    assert answer.status_code == 401 and 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_each_operation_takes_its_own_leave(building: Building, app: FastAPI) -> None:
    """With every scope but the one it names, an operation is refused, and told which one is missing."""
    every = sorted({scope for operation in OPERATIONS for scope in operation.scopes})
    assert len(every) == 6
    for scope in every:
        without = program(
            building, app, scopes=[s for s in every if s != scope], client_id=f"no-{scope.replace(':', '-')}"
        )
        asked = [operation for operation in OPERATIONS if scope in operation.scopes]
        assert asked
        for operation in asked:
            path = operation.path.replace("{", "").replace("}", "")
            answer = without.send(operation.method, path, {}) if operation.needs_key else without.get(path)
            assert answer.status_code == 403 and answer.json()["scope"] == scope, (operation.name, answer.text)
            assert f'scope="{scope}"' in answer.headers["www-authenticate"]


def test_without_a_token_nothing_but_the_catalogue_is_open(building: Building, app: FastAPI) -> None:
    anyone, asked = nobody(app), 0
    for operation in OPERATIONS:
        if not operation.is_public:
            answer = anyone.send(operation.method, operation.path, {})
            assert answer.status_code == 401 and "resource_metadata=" in answer.headers["www-authenticate"]
            assert answer.headers["content-type"] == "application/problem+json"
            asked += 1
    assert asked > 30


def test_a_token_for_another_resource_is_not_taken(building: Building, app: FastAPI) -> None:
    ada = program(building, app)
    leave = give_leave(building, "ada", scopes=("openid", "orders:read"), audiences=(building.house.issuer.userinfo,))
    ada.token = token_for(building, leave)
    assert ada.get("/orders").status_code == 401
