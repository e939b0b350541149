"""Order pages: the buttons the judge allows, commands that do what they say once, and nobody else's orders."""

import re
from collections.abc import Callable

import pytest

from auth.audit import AuditEntry
from auth.database import Scope
from tests.building import Building
from tests.frontend.conftest import Browser, words


def summaries(html: str) -> set[str]:
    return set(re.findall(r"<summary>([^<]+)</summary>", html))


def entries(building: Building, kind: str) -> list[AuditEntry]:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return [e for e in session.query(AuditEntry).filter_by(kind=kind)]


@pytest.mark.parametrize(
    ("key", "buttons"),
    [
        ("paid", {"Cancel the order", "Send it somewhere else"}),
        ("sent", set()),
        ("mug", {"Money back"}),
        ("old", set()),
        ("gone", set()),
    ],
)
def test_only_buttons_that_would_work_are_shown(
    building: Building, as_person: Callable[..., Browser], key: str, buttons: set[str]
) -> None:
    page = as_person("ada").get(f"/orders/{building.orders[f'ada.{key}']}")
    assert page.status_code == 200
    assert summaries(page.text) == buttons


def test_somebody_elses_order_is_as_little_there_as_none(building: Building, as_person: Callable[..., Browser]) -> None:
    ada, theirs = as_person("ada"), building.orders["ben.mug"]
    answers = [ada.get(f"/orders/{number}") for number in (theirs, "HP-0000-0000", "x" * 300, "<b>", "\u202e")]
    answers += [ada.post(f"/orders/{theirs}/{act}", form) for act, form in POSTS.items()]
    assert {a.status_code for a in answers} == {404}
    assert len({words(a.text) for a in answers}) == 1
    assert building.order(theirs).status == "delivered"
    assert [e.account_id for e in entries(building, "command.refused")]


POSTS: dict[str, dict[str, object]] = {
    "cancel": {"reason": ""},
    "refund": {"lines": ["1"], "reason": "broke"},
    "address": {"address": "address:office"},
}


def test_cancelling_is_told_from_what_was_done(building: Building, as_person: Callable[..., Browser]) -> None:
    ada, number = as_person("ada"), building.orders["ada.paid"]
    form = {"reason": "changed my mind", "request_id": "one"}
    first = ada.post(f"/orders/{number}/cancel", form)
    assert first.headers["location"] == f"/orders/{number}"
    assert f"Order {number} is cancelled. €44.70 goes back to Visa ···· 4242" in words(ada.follow(first).text)
    assert ada.post(f"/orders/{number}/cancel", form).status_code == 303
    assert [m.amount.minor for m in building.gateway.ledger() if m.kind == "refund"] == [4470]
    late = ada.post(f"/orders/{number}/cancel", {"reason": "again", "request_id": "two"})
    assert late.status_code == 403 and "can no longer be cancelled" in words(late.text) and 'value="again"' in late.text


def test_a_refund_wants_things_and_a_reason_and_keeps_what_was_typed(
    building: Building, as_person: Callable[..., Browser]
) -> None:
    ada, path = as_person("ada"), f"/orders/{building.orders['ada.mug']}/refund"
    nothing = ada.post(path, {"reason": "it <b>broke</b>"})
    assert nothing.status_code == 422 and "Tick what the money" in words(nothing.text)
    assert "it &lt;b&gt;broke&lt;/b&gt;" in nothing.text
    for form in (
        {"lines": "1", "reason": ""},
        {"lines": "1", "reason": "\u200b\u202e"},
        {"lines": "1", "reason": "x" * 501},
    ):
        assert ada.post(path, form).status_code == 422
    for lines in ("0", "-1", "NaN", "100", "one"):
        assert ada.post(path, {"lines": lines, "reason": "x"}).status_code == 422
    assert ada.post(path, {"lines": "7", "reason": "x"}).status_code == 404
    assert building.gateway.ledger() and not [m for m in building.gateway.ledger() if m.kind == "refund"]


def test_a_refund_is_paid_once_however_often_it_is_clicked(
    building: Building, as_person: Callable[..., Browser]
) -> None:
    ada, number = as_person("ada"), building.orders["ada.mug"]
    form = {"lines": "1", "reason": "it broke", "request_id": "one"}
    pages = [ada.follow(ada.post(f"/orders/{number}/refund", form)) for _ in range(3)]
    assert all("Refunded €24.80" in words(page.text) for page in pages)
    assert [m.amount.minor for m in building.gateway.ledger() if m.kind == "refund"] == [2480]
    assert "Money back" not in summaries(pages[-1].text)


def test_a_big_refund_waits_on_a_card(building: Building, as_person: Callable[..., Browser]) -> None:
    ada, number = as_person("ada"), building.orders["ada.lamp"]
    answer = ada.post(f"/orders/{number}/refund", {"lines": "1", "reason": "too quiet"})
    page = words(ada.follow(answer).text)
    assert answer.headers["location"].startswith("/approvals/")
    assert "Refunds over €100 need a fresh code" in page and "Refund €193.90" in page
    assert "Waiting for your signature" in words(ada.get("/account").text)


def test_an_order_goes_to_another_of_ones_own_addresses(building: Building, as_person: Callable[..., Browser]) -> None:
    ada, number = as_person("ada"), building.orders["ada.paid"]
    assert ada.post(f"/orders/{number}/address", {"address": ""}).status_code == 422
    assert ada.post(f"/orders/{number}/address", {"address": "address:elsewhere"}).status_code == 403
    page = ada.follow(ada.post(f"/orders/{number}/address", {"address": "address:office"}))
    assert "12 Quarrywharf" in words(page.text)


def test_addresses_are_added_replaced_and_removed(as_person: Callable[..., Browser]) -> None:
    ada = as_person("ada")
    good = {
        "label": "Cabin",
        "recipient": "Ada",
        "street": "3 <i>Moor</i>",
        "postcode": "H91",
        "city": "Galway",
        "country": "IE",
    }
    for field in good:
        answer = ada.post("/account/addresses", {**good, field: ""})
        assert answer.status_code == 422 and f'id="field-{field}-error"' in answer.text
    assert ada.post("/account/addresses", {**good, "country": "XX"}).status_code == 422
    assert ada.post("/account/addresses", {**good, "street": "x" * 101}).status_code == 422
    page = ada.follow(ada.post("/account/addresses", {**good, "label": "Ca\u200bbin\u202e"}))
    assert "Cabin" in words(page.text) and "3 &lt;i&gt;Moor&lt;/i&gt;" in page.text
    assert ada.post("/account/addresses/address:nowhere/remove").status_code == 404
    assert "Moor" not in ada.follow(ada.post("/account/addresses/address:cabin/remove")).text
    leads = ada.post("/account/addresses", {**good, "next": "https://evil.example"})
    assert leads.headers["location"] == "/"


def test_what_was_done_stands_under_activity_with_its_rule(
    building: Building, as_person: Callable[..., Browser]
) -> None:
    ada, number = as_person("ada"), building.orders["ada.paid"]
    ada.post(f"/orders/{number}/cancel", {})
    page = words(ada.get("/account/activity?show=everything").text)
    assert "Cancel an order" in page and f"order {number}" in page and "order.own-change" in page
    assert "Cancel an order" not in words(ada.get("/account/activity").text)
    assert number not in words(as_person("ben").get("/account/activity?show=everything").text)


def test_a_clerk_has_no_orders_page(as_person: Callable[..., Browser]) -> None:
    clerk = as_person("cleo", with_code=True)
    assert clerk.get("/orders").status_code == 404
    assert clerk.get("/account").status_code == 200
    assert as_person("dov").get("/").headers["location"] == "/account/security/enrol"
