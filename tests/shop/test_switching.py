"""Stopping the assistant and letting it go on: what can be named, what is kept, and who is told."""

import pytest

from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.commands import NotACommand, parse
from auth.guard.decisions import Done, Refused
from shop.activity import read_activity
from shop.commands import AskForPerson, LetAssistantGoOn, ReportParcel, StopAssistant
from shop.conversations import Voice
from shop.support import COMING, COMING_ALONE
from shop.switches import AssistantSwitch, Switches, read_switches
from tests.browsing import Street, entries, messages
from tests.building import Building
from tests.switching import go_on, in_force, past, stop


def ask(building: Building, reach: str, name: str, *, reason: str = "a drill") -> Done | Refused:
    cleo = building.person("cleo").at_work(building.clock)
    outcome = building.desk.submit(cleo, StopAssistant(reach, reason, name), request_id="")  # type: ignore[arg-type]
    assert isinstance(outcome, Done | Refused)
    return outcome


def row(building: Building, switch: str) -> AssistantSwitch:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return next(r for r in session.query(AssistantSwitch) if str(r.id) == switch)


def test_a_customer_is_found_by_what_a_clerk_has_at_hand(building: Building) -> None:
    street, ada = Street.before(building), building.person("ada")
    claim = ReportParcel(building.orders["ada.mug"], "damaged", "broken")
    case = building.desk.submit(ada.at_page(building.clock), claim, request_id="")
    assert isinstance(case, Done)
    conversation = street.conversation("ada", (Voice.CUSTOMER, "hello"))
    order = building.orders["ada.mug"]
    for name in (order, order.lower().replace("-", " "), str(case.result["case"]), ada.email.upper(), conversation):
        switch = stop(building, "customer", f" {name} ")
        kept = row(building, switch)
        assert kept.customer_id == ada.id and kept.name == "" and ada.email not in str(vars(kept)), name
        go_on(building, switch)


@pytest.mark.parametrize(
    ("reach", "name"),
    [
        ("tool", "no_such_tool"),
        ("tool", ""),
        ("model", "gpt-nobody"),
        ("customer", ""),
        ("customer", "HP-0000-0000"),
        ("customer", "RT-0000-0000"),
        ("customer", "nobody@example.com"),
        ("customer", "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_what_is_not_there_is_not_stopped(building: Building, reach: str, name: str) -> None:
    outcome = ask(building, reach, name)
    assert isinstance(outcome, Refused) and outcome.kind == "not_found"
    assert in_force(building) == []


@pytest.mark.parametrize(("reach", "reason"), [("everything", "x"), ("whole", ""), ("whole", "x" * 201)])
def test_a_stop_says_what_and_why(reach: str, reason: str) -> None:
    with pytest.raises(NotACommand):
        parse(StopAssistant, {"reach": reach, "reason": reason})


def test_the_same_thing_is_stopped_once_and_goes_on_once(building: Building) -> None:
    switch = stop(building, "tool", "refund_order")
    again = ask(building, "tool", "refund_order")
    assert isinstance(again, Refused) and again.policy == "switch.off-already"
    stop(building, "tool", "cancel_order")
    go_on(building, switch)
    cleo = building.person("cleo").at_work(building.clock)
    twice = building.desk.submit(cleo, LetAssistantGoOn(switch), request_id="")
    assert isinstance(twice, Refused) and twice.policy == "switch.on-already"
    assert [found.name for found in in_force(building)] == ["cancel_order"]
    assert stop(building, "tool", "refund_order") != switch, "a later stop is another one"


def test_who_stopped_it_when_and_why_is_kept_and_the_reason_names_nobody(building: Building) -> None:
    switch = stop(building, "whole", reason="ask zed@example.org, +49 170 1234567, about it")
    cleo, stopped_at = building.person("cleo"), building.clock()
    kept = row(building, switch)
    assert (kept.stopped_by, kept.stopped_at) == (cleo.id, stopped_at)
    assert "example.org" not in kept.reason and "1234567" not in kept.reason and "about it" in kept.reason
    building.clock.move(minutes=7)
    go_on(building, switch)
    (view,) = past(building)
    assert (view.let_on_by, view.let_on_at) == (cleo.id, building.clock()) and not view.is_in_force
    steps = [e for e in entries(building, "command.executed") if "Assistant" in str(e.facts()["action"])]
    assert [e.facts()["action"] for e in steps] == ["StopAssistant", "LetAssistantGoOn"]
    assert "about it" not in "".join(e.body or "" for e in entries(building)), "the log never forgets, so no free words"


def test_the_customer_sees_in_their_own_record_that_it_was_switched_off_for_them(building: Building) -> None:
    switch = stop(building, "customer", building.orders["ada.mug"])
    go_on(building, switch)
    house, ada, ben = building.house, building.person("ada"), building.person("ben")
    with house.database.read(Scope.own(ada.id)) as session:
        seen = read_activity(session, house.audit, house.desk.judge, account_id=ada.id).activities
        ours = [a for a in seen if "assistant" in a.title]
    told = [(a.title, a.outcome, a.channel) for a in ours]
    assert told == [
        ("Let the assistant go on", "done", "at the staff desk"),
        ("Switch the assistant off", "done", "at the staff desk"),
    ]
    with house.database.read(Scope.own(ben.id)) as session:
        assert session.query(AuditEntry).filter_by(account_id=ben.id, kind="command.executed").count() == 0


def test_a_clerk_does_not_switch_their_own(building: Building) -> None:
    refused = ask(building, "customer", building.person("cleo").email)
    assert isinstance(refused, Refused) and refused.policy == "switch.never-their-own"


def test_what_is_stopped_is_said_in_one_value(building: Building) -> None:
    stop(building, "tool", "refund_order")
    stop(building, "customer", building.orders["ada.mug"])
    ada, ben = building.person("ada").id, building.person("ben").id
    with building.house.database.read(Scope.own(ben)) as session:
        assert read_switches(session).tools == {"refund_order"}
        found = read_switches(session)
    assert found.silence(ada, models=("m",)) and not found.silence(ben, models=("m",))
    assert not Switches().silence(ada, models=()), "where nothing is stopped, nobody is silent"


def test_who_asks_for_a_person_while_it_is_off_is_not_told_that_it_goes_on(building: Building) -> None:
    street = Street.before(building)
    ada, ben = building.person("ada").at_page(building.clock), building.person("ben").at_page(building.clock)
    stop(building, "customer", building.orders["ada.mug"])
    for name, actor, words in (("ada", ada, COMING_ALONE), ("ben", ben, COMING)):
        key = street.conversation(name, (Voice.CUSTOMER, "help"))
        outcome = building.desk.submit(actor, AskForPerson(key), request_id="")
        assert isinstance(outcome, Done) and outcome.says == words
        assert messages(building, name)[-1] == ("shop", words)
