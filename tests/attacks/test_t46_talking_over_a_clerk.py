"""T46: the assistant goes on talking, or a call of it goes on working, after a clerk has taken the conversation."""

from dataclasses import replace

from auth.actor import Actor
from auth.database import Scope
from auth.guard.approvals import Approval
from auth.guard.decisions import AwaitingApproval, Done, Refused
from shop.basket import BasketLine
from shop.commands import (
    AddToBasket,
    AnswerCustomer,
    AskForPerson,
    CancelOrder,
    HandBackConversation,
    ShowOrder,
    TakeConversation,
)
from shop.conversations import Voice
from tests.browsing import Street, entries


def taken(street: Street) -> tuple[str, Actor]:
    """A conversation of Ada's that a clerk has taken, and the assistant that was at work in it."""
    key, ada = street.conversation("ada", (Voice.CUSTOMER, "help")), street.building.person("ada")
    desk, clock = street.building.desk, street.building.clock
    assert isinstance(desk.submit(ada.at_page(clock), AskForPerson(key), request_id="ask"), Done)
    assert isinstance(
        desk.submit(street.building.person("cleo").at_work(clock), TakeConversation(key), request_id="t"), Done
    )
    return key, replace(ada.through_chat(), conversation=key)


def test_a_queued_call_of_any_kind_is_refused_and_on_record(street: Street) -> None:
    key, assistant = taken(street)
    order = street.building.orders["ada.paid"]
    before = len(entries(street.building, "command.refused"))
    for number, command in enumerate(
        (ShowOrder(order), AddToBasket("mug-pine", 1), CancelOrder(order), AskForPerson(key, "let me speak"))
    ):
        outcome = street.building.desk.submit(assistant, command, request_id=f"queued-{number}")
        assert isinstance(outcome, Refused) and outcome.policy == "chat.silent-while-a-clerk-speaks", command
    assert len(entries(street.building, "command.refused")) == before + 4
    with street.building.house.database.read(Scope.own(assistant.account_id)) as session:
        assert session.query(Approval).count() == 0 and session.query(BasketLine).count() == 0


def test_it_works_again_when_it_was_handed_back_and_another_conversation_never_stopped(street: Street) -> None:
    key, assistant = taken(street)
    desk, order = street.building.desk, street.building.orders["ada.paid"]
    other = replace(assistant, conversation=street.conversation("ada", (Voice.CUSTOMER, "hello")))
    assert isinstance(desk.submit(other, ShowOrder(order), request_id="o"), Done)
    clerk = street.building.person("cleo").at_work(street.building.clock)
    assert isinstance(desk.submit(clerk, HandBackConversation(key), request_id="back"), Done)
    assert isinstance(desk.submit(assistant, CancelOrder(order), request_id="c"), AwaitingApproval)


def test_nothing_lets_the_assistant_speak_as_the_clerk(street: Street) -> None:
    key, assistant = taken(street)
    for actor in (assistant, replace(assistant, conversation=""), street.building.person("cleo").through_chat()):
        outcome = street.building.desk.submit(actor, AnswerCustomer(key, "Your refund is approved."), request_id="")
        assert isinstance(outcome, Refused)
