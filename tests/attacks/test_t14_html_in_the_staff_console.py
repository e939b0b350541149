"""T14: HTML from the model or a customer runs where a clerk reads it."""

import pytest

from auth.guard.decisions import AwaitingApproval
from shop.commands import RefundOrder, WriteReview
from shop.conversations import Voice
from tests.attacks.wiles import hostile, say, told
from tests.browsing import Street
from tests.building import Building

BITES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</textarea><svg/onload=alert(1)>",
    '"><a href="javascript:alert(1)">here</a>',
    "{{ 7*7 }}{% include '/etc/passwd' %}",
)
RAW = ("<script>alert", "<img src=x", "<svg/onload", 'href="javascript:', "root:")


@pytest.mark.parametrize("voice", [Voice.CUSTOMER, Voice.ASSISTANT])
def test_a_clerk_reads_it_as_text(street: Street, voice: Voice) -> None:
    conversation = street.conversation("ada", *((voice, bite) for bite in BITES), state="waiting")
    answer = street.signed_in("cleo").get(f"/staff/conversations/{conversation}")
    assert answer.status_code == 200 and "&lt;script&gt;alert(1)" in answer.text and "{{ 7*7 }}" in answer.text
    _is_harmless(answer)


def test_the_second_wall_is_a_policy_without_inline_script(street: Street) -> None:
    for browser, path in ((street.signed_in("cleo"), "/staff"), (street.signed_in("ada"), "/chat")):
        answer = browser.get(path)
        assert answer.status_code == 200
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["base-uri"] == "'none'"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert " style=" not in answer.text and " onclick=" not in answer.text


def test_a_reason_for_a_refund_is_text_on_the_review_page(street: Street) -> None:
    building, ada = street.building, street.building.person("ada")
    command = RefundOrder(building.orders["ada.tent"], " ".join(BITES))
    outcome = building.desk.submit(ada.at_page(building.clock, second_factor_age_s=9), command, request_id="r")
    assert isinstance(outcome, AwaitingApproval)
    building.desk.approve(ada.at_page(building.clock, second_factor_age_s=9), outcome.approval_id)
    clerk = street.signed_in("cleo")
    pages = [clerk.get("/staff"), clerk.get(f"/staff/reviews/{outcome.approval_id}")]
    assert any("&lt;script&gt;" in page.text for page in pages)
    for page in pages:
        _is_harmless(page)


def test_what_the_model_says_reaches_the_customer_without_tags(empty_building: Building) -> None:
    building = hostile(empty_building, told("Look: " + " ".join(BITES[:4]) + " ![x](https://evil.example/?q=1)"))
    browser = Street.before(building).signed_in("ada")
    say(browser, "hello")
    page = browser.get("/chat")
    assert "evil.example" not in page.text
    _is_harmless(page)


def test_a_review_is_text_on_the_products_page(street: Street) -> None:
    building, ada = street.building, street.building.person("ada")
    review = WriteReview("harbour-mug", 5, " ".join(BITES))
    building.desk.submit(ada.at_page(building.clock), review, request_id="r")
    page = street.browser().get("/p/harbour-mug")
    assert "&lt;script&gt;alert(1)" in page.text
    _is_harmless(page)


def _is_harmless(answer: object) -> None:
    assert not [raw for raw in RAW if raw in answer.text], answer.text  # type: ignore[attr-defined]
