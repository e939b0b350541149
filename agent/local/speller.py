"""Mends typing slips: an unknown word becomes the near one that is in use and goes with the words beside it."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

SHORTEST = 3  # In a word of three letters only two that are swapped are mended: it has too many neighbours otherwise.
LONGEST = 24
CHOICES = 12  # near words that are weighed against each other
BESIDE = 2.5  # what it counts that a pair of words stands in the examples, beside the logarithm of a word's count
SLIP = 4.0  # what a second slip counts against a word


class Speller:
    """Nearest words by optimal string alignment (a swap of two letters counts one), weighed by use and neighbours."""

    def __init__(self, words: Sequence[str], *, more: Iterable[str] = (), common: Iterable[str] = ()) -> None:
        self._counts = Counter(word for word in (*words, *more) if word.isalpha() and len(word) <= LONGEST)
        self._pairs = frozenset(zip(words, words[1:], strict=False))
        # A common word that the shop has no use for is no slip: a race is not a rate.
        self._known = frozenset(self._counts) | frozenset(common)
        ranked = [word for word, _ in sorted(self._counts.items(), key=lambda pair: (-pair[1], pair[0]))]
        self._by_length = {n: [w for w in ranked if abs(len(w) - n) <= 2] for n in range(SHORTEST, LONGEST + 1)}

    def mend(self, words: list[str]) -> list[str]:
        """The same words, the unknown ones replaced where a known word is one slip away (two from seven letters on)."""
        mended = list(words)
        for i, word in enumerate(words):
            before, after = (mended[i - 1] if i else ""), (words[i + 1] if i + 1 < len(words) else "")
            mended[i] = self._mend(word, before, after)
        return mended

    def _mend(self, word: str, before: str, after: str) -> str:
        if word in self._known or not word.isalpha() or not SHORTEST <= len(word) <= LONGEST:
            return word
        slips = 2 if len(word) >= 7 else 1
        near = process.extract(word, self._by_length[len(word)], scorer=OSA.distance, score_cutoff=slips, limit=CHOICES)
        if len(word) == SHORTEST:
            near = [found for found in near if sorted(found[0]) == sorted(word)]
        return max(near, key=lambda found: self._weight(found[0], int(found[1]), before, after))[0] if near else word

    def _weight(self, choice: str, slips: int, before: str, after: str) -> float:
        pairs = ((before, choice) in self._pairs) + ((choice, after) in self._pairs)
        return math.log(self._counts[choice]) + BESIDE * pairs - SLIP * slips
