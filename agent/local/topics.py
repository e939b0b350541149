"""What a message most likely means after the answer before it: the same few words, read in the light of the topic."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from agent.local.asides import asks_how_it_stands
from agent.local.intents import Intent
from agent.local.tasks import Memory, Turn
from agent.local.understanding import Understander, Understanding
from agent.local.wording import Words, clean, fold, load_yaml

ALWAYS = "anything"  # the topic whose words decide where nothing else is open and the message is not clear
CHANGES = "changes"  # the topic that is open while a change is asked for in the conversation
MORE = 6.0  # how many times the share of an intent counts while its topic is open
FEWEST, ENOUGH = 0.03, 0.3  # shares (0-1): of the words alone, and with the topic, from which they are taken for it
AHEAD = 1.4  # how many times the share of the next one it must be
CLEAR, CERTAIN = 0.75, 0.9  # shares from which words need no topic, and from which not even its own words decide
# Heard in the words of many wishes: what the topic says weighs more than these alone.
FAINT = frozenset(
    {
        "list_orders",
        "show_order",
        "out_of_scope",
        "search_product",
        "which_order",
        "other_order",
        "agree",
        "goodbye",
        "complaint",
    }
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject of talk: the intents that open it, those that are likelier in it, and words that decide in it.
    ``always``: its words decide whatever the talk is about."""

    name: str
    after: frozenset[str]
    likely: frozenset[str]
    plain: tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]
    always: bool = False


class Topics:
    """Reads unsure messages by what the conversation is about."""

    def __init__(self, topics: Sequence[Topic], understander: Understander, words: Words) -> None:
        self._topics, self._understander, self._words = topics, understander, words

    def read(self, turn: Turn, memory: Memory, first: Understanding) -> Understanding:
        """The message as it is meant in this conversation; unchanged where its own words are clear."""
        near = self._near(turn, memory, first)
        if (said := self._plainly(near, first)) is not None:
            return replace(first, intent=said, confidence=CERTAIN)
        is_clear = first.band == "act" and (first.confidence >= CLEAR or first.intent not in FAINT)
        likely = frozenset[str]().union(*(topic.likely for topic in near))
        if is_clear or not likely or asks_how_it_stands(turn.text, self._words):
            return first
        return self._weighed(turn.text, first, likely)

    def _near(self, turn: Turn, memory: Memory, first: Understanding) -> list[Topic]:
        """The topics that are open: of the last answer, of the page, of what the message names; the nearest first."""
        last = memory.last.intent if memory.last else ""
        names = {"orders"} if first.slots.orders or turn.page.get("order") else set()
        names |= {"products"} if turn.page.get("product") else set()
        names |= {CHANGES} if memory.change else set()
        near = [topic for topic in self._topics if last in topic.after or topic.name in names]
        return [*near, *(topic for topic in self._topics if topic.name == ALWAYS or topic.always)]

    def _plainly(self, near: Sequence[Topic], first: Understanding) -> str | None:
        """What the words of an open topic decide, where they are not clearly another wish of the same topic."""
        said, is_sure = fold(first.text), first.band == "act" and first.intent not in FAINT
        for topic in near:
            beside = first.intent in topic.likely | topic.after or first.confidence >= CERTAIN
            if is_sure and (beside or topic.name == ALWAYS):
                continue
            for intent, patterns in topic.plain:
                if any(pattern.search(said) for pattern in patterns):
                    return intent
        return None

    def _weighed(self, text: str, first: Understanding, likely: frozenset[str]) -> Understanding:
        classifier = self._understander.classifier
        (verdict,) = classifier.weigh([clean(text)])
        more = np.array([MORE if name in likely else 1.0 for name in classifier.names])
        weighed = verdict.shares * more
        best = int(weighed.argmax())
        share = float(weighed[best] / max(1e-6, weighed.sum()))
        is_ahead = weighed[best] >= AHEAD * np.delete(weighed, best).max()
        if classifier.names[best] not in likely or verdict.shares[best] < FEWEST or share < ENOUGH or not is_ahead:
            return first
        return replace(first, intent=classifier.names[best], confidence=max(share, first.acts_from, CLEAR))


def load_topics(path: Path, intents: Mapping[str, Intent]) -> tuple[Topic, ...]:
    """The topics of a file; none where there is no file. ValueError names an intent that does not exist."""
    if not path.exists():
        return ()
    topics = tuple(_topic(name, data) for name, data in load_yaml(path).items())
    for topic in topics:
        for intent in (*topic.after, *topic.likely, *(name for name, _ in topic.plain)):
            if intent not in intents:
                raise ValueError(f"{path.name}: the topic {topic.name} names {intent}, which is no intent")
    return topics


def _topic(name: str, data: Mapping[str, object]) -> Topic:
    plain = data.get("plain") or {}
    assert isinstance(plain, Mapping)  # noqa: S101 - the file's shape; a list here is a mistake of its author
    rules = tuple((str(intent), tuple(re.compile(p, re.S) for p in patterns)) for intent, patterns in plain.items())
    after, likely = (frozenset(map(str, data.get(key) or ())) for key in ("after", "likely"))  # type: ignore[call-overload]
    return Topic(name, after, likely, rules, bool(data.get("always")))
