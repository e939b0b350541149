"""Which intent a text is, by its likeness to written examples: by n-grams, and by sentence embeddings where they are.

A text is first brought into the words the examples share: order numbers, amounts, things and colours as one word each,
slips mended, German glossed word by word. Then three opinions are multiplied: a ridge fit over the likeness to all
examples, and the mean of an intent's three nearest examples by embeddings and by n-grams.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.local import embeddings, likeness, slots, speller, wording
from agent.local.embeddings import Encoder
from agent.local.heads import Heads, kept_heads
from agent.local.intents import Intent
from agent.local.likeness import Floats, Likeness, features, index_of, mean_of_best, ridge_fit
from agent.local.slots import Reader
from agent.local.speller import Speller
from agent.local.wording import COMMON, language_of

OUTSIDE = "out_of_scope"  # the intent of what is none of the shop's business, if there is one
SENTENCE = 3  # words from which a strange text is taken to lie outside the shop's business
LOOKS_ALIKE = 0.45  # likeness by n-grams to one example that a text of a word or two must reach
CERTAIN = 0.98  # share of what stands in the examples word for word
LONGEST = 60  # words of a text that are weighed


@dataclass(frozen=True, slots=True)
class Weighing:
    """How much each opinion counts (an exponent), and what turns the product into shares.

    `familiar` is the likeness to the nearest examples at which a text counts half as familiar; of what it lacks to be
    familiar, the part `strange` goes to OUTSIDE. Found by leaving eighths of the examples out.
    """

    fit: float
    nearest: float
    embedded: float
    centroid: float
    penalty: float
    sharpness: float
    familiar: float
    steepness: float
    strange: float


ALONE = Weighing(1.0, 1.0, 0.0, 0.5, penalty=0.3, sharpness=1.5, familiar=0.17, steepness=25, strange=0.5)
TOGETHER = Weighing(1.0, 0.5, 4.0, 0.0, penalty=1.0, sharpness=1.25, familiar=0.35, steepness=16, strange=0.8)
EMBEDDED_SHARE = 2.0  # weight of the embeddings' likeness beside that of the n-grams in the fit


@dataclass(frozen=True, slots=True)
class Verdict:
    """The shares of all intents for a text (together at most 1, less for the unfamiliar), and its language."""

    shares: Floats
    language: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One example: its text, what it means, in which language it was written."""

    text: str
    intent: str
    language: str


class Classifier:
    """Shares of the intents for texts, fitted once on the examples."""

    def __init__(
        self,
        intents: Mapping[str, Intent],
        reader: Reader,
        *,
        encoder: Encoder | None = None,
        cache: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._reader, self._encoder = reader, encoder
        self._weighing = TOGETHER if encoder else ALONE
        self.names = tuple(intents)
        self.lessons = tuple(_lessons(intents))
        self.labels = np.array([self.names.index(lesson.intent) for lesson in self.lessons])
        self._sizes = np.bincount(self.labels, minlength=len(self.names)).astype(np.float32)
        self._exact = {plain(lesson.text): at for at, lesson in enumerate(self.lessons)}
        code = [Path(str(module.__file__)).read_bytes() for module in (likeness, embeddings, wording, slots, speller)]
        self._heads = kept_heads(
            cache,
            # Whatever the heads are made from names them, so that a change of any of it makes new ones.
            (code, Path(__file__).read_bytes(), self.lessons, reader.digest, encoder and encoder.digest),
            lambda: self._build(progress),
            intents=len(self.names),
        )
        self._speller = self._speller_for(self._heads.vocabulary)
        self._likeness = Likeness(self._heads.index)

    @property
    def voters(self) -> tuple[str, ...]:
        return ("n-grams", "embeddings") if self._encoder else ("n-grams",)

    def weigh(self, texts: Sequence[str]) -> list[Verdict]:
        """A verdict for each text; many at once cost hardly more than one."""
        known = [self._exact.get(plain(text)) for text in texts]
        concepts = [self.concepts(text) if at is None else [] for text, at in zip(texts, known, strict=True)]
        vectors = self._vectors(concepts)
        return [
            self._as_written(at) if at is not None else self._verdict(words, vector, text)
            for text, at, words, vector in zip(texts, known, concepts, vectors, strict=True)
        ]

    def _as_written(self, at: int) -> Verdict:
        """What a text means that stands in the examples as it is, for instance because it came from a button."""
        shares = np.zeros(len(self.names), np.float32)
        shares[self.labels[at]] = CERTAIN
        return Verdict(shares, self.lessons[at].language)

    def nearest(self, text: str, *, best: int = 5) -> dict[str, list[tuple[float, Lesson]]]:
        """For each voter the examples most like a text, with their likeness from 0 to 1."""
        words = self.concepts(text)
        like = {"n-grams": self._likeness.to_examples(features(words))}
        if self._encoder:
            like["embeddings"] = self._heads.vectors @ self._vectors([words])[0]
        return {
            voter: [(float(found[i]), self.lessons[i]) for i in np.argsort(-found, kind="stable")[:best]]
            for voter, found in like.items()
        }

    def alike(self) -> Floats:
        """The likeness of every example to every other, the mean of the voters, shape (examples, examples)."""
        like = self._likeness.among_examples()
        return np.asarray((like + self._heads.vectors @ self._heads.vectors.T) / 2) if self._encoder else like

    def concepts(self, text: str) -> list[str]:
        """The words a text is weighed by: masked, mended, glossed and folded."""
        known = self._reader.words
        words = self._speller.mend(self._words(text)[:LONGEST])
        if language_of(words, known, otherwise="en") == "de":
            words = [part for word in words for part in known.glossed(word)]
        return [self._fold(word) for word in words]

    def _words(self, text: str) -> list[str]:
        return self._reader.words.split(self._reader.mask(text))

    def _fold(self, word: str) -> str:
        known = self._reader.words
        if word in known.same:
            return known.same[word]
        return "item" if known.item(word) else "colour" if word in known.colours else "num" if word.isdigit() else word

    def _verdict(self, words: Sequence[str], vector: Floats, text: str) -> Verdict:
        if not words:
            return Verdict(np.zeros(len(self.names), np.float32), "en")
        by, count = self._weighing, len(self.names)
        like = self._likeness.to_examples(features(words))
        nearest_one = float(like.max())
        nearest = mean_of_best(like, self.labels, count, best=3)
        votes = np.asarray(by.nearest * _log(nearest), np.float32)
        if by.centroid:
            mean = np.bincount(self.labels, like, count).astype(np.float32) / self._sizes
            votes = votes + by.centroid * _log(mean)
        familiarity = nearest.max()
        if self._encoder:
            meant = self._heads.vectors @ vector
            embedded = mean_of_best(meant, self.labels, count, best=3)
            votes = votes + by.embedded * _log(embedded)
            like, familiarity = like + EMBEDDED_SHARE * meant, embedded.max()
        votes = np.float32(by.sharpness) * (votes + by.fit * _log(like @ self._heads.fit))
        shares = np.exp(votes - votes.max())
        familiar = 1 / (1 + np.exp(-by.steepness * (familiarity - by.familiar)))
        if len(words) < SENTENCE:
            # A vector of one word is always near some other word's, so a short text must also look like an example.
            familiar *= min(1.0, nearest_one / LOOKS_ALIKE)
        shares *= familiar / shares.sum()
        # A word or two that nobody knows may mean anything; a strange sentence is about something else.
        if OUTSIDE in self.names and len(words) >= SENTENCE:
            shares[self.names.index(OUTSIDE)] += by.strange * (1 - familiar)
        closest = self.lessons[int(like.argmax())].language
        language = language_of(self._reader.words.split(text), self._reader.words, otherwise=closest)
        return Verdict(np.asarray(shares, np.float32), language)

    def _vectors(self, concepts: Sequence[Sequence[str]]) -> Floats:
        if self._encoder is None:
            return np.zeros((len(concepts), 0), np.float32)
        vectors = np.zeros((len(concepts), embeddings.SIZE), np.float32)
        wanted = [i for i, words in enumerate(concepts) if words]
        vectors[wanted] = self._encoder.embed([spoken(concepts[i]) for i in wanted])
        return vectors

    def _build(self, progress: Callable[[int, int], None] | None) -> Heads:
        vocabulary = tuple(word for lesson in self.lessons for word in self._words(lesson.text))
        self._speller = self._speller_for(vocabulary)
        concepts = [self.concepts(lesson.text) for lesson in self.lessons]
        index = index_of([features(words) for words in concepts])
        like, vectors = Likeness(index).among_examples(), np.zeros((len(concepts), 0), np.float32)
        if self._encoder:
            vectors = self._encoder.embed([spoken(words) for words in concepts], progress=progress)
            like += EMBEDDED_SHARE * (vectors @ vectors.T)
        fit = ridge_fit(like, self.labels, len(self.names), penalty=self._weighing.penalty)
        return Heads(fit, vectors, index, vocabulary)

    def _speller_for(self, vocabulary: Sequence[str]) -> Speller:
        known = self._reader.words
        more = {*known.items, *known.aliases, *known.colours, *known.same, *known.gloss, *known.labels, *known.ordinals}
        return Speller(vocabulary, more=sorted(more | known.german | known.english), common=COMMON)


def plain(text: str) -> str:
    """A text in small letters without outer punctuation and doubled spaces: two that are plainly the same are equal."""
    return " ".join(text.casefold().strip(" .!?").split())


def spoken(words: Sequence[str]) -> str:
    """The words as the encoder reads them: its English knows no 'ordernumber'."""
    stand_ins = {"ordernumber": "order number", "num": "two", "colour": "blue"}
    return " ".join(stand_ins.get(word, word) for word in words)


def _log(votes: Floats) -> Floats:
    return np.asarray(np.log(np.clip(votes, 1e-3, None)), np.float32)


def _lessons(intents: Mapping[str, Intent]) -> Iterable[Lesson]:
    """Every example once: those of the intent, what its button says, and the contrasts its neighbours give."""
    written = (lesson for intent in intents.values() for lesson in _lessons_of(intent))
    return {(plain(lesson.text), lesson.intent): lesson for lesson in written}.values()


def _lessons_of(intent: Intent) -> Iterable[Lesson]:
    for language, texts in intent.examples.items():
        yield from (Lesson(text, intent.id, language) for text in texts)
    for language, choice in intent.choice.items():
        yield Lesson(choice, intent.id, language)
    for other, texts in intent.contrast.items():
        yield from (Lesson(text, other, "en") for text in texts)
