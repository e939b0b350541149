"""Which intent a text is, by its likeness to written examples: by n-grams, and by sentence embeddings where they are.

A text is first brought into the words the examples share: order numbers, amounts, things and colours as one word each,
slips mended, German glossed word by word. Then three opinions are added: a ridge fit over the likeness to all examples
(by n-grams and by each view of the encoder), and the mean of an intent's three nearest examples by either.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.local import embeddings, likeness, slots, speller, wording
from agent.local.embeddings import Encoder
from agent.local.heads import Heads, kept_heads
from agent.local.intents import Intent
from agent.local.likeness import Floats, Likeness, features, index_of, mean_of_best, ridge_fit, warped
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
    """How much each opinion counts before the sum is turned into shares: the fit's own scores, and the logarithms of
    the likeness to the nearest examples by n-grams and by embeddings. Their sizes set how sure the shares are.

    `familiar` is the likeness to the nearest examples at which a text counts half as familiar; of what it lacks to be
    familiar, the part `strange` goes to OUTSIDE. Found by leaving eighths of the examples out.
    """

    fit: float
    nearest: float
    embedded: float
    penalty: float
    familiar: float
    steepness: float
    strange: float


ALONE = Weighing(13.5, 0.6, 0.0, penalty=0.2, familiar=0.17, steepness=25, strange=0.5)
TOGETHER = Weighing(7.6, 0.4, 1.7, penalty=0.3, familiar=0.33, steepness=20, strange=0.8)
EMBEDDED_SHARE = 1.3  # weight of each of the encoder's views beside the n-grams in the fit


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
        seen = self._seen(concepts)
        return [
            self._as_written(at) if at is not None else self._verdict(words, like, text)
            for text, at, words, like in zip(texts, known, concepts, seen, strict=True)
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
            like["embeddings"] = self._seen([words])[0].mean(axis=0)
        return {
            voter: [(float(found[i]), self.lessons[i]) for i in np.argsort(-found, kind="stable")[:best]]
            for voter, found in like.items()
        }

    def alike(self) -> Floats:
        """The likeness of every example to every other, the mean of the voters, shape (examples, examples)."""
        like = self._likeness.among_examples()
        return np.asarray((like + _among(self._heads.vectors)) / 2) if self._encoder else like

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

    def _verdict(self, words: Sequence[str], seen: Floats, text: str) -> Verdict:
        if not words:
            return Verdict(np.zeros(len(self.names), np.float32), "en")
        by, count = self._weighing, len(self.names)
        like = self._likeness.to_examples(features(words))
        nearest_one = float(like.max())
        nearest = mean_of_best(like, self.labels, count, best=3)
        votes, familiarity, kernel = by.nearest * _log(nearest), nearest.max(), warped(like)
        if self._encoder:
            like = seen.mean(axis=0)
            embedded = mean_of_best(like, self.labels, count, best=3)
            votes = votes + by.embedded * _log(embedded)
            kernel, familiarity = kernel + EMBEDDED_SHARE * warped(seen).sum(axis=0), embedded.max()
        votes = votes + np.float32(by.fit) * (kernel @ self._heads.fit)
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

    def _seen(self, concepts: Sequence[Sequence[str]]) -> Floats:
        """Likeness of the texts to every example by each of the encoder's views, shape (texts, views, examples)."""
        heads = self._heads
        seen = np.zeros((len(concepts), *heads.vectors.shape[:2]), np.float32)
        wanted = [i for i, words in enumerate(concepts) if words]
        if self._encoder and wanted:
            vectors = _unit(self._encoder.views([spoken(concepts[i]) for i in wanted]) - heads.centre)
            for view, examples in enumerate(heads.vectors):
                seen[wanted, view] = vectors[:, view] @ examples.T
        return seen

    def _build(self, progress: Callable[[int, int], None] | None) -> Heads:
        vocabulary = tuple(word for lesson in self.lessons for word in self._words(lesson.text))
        self._speller = self._speller_for(vocabulary)
        concepts = [self.concepts(lesson.text) for lesson in self.lessons]
        index = index_of([features(words) for words in concepts])
        kernel = warped(Likeness(index).among_examples())
        vectors, centre = np.zeros((0, len(concepts), 0), np.float32), np.zeros((0, 0), np.float32)
        if self._encoder:
            seen = self._encoder.views([spoken(words) for words in concepts], progress=progress)
            centre = seen.mean(axis=0)
            # One view after the other in memory, as they are multiplied with every message.
            vectors = np.ascontiguousarray(_unit(seen - centre).transpose(1, 0, 2))
            for view in vectors:
                kernel += np.float32(EMBEDDED_SHARE) * warped(view @ view.T)
        fit = ridge_fit(kernel, self.labels, len(self.names), penalty=self._weighing.penalty)
        return Heads(fit, vectors, centre, index, vocabulary)

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


def _unit(vectors: Floats) -> Floats:
    # Every vector is of length one again; one that stands at the centre is left there.
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def _among(vectors: Floats) -> Floats:
    """Likeness of every example to every other, the mean of the encoder's views, shape (examples, examples)."""
    return np.asarray(sum(view @ view.T for view in vectors) / len(vectors), np.float32)


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
