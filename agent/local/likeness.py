"""How alike two texts are, in plain numpy: TF-IDF of n-grams as an inverted index, and what is fitted on top of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int32]
NARROW = 1.5  # how narrow the Gaussian is; found by leaving examples out
AT_ONCE = 4_096  # features that are multiplied at once when all examples are compared


@dataclass(frozen=True, slots=True)
class Index:
    """The examples turned round: for each feature the examples that have it (from `starts[i]` to `starts[i + 1]`)."""

    features: tuple[str, ...]
    idf: Floats
    starts: Whole
    rows: Whole
    values: Floats
    count: int

    def is_sound(self) -> bool:
        """Whether the parts fit one another, so that looking something up can't go astray."""
        sizes = len(self.features) == len(self.idf) == len(self.starts) - 1 and len(self.rows) == len(self.values)
        return bool(
            sizes
            and self.starts[0] == 0
            and self.starts[-1] == len(self.rows)
            and (np.diff(self.starts) >= 0).all()
            and (self.rows >= 0).all()
            and (self.rows < self.count).all()
            and np.isfinite(self.idf).all()
            and np.isfinite(self.values).all()
        )


def index_of(documents: Sequence[Counter[str]]) -> Index:
    """The index of the examples' features, with TF-IDF weights of length one for each example."""
    seen = Counter(feature for document in documents for feature in document)
    idf = (np.log((1 + len(documents)) / (1 + np.fromiter(seen.values(), np.float32))) + 1).astype(np.float32)
    empty = np.zeros(0, np.int32)
    bare = Likeness(Index(tuple(seen), idf, np.zeros(len(seen) + 1, np.int32), empty, idf[:0], len(documents)))
    pairs = [bare.weigh(document) for document in documents]
    columns = np.concatenate([column for column, _ in pairs])
    rows = np.repeat(np.arange(len(documents), dtype=np.int32), [len(column) for column, _ in pairs])
    order = np.argsort(columns, kind="stable")
    values = np.concatenate([weights for _, weights in pairs])[order]
    starts = np.searchsorted(columns[order], np.arange(len(seen) + 1)).astype(np.int32)
    return Index(tuple(seen), idf, starts, rows[order], values, len(documents))


class Likeness:
    """TF-IDF over the examples as an inverted index: the cosine of a message to every example, cheaply."""

    def __init__(self, index: Index) -> None:
        self._places = {feature: i for i, feature in enumerate(index.features)}
        self._idf, self._starts, self._rows, self._values = index.idf, index.starts, index.rows, index.values
        self._kinds = np.fromiter((feature[0] == "w" for feature in index.features), bool)
        self.count = index.count

    def to_examples(self, document: Counter[str]) -> Floats:
        """Cosine of the message's features to each example, shape (examples,), 0 to 1."""
        columns, weights = self.weigh(document)
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
        alone = np.bincount(self._rows[~kept], self._values[~kept] ** 2, self.count)
        like = np.diag(alone).astype(np.float32)
        rows, at, values = self._rows[kept], place[columns[kept]], self._values[kept]
        # Some columns at a time, so that the examples may grow without a table of all features.
        for start in range(0, len(shared), AT_ONCE):
            now = (at >= start) & (at < start + AT_ONCE)
            dense = np.zeros((self.count, AT_ONCE), np.float32)
            dense[rows[now], at[now] - start] = values[now]
            like += dense @ dense.T
        return like

    def weigh(self, document: Counter[str]) -> tuple[npt.NDArray[np.int64], Floats]:
        """The places of a text's features that examples have, and their weights; the whole text has length one."""
        # A feature no example has still counts for the length, or one known word would make any sentence familiar.
        known = [(self._places[f], n) for f, n in document.items() if f in self._places]
        strange = {"w": 0, "c": 0}
        for feature in document:
            if feature not in self._places:
                strange[feature[0]] += 1
        columns = np.array([i for i, _ in known], np.int64)
        weights = (1 + np.log(np.array([n for _, n in known], np.float32))) * self._idf[columns]
        rare = float(np.log(1 + self.count)) + 1
        for kind, chosen in (("w", self._kinds[columns]), ("c", ~self._kinds[columns])):
            length = float(np.sqrt((weights[chosen] ** 2).sum() + 0.25 * strange[kind] * rare**2))
            weights[chosen] *= np.sqrt(0.5) / (length or 1.0)
        return columns, weights.astype(np.float32)


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


def warped(like: Floats) -> Floats:
    """Likeness as a fit sees it: what is nearly the same counts far more than what is somewhat alike (Gaussian kernel).

    Between vectors of length one, exp(c (cosine - 1)) is the Gaussian of their distance.
    """
    return np.asarray(np.exp(np.float32(NARROW) * (like - 1)), np.float32)


def ridge_fit(kernel: Floats, labels: npt.NDArray[np.int64], classes: int, *, penalty: float) -> Floats:
    """Weights, shape (examples, classes), of a ridge fit from likeness to examples to the class of each."""
    targets = np.eye(classes, dtype=np.float32)[labels]
    # Small intents weigh as much as large ones, or the sixty sentences out of scope would swallow the doubtful.
    weights = (1 / np.bincount(labels, minlength=classes))[labels]
    penalties = np.diag(penalty * np.sqrt(weights.mean() / weights)).astype(np.float32)
    return np.linalg.solve(kernel + penalties, targets).astype(np.float32)


def mean_of_best(like: Floats, labels: npt.NDArray[np.int64], classes: int, *, best: int) -> Floats:
    """For each class the mean likeness of its `best` most alike examples, shape (classes,)."""
    # One key for both, since a likeness stays within -1 and 1: by class, and within it the most alike first.
    order = np.argsort(4.0 * labels - like)
    starts = np.searchsorted(labels[order], np.arange(classes))
    within = np.arange(len(like)) - starts[labels[order]]
    top = order[within < best]
    return (np.bincount(labels[top], like[top], classes) / best).astype(np.float32)
