"""Every tool of the assistant: it asks for one known command, names no person, never raises, and shows no model who
somebody is."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from agent.assistant import Assistant
from agent.heard import Failed, Finished, Heard
from agent.models import LoadedModel
from agent.tools import COMMANDS, TOOLS
from agent.turn import Turn
from auth.guard.commands import Effect, action
from auth.guard.judge import Judge
from shop.commands import AskForPerson
from tests.agent.scripted import Scripted, says
from tests.conftest import ON_POSTGRES
from tests.promises.hostile import BENS_WORDS, Two, json_values, known_by_heart, move_two_in
from tests.small_house import POLICY, build_small_house

NAMES = [tool.name for tool in TOOLS]
OUTCOMES = {"done", "awaiting_approval", "pending", "refused", "not_found", "error"}
SHOWN = {"products", "product", "basket", "orders", "order", "addresses", "quote", "by_others"}
SHOWN |= {"methods", "cases"}
SHOWN |= {"methods", "invoice"}
SHOWN |= {"methods", "preferences", "security", "sessions", "kept"}
PERSONS = ("customer", "account", "user", "actor", "owner", "person", "principal", "role", "email", "identity")
DECIDES = ("confirm", "approve", "reviewed", "override", "force", "channel", "policy", "grant", "session")
FIT = {
    "search_products": {"query": "mug"},
    "show_product": {"product": "harbour-mug"},
    "read_reviews": {"product": "harbour-mug"},
    "show_preferences": {},
    "change_preferences": {"topic": "news", "on": True},
    "show_security": {},
    "list_sessions": {},
    "end_sessions": {},
    "show_my_data": {},
    "export_my_data": {},
    "delete_account": {},
    "compare_products": {"products": ["harbour-mug", "quiet-lamp"]},
    "recommend_products": {"query": "mug"},
    "change_basket": {"sku": "HM-PINE", "quantity": 2},
    "place_order": {"address": "address:home", "payment": "card:visa-4242"},
    "remove_address": {"address": "address:home"},
    "list_payment_methods": {},
    "remove_payment_method": {"payment": "card:visa-4242"},
    "add_to_basket": {"product": "harbour-mug"},
    "show_basket": {},
    "list_orders": {},
    "show_order": {"order": ""},
    "cancel_order": {"order": ""},
    "refund_order": {"order": "", "reason": "it broke"},
    "change_order_address": {"order": "", "address": "address:home"},
    "return_items": {"order": "", "reason": "too small"},
    "exchange_item": {"order": "", "line": 1, "sku": "HM-FOG", "reason": "the other colour"},
    "claim_warranty": {"order": "", "line": 1, "problem": "it cracked"},
    "report_parcel": {"order": "", "problem": "damaged", "what": "the box was open"},
    "refund_status": {},
    "change_order_item": {"order": "", "line": 1, "sku": "HM-PINE"},
    "change_order_payment": {"order": "", "payment": "card:visa-4242"},
    "reorder": {"order": ""},
    "show_invoice": {"order": ""},
    "track_order": {"order": ""},
    "list_addresses": {},
    "read_policy": {"topic": "returns"},
    "ask_for_person": {},
}
QUICK = settings(
    max_examples=4 if ON_POSTGRES else 12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[Two]:
    small = build_small_house(database_url, tmp_path)
    yield move_two_in(small)
    small.database.close()


def test_every_tool_has_a_command_a_room_and_a_policy(two: Two) -> None:
    assert len(NAMES) == len(set(NAMES)) > 10
    assert set(COMMANDS) == set(NAMES)
    judge = Judge(POLICY)
    for name, kind in COMMANDS.items():
        room = two.small.desk._bench.rooms.named(action(kind))
        assert room is not None and room.command is kind, name
        assert judge.actions[action(kind)] == {room.effect}, name


def test_every_change_a_tool_asks_for_waits_for_a_signature() -> None:
    judge = Judge(POLICY)
    changing = {name for name, kind in COMMANDS.items() if judge.actions[action(kind)] == {Effect.WRITE}}
    assert changing == {
        "cancel_order",
        "refund_order",
        "change_order_address",
        "change_order_item",
        "change_order_payment",
        "place_order",
        "remove_address",
        "remove_payment_method",
        "return_items",
        "exchange_item",
        "claim_warranty",
        "report_parcel",
        "end_sessions",
        "export_my_data",
        "delete_account",
    }
    light = {name for name, kind in COMMANDS.items() if judge.actions[action(kind)] == {Effect.LIGHT}}
    assert light == {"add_to_basket", "change_basket", "change_preferences", "ask_for_person", "reorder"}, (
        "a light command has no card: think twice before adding one"
    )


def test_no_tool_and_no_command_names_a_person_or_a_decision(two: Two) -> None:
    parameters = [(tool.name, name) for tool in TOOLS for name in tool.args]
    commands = [room.command for room in two.small.desk._bench.rooms]
    parameters += [(kind.__name__, field.name) for kind in commands for field in fields(kind)]
    assert len(parameters) > 30
    named = [(where, name) for where, name in parameters if any(word in name.lower() for word in (*PERSONS, *DECIDES))]
    assert named == []


def test_no_schema_that_a_model_is_shown_holds_the_turn() -> None:
    for tool in TOOLS:
        assert "runtime" not in tool.args and "turn" not in tool.args, tool.name
        assert "runtime" not in json.dumps(tool.tool_call_schema.model_json_schema()), tool.name  # type: ignore[union-attr]


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(data=st.data())
def test_any_arguments_end_in_an_answer(two: Two, name: str, data: st.DataObject) -> None:
    (tool,) = [tool for tool in TOOLS if tool.name == name]
    values = known_by_heart(two)
    arguments = data.draw(
        st.fixed_dictionaries({known: values for known in tool.args})
        | st.fixed_dictionaries({}, optional={known: values for known in tool.args})
        | st.dictionaries(st.text(max_size=10), json_values(), max_size=3)
    )
    heard, turn = call(two, name, arguments)
    assert isinstance(heard[-1], Finished)
    assert not any(isinstance(event, Failed) for event in heard)
    (answer,) = answers(turn)
    assert answer.get("outcome") in OUTCOMES or SHOWN & set(answer), answer
    assert "Traceback" not in json.dumps(answer) and "Error" not in json.dumps(answer)


def test_every_change_a_tool_can_ask_for_has_a_card(two: Two) -> None:
    """In a tainted conversation even a light change is signed, and a card without words can't be."""
    rooms = [two.small.desk._bench.rooms[command] for command in COMMANDS.values() if command is not AskForPerson]
    assert [room for room in rooms if room.effect is not Effect.READ and room.card is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_a_tool_shows_names_nobody(two: Two, name: str) -> None:
    """Ben's own chat, Ben's own records: even so no name, street, telephone number or address reaches the model."""
    own = Two(two.small, two.ben, two.ada, two.targets[-1], two.cards, (), two.targets)
    arguments = dict(FIT[name])
    if "order" in arguments:
        arguments["order"] = two.bens_orders[3 if name in {"cancel_order", "change_order_address"} else 0]
    _, turn = call(own, name, arguments)
    (answer,) = answers(turn)
    assert answer.get("outcome") != "error", answer
    allowed = {"Lanternkeep", "TRK-BEN-8841-OBSIDIAN"}  # the label he gave an address, and his parcel's tracking number
    if name == "list_payment_methods":
        allowed |= {"···· 7319"}  # brand and last four of his own card, which is how he names it
    shown = json.dumps(answer, ensure_ascii=False)
    assert [word for word in BENS_WORDS if word not in allowed and word.casefold() in shown.casefold()] == []


def test_the_search_for_names_would_find_one(two: Two) -> None:
    own = Two(two.small, two.ben, two.ada, "", two.cards, (), two.targets)
    _, turn = call(own, "list_addresses", {})
    assert "Lanternkeep" in json.dumps(answers(turn))


def call(two: Two, name: str, arguments: Any) -> tuple[list[Heard], Turn]:
    """One call by the model, through the whole graph."""
    model = Scripted(says("", (name, arguments)), AIMessage("That is all."), piece=400)
    assistant = Assistant(LoadedModel(model, False, "scripted"), policy_version="p", environment={})
    turn = assistant.turn(
        two.ada, two.small.desk, conversation=two.adas_conversation, turn_id="t", note=lambda note: None
    )

    named = [str(value) for value in arguments.values()] if isinstance(arguments, dict) else []

    async def all_of_it() -> list[Heard]:
        return [heard async for heard in assistant.answer(turn, [two.everything(*named)])]

    return asyncio.run(all_of_it()), turn


def answers(turn: Turn) -> list[dict[str, Any]]:
    return [json.loads(str(message["text"])) for message in turn.kept if message["role"] == "tool"]
