"""Options of a product as people name them: a colour, a size in words or numbers, or "one size bigger"."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.local.slots import Mentions, Reader, matching
from agent.local.wording import fold

# Sizes from small to large, as a shop writes them, and how people say them.
LETTERS = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl")
SAID = {
    "small": "s",
    "medium": "m",
    "large": "l",
    "klein": "s",
    "kleine": "s",
    "kleiner": "s",
    "mittel": "m",
    "mittlere": "m",
    "gross": "l",
    "grosse": "l",
    "groesse": "",
}
BIGGER = frozenset(
    {"bigger", "larger", "up", "longer", "groesser", "groessere", "groesseren", "groesserer", "laenger", "laengere"}
)
SMALLER = frozenset({"smaller", "down", "shorter", "kleinere", "kleineren", "kleiner", "kuerzer", "kuerzere"})
EXTRA = frozenset({"extra", "x"})
NO_SIZE = frozenset({"s", "m", "i", "a", "t"})  # what is left of "it's" and "I'm" is no size


def fitting(
    rows: Sequence[Mapping[str, Any]],
    text: str,
    m: Mentions,
    reader: Reader,
    *,
    now: str = "",
    ladder: Sequence[Mapping[str, Any]] = (),
) -> list[Mapping[str, Any]]:
    """The options that a text names: by the next step of the sizes, by words of the name, by likeness.

    ``now`` is the option there is, from which "bigger" counts in ``ladder``, all options in the shop's own order.
    """
    if now and (step := _step(set(m.words))):
        return _next(rows, ladder or rows, now, step)
    said = set(reader.words.split(text)) | set(m.colours) | _sizes(reader.words.split(text))
    shades = reader.words.shaded(text)
    # "You picked M, I need S": what there is now is named, and no choice.
    there = set(fold(now).replace(",", " ").split())
    said = said - there if (said - there) & {part for row in rows for part in _parts(row)} else said
    # The shop's own word for a colour counts for more than one that people have for several.
    named = [(str(row.get("name", "")), row) for row in rows]
    scored = [(2 * _score(name, said, reader) + _shade(name, shades), row) for name, row in named]
    best = max((score for score, _ in scored), default=0)
    if best > 0:
        found = [row for score, row in scored if score == best]
        # Of one size in several colours, the colour there is stays.
        kept = [row for row in found if _parts(row) & there]
        return kept if len(found) > 1 and len(kept) == 1 else found
    return matching(rows, replace(m, items=()), reader.words)


def _step(words: set[str]) -> int:
    return 1 if words & BIGGER else -1 if words & SMALLER else 0


def _next(
    rows: Sequence[Mapping[str, Any]], ladder: Sequence[Mapping[str, Any]], now: str, step: int
) -> list[Mapping[str, Any]]:
    sizes = {
        fold(str(row.get("name", ""))): place for row in ladder if (place := _place(str(row.get("name", "")))) >= 0
    }
    here = sizes.get(fold(now))
    if here is None:
        return []
    beyond = sorted({place for place in sizes.values() if (place - here) * step > 0}, reverse=step < 0)
    if not beyond:
        return []
    found = [row for row in rows if _place(str(row.get("name", ""))) == beyond[0]]
    # In several colours of the next size, the colour there is stays.
    same = [row for row in found if set(fold(str(row.get("name", ""))).split()) & set(fold(now).split())]
    return same if len(same) == 1 else found


def _place(name: str) -> int:
    """Where an option stands among the sizes: a number as it is, letters by their order; -1 for what is no size."""
    for word in fold(name).replace("/", " ").replace(",", " ").split():
        if word.isdigit():
            return int(word) * 10
        if (letter := SAID.get(word, word)) in LETTERS:
            return LETTERS.index(letter)
    return -1


def _sizes(words: Sequence[str]) -> set[str]:
    """The letters of the sizes that were said in words: 'extra large' is XL."""
    found = set()
    for before, word in zip(("", *words), words, strict=False):
        letter = SAID.get(word, "")
        if letter:
            found.add(f"x{letter}" if before in EXTRA and letter != "m" else letter)
    return found


def _parts(row: Mapping[str, Any]) -> set[str]:
    return set(fold(str(row.get("name", ""))).replace(",", " ").split())


def _shade(name: str, shades: set[str]) -> int:
    return 1 if shades & set(fold(name).replace(",", " ").split()) else 0


def _score(name: str, said: set[str], reader: Reader) -> int:
    """How many of the words of an option's name were said; its colours and sizes count, its joining words do not."""
    parts = [part for part in reader.words.split(name) if part not in reader.words.filler]
    spoken = {reader.words.colours.get(part, part) for part in parts} | {SAID.get(part, part) for part in parts}
    return sum(1 for part in spoken if part and part in said and (len(part) > 1 or part not in NO_SIZE or part in said))
