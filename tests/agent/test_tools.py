"""Tools ask the desk in the customer's name, hand out nothing personal, and never raise."""

import json
from uuid import UUID

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.heard import CardShown, Parked
from agent.tools import COMMANDS, TOOLS
from auth.actor import Channel
from auth.guard.commands import canonical
from auth.guard.decisions import Pending, Refused
from auth.guard.judge import Judge
from shop.commands import AddToBasket, AskForPerson, RefundOrder
from tests.agent.scripted import ANNA, MUG, NUMBER, FakeDesk, Ran, refused, run, says


def result(ran: Ran, number: int = 0) -> dict[str, object]:
    told = [m for m in ran.turn.kept if m["role"] == "tool"]
    answer: dict[str, object] = json.loads(str(told[number]["text"]))
    return answer


def one(name: str, desk: FakeDesk | None = None, **arguments: object) -> Ran:
    return run(says("", (name, arguments)), says("Here."), desk=desk)


def test_every_tool_has_a_command_and_every_command_a_policy(repo_policies: Judge) -> None:
    assert {tool.name for tool in TOOLS} == set(COMMANDS) and len(TOOLS) > 13
    assert {kind.__name__ for kind in COMMANDS.values()} <= set(repo_policies.actions)


def test_no_tool_takes_a_person_and_the_turn_is_hidden_from_the_model() -> None:
    for tool in TOOLS:
        schema = json.dumps(convert_to_openai_tool(tool)["function"]["parameters"]).casefold()
        for word in ("customer", "account", "user", "actor", "runtime", "conversation", "session"):
            assert f'"{word}' not in schema, (tool.name, word)


def test_the_desk_hears_the_person_of_the_session_through_the_chat() -> None:
    ran = one("show_order", order=NUMBER)
    actor, _, _ = ran.desk.asked[0]
    assert actor.account_id == ANNA.account_id and actor.channel is Channel.CHAT
    assert actor.act is not None and actor.act.name == "assistant" and len(actor.act.digest) == 64


@pytest.mark.parametrize("name", ["list_orders", "list_addresses", "read_reviews", "show_order"])
def test_nothing_personal_is_in_a_result(name: str) -> None:
    needed = {"read_reviews": {"product": "stoneware-mug"}, "show_order": {"order": NUMBER}}.get(name, {})
    ran = one(name, **needed)
    told = json.dumps(ran.turn.kept)
    for word in ("Quillfeather", "Larkspur", "Thistledown", "4242", "Foxglove"):
        assert word not in told


def test_orders_come_as_the_contract_says() -> None:
    ran = one("list_orders")
    (order,) = result(ran)["orders"]  # type: ignore[misc]
    assert order == {
        "number": NUMBER,
        "placed": "12 Nov 2026",
        "status": "delivered",
        "total": "€59.70",
        "items": [{"line": 1, "name": "Stoneware Mug", "variant": "Pine", "quantity": 3, "price": "€19.90"}],
    }
    assert ran.of(CardShown) == [CardShown("order", NUMBER)]
    shown = result(one("show_order", order=NUMBER))["order"]
    assert shown["tracking"] == "HPX1234567890" and shown["destination"] == "Home"  # type: ignore[index]


def test_a_change_is_parked_and_only_its_card_is_shown() -> None:
    look, change = ("list_orders", {}), ("refund_order", {"order": NUMBER, "reason": "it broke", "items": [1]})
    assert run(says("", look), says("", change), says("Sign it.")).turn.cards == [("approval", str(UUID(int=77)))]
    ran = run(says("", change), says("Sign it."), said=f"it broke, money back for {NUMBER}")
    assert result(ran)["outcome"] == "awaiting_approval"
    assert [p.approval_id for p in ran.of(Parked)] == [result(ran)["approval"]]
    assert ran.desk.asked[0][1] == RefundOrder(NUMBER, "it broke", (1,))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (refused("Too late."), {"outcome": "refused", "says": "Too late.", "policy": "refund.within-30-days"}),
        (Refused("not_found", "Not there."), {"outcome": "not_found", "says": "Not there."}),
        (Pending(MUG, "Wait."), {"outcome": "pending", "says": "Wait."}),  # type: ignore[arg-type]
    ],
)
def test_outcomes_as_json(outcome: object, expected: dict[str, str]) -> None:
    desk = FakeDesk({"CancelOrder": outcome})  # type: ignore[dict-item]
    assert result(one("cancel_order", desk, order=NUMBER)) == expected


def test_a_desk_that_breaks_is_a_sentence_and_not_an_exception() -> None:
    desk = FakeDesk({"CancelOrder": RuntimeError("database at /srv/secret is locked")})
    ran = one("cancel_order", desk, order=NUMBER)
    assert result(ran)["outcome"] == "error" and "srv" not in canonical(ran.turn.kept)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("refund_order", {"order": NUMBER, "reason": "", "items": [1]}),
        ("refund_order", {"order": NUMBER, "reason": "x", "items": [-1]}),
        ("add_to_basket", {"product": "stoneware-mug", "variant": "mug-pine", "quantity": -5}),
        ("add_to_basket", {"product": "stoneware-mug", "variant": "mug-pine", "quantity": 10**30}),
        ("search_products", {"query": "mug", "max_price": float("inf")}),
        ("search_products", {"query": "mug", "max_price": "1e999"}),
        ("search_products", {"query": "mug", "max_price": "-5"}),
        ("show_order", {"order": "x" * 500}),
    ],
)
def test_impossible_arguments_reach_no_room(name: str, arguments: dict[str, object]) -> None:
    ran = one(name, **arguments)
    assert result(ran)["outcome"] == "refused"
    assert [a for a in ran.desk.actions if a != "ShowProduct"] == []


def test_one_option_of_several_must_be_chosen() -> None:
    ran = one("add_to_basket", product="stoneware-mug")
    assert result(ran)["policy"] == "variant-needed" and "AddToBasket" not in ran.desk.actions
    for variant in ("mug-pine", "Pine", " pine "):
        chosen = one("add_to_basket", product="stoneware-mug", variant=variant, quantity=2)
        assert chosen.desk.asked[-1][1] == AddToBasket("mug-pine", 2)
    foreign = one("add_to_basket", product="stoneware-mug", variant="tent-blue")
    assert "AddToBasket" not in foreign.desk.actions


def test_a_person_is_asked_for_about_this_conversation_only() -> None:
    ran = one("ask_for_person", summary="It broke.")
    assert ran.desk.asked[0][1] == AskForPerson("conv-1", "It broke.")
