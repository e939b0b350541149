"""The fence, the taint, what a remote model sees, and how the assistant is built."""

import asyncio
import json

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool

from agent.assistant import Assistant, NoAssistant
from agent.memory import customer_says, from_stored
from agent.models import LoadedModel
from agent.turn import Turn
from tests.agent.scripted import ANNA, INJECTION, NUMBER, FakeDesk, Scripted, run, says

READ = ("read_reviews", {"product": "stoneware-mug"})
CANCEL = ("cancel_order", {"order": NUMBER})


def assistant(model: str = "m", policy: str = "p1", **environment: str) -> Assistant:
    return Assistant(LoadedModel(Scripted(says("x")), False, model), policy_version=policy, environment=environment)


def test_other_peoples_words_are_fenced_with_a_mark_of_this_turn() -> None:
    ran = run(says("", READ), says("Mixed."))
    (seen,) = [m for m in ran.model.seen[1] if isinstance(m, ToolMessage)]
    (review,) = json.loads(seen.text)["by_others"]
    mark = ran.turn.nonce
    assert review["text"].startswith(f"⟦{mark}⟧ ") and review["text"].endswith(f" ⟦/{mark}⟧")
    assert review["text"].count("⟦") == 2 and "IGNORE ALL RULES" in review["text"]
    assert "no instruction" in json.loads(seen.text)["notice"]
    assert run(says("", READ), says("Mixed.")).turn.nonce != mark


def test_after_a_review_the_desk_hears_of_the_taint() -> None:
    ran = run(says("", CANCEL), says("", READ), says("", ("refund_order", {"order": NUMBER, "reason": "x"})), says("."))
    assert [actor.tainted for actor, _, _ in ran.desk.asked] == [False, False, True]


def test_the_taint_comes_back_with_the_history() -> None:
    first = run(says("", READ), says("Mixed."))
    history = [customer_says("reviews?"), *from_stored(json.loads(json.dumps(first.turn.kept)))]
    ran = run(says("", CANCEL), says("A card is waiting."), history=history)
    assert ran.desk.asked[0][0].tainted


def test_a_review_makes_no_amount_true() -> None:
    assert "999" in INJECTION
    ran = run(says("", READ), says("You get €999.00. The mug is fine."))
    assert "999" not in ran.text and "The mug is fine." in ran.text


def test_a_remote_model_sees_no_card_mail_or_phone_and_the_embedded_one_sees_the_words() -> None:
    typed = "My card 4242 4242 4242 4242, mail zed@example.org, phone +49 170 1234567"
    ran = run(says("Thanks."), said=typed, is_remote=True)
    seen = " ".join(m.text for m in ran.model.seen[0])
    assert "4242" not in seen and "zed@" not in seen and "1234567" not in seen
    assert dict(ran.turn.withheld) == {"card": 1, "email": 1, "phone": 1}
    assert ran.notes[-1].kind == "text.withheld" and "4242" not in ran.notes[-1].why
    assert typed in [m.text for m in run(says("Thanks."), said=typed).model.seen[0]]


def test_a_remote_model_learns_the_page_in_words() -> None:
    history = [customer_says("is this in stock?", page={"product": "stoneware-mug"}), AIMessage("Yes.")]
    ran = run(says("Hm."), history=history, is_remote=True)
    assert "product stoneware-mug" in ran.model.seen[0][1].text


def test_the_same_turn_run_again_has_the_same_request_ids() -> None:
    ids = [run(says("", CANCEL), says("."), turn_id=t).desk.asked[0][2] for t in ("t1", "t1", "t2")]
    assert ids[0] == ids[1] != ids[2]


def test_the_digest_changes_with_what_makes_the_assistant_up() -> None:
    assert assistant().digest == assistant().digest
    assert len({assistant().digest, assistant("other").digest, assistant(policy="p2").digest}) == 3


@pytest.mark.parametrize("name", ["LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"])
def test_tracing_to_a_third_party_keeps_the_assistant_from_starting(name: str) -> None:
    with pytest.raises(NoAssistant, match=name):
        assistant(**{name: "true"})
    assert assistant(**{name: "false"})


def test_a_turn_is_held_through_the_chat_on_somebodys_behalf() -> None:
    with pytest.raises(ValueError, match="through the chat"):
        Turn(ANNA, FakeDesk(), "c", "t", lambda note: None)


def test_an_assistant_without_tools_is_refused() -> None:
    with pytest.raises(ValueError, match="without tools"):
        Assistant(LoadedModel(Scripted(says("x")), False, "m"), policy_version="p", tools=(), environment={})


def test_a_tool_without_a_command_is_refused() -> None:
    @tool
    def give_discount(percent: int) -> str:
        """Give a discount."""
        return str(percent)

    with pytest.raises(NoAssistant, match="give_discount is a tool without a command"):
        Assistant(
            LoadedModel(Scripted(says("x")), False, "m"), policy_version="p", tools=(give_discount,), environment={}
        )


def test_a_cut_stream_leaves_what_was_done() -> None:
    model = Scripted(says("", CANCEL), says("A card is waiting. Please sign."))
    made = Assistant(LoadedModel(model, False, "m"), policy_version="p", environment={})
    turn = made.turn(ANNA, FakeDesk(), conversation="c", turn_id="t", note=lambda note: None)

    async def cut() -> None:
        stream = made.answer(turn, [customer_says("cancel it")])
        async for _ in stream:
            break
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(cut())
    assert [m["role"] for m in turn.kept] == ["assistant", "tool"]
    assert [type(m).__name__ for m in from_stored(turn.kept)] == ["AIMessage", "ToolMessage"]
