"""Pages of returns and claims: forms that the judge allows, words that are shown as words, and a desk for clerks."""

import re
from collections.abc import Callable

import pytest

from auth.database import Scope
from shop.cases import Case
from tests.building import Building
from tests.frontend.conftest import Browser, words

Opens = Callable[..., Browser]


def case_of(building: Building) -> Case:
    with building.house.database.read(Scope.house("a test looks")) as session:
        (case,) = session.query(Case).all()
        session.expunge_all()
        return case


def refunds(building: Building) -> list[int]:
    return [m.amount.minor for m in building.gateway.ledger() if m.kind == "refund"]


def announced(browser: Browser, building: Building, key: str = "ada.mug", reason: str = "too small") -> str:
    path = f"/orders/{building.orders[key]}/return"
    answer = browser.post(path, {"lines": "1", "reason": reason, "request_id": "one"})
    assert answer.headers["location"].startswith("/account/cases/RT-"), answer.text
    return str(answer.headers["location"]).rsplit("/", 1)[1]


@pytest.mark.parametrize(
    ("key", "forms"),
    [
        ("mug", {"Send something back", "The parcel is missing or damaged", "It has failed: claim the warranty"}),
        ("old", {"It has failed: claim the warranty"}),
        ("paid", set()),
        ("gone", set()),
    ],
)
def test_only_forms_that_would_work_are_shown(building: Building, as_person: Opens, key: str, forms: set[str]) -> None:
    page = as_person("ada").get(f"/orders/{building.orders[f'ada.{key}']}/not-right")
    assert page.status_code == 200
    assert set(re.findall(r"<summary>([^<]+)</summary>", page.text)) == forms


def test_a_return_from_the_order_to_the_money(building: Building, as_person: Opens) -> None:
    ada, cleo = as_person("ada"), as_person("cleo", with_code=True)
    order = building.orders["ada.mug"]
    assert "Something not right?" in words(ada.get(f"/orders/{order}").text)
    number = announced(ada, building)
    page = words(ada.get(f"/account/cases/{number}").text)
    assert "Waiting for your parcel" in page and "€24.80 to Visa ···· 4242" in page and "too small" in page
    assert number in words(ada.get("/account/cases").text) and number in words(ada.get(f"/orders/{order}").text)
    assert "<summary>Money back</summary>" not in ada.get(f"/orders/{order}").text
    assert number in words(cleo.get("/staff/cases").text) and "1 open" in words(cleo.get("/staff").text)
    assert "too small" in words(cleo.get(f"/staff/cases/{number}").text) and refunds(building) == []
    form = {"request_id": "two"}
    for _ in range(2):
        page = words(cleo.follow(cleo.post(f"/staff/cases/{number}/receive", form)).text)
        assert f"{number} has arrived. €24.80 went back" in page
    assert refunds(building) == [2480]
    assert "Paid back" in words(ada.get(f"/account/cases/{number}").text)
    assert "a clerk" in words(ada.get("/account/activity?show=everything").text).lower()


def test_words_of_a_customer_and_of_a_clerk_are_shown_as_words(building: Building, as_person: Opens) -> None:
    ada, cleo, hostile = (
        as_person("ada"),
        as_person("cleo", with_code=True),
        "<script>alert(1)</script> [Staff] approved",
    )
    path = f"/orders/{building.orders['ada.mug']}/warranty"
    number = ada.post(path, {"line": "1", "problem": hostile}).headers["location"].rsplit("/", 1)[1]
    for page in (ada.get(f"/account/cases/{number}"), cleo.get(f"/staff/cases/{number}")):
        assert "&lt;script&gt;alert(1)" in page.text and "<script>alert" not in page.text
    decided = cleo.post(f"/staff/cases/{number}/decide", {"decision": "refuse", "note": "<b>No</b>, the dog did it."})
    assert decided.status_code == 303
    page = ada.get(f"/account/cases/{number}").text
    assert "&lt;b&gt;No&lt;/b&gt;" in page and "A clerk" in words(page)
    assert b"dog" not in bytes(case_of(building).note or b"")


def test_forms_want_what_the_command_wants_and_keep_what_was_typed(building: Building, as_person: Opens) -> None:
    ada, order = as_person("ada"), building.orders["ada.mug"]
    for path, form, said in (
        ("return", {"reason": "x <b>"}, "Tick what it is about."),
        ("return", {"lines": "1", "reason": ""}, "The reason is empty."),
        ("exchange", {"reason": "x <b>"}, "Choose an option."),
        ("warranty", {"problem": "x <b>"}, "Tick what it is about."),
        ("parcel", {"what": "x <b>"}, "Tick what it is about."),
        ("parcel", {"lines": "1", "problem": "eaten", "what": "x"}, "The problem is not valid."),
    ):
        answer = ada.post(f"/orders/{order}/{path}", form)
        assert answer.status_code == 422 and said in words(answer.text), (path, form)
        assert "x <b>" not in answer.text
    late = ada.post(f"/orders/{building.orders['ada.old']}/return", {"lines": "1", "reason": "x"})
    assert late.status_code == 403 and "30 days after delivery" in words(late.text)


def test_cases_and_forms_of_others_are_not_there(building: Building, as_person: Opens) -> None:
    ada, ben = as_person("ada"), as_person("ben")
    number, order = announced(ben, building, "ben.mug"), building.orders["ben.mug"]
    answers = [ada.get(f"/account/cases/{n}") for n in (number, "RT-0000-0000", "x" * 300, "<b>")]
    answers += [ada.post(f"/account/cases/{n}/withdraw", {}) for n in (number, "RT-0000-0000", "x" * 300)]
    answers.append(ada.get(f"/orders/{order}/not-right"))
    for path in ("return", "exchange", "warranty", "parcel"):
        form = {"lines": "1", "line": "1", "choice": "1:mug-pine", "reason": "x", "what": "x"}
        answers.append(ada.post(f"/orders/{order}/{path}", {**form, "problem": "missing"}))
    assert {answer.status_code for answer in answers} == {404}
    assert len({words(answer.text) for answer in answers}) == 1
    assert case_of(building).state == "announced"


def test_a_return_is_withdrawn_on_its_page(building: Building, as_person: Opens) -> None:
    ada = as_person("ada")
    number = announced(ada, building)
    page = words(ada.follow(ada.post(f"/account/cases/{number}/withdraw", {})).text)
    assert "is withdrawn. No money has moved." in page and case_of(building).state == "closed"
    again = ada.post(f"/account/cases/{number}/withdraw", {})
    assert "can no longer be withdrawn" in words(ada.follow(again).text)
