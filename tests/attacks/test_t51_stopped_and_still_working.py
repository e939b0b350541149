"""T51: the assistant is stopped, wholly or in part, and something of it works on: a queued call, a card, a sentence."""

import asyncio
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

from agent.tools import COMMANDS
from auth.actor import Act, Actor, Channel
from auth.database import Scope
from auth.guard.approvals import Approval
from auth.guard.commands import Command
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Refused
from auth.guard.desk import Desk
from frontend.app import create_app
from frontend.turns import OFF, Running, Said, Turns
from shop.basket import BasketLine
from shop.commands import (
    AddToBasket,
    AskForPerson,
    CancelOrder,
    LetAssistantGoOn,
    RefundOrder,
    ShowBasket,
    ShowOrder,
    StopAssistant,
)
from shop.conversations import Voice
from shop.switches import SILENT, is_switched_off
from tests.agent.scripted import Scripted, says
from tests.browsing import Street, entries, goods, messages, moved
from tests.building import Building, build, move_in
from tests.switching import go_on, in_force, past, stop

POLICY = "assistant.switched-off"
PATIENCE_S = 20


def asks(building: Building, actor: Actor, *commands: Command) -> list[Outcome]:
    return [building.desk.submit(actor, command, request_id=f"{time.monotonic_ns()}") for command in commands]


def is_stopped(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.policy == POLICY


def everything(building: Building) -> tuple[Command, ...]:
    order = building.orders["ada.paid"]
    return ShowOrder(order), ShowBasket(), AddToBasket("mug-pine", 1), CancelOrder(order)


def ask_with(building: Building, model: str) -> Actor:
    return replace(building.person("ada").through_chat(), act=Act("assistant", "test-digest", model))


# Calls


def test_when_the_whole_is_stopped_nothing_it_asks_for_is_done_and_each_refusal_is_on_record(
    building: Building,
) -> None:
    switch = stop(building, "whole")
    before, refusals = goods(building), len(entries(building, "command.refused"))
    for name in ("ada", "ben"):
        assert all(map(is_stopped, asks(building, building.person(name).through_chat(), *everything(building)[1:3])))
    assert all(map(is_stopped, asks(building, building.person("ada").through_chat(), *everything(building))))
    assert goods(building) == before
    written = entries(building, "command.refused")[refusals:]
    assert len(written) >= 4 and all(entry.facts()["policy"] == POLICY for entry in written)
    go_on(building, switch)
    assert not any(map(is_stopped, asks(building, building.person("ada").through_chat(), *everything(building))))


def test_one_customer_is_stopped_and_nobody_else(building: Building) -> None:
    stop(building, "customer", building.orders["ada.paid"])
    assert all(map(is_stopped, asks(building, building.person("ada").through_chat(), *everything(building))))
    assert not any(map(is_stopped, asks(building, building.person("ben").through_chat(), *everything(building)[1:3])))


def test_a_stopped_tool_is_refused_by_whatever_name_it_is_asked_for(building: Building) -> None:
    """What counts at the desk is the command, so no other tool and no other way of asking leads around the stop."""
    stop(building, "tool", "cancel_order")
    ada, order = building.person("ada").through_chat(), building.orders["ada.paid"]
    assert is_stopped(*asks(building, ada, CancelOrder(order)))
    assert not any(map(is_stopped, asks(building, ada, *everything(building)[:3])))


def test_a_stopped_model_is_refused_and_so_is_one_that_does_not_say_its_name(building: Building) -> None:
    stop(building, "model", "Scripted")
    order = building.orders["ada.paid"]
    assert is_stopped(*asks(building, ask_with(building, "Scripted"), CancelOrder(order)))
    assert is_stopped(*asks(building, ask_with(building, ""), ShowOrder(order)))
    assert isinstance(*asks(building, ask_with(building, "another"), ShowOrder(order)), Done)


def test_the_pages_go_on_when_everything_is_stopped(building: Building) -> None:
    stop(building, "whole")
    stop(building, "customer", building.orders["ada.paid"])
    at_page = building.person("ada").at_page(building.clock)
    assert all(isinstance(outcome, Done) for outcome in asks(building, at_page, *everything(building)))


def test_asking_for_a_person_always_works(street: Street) -> None:
    building = street.building
    key = street.conversation("ada", (Voice.CUSTOMER, "help"))
    for reach, name in (("whole", ""), ("customer", key), ("model", "Scripted")):
        stop(building, reach, name)
    assistant = replace(building.person("ada").through_chat(), conversation=key)
    assert isinstance(*asks(building, assistant, AskForPerson(key, "let me speak")), Done)
    cleo = building.person("cleo").at_work(building.clock)
    refused = building.desk.submit(cleo, StopAssistant("tool", "x", "ask_for_person"), request_id="")
    assert isinstance(refused, Refused) and refused.policy == "switch.person-always"


# Cards that were prepared before


@pytest.mark.parametrize(("reach", "name"), [("whole", ""), ("tool", "refund_order"), ("model", "Scripted")])
def test_a_card_of_before_can_not_be_signed_any_more(building: Building, reach: str, name: str) -> None:
    ada = building.person("ada")
    assistant = ask_with(building, "Scripted")
    (parked,) = asks(building, assistant, RefundOrder(building.orders["ada.mug"], "it broke"))
    assert isinstance(parked, AwaitingApproval)
    stop(building, reach, name)
    signer = ada.at_page(building.clock, second_factor_age_s=1)
    outcome = building.desk.approve(signer, parked.approval_id)
    assert is_stopped(outcome) and "pages work as before" in outcome.says
    assert moved(building) == [], "no money has gone"
    again = building.desk.approve(signer, parked.approval_id)
    assert again == outcome, "it stays refused, also when the assistant goes on"
    (own,) = asks(building, signer, RefundOrder(building.orders["ada.mug"], "it broke"))
    assert isinstance(own, Done), "on the page they do it themselves"


def test_a_card_that_waits_for_a_clerk_is_refused_at_the_review(building: Building) -> None:
    ada = building.person("ada")
    (parked,) = asks(building, ask_with(building, "Scripted"), RefundOrder(building.orders["ada.tent"], "it leaks"))
    assert isinstance(parked, AwaitingApproval)
    building.desk.approve(ada.at_page(building.clock, second_factor_age_s=1), parked.approval_id)
    stop(building, "tool", "refund_order")
    cleo = building.person("cleo").at_work(building.clock)
    assert is_stopped(building.desk.review(cleo, parked.approval_id, agree=True))
    assert moved(building) == []


# Who may


def test_nobody_but_a_clerk_with_a_fresh_code_moves_a_switch(building: Building) -> None:
    switch, ada, cleo = stop(building, "tool", "show_order"), building.person("ada"), building.person("cleo")
    stale = replace(cleo.at_work(building.clock), second_factor_at=building.clock.now.replace(hour=1))
    never = replace(cleo.at_work(building.clock), second_factor_at=None)
    others = (
        ada.at_page(building.clock, second_factor_age_s=1),
        ada.through_chat(),
        cleo.through_chat(),
        cleo.at_page(building.clock, second_factor_age_s=1),
        replace(ada.at_page(building.clock, second_factor_age_s=1), channel=Channel.STAFF),
        stale,
        never,
    )
    for actor in others:
        for outcome in asks(building, actor, StopAssistant("whole", "x"), LetAssistantGoOn(switch)):
            assert isinstance(outcome, Refused), actor
    assert [found.id for found in in_force(building)] == [switch]
    (late,) = asks(building, stale, StopAssistant("whole", "x"))
    assert isinstance(late, Refused) and late.policy == "switch.needs-fresh-code"


def test_no_tool_of_the_assistant_reaches_a_switch(building: Building) -> None:
    assert not {StopAssistant, LetAssistantGoOn} & set(COMMANDS.values())


# A stop comes wholly before a call, or wholly after it


def test_a_stop_waits_for_the_call_that_is_being_decided_and_the_next_call_sees_it(building: Building) -> None:
    ada = building.person("ada")
    thrown = threading.Thread(target=lambda: stop(building, "whole"))
    with building.house.database.begin(Scope.own(ada.id)) as session:
        assert not is_switched_off(session, ada.through_chat(), "ShowOrder")
        thrown.start()
        thrown.join(0.3)
        assert thrown.is_alive(), "the stop came in the middle of a decision"
    thrown.join(PATIENCE_S)
    assert not thrown.is_alive()
    assert is_stopped(*asks(building, ada.through_chat(), ShowOrder(building.orders["ada.paid"])))


# A turn that is under way


class QueueingDesk(Desk):
    """The shop's own desk, behind a queue: what the assistant asks for waits until the test lets it come up."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk._bench)
        self.reached, self.go_on = threading.Event(), threading.Event()

    def submit(self, actor: Actor, command: Command, *, request_id: str) -> Outcome:
        if actor.channel is Channel.CHAT:
            self.reached.set()
            assert self.go_on.wait(PATIENCE_S)
        return super().submit(actor, command, request_id=request_id)


@pytest.fixture
def model() -> Scripted:
    return Scripted(says("Good day."))


@pytest.fixture
def queue(tmp_path: Path, database_url: str, model: Scripted) -> Building:
    """A house in which every call of the assistant waits in a queue."""
    made = move_in(build(tmp_path, database_url=database_url, model=model))
    made.house = replace(made.house, desk=QueueingDesk(made.house.desk))
    return made


def run_turn(building: Building, *, reach: str, name: str = "", ends_first: bool) -> Running:
    """A turn of Ada's whose call waits in the queue while another process throws the switch."""
    turns, desk = Turns(building.house), building.desk
    assert isinstance(desk, QueueingDesk)

    async def walk() -> Running:
        running = await turns.say(building.person("ada").at_page(building.clock), Said("how are my orders?"), None)
        assert isinstance(running, Running)
        await asyncio.to_thread(desk.reached.wait, PATIENCE_S)
        await asyncio.to_thread(stop, building, reach, name)
        building.clock.move(seconds=0.09)
        if ends_first:
            # The answer breaks off although its call still waits: nobody had to be asked for that.
            await asyncio.wait_for(running.wait(), PATIENCE_S)
        building.clock.move(seconds=0.05)
        desk.go_on.set()
        await asyncio.wait_for(running.wait(), PATIENCE_S)
        return running

    return asyncio.run(walk())


def test_the_queued_call_is_refused_the_answer_breaks_off_and_the_time_is_shown(
    queue: Building, model: Scripted
) -> None:
    order = queue.orders["ada.paid"]
    model._steps[:] = [says("I look at it. ", ("cancel_order", {"order": order})), says("It is cancelled!")]
    running = run_turn(queue, reach="whole", ends_first=True)
    told = [name for name, _ in running._told]
    assert running.cut == OFF and told[-2:] == ["interrupted", "done"]
    said = messages(queue, "ada")
    assert [voice for voice, _ in said] == ["customer", "assistant", "shop"]
    assert said[1][1] == "I look at it." and said[2][1] == SILENT, "nothing half said is lost"
    assert len(model.seen) == 1, "no model was asked again"
    with queue.house.database.read(Scope.own(queue.person("ada").id)) as session:
        assert session.query(Approval).count() == 0 and session.query(BasketLine).count() == 0
    assert entries(queue, "command.refused")[-1].facts()["policy"] == POLICY
    (switch,) = in_force(queue)
    assert (switch.stopped_after_ms, switch.calls_refused, switch.answers_cut) == (140, 1, 1)
    street = Street(queue, create_app(queue.settings, queue.house, chores=False))
    page = street.signed_in("cleo").get("/staff/assistant").text
    assert "Stopped after 140 ms: 1 call refused, 1 answer broken off." in page


def test_what_the_model_was_about_to_say_is_not_said(queue: Building, model: Scripted) -> None:
    """Another process throws the switch while the model thinks; nobody tells this one, and it asks the record."""

    def thinks(_messages: object) -> AIMessage:
        stop(queue, "whole")
        return says("It is all done for you!")

    model._steps[:] = [thinks]
    running = one_turn(queue, watch_every_s=3600)
    assert [name for name, _ in running._told] == ["heard", "interrupted", "done"]
    assert messages(queue, "ada")[1:] == [("assistant", ""), ("shop", SILENT)]


def test_of_a_stopped_tool_every_later_call_of_the_turn_is_refused_and_the_turn_goes_on(
    queue: Building, model: Scripted
) -> None:
    calls = [("show_order", {"order": queue.orders[f"ada.{key}"]}) for key in ("paid", "sent")]
    model._steps[:] = [says("", *calls, ("show_basket", {})), says("That is switched off here.")]
    run_turn(queue, reach="tool", name="show_order", ends_first=False)
    assert [text for voice, text in messages(queue, "ada") if voice == "assistant"] == ["That is switched off here."]
    results = [m for m in model.seen[-1] if m.type == "tool"]
    assert [POLICY in str(m.content) for m in results] == [True, True, False]
    (switch,) = in_force(queue)
    assert (switch.stopped_after_ms, switch.calls_refused, switch.answers_cut) == (140, 2, 0)


def test_while_it_is_off_nobody_is_answered_and_no_model_is_asked(queue: Building, model: Scripted) -> None:
    switch = stop(queue, "customer", queue.orders["ada.paid"])
    told = [name for name, _ in one_turn(queue)._told]
    assert told == ["heard", "off", "done"] and model.seen == []
    assert messages(queue, "ada")[-1] == ("shop", SILENT)
    queue.clock.move(minutes=1)
    go_on(queue, switch)
    (ended,) = past(queue)
    assert (ended.stopped_after_ms, ended.calls_refused, ended.answers_cut) == (None, 0, 0)
    one_turn(queue)
    assert messages(queue, "ada")[-1] == ("assistant", "Good day."), "and it answers again"


def test_what_later_turns_try_is_refused_and_does_not_count_as_time_to_stop(queue: Building, model: Scripted) -> None:
    stop(queue, "tool", "show_order")
    queue.clock.move(minutes=5)
    model._steps[:] = [says("", ("show_order", {"order": queue.orders["ada.paid"]})), says("That is off.")]
    one_turn(queue)
    assert POLICY in str(model.seen[-1][-1].content)
    (switch,) = in_force(queue)
    assert (switch.stopped_after_ms, switch.calls_refused, switch.tried_since) == (None, 0, 1)


def one_turn(building: Building, *, watch_every_s: float = 0.5) -> Running:
    """A turn of Ada's from its beginning to its end, with nothing in its way."""
    assert isinstance(building.desk, QueueingDesk)
    building.desk.go_on.set()
    ada = building.person("ada").at_page(building.clock)

    async def walk() -> Running:
        turns = Turns(building.house, watch_every_s=watch_every_s)
        running = await turns.say(ada, Said("how are my orders?"), None)
        assert isinstance(running, Running)
        await running.wait()
        return running

    return asyncio.run(walk())
