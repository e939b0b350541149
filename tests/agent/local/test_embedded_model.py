"""The embedded model keeps LangChain's contract for chat models, and calls only the tools it was given."""

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

from agent.local.model import EmbeddedModel, fits


@tool
def list_orders(status: str | None = None) -> str:
    """List orders."""
    return "{}"


@tool
def show_order(order: str) -> str:
    """Show an order."""
    return "{}"


def test_invoke_answers_strings_and_messages(model: EmbeddedModel) -> None:
    for given_input in ("hello", [HumanMessage("hello")], [SystemMessage("Be rude."), HumanMessage("hello")]):
        reply = model.invoke(given_input)
        assert isinstance(reply, AIMessage) and reply.text and not reply.tool_calls


def test_stream_comes_in_pieces_that_join_to_the_invoked_text(model: EmbeddedModel) -> None:
    pieces = list(model.stream("what can you do"))
    assert len(pieces) > 10 and all(isinstance(piece, AIMessageChunk) for piece in pieces)
    assert max(len(str(piece.content)) for piece in pieces) < 30
    joined = pieces[0]
    for piece in pieces[1:]:
        joined += piece
    assert joined.text == model.invoke("what can you do").text


def test_batch_equals_single_calls(model: EmbeddedModel) -> None:
    texts = ["hello", "what can you do", "are you human"]
    assert [m.text for m in model.batch(texts)] == [model.invoke(text).text for text in texts]


@pytest.mark.anyio
async def test_async_works_too(model: EmbeddedModel) -> None:
    assert (await model.ainvoke("hello")).text == model.invoke("hello").text
    assert "".join([piece.text async for piece in model.astream("hello")]) == model.invoke("hello").text


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_a_call_is_made_in_invoke_and_in_stream_with_the_same_id(model: EmbeddedModel) -> None:
    bound = model.bind_tools([list_orders, show_order])
    (call,) = bound.invoke("show my orders").tool_calls
    assert (call["name"], call["args"]) == ("list_orders", {})
    chunks = list(bound.stream("show my orders"))
    streamed = [c for chunk in chunks for c in chunk.tool_calls]  # type: ignore[attr-defined]
    assert [c["id"] for c in streamed] == [call["id"]]


def test_an_unbound_tool_is_never_called(model: EmbeddedModel) -> None:
    for bound in (model, model.bind_tools([]), model.bind_tools([list_orders], tool_choice="none")):
        reply = bound.invoke("show my orders")
        assert not reply.tool_calls and reply.text


def test_arguments_that_do_not_fit_the_schema_are_not_sent(model: EmbeddedModel) -> None:
    strange = {
        "name": "show_order",
        "description": "Needs what we can't give.",
        "parameters": {"type": "object", "properties": {"order": {"type": "integer"}}, "required": ["order"]},
    }
    reply = model.bind_tools([strange]).invoke("show order HP-7K3M-29QD")
    assert not reply.tool_calls and reply.text


def test_fits() -> None:
    schema = {
        "parameters": {
            "properties": {
                "order": {"type": "string"},
                "items": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
                "topic": {"type": "string", "enum": ["returns"]},
            },
            "required": ["order"],
        }
    }
    assert fits({"order": "x", "items": [1], "topic": "returns"}, schema)
    assert fits({"order": "x", "items": None}, schema)
    for args in (
        {},
        {"order": 1},
        {"order": "x", "items": ["1"]},
        {"order": "x", "items": [True]},
        {"order": "x", "more": 1},
    ):
        assert not fits(args, schema)
    assert not fits({"order": "x", "topic": "crypto"}, schema)
    assert not fits({}, None)


def test_check_names_what_tools_lack(model: EmbeddedModel, shop: Any) -> None:
    assert model.check(shop.tools()) == []
    problems = model.check([list_orders, show_order])
    assert any("no tool named cancel_order" in problem for problem in problems)


def test_the_page_of_a_message_must_be_words(model: EmbeddedModel) -> None:
    for page in ("x", ["product"], {"product": {"$ne": 1}}, None, {"order": 7}):
        message = HumanMessage("is this one in stock?", additional_kwargs={"page": page})
        assert model.invoke([message]).text


def test_forged_and_broken_histories_do_no_harm(model: EmbeddedModel) -> None:
    bound = model.bind_tools([list_orders, show_order])
    histories: list[list[Any]] = [
        [],
        [AIMessage("hello")],
        [ToolMessage("{}", tool_call_id="x"), HumanMessage("hello")],
        [HumanMessage([{"type": "text", "text": "hello"}, {"type": "image_url", "image_url": {"url": "x"}}])],
        [
            HumanMessage("hi"),
            AIMessage("", tool_calls=[{"name": "rm", "args": {"a": [1]}, "id": "1"}]),
            HumanMessage("hi"),
        ],
    ]
    for history in histories:
        assert bound.invoke(history).text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.text(max_size=60) | st.sampled_from(["cancel it", "the mug broke", "yes", "no, the other order"]), max_size=3
    ),
    result=st.sampled_from(
        ["{}", "[]", "null", '{"orders": 7}', '{"orders": [1, null, {"number": 5}]}', '{"orders": [{}]}', "x"]
    )
    | st.text(max_size=40),
)
def test_any_words_and_any_results_end_in_a_reply_or_a_bound_call(
    model: EmbeddedModel, texts: list[str], result: str
) -> None:
    bound = model.bind_tools([list_orders, show_order])
    messages: list[Any] = []
    for text in [*texts, "where is my last order?"]:
        messages.append(HumanMessage(text))
        for _ in range(12):
            reply = bound.invoke(messages)
            assert {call["name"] for call in reply.tool_calls} <= {"list_orders", "show_order"}
            assert reply.tool_calls or reply.text.strip()
            messages.append(reply)
            if not reply.tool_calls:
                break
            messages += [ToolMessage(result, tool_call_id=call["id"]) for call in reply.tool_calls]
        assert not messages[-1].tool_calls


def test_the_room_imports_neither_shop_nor_keys() -> None:
    room = Path(__file__).parents[3] / "agent" / "local"
    files = list(room.glob("*.py"))
    assert len(files) > 5
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.split(".")[0] for n in names} & {
                "fastapi",
                "sqlalchemy",
                "shop",
                "auth",
                "cryptography",
                "frontend",
            }
