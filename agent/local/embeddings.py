"""Sentence embeddings in plain numpy: WordPiece, the six layers of all-MiniLM-L6-v2, mean pooling, length one.

Sentences of different lengths are packed after one another, so nothing is padded and nothing has to be masked; only
attention runs sentence by sentence. Pure and repeatable: the same text gives the same vector.
"""

import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import structlog

from agent.local.weights import Weights, WeightsUnusable, find_weights, read_weights

log = structlog.get_logger(__name__)
Floats = npt.NDArray[np.float32]
HEADS = 12
LAYERS = 6
SIZE = 384
# The layers whose means tell intents apart: the last knows the subject best, those in the middle who does what, when.
VIEWS = (3, 5, 6)
LONGEST = 64  # pieces of a text that are read: what somebody wants is said within fifty words
PACK = 768  # pieces worked on at once when many texts are read
LETTERS = 40  # of a word; a longer one is no word


class Encoder:
    """Turns texts into vectors of length one."""

    def __init__(self, weights: Weights) -> None:
        self.digest = weights.digest
        self._numbers = {piece: number for number, piece in enumerate(weights.vocabulary)}
        self._tensors = {name: t for name, t in weights.tensors.items() if name.startswith("embeddings.")}
        self._layers = [_Layer(weights, number) for number in range(LAYERS)]

    def embed(self, texts: Sequence[str]) -> Floats:
        """One vector for each text, in order: that of the last layer, as the encoder was taught to write it."""
        return self.views(texts)[:, -1]

    def views(self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None) -> Floats:
        """Each text as the layers in VIEWS see it, shape (texts, views, 384), every vector of length one.

        `progress` is told how many are done, of how many.
        """
        pieces = [self.pieces(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda i: len(pieces[i]))
        vectors = np.zeros((len(texts), len(VIEWS), SIZE), np.float32)
        pack: list[int] = []
        for done, i in enumerate(order, start=1):
            pack.append(i)
            if done == len(order) or sum(len(pieces[j]) for j in pack) >= PACK:
                vectors[pack] = self._read([pieces[j] for j in pack])
                pack = []
                if progress:
                    progress(done, len(order))
        return vectors

    def pieces(self, text: str) -> list[int]:
        """The numbers of a text's word pieces (greedy longest match, Schuster and Nakajima 2012), framed."""
        found = [number for word in _words(text) for number in self._pieces_of(word)]
        return [self._numbers["[CLS]"], *found[: LONGEST - 2], self._numbers["[SEP]"]]

    def _pieces_of(self, word: str) -> list[int]:
        if len(word) > LETTERS:
            return [self._numbers["[UNK]"]]
        found, start = [], 0
        while start < len(word):
            front = "##" if start else ""
            end = next((e for e in range(len(word), start, -1) if front + word[start:e] in self._numbers), None)
            if end is None:
                return [self._numbers["[UNK]"]]
            found.append(self._numbers[front + word[start:end]])
            start = end
        return found

    def _read(self, sentences: Sequence[Sequence[int]]) -> Floats:
        lengths = np.array([len(sentence) for sentence in sentences])
        ends = np.cumsum(lengths)
        spans = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        at, tensors = "embeddings.", self._tensors
        places = np.concatenate([np.arange(length) for length in lengths])
        state = tensors[at + "word_embeddings.weight"][np.concatenate(sentences)]
        state = state + tensors[at + "position_embeddings.weight"][places]
        state = state + tensors[at + "token_type_embeddings.weight"][0]
        state = _normed(state, tensors[at + "LayerNorm.weight"], tensors[at + "LayerNorm.bias"])
        seen = []
        for number, layer in enumerate(self._layers, start=1):
            state = layer.through(state, spans)
            if number in VIEWS:
                seen.append(np.add.reduceat(state, ends - lengths) / lengths[:, None])
        means = np.stack(seen, axis=1)
        return np.asarray(means / np.linalg.norm(means, axis=2, keepdims=True), np.float32)


def load_encoder(find: Callable[[], Path | None] = find_weights) -> Encoder | None:
    """The encoder with the installed weights; None without them, or (with a line in the log) with wrong ones."""
    folder = find()
    if folder is None:
        return None
    try:
        return Encoder(read_weights(folder))
    except WeightsUnusable as error:
        log.warning("the sentence encoder is left out, n-grams decide alone", reason=str(error))
        return None


class _Layer:
    """One layer: attention among the pieces of a sentence, then two dense steps, each added to what came in."""

    def __init__(self, weights: Weights, number: int) -> None:
        start = f"encoder.layer.{number}."
        part = {n.removeprefix(start): t for n, t in weights.tensors.items() if n.startswith(start)}
        # Turned once, row by row as they are used: a product with a turned matrix takes almost three times as long.
        self._part = {n: np.ascontiguousarray(t.T) if t.ndim == 2 else t for n, t in part.items()}

    def through(self, state: Floats, spans: Sequence[slice]) -> Floats:
        query, key, value = (self._dense(f"attention.self.{part}", state) for part in ("query", "key", "value"))
        seen = np.concatenate([_attention(query[span], key[span], value[span]) for span in spans])
        state = self._added("attention.output", seen, state)
        return self._added("output", _gelu(self._dense("intermediate.dense", state)), state)

    def _dense(self, name: str, state: Floats) -> Floats:
        return np.asarray(state @ self._part[f"{name}.weight"] + self._part[f"{name}.bias"], np.float32)

    def _added(self, name: str, change: Floats, state: Floats) -> Floats:
        both = self._dense(f"{name}.dense", change) + state
        return _normed(both, self._part[f"{name}.LayerNorm.weight"], self._part[f"{name}.LayerNorm.bias"])


def _attention(query: Floats, key: Floats, value: Floats) -> Floats:
    heads = (len(query), HEADS, SIZE // HEADS)
    q, k, v = (part.reshape(heads).transpose(1, 0, 2) for part in (query, key, value))
    scores = q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(SIZE / HEADS))
    scores = np.exp(scores - scores.max(axis=2, keepdims=True))
    seen = scores / scores.sum(axis=2, keepdims=True) @ v
    return np.asarray(seen.transpose(1, 0, 2).reshape(len(query), SIZE), np.float32)


def _normed(state: Floats, weight: Floats, bias: Floats) -> Floats:
    centred = state - state.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + np.float32(1e-12))
    return np.asarray(centred / spread * weight + bias, np.float32)


def _gelu(x: Floats) -> Floats:
    """x times the normal distribution at x; erf by Abramowitz and Stegun 7.1.26, exact to 2e-7."""
    t = 1 / (1 + np.float32(0.3275911 / np.sqrt(2)) * np.abs(x))
    tail = t * np.float32(1.061405429) - np.float32(1.453152027)
    for term in (1.421413741, -0.284496736, 0.254829592):
        tail = tail * t + np.float32(term)
    tail = tail * t * np.exp(-0.5 * np.square(x)) * np.float32(0.5)
    return np.asarray(x * np.where(x >= 0, 1 - tail, tail), np.float32)


def _words(text: str) -> list[str]:
    """The text in lower case without accents, cut at spaces and around each sign (BERT, uncased)."""
    plain = (c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) not in {"Mn", "Cc", "Cf"})
    return "".join(f" {c} " if _stands_alone(c) else c for c in plain).split()


def _stands_alone(character: str) -> bool:
    if character.isascii():
        return not character.isalnum() and not character.isspace()
    return unicodedata.category(character)[0] == "P" or "\u4e00" <= character <= "\u9fff"
