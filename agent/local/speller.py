"""Mends typing slips: an unknown word becomes the nearest known one, when exactly near enough."""

from collections import Counter
from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

SHORTEST = 4  # A slip in a word of three letters has too many neighbours to be mended.
LONGEST = 24


class Speller:
    """Nearest word by optimal string alignment (a swap of two letters counts one), ties to the more frequent word."""

    def __init__(self, words: Iterable[str], *, common: Iterable[str] = ()) -> None:
        counts = Counter(word for word in words if word.isalpha() and len(word) <= LONGEST)
        # A common word that the shop has no use for is no slip: a race is not a rate.
        self._known = frozenset(counts) | frozenset(common)
        # process.extractOne keeps the first of equals, so the frequent words stand first; by length, to compare few.
        ranked = [word for word, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
        self._by_length = {n: [w for w in ranked if abs(len(w) - n) <= 2] for n in range(SHORTEST, LONGEST + 1)}

    def mend(self, words: list[str]) -> list[str]:
        """The same words, the unknown ones replaced where a known word is one slip away (two from eight letters on)."""
        return [self._mend(word) for word in words]

    def _mend(self, word: str) -> str:
        if word in self._known or not word.isalpha() or not SHORTEST <= len(word) <= LONGEST:
            return word
        slips = 2 if len(word) >= 8 else 1
        found = process.extractOne(word, self._by_length[len(word)], scorer=OSA.distance, score_cutoff=slips)
        return found[0] if found else word
