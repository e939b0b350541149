"""The clerks' pages: there for clerks only, every look on record, and nobody decides about their own."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from auth.accounts import Account
from auth.actor import Role
from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.approvals import Approval
from auth.guard.decisions import AwaitingApproval
from shop.commands import AskForPerson, RefundOrder
from shop.conversations import Voice, append_message, find_conversation, start_conversation
from tests.agent.scripted import Scripted, says
from tests.building import Building, build, move_in
from tests.frontend.conftest import Browser, words

HOSTILE = "<b onmouseover=alert(1)>[Staff] approved</b>"


@pytest.fixture
def building(tmp_path: Path, database_url: str) -> Building:
    return move_in(build(tmp_path, database_url=database_url, model=Scripted(says("Good day."))))


@pytest.fixture
def cleo(as_person: Callable[..., Browser]) -> Browser:
    return as_person("cleo", with_code=True)


@pytest.fixture
def waiting(building: Building) -> str:
    """The id of Ada's conversation, which waits for a person."""
    house, ada = building.house, building.person("ada")
    with house.database.begin(Scope.own(ada.id)) as session:
        conversation = start_conversation(session, house.vault, ada.id, at=building.clock())
        append_message(session, house.vault, conversation, voice=Voice.CUSTOMER, text=HOSTILE, at=building.clock())
        key = str(conversation.id)
    building.desk.submit(ada.at_page(building.clock), AskForPerson(key, HOSTILE), request_id="ask")
    return key


@pytest.fixture
def in_review(building: Building) -> UUID:
    """A refund of Ada's above the limit, signed by her."""
    building.clock.move(seconds=1)
    ada = building.person("ada").at_page(building.clock, second_factor_age_s=10)
    command = RefundOrder(building.orders["ada.tent"], "it leaks")
    outcome = building.desk.submit(ada, command, request_id="refund")
    assert isinstance(outcome, AwaitingApproval)
    building.desk.approve(ada, outcome.approval_id)
    return outcome.approval_id


def paths(building: Building, waiting: str, in_review: UUID) -> list[str]:
    order = building.orders["ada.paid"]
    return ["/staff", f"/staff/conversations/{waiting}", f"/staff/reviews/{in_review}", f"/staff/orders/{order}"]


# Who may


def test_for_everybody_else_the_pages_are_not_there(
    as_person: Callable[..., Browser], visitor: Browser, building: Building, waiting: str, in_review: UUID
) -> None:
    for path in paths(building, waiting, in_review):
        for browser in (visitor, as_person("ada", with_code=True), as_person("cleo")):
            assert browser.get(path).status_code == 404, path
    actions = (f"conversations/{waiting}/take", f"reviews/{in_review}", f"orders/{building.orders['ada.paid']}/ship")
    for action in actions:
        answer = as_person("ada", with_code=True).post(f"/staff/{action}", {"decision": "agree", "tracking": "X1"})
        assert answer.status_code == 404
    assert building.order(building.orders["ada.paid"]).status == "paid"


def test_for_a_clerk_they_open(cleo: Browser, building: Building, waiting: str, in_review: UUID) -> None:
    for path in paths(building, waiting, in_review):
        assert cleo.get(path).status_code == 200, path
    for path in ("/staff/conversations/x", "/staff/reviews/x", "/staff/orders/HP-0000-0000"):
        assert cleo.get(path).status_code == 404, path


def test_the_queues_name_nobody(cleo: Browser, waiting: str, in_review: UUID) -> None:
    page = cleo.get("/staff").text
    assert waiting in page and str(in_review) in page
    assert "Ada" not in page and "approved" not in page


# Conversations


def test_a_look_is_on_record_and_the_customers_words_are_only_words(
    cleo: Browser, building: Building, waiting: str
) -> None:
    page = cleo.get(f"/staff/conversations/{waiting}").text
    assert "Ada Zephyrwick" in page and "&lt;b onmouseover" in page and "<b onmouseover" not in page
    ada = building.person("ada")
    with building.house.database.read(Scope.own(ada.id)) as session:
        seen = session.query(AuditEntry).filter_by(account_id=ada.id).all()
    assert any("ReadConversation" in str(entry.body) for entry in seen)


def test_take_answer_and_hand_back(cleo: Browser, building: Building, waiting: str) -> None:
    path = f"/staff/conversations/{waiting}"
    assert cleo.post(f"{path}/answer", {"text": "Too early", "request_id": "a0"}).status_code == 403
    taken = cleo.follow(cleo.post(f"{path}/take", {"request_id": "t1"}))
    assert f'action="{path}/answer"' in taken.text and f'action="{path}/hand-back"' in taken.text
    cleo.post(f"{path}/answer", {"text": "Good day, this is Cleo.", "request_id": "a1"})
    cleo.post(f"{path}/answer", {"text": "Good day, this is Cleo.", "request_id": "a1"})
    page = cleo.get(path).text
    assert page.count("Good day, this is Cleo.") == 1, "a double click says it once"
    back = cleo.follow(cleo.post(f"{path}/hand-back", {"request_id": "h1"}))
    assert back.status_code == 200
    assert _state(building, waiting) == "open"
    assert cleo.get(path).status_code == 403, "what was handed back is no longer the clerk's to read"


def test_an_empty_answer_is_told_and_not_sent(cleo: Browser, building: Building, waiting: str) -> None:
    path = f"/staff/conversations/{waiting}"
    cleo.post(f"{path}/take", {"request_id": "t1"})
    answer = cleo.post(f"{path}/answer", {"text": "\u200b", "request_id": "a1"})
    assert answer.status_code == 422 and "empty" in words(answer.text)


def test_another_clerk_cannot_answer_for_the_one_who_took_it(
    cleo: Browser, as_person: Callable[..., Browser], waiting: str
) -> None:
    path = f"/staff/conversations/{waiting}"
    cleo.post(f"{path}/take", {"request_id": "t1"})
    answer = as_person("dov", with_code=True).post(f"{path}/answer", {"text": "Me too", "request_id": "a1"})
    assert answer.status_code == 403 and "Me too" in answer.text
    assert "Me too" not in cleo.get(path).text


# Reviews


def test_a_clerk_agrees_and_the_money_goes(cleo: Browser, building: Building, in_review: UUID) -> None:
    path = f"/staff/reviews/{in_review}"
    before = cleo.get(path).text
    assert "refund.over-500-needs-review" in before and building.orders["ada.tent"] in before
    after = cleo.follow(cleo.post(path, {"decision": "agree", "note": "Photo seen."}))
    assert "Refunded" in words(after.text) and "Photo seen." in after.text
    assert "€653.90" in words(after.text) and "€0.00" not in words(after.text) and 'value="agree"' not in after.text


def test_a_clerk_declines_and_nothing_happens(cleo: Browser, building: Building, in_review: UUID) -> None:
    after = cleo.follow(cleo.post(f"/staff/reviews/{in_review}", {"decision": "decline", "note": ""}))
    assert "did not agree" in words(after.text)
    assert _approval(building, in_review).state == "declined"


@pytest.mark.parametrize("form", [{"decision": "perhaps"}, {}, {"decision": "agree", "note": "x" * 1001}])
def test_neither_yes_nor_no_changes_nothing(
    cleo: Browser, building: Building, in_review: UUID, form: dict[str, object]
) -> None:
    assert cleo.post(f"/staff/reviews/{in_review}", form).status_code == 422
    assert _approval(building, in_review).state == "in_review"


def test_nobody_reviews_their_own(as_person: Callable[..., Browser], building: Building, in_review: UUID) -> None:
    # Ada is taken on as a clerk after she has signed.
    ada = building.person("ada")
    with building.house.database.begin(Scope.house("a test: Ada joins the staff")) as session:
        session.get_one(Account, ada.id).role = Role.CLERK
    browser = as_person("ada", with_code=True)
    assert str(in_review) in browser.get("/staff").text
    page = browser.get(f"/staff/reviews/{in_review}").text
    assert "Nobody reviews or serves their own" in page and 'value="agree"' not in page
    assert browser.post(f"/staff/reviews/{in_review}", {"decision": "agree"}).status_code == 403
    assert _approval(building, in_review).state == "in_review"


def test_a_card_that_nobody_handed_over_is_not_there(cleo: Browser, building: Building) -> None:
    ada = building.person("ada").through_chat()
    outcome = building.desk.submit(ada, RefundOrder(building.orders["ada.mug"], "it broke"), request_id="r")
    assert isinstance(outcome, AwaitingApproval)
    assert cleo.get(f"/staff/reviews/{outcome.approval_id}").status_code == 404


# Orders


def test_an_order_is_sent_and_delivered(cleo: Browser, building: Building) -> None:
    number = building.orders["ada.paid"]
    path = f"/staff/orders/{number}"
    empty = cleo.post(f"{path}/ship", {"tracking": "", "request_id": "s0"})
    assert empty.status_code == 422 and "tracking" in words(empty.text)
    page = cleo.follow(cleo.post(f"{path}/ship", {"tracking": "HPX77", "request_id": "s1"}))
    assert "HPX77" in page.text and building.order(number).status == "shipped"
    cleo.follow(cleo.post(f"{path}/delivered", {"request_id": "d1"}))
    assert building.order(number).status == "delivered"


def _state(building: Building, key: str) -> str:
    with building.house.database.read(Scope.own(building.person("ada").id)) as session:
        found = find_conversation(session, building.person("ada").id, key)
        assert found is not None
        return found.state


def _approval(building: Building, key: UUID) -> Approval:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return session.get_one(Approval, key)
