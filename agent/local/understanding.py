"""Understands one message: which intent, how surely, what else it could be; by likeness to written examples.

Likeness is the cosine of TF-IDF vectors of character 2-5-grams and of word 1-2-grams, in plain numpy. Three views of it
vote: the mean of an intent's three nearest examples, its centroid, and a ridge fit over all likenesses,
multiplied.
A later voter (sentence embeddings) adds a factor to the same product.
"""

import contextlib
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

from agent.local import likeness
from agent.local.intents import Intent
from agent.local.likeness import Floats, Likeness, features, mean_of_best, ridge_fit
from agent.local.slots import Mentions, Reader
from agent.local.speller import Speller
from agent.local.wording import clean, language_of

ACT, DOUBT = 0.5, 0.35  # From ACT on we act; from DOUBT on we ask which of two; below we say what we can do.
SHARPNESS = 1.7  # inverse temperature that turns joined votes into shares, found the same way
FAMILIAR = 0.17  # likeness to the nearest examples at which a message counts half as familiar
COMMON = tuple(FREQUENCY_LISTS["english_wikipedia"][:8_000])  # the commonest English words, which zxcvbn carries
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


class Classifier:
    """Shares of the intents for a message, fitted once on the examples."""

    def __init__(self, intents: Mapping[str, Intent], reader: Reader, *, cache: Path | None = None) -> None:
        self._reader = reader
        self.names = tuple(intents)
        labelled = list(_labelled(intents))
        words = [self._words(text) for text, _, _ in labelled]
        vocabulary = [w for ws in words for w in ws] + sorted(reader.words.items | set(reader.words.aliases))
        self._speller = Speller(vocabulary, common=COMMON)
        self._labels = np.array([self.names.index(name) for _, name, _ in labelled])
        self.languages = tuple(language for _, _, language in labelled)
        masked = [self._masked(ws) for ws in words]
        self._likeness = Likeness([features(ws) for ws in masked])
        self._sizes = np.bincount(self._labels, minlength=len(self.names)).astype(np.float32)
        self._fit = self._cached_fit(masked, cache) if cache else self._fresh_fit()

    def _fresh_fit(self) -> Floats:
        return ridge_fit(self._likeness.among_examples(), self._labels, len(self.names))

    def _cached_fit(self, masked: Sequence[Sequence[str]], folder: Path) -> Floats:
        """The fit kept for exactly these examples and this code, else a fresh one that is then kept."""
        code = Path(__file__).read_bytes() + Path(likeness.__file__).read_bytes()
        key = blake2b(code + repr((masked, self._labels.tolist())).encode(), digest_size=16).hexdigest()
        file, wanted = folder / f"heads-{key}.npz", (self._likeness.count, len(self.names))
        try:
            # Without pickle a planted file can at most make us misunderstand; it can't run.
            with np.load(file, allow_pickle=False) as kept:
                fit = kept["fit"]
            if fit.shape == wanted and fit.dtype == np.float32 and bool(np.isfinite(fit).all()):
                return np.asarray(fit, np.float32)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            pass
        fit = self._fresh_fit()
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
                np.savez(part, fit=fit)
            Path(part.name).replace(file)
        return fit

    def shares(self, text: str) -> tuple[Floats, str]:
        """A share for each of `names`, together at most 1, less for the unfamiliar; and the nearest language."""
        words = self._masked(self._speller.mend(self._words(text)))
        if not words:
            return np.zeros(len(self.names), np.float32), "en"
        like = self._likeness.to_examples(features(words))
        nearest = mean_of_best(like, self._labels, len(self.names), best=3)
        centroid = np.bincount(self._labels, like, len(self.names)) / self._sizes
        ridge = np.clip(like @ self._fit, 1e-3, None)
        votes = np.log(np.clip(nearest, 1e-3, None)) + 0.5 * np.log(np.clip(centroid, 1e-3, None)) + np.log(ridge)
        shares = np.exp(SHARPNESS * (votes - votes.max()))
        familiar = 1 / (1 + np.exp(-25 * (nearest.max() - FAMILIAR)))
        return (shares / shares.sum() * familiar).astype(np.float32), self.languages[int(like.argmax())]

    def _words(self, text: str) -> list[str]:
        return self._reader.words.split(self._reader.mask(text))

    def _masked(self, words: list[str]) -> list[str]:
        return [self._fold(word) for word in words[:60]]

    def _fold(self, word: str) -> str:
        known = self._reader.words
        if word in known.same:
            return known.same[word]
        return "item" if known.item(word) else "colour" if word in known.colours else "num" if word.isdigit() else word


class Understander:
    """From a message to the requests in it; pure but for a bounded memo."""

    def __init__(self, intents: Mapping[str, Intent], reader: Reader, *, cache: Path | None = None) -> None:
        self._classifier = Classifier(intents, reader, cache=cache)
        self._reader = reader
        self._actions = {name: (it.tool or name, it.slots) for name, it in intents.items()}
        # lru_cache is safe between threads; it is bounded, in memory only, and `forget` empties it.
        self._kept = lru_cache(maxsize=MEMO)(self._split)

    def requests(self, text: str) -> tuple[Understanding, ...]:
        """The requests in a message, in order: one unless two are clear. Small talk beside a wish is dropped."""
        return self._kept(clean(text))

    def upset(self, text: str) -> bool:
        """Whether a part of the message is a complaint, beside what it asks for."""
        parts = [part for sentence in STRONG.split(clean(text)[:400]) for part in WEAK.split(sentence) if part.strip()]
        return any(heard.intent == "complaint" and heard.band == "act" for heard in map(self.one, parts[:6]))

    def forget(self) -> None:
        """Empties the memo, for example when a customer's key is destroyed."""
        self._kept.cache_clear()

    def one(self, text: str) -> Understanding:
        """The whole text as a single request."""
        text = clean(text)
        shares, nearest = self._classifier.shares(text)
        first, second = (int(i) for i in np.argsort(-shares)[:2])
        language = language_of(self._reader.words.split(text), self._reader.words, otherwise=nearest)
        names = self._classifier.names
        return Understanding(
            names[first],
            float(shares[first]),
            names[second],
            float(shares[second]),
            self._reader.read(text),
            language,
            text,
        )

    def _split(self, text: str) -> tuple[Understanding, ...]:
        whole = self.one(text)
        sentences = [part for part in STRONG.split(text)[:8] if part.strip()]
        halves = [half for sentence in sentences for half in self._halves(sentence)]
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

    def _halves(self, sentence: str) -> list[Understanding]:
        whole = self.one(sentence)
        for mark in WEAK.finditer(sentence):
            left, right = self.one(sentence[: mark.start()]), self.one(sentence[mark.end() :])
            if left.intent in SALUTATION and left.band == "act" and right.band == "act":
                return [right]
            if self._apart(left, right):
                return [left, right]
        return [whole]

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


def _labelled(intents: Mapping[str, Intent]) -> Iterable[tuple[str, str, str]]:
    for intent in intents.values():
        for language, texts in intent.examples.items():
            yield from ((text, intent.id, language) for text in texts)
        for language, choice in intent.choice.items():
            yield choice, intent.id, language
        for other, texts in intent.contrast.items():
            yield from ((text, other, "en") for text in texts)


def _over(part: Understanding, whole: Understanding) -> Understanding:
    return Understanding(
        part.intent, part.confidence, whole.intent, whole.confidence, whole.slots, whole.language, whole.text
    )
