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
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.local.intents import Intent
from agent.local.slots import Mentions, Reader
from agent.local.speller import Speller
from agent.local.wording import clean, language_of

Floats = npt.NDArray[np.float32]
ACT, DOUBT = 0.5, 0.35  # From ACT on we act; from DOUBT on we ask which of two; below we say what we can do.
RIDGE = 0.3  # weight of the penalty in the ridge fit, found on the examples by leaving parts out
SHARPNESS = 1.4  # inverse temperature that turns joined votes into shares, found the same way
FAMILIAR = 0.17  # likeness to the nearest examples at which a message counts half as familiar
MEMO = 512  # messages whose understanding is kept, since every turn reads the whole conversation again
SMALL_TALK = frozenset({"greet", "thanks", "goodbye", "complaint", "out_of_scope", "agree", "decline", "help"})
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


class Likeness:
    """TF-IDF over the examples as an inverted index: the cosine of a message to every example, cheaply."""

    def __init__(self, documents: Sequence[Counter[str]]) -> None:
        seen = Counter(feature for document in documents for feature in document)
        self._index = {feature: i for i, feature in enumerate(seen)}
        self._idf = np.log((1 + len(documents)) / (1 + np.fromiter(seen.values(), np.float32))) + 1
        self._kinds = np.fromiter((feature[0] == "w" for feature in seen), bool)
        self.count = len(documents)
        pairs = [self._weigh(document) for document in documents]
        columns = np.concatenate([column for column, _ in pairs])
        rows = np.repeat(np.arange(self.count, dtype=np.int32), [len(column) for column, _ in pairs])
        order = np.argsort(columns, kind="stable")
        self._rows, self._values = rows[order], np.concatenate([weights for _, weights in pairs])[order]
        self._starts = np.searchsorted(columns[order], np.arange(len(seen) + 1))

    def to_examples(self, document: Counter[str]) -> Floats:
        """Cosine of the message's features to each example, shape (examples,), 0 to 1."""
        columns, weights = self._weigh(document)
        starts, ends = self._starts[columns], self._starts[columns + 1]
        lengths = ends - starts
        offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        at = np.repeat(starts, lengths) + offsets
        found = np.bincount(self._rows[at], self._values[at] * np.repeat(weights, lengths), self.count)
        return found.astype(np.float32)

    def among_examples(self) -> Floats:
        """Cosine of every example to every other, shape (examples, examples)."""
        counts = np.diff(self._starts)
        # What one example alone has adds to its likeness with itself only, so half the columns need no multiplying.
        shared = np.flatnonzero(counts > 1)
        place = np.zeros(len(counts), np.int32)
        place[shared] = np.arange(len(shared))
        columns = np.repeat(np.arange(len(counts)), counts)
        kept = counts[columns] > 1
        dense = np.zeros((self.count, len(shared)), np.float32)
        dense[self._rows[kept], place[columns[kept]]] = self._values[kept]
        alone = np.bincount(self._rows[~kept], self._values[~kept] ** 2, self.count)
        return np.asarray(dense @ dense.T + np.diag(alone), np.float32)

    def _weigh(self, document: Counter[str]) -> tuple[npt.NDArray[np.int64], Floats]:
        # A feature no example has still counts for the length, or one known word would make any sentence familiar.
        known = [(self._index[f], n) for f, n in document.items() if f in self._index]
        strange = {"w": 0, "c": 0}
        for feature in document:
            if feature not in self._index:
                strange[feature[0]] += 1
        columns = np.array([i for i, _ in known], np.int64)
        weights = (1 + np.log(np.array([n for _, n in known], np.float32))) * self._idf[columns]
        rare = float(np.log(1 + self.count)) + 1
        for kind, chosen in (("w", self._kinds[columns]), ("c", ~self._kinds[columns])):
            length = float(np.sqrt((weights[chosen] ** 2).sum() + 0.25 * strange[kind] * rare**2))
            weights[chosen] *= np.sqrt(0.5) / (length or 1.0)
        return columns, weights.astype(np.float32)


class Classifier:
    """Shares of the intents for a message, fitted once on the examples."""

    def __init__(self, intents: Mapping[str, Intent], reader: Reader, *, cache: Path | None = None) -> None:
        self._reader = reader
        self.names = tuple(intents)
        labelled = list(_labelled(intents))
        words = [self._words(text) for text, _, _ in labelled]
        self._speller = Speller(
            [w for ws in words for w in ws] + sorted(reader.words.items | set(reader.words.aliases))
        )
        self._labels = np.array([self.names.index(name) for _, name, _ in labelled])
        self.languages = tuple(language for _, _, language in labelled)
        masked = [self._masked(ws) for ws in words]
        self._likeness = Likeness([features(ws) for ws in masked])
        self._sizes = np.bincount(self._labels, minlength=len(self.names)).astype(np.float32)
        self._fit = self._cached_fit(masked, cache) if cache else self._fresh_fit()

    def _fresh_fit(self) -> Floats:
        return _ridge(self._likeness.among_examples(), self._labels, len(self.names))

    def _cached_fit(self, masked: Sequence[Sequence[str]], folder: Path) -> Floats:
        """The fit kept for exactly these examples and this code, else a fresh one that is then kept."""
        code = Path(__file__).read_bytes()
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
        nearest = _mean_of_best(like, self._labels, len(self.names), best=3)
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
        self._memo: OrderedDict[str, tuple[Understanding, ...]] = OrderedDict()

    def requests(self, text: str) -> tuple[Understanding, ...]:
        """The requests in a message, in order: one unless two are clear. Small talk beside a wish is dropped."""
        text = clean(text)
        if text not in self._memo:
            self._memo[text] = self._split(text)
            if len(self._memo) > MEMO:
                self._memo.popitem(last=False)
        return self._memo[text]

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
        distinct = _wishes(list({part.intent: part for part in reversed(sure)}.values())[::-1])
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
            apart = left.intent != right.intent and min(left.confidence, right.confidence) >= 0.6
            if apart and not {left.intent, right.intent} & (SMALL_TALK | UNSPLIT) and len(right.text.split()) > 1:
                return [left, right]
        return [whole]


UNSPLIT = frozenset({"which_order", "other_order", "never_mind", "injection"})


def _wishes(parts: list[Understanding]) -> list[Understanding]:
    """The parts that wish for something: "I ordered it last month" beside a wish only tells its story."""
    names = {part.intent for part in parts}
    story = {"list_orders", "show_order"} | (
        {"refund_status", "return_question"} if "refund_damaged" in names else set()
    )
    return [part for part in parts if part.intent not in story] or parts


def features(words: Sequence[str]) -> Counter[str]:
    """Counts of word 1-2-grams ('w…') and of character 2-5-grams within padded words ('c…')."""
    counts: Counter[str] = Counter()
    for word, following in zip(words, [*words[1:], ""], strict=True):
        counts["w" + word] += 1
        if following:
            counts[f"w{word} {following}"] += 1
        padded = f" {word[:24]} "
        counts.update("c" + padded[i : i + n] for n in (2, 3, 4, 5) for i in range(len(padded) - n + 1))
    return counts


def _labelled(intents: Mapping[str, Intent]) -> Iterable[tuple[str, str, str]]:
    for intent in intents.values():
        for language, texts in intent.examples.items():
            yield from ((text, intent.id, language) for text in texts)
        for language, choice in intent.choice.items():
            yield choice, intent.id, language
        for other, texts in intent.contrast.items():
            yield from ((text, other, "en") for text in texts)


def _ridge(kernel: Floats, labels: npt.NDArray[np.int64], classes: int) -> Floats:
    targets = np.eye(classes, dtype=np.float32)[labels]
    # Small intents weigh as much as large ones, or the sixty sentences out of scope would swallow the doubtful.
    weights = (1 / np.bincount(labels, minlength=classes))[labels]
    penalty = np.diag(RIDGE * np.sqrt(weights.mean() / weights)).astype(np.float32)
    return np.linalg.solve(kernel + penalty, targets).astype(np.float32)


def _mean_of_best(like: Floats, labels: npt.NDArray[np.int64], classes: int, *, best: int) -> Floats:
    order = np.lexsort((-like, labels))
    starts = np.searchsorted(labels[order], np.arange(classes))
    within = np.arange(len(like)) - starts[labels[order]]
    top = order[within < best]
    return (np.bincount(labels[top], like[top], classes) / best).astype(np.float32)


def _over(part: Understanding, whole: Understanding) -> Understanding:
    return Understanding(
        part.intent, part.confidence, whole.intent, whole.confidence, whole.slots, whole.language, whole.text
    )
