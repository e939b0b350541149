"""Tells when a sentence recites the assistant's instructions: what the model was told is not for reading out.

The instructions hold no secret and are part of the published code. But a model that recites them has been turned, and
what it would say next is nothing a customer should read.
"""

import re
from collections.abc import Iterator

RUN = 8  # words in a row; shorter runs stand in honest sentences as well


class Recital:
    """Knows every run of words of a text."""

    def __init__(self, text: str) -> None:
        self._runs = frozenset(_runs(text))

    def is_in(self, sentence: str) -> bool:
        """Whether a sentence repeats a run of eight words, whatever marks and cases stand between them."""
        return any(run in self._runs for run in _runs(sentence))


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))
