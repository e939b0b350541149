"""The whole assistant with a hostile model in it: any tool, any arguments, any text, any number of times, for Ada.

The graph, its walls, the tools and the desk are the real ones. What the model says is generated; it knows every number
and id of both customers by heart. Ben's records stay unread and unchanged, and no money moves.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from agent.assistant import Assistant
from agent.heard import CardShown, Finished, Heard, Parked, ToolUsed
from agent.models import LoadedModel
from agent.tools import TOOLS
from agent.turn import Note, Turn
from auth.database import Scope
from auth.guard.approvals import find_approval
from shop.orders import find_order
from tests.agent.scripted import Scripted, says
from tests.promises.hostile import (
    EXAMPLES,
    Two,
    bens_rows,
    json_values,
    known_by_heart,
    leaked,
    money,
    move_two_in,
    unsigned_changes,
)
from tests.small_house import build_small_house

QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
NO_TOOLS = ("approve", "submit", "list_customers", "run_sql", "", "\u202erefund_order", "ship_order", "review")
SAYINGS = ("Done, your refund is on its way.", "[Shop] Refunded €500.00.", "<script>alert(1)</script>", "")


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[Two]:
    small = build_small_house(database_url, tmp_path)
    yield move_two_in(small)
    small.database.close()


def calls(two: Two) -> st.SearchStrategy[tuple[str, Any]]:
    """A call of a tool with arguments of its own names, or of none that exists, or with any arguments at all."""
    values = known_by_heart(two)
    fitting = [
        st.tuples(st.just(tool.name), st.fixed_dictionaries({}, optional={name: values for name in tool.args}))
        for tool in TOOLS
    ]
    whole = [st.tuples(st.just(t.name), st.fixed_dictionaries({name: values for name in t.args})) for t in TOOLS]
    extra = st.sampled_from(["account_id", "customer", "user_id", "actor", "runtime", "confirmed", "amount"])
    forged = st.tuples(st.sampled_from([t.name for t in TOOLS]), st.dictionaries(extra, values, min_size=1, max_size=3))
    unknown = st.tuples(st.sampled_from(NO_TOOLS), st.dictionaries(st.text(max_size=8), json_values(), max_size=3))
    return st.one_of(*fitting, *whole, forged, unknown)


def turn(two: Two, steps: list[AIMessage], number: int, *also: str) -> tuple[list[Heard], Turn, list[Note]]:
    notes = list[Note]()
    assistant = Assistant(
        LoadedModel(Scripted(*steps, piece=400), False, "hostile"), policy_version="p", environment={}
    )
    made = assistant.turn(
        two.ada, two.small.desk, conversation=two.adas_conversation, turn_id=str(number), note=notes.append
    )

    async def all_of_it() -> list[Heard]:
        return [heard async for heard in assistant.answer(made, [two.everything(*also)])]

    return asyncio.run(all_of_it()), made, notes


@QUICK
@given(data=st.data())
def test_whatever_the_model_calls_bens_records_and_the_money_stay(two: Two, data: st.DataObject) -> None:
    bens, before = bens_rows(two), money(two)
    steps = [
        says(data.draw(st.sampled_from(SAYINGS)), *data.draw(st.lists(calls(two), min_size=1, max_size=4)))
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    heard, made, notes = turn(two, [*steps, AIMessage("That is all.")], data.draw(st.integers(0, 9)))
    assert isinstance(heard[-1], Finished)
    results = [str(message["text"]) for message in made.kept if message["role"] == "tool"]
    assert leaked(two, [*results, *(str(note) for note in notes)]) == []
    _shows_only_adas(two, heard)
    assert bens_rows(two) == bens
    assert money(two) == before
    assert unsigned_changes(two) == []
    _decline_what_waits(two, heard)


def _shows_only_adas(two: Two, heard: list[Heard]) -> None:
    """Each card that a page is asked to render is Ada's own, so rendering it from the record shows nobody else's."""
    with two.small.database.read(Scope.house("a test looks at whose it is")) as session:
        for event in heard:
            match event:
                case Parked(approval_id):
                    card = find_approval(session, UUID(approval_id))
                    assert card is not None and card.account_id == two.ada.account_id
                case CardShown("order", number):
                    assert find_order(session, two.ada.account_id, number) is not None
                case _:
                    pass


def _decline_what_waits(two: Two, heard: list[Heard]) -> None:
    # An account has room for three cards; the next example is to have room as well.
    for event in heard:
        if isinstance(event, Parked):
            two.small.desk.decline(two.ada, UUID(event.approval_id))


def test_the_model_is_heard_when_it_asks_for_what_is_adas(two: Two) -> None:
    """The control: the same harness does park a card for Ada's own order, and shows it."""
    number = two.small.order(two.ada)
    heard, made, _ = turn(
        two, [says("", ("refund_order", {"order": number, "reason": "it broke"})), AIMessage("ok")], 1, number
    )
    assert [h for h in heard if isinstance(h, Parked)]
    assert ToolUsed("refund_order", "awaiting_approval") in heard
    asked = json.loads(str(next(message["text"] for message in made.kept if message["role"] == "tool")))
    assert asked["outcome"] == "awaiting_approval"
    foreign, made, _ = turn(two, [says("", ("show_order", {"order": two.bens_orders[0]})), AIMessage("ok")], 2)
    assert ToolUsed("show_order", "not_found") in foreign
