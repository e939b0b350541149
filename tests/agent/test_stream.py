"""Text leaves by checked sentences, the same however it was cut; events can be taken up again."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.heard import CardShown, Choices, Failed, Finished, Parked, Token, ToolUsed
from agent.record import Record
from agent.saying import Look
from agent.stream import HEARTBEAT, Checked, Encoder, as_event, with_heartbeat

WORDS = [
    "I have",
    " refunded",
    " you. ",
    "€",
    "19",
    ".90",
    " ok",
    "\n",
    "![x](http://e.vil/",
    ")",
    "?! ",
    "é",
    "́",
    "<b>",
]


def through(pieces: list[str], *, room: int = 10_000) -> str:
    checked = Checked(Look(Record()), room=room)
    return "".join([s for piece in pieces for s in checked.feed(piece)] + checked.flush())


@given(st.lists(st.sampled_from(WORDS), max_size=40), st.data())
@settings(max_examples=150, deadline=None)
def test_the_result_does_not_depend_on_how_the_text_was_cut(words: list[str], data: st.DataObject) -> None:
    text = "".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=10)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert through(pieces) == through([text])


def test_nothing_leaves_before_its_sentence_is_whole() -> None:
    checked = Checked(Look(Record()), room=1000)
    assert checked.feed("I have") == [] and checked.feed(" refunded you.") == []
    (first,) = checked.feed(" Bye")
    assert "refunded" not in first and checked.flush() == [" Bye"]


def test_an_amount_with_a_point_is_not_cut() -> None:
    record = Record()
    record.learn("show_order", '{"order":{"total":"€19.90"}}', now=True)
    checked = Checked(Look(record), room=1000)
    out = [s for c in "It is €19.90 in all. Fine." for s in checked.feed(c)] + checked.flush()
    assert out == ["It is €19.90 in all.", " Fine."]


def test_text_without_an_end_leaves_in_bounded_pieces() -> None:
    checked = Checked(Look(Record()), room=100_000)
    assert len(checked.feed("word " * 500)) >= 3
    assert len(checked.feed("x" * 5000)) >= 7


def test_the_room_is_kept() -> None:
    assert len(through(["Red green blue. " * 100], room=50)) == 50


def test_events_are_numbered_and_not_sent_twice() -> None:
    encoder = Encoder(after=1)
    assert encoder.encode("token", {"text": "a"}) == b""
    assert encoder.encode("token", {"text": "b\nc"}) == b'id: 2\nevent: token\ndata: {"text": "b\\nc"}\n\n'


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (Token("a"), ("token", {"text": "a"})),
        (ToolUsed("x", "done"), ("tool", {"name": "x", "outcome": "done"})),
        (CardShown("order", "HP"), ("card", {"kind": "order", "key": "HP"})),
        (Parked("1"), ("approval", {"id": "1"})),
        (Choices(("a",)), ("choices", {"texts": ["a"]})),
        (Failed("no"), ("failed", {"says": "no"})),
        (Finished([{"role": "tool", "text": "secret"}]), ("finished", {})),
    ],
)
def test_every_event_has_a_name(heard: object, expected: object) -> None:
    assert as_event(heard) == expected  # type: ignore[arg-type]


def test_a_quiet_stream_gives_a_sign_of_life() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(0.08)
        yield b"b"

    async def heard() -> list[bytes]:
        return [piece async for piece in with_heartbeat(slow(), every_s=0.02)]

    pieces = asyncio.run(heard())
    assert [p for p in pieces if p != HEARTBEAT] == [b"a", b"b"] and HEARTBEAT in pieces
