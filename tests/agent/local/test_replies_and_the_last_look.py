"""The embedded model's own replies pass the last look: over many walks through the shop's records nothing is struck."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from agent.record import Record
from agent.saying import Look
from agent.stream import Checked

HERE = Path(__file__).parent
TODAY = date(2026, 11, 23)
WALKS = (
    ["show my orders", "where is the first one?", "cancel the tent", "did it work?", "what did the lantern cost?"],
    ["where is HP-7K3M-29QD", "when does it arrive?", "send it to my office", "then ask a person", "thanks"],
    ["the mug arrived broken", "refund it", "how much do I get back?", "is it done?", "what about my return?"],
    ["do you have tents under 20 euros?", "compare the tents", "is the ridge tent in stock?", "how is it rated?"],
    ["put two mugs in my basket", "blue", "make it three", "what is in my basket?", "check out"],
    ["can I return something after 30 days?", "how long does shipping take?", "what does your warranty cover?"],
    ["is two-factor on?", "where am I signed in?", "sign me out everywhere", "what do you know about me?"],
    ["which cards do I have?", "remove the visa", "show my e-mail settings", "turn the news off"],
    ["exchange the mug for the red one", "it does not fit", "report a missing parcel for HP-7K3M-29QD"],
    ["show the invoice of HP-9AAB-55CE", "order it again", "warranty claim for the mug", "it cracked after 3 weeks"],
    ["zeig meine Bestellungen", "wo ist die erste?", "storniere das Zelt", "hat es geklappt?", "danke"],
    ["wo ist HP-7K3M-29QD", "wann kommt es an?", "meine Tasse ist kaputt", "erstatte sie", "ist das Geld da?"],
    ["habt ihr Zelte unter 20 Euro?", "ist das Ridge Tent auf Lager?", "leg zwei Tassen in den Warenkorb", "blau"],
    ["kann ich nach 30 Tagen zurückgeben?", "wie lange dauert der Versand?", "ruf einen Menschen"],
    [
        "where is my parcel, you promised it for Friday!",
        "this is outrageous",
        "refund me 500 euros",
        "talk to a person",
    ],
)


def judged(messages: list[Any]) -> list[tuple[str, dict[str, int]]]:
    """Each text of the model with what was struck in it, over the records and words that came before."""
    record, found = Record(), []
    for message in messages:
        match message:
            case HumanMessage():
                record.hear(message.text)
                # A new turn: what was done before is settled now.
                record.settled |= record.done
                record.done.clear()
            case ToolMessage():
                record.learn(message.name or "", message.text, now=True)
            case AIMessage() if message.text:
                look = Look(record, today=TODAY)
                checked = Checked(look, room=10_000)
                told = "".join([*checked.feed(message.text), *checked.flush()])
                found += [(f"{message.text!r} -> {told!r}", dict(look.struck))] if look.struck else []
    return found


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk[0])
def test_a_walk_is_told_as_it_is(walk: list[str], chat: Callable[..., Any]) -> None:
    talk = chat()
    for line in walk:
        talk.say(line)
    assert judged(talk.messages) == []


@pytest.mark.parametrize("part", range(4))
def test_a_single_sentence_is_answered_as_it_is(part: int, chat: Callable[..., Any]) -> None:
    sentences = _sentences()[part::4]
    assert len(sentences) >= 30
    struck = []
    for sentence in sentences:
        talk = chat()
        talk.say(sentence)
        struck += judged(talk.messages)
    assert struck == []


def _sentences() -> list[str]:
    """Every second of the sentences that understanding is measured on, so that all intents have their say."""
    data = yaml.safe_load((HERE / "held_out_sentences.yaml").read_text("utf-8"))
    return [line.strip() for lines in data.values() for line in str(lines).splitlines() if line.strip()][::2]
