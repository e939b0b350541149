"""What a few words mean after the answer before them: the topics, and that they decide nothing that is clear."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.local import topics
from agent.local.intents import load_intents
from agent.local.topics import load_topics

Chats = Callable[..., Any]
FOLDER = Path(topics.__file__).parent
INTENTS = load_intents(FOLDER / "intents")


def last_tool(talk: Any) -> str:
    assert talk.last_call is not None
    return str(talk.last_call[0])


def test_the_file_names_intents_that_there_are() -> None:
    found = load_topics(FOLDER / "topics.yaml", INTENTS)
    assert len(found) > 5 and all(topic.after or topic.plain for topic in found)


def test_an_intent_that_does_not_exist_is_named(tmp_path: Path) -> None:
    file = tmp_path / "topics.yaml"
    file.write_text("parcels: {after: [where_is_my_elephant], likely: [report_parcel]}\n", "utf-8")
    with pytest.raises(ValueError, match="where_is_my_elephant"):
        load_topics(file, INTENTS)


def test_without_a_file_there_are_no_topics(tmp_path: Path) -> None:
    assert load_topics(tmp_path / "topics.yaml", INTENTS) == ()


def test_the_same_words_mean_different_things_after_different_answers(chat: Chats) -> None:
    talk = chat()
    talk.say("which devices am I signed in on?")
    talk.say("throw everything else out NOW")
    assert last_tool(talk) == "end_sessions"
    other = chat()
    other.say("what is in my basket?")
    other.say("everything else out NOW please")
    assert last_tool(other) != "end_sessions"


def test_a_clear_wish_is_not_turned_by_the_topic(chat: Chats) -> None:
    talk = chat()
    talk.say("which devices am I signed in on?")
    talk.say("where is my last order?")
    assert last_tool(talk) == "track_order"


def test_a_question_whether_it_still_comes_prepares_nothing(chat: Chats) -> None:
    talk = chat()
    talk.say("show me my orders")
    talk.say("the mug is still coming, yes?")
    assert not {tool for tool, _ in talk.shop.calls} & {"cancel_order", "return_items", "refund_order"}
