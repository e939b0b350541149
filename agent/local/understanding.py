"""Understands one message: which requests are in it, each with its intent, how surely, and what else it could be."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from agent.local.classifier import Classifier, Verdict
from agent.local.embeddings import Encoder
from agent.local.intents import Intent
from agent.local.slots import Mentions, Reader
from agent.local.wording import clean

ACT, DOUBT = 0.5, 0.35  # From ACT on we act; from DOUBT on we ask which of two; below we say what we can do.
MEMO = 256  # messages whose understanding is kept, since every turn reads the whole conversation again
SMALL_TALK = frozenset(
    {"greet", "thanks", "goodbye", "complaint", "out_of_scope", "my_name", "agree", "decline", "help"}
)
SALUTATION = frozenset({"my_name", "greet"})
UNSPLIT = frozenset({"which_order", "other_order", "never_mind", "injection"})
# "The knife was blunt, give me my money back": what goes before a refund is a wish of its own only when it asks.
STORY = frozenset({"search_product", "product_question", "where_is_order", "delivery_estimate", "show_basket"})
ASKING = frozenset(
    ("where", "show", "find", "do", "have", "when", "track", "looking", "search", "wo", "wann", "zeig", "habt", "suche")
)
SENTENCES, CUTS = 8, 4  # sentences of a message that are read on their own; places where one may be cut
STRONG = re.compile(r"[.!?;\n]+\s+|\n+")
WEAK = re.compile(r"\s*,\s+(?:and\s+|und\s+)?|\s+(?:and|but|und|aber|also|then)\s+", re.I)


@dataclass(frozen=True, slots=True)
class Understanding:
    """One request: its intent and share (0-1), the runner-up and its share, what it names, its language, its words."""

    intent: str
    confidence: float
    runner_up: str
    runner_up_confidence: float
    slots: Mentions
    language: str
    text: str

    @property
    def band(self) -> str:
        """'act', 'doubt' or 'lost'."""
        return "act" if self.confidence >= ACT else "doubt" if self.confidence >= DOUBT else "lost"

    def as_dict(self) -> dict[str, Any]:
        """For a command line: everything, with only the slots that were named."""
        data = asdict(self)
        data["slots"] = {name: value for name, value in data["slots"].items() if value and name != "words"}
        return data | {"band": self.band}


class Understander:
    """From a message to the requests in it; pure but for a bounded memo."""

    def __init__(
        self,
        intents: Mapping[str, Intent],
        reader: Reader,
        *,
        encoder: Encoder | None = None,
        cache: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.classifier = Classifier(intents, reader, encoder=encoder, cache=cache, progress=progress)
        self._reader = reader
        self._actions = {name: (it.tool or name, it.slots) for name, it in intents.items()}
        # lru_cache is safe between threads; it is bounded, in memory only, and `forget` empties it.
        self._kept = lru_cache(maxsize=MEMO)(self._split)

    @property
    def voters(self) -> tuple[str, ...]:
        """What decides together on the meaning of a message."""
        return self.classifier.voters

    def requests(self, text: str) -> tuple[Understanding, ...]:
        """The requests in a message, in order: one unless two are clear. Small talk beside a wish is dropped."""
        return self._kept(clean(text))

    def upset(self, text: str) -> bool:
        """Whether a part of the message is a complaint, beside what it asks for."""
        parts = [part for sentence in STRONG.split(clean(text)[:400]) for part in WEAK.split(sentence) if part.strip()]
        return any(heard.intent == "complaint" and heard.band == "act" for heard in self.each(parts[:6]))

    def forget(self) -> None:
        """Empties the memo, for example when a customer's key is destroyed."""
        self._kept.cache_clear()

    def one(self, text: str) -> Understanding:
        """The whole text as a single request."""
        return self.each([text])[0]

    def each(self, texts: Sequence[str]) -> list[Understanding]:
        """Each text as a single request; many at once cost hardly more than one."""
        cleaned = [clean(text) for text in texts]
        return [
            self._understood(text, verdict)
            for text, verdict in zip(cleaned, self.classifier.weigh(cleaned), strict=True)
        ]

    def _understood(self, text: str, verdict: Verdict) -> Understanding:
        first, second = (int(i) for i in np.argsort(-verdict.shares, kind="stable")[:2])
        names, shares = self.classifier.names, verdict.shares
        return Understanding(
            names[first],
            float(shares[first]),
            names[second],
            float(shares[second]),
            self._reader.read(text),
            verdict.language,
            text,
        )

    def _split(self, text: str) -> tuple[Understanding, ...]:
        sentences = [part for part in STRONG.split(text)[:SENTENCES] if part.strip()]
        cuts = [(sentence, mark) for sentence in sentences for mark in list(WEAK.finditer(sentence))[:CUTS]]
        pieces = [piece for sentence, mark in cuts for piece in (sentence[: mark.start()], sentence[mark.end() :])]
        texts = list(dict.fromkeys([text, *sentences, *pieces]))
        heard = dict(zip(texts, self.each(texts), strict=True))
        whole = heard[text]
        halves = [half for sentence in sentences for half in self._halves(sentence, heard)]
        sure = [part for part in halves if part.confidence >= ACT and part.intent not in SMALL_TALK]
        if len(halves) == 1 and halves[0].text != whole.text:
            return tuple(halves)
        distinct = _wishes(list({self._actions[part.intent]: part for part in reversed(sure)}.values())[::-1])
        if len(distinct) >= 2 and "injection" not in {part.intent for part in sure}:
            return tuple(distinct[:3])
        # One request in several sentences keeps all its words: the reason may be in one, the thing in another.
        if len(sentences) > 1 and distinct and (whole.intent != distinct[0].intent or whole.confidence < ACT):
            return (_over(distinct[0], whole),)
        return (whole,)

    def _halves(self, sentence: str, heard: Mapping[str, Understanding]) -> list[Understanding]:
        for mark in list(WEAK.finditer(sentence))[:CUTS]:
            left, right = heard[sentence[: mark.start()]], heard[sentence[mark.end() :]]
            if left.intent in SALUTATION and left.band == "act" and right.band == "act":
                return [right]
            if self._apart(left, right):
                return [left, right]
        return [heard[sentence]]

    def _apart(self, left: Understanding, right: Understanding) -> bool:
        """Whether the halves of a sentence are two wishes: both sure, not alike, and none only telling the story."""
        names, actions = {left.intent, right.intent}, {self._actions[left.intent], self._actions[right.intent]}
        if names == {"return_question", "refund_status"}:
            return False
        if len(actions) < 2 or names & (SMALL_TALK | UNSPLIT) or names == {"add_to_basket", "show_basket"}:
            return False
        if min(left.confidence, right.confidence) < 0.6 or len(right.text.split()) < 2:
            return False
        told = next((half for half in (left, right) if half.intent in STORY), None)
        return "refund_damaged" not in names or told is None or bool(ASKING & set(told.slots.words))


def _wishes(parts: list[Understanding]) -> list[Understanding]:
    """The parts that wish for something: "I ordered it last month" beside a wish only tells its story."""
    names = {part.intent for part in parts}
    story = {"list_orders", "show_order"} | (
        {"refund_status", "return_question"} if "refund_damaged" in names else set()
    )
    return [part for part in parts if part.intent not in story] or parts


def _over(part: Understanding, whole: Understanding) -> Understanding:
    return Understanding(
        part.intent, part.confidence, whole.intent, whole.confidence, whole.slots, whole.language, whole.text
    )
