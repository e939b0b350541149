"""Which rows of a list loose words name: "a little house for the wrens" is the Wren House, "the smal drybag" the 5."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz

from agent.local.slots import Reader
from agent.local.wording import Words, singulars

ALIKE = 85  # rapidfuzz ratio (0-100) from which a typed word is taken for a word of a name
SMALL = frozenset(
    {"small", "smal", "smaller", "smallest", "little", "klein", "kleine", "kleinen", "kleiner", "kleinere"}
)
CLAUSE = re.compile(r"[,;.!?]\s")
BIG = frozenset({"big", "bigger", "biggest", "large", "larger", "gross", "grosse", "grossen", "groessere"})
Rows = Sequence[Mapping[str, Any]]


def named_rows(rows: Rows, text: str, reader: Reader, *, key: str = "name") -> list[Any]:
    """The rows whose name a text has most words of, in order; empty when it has none of any."""
    words = reader.words
    said = _spoken(text, words)
    scored = [(_overlap(str(row.get(key) or ""), said, words), row) for row in rows]
    best = max((score for score, _ in scored), default=0)
    found = [row for score, row in scored if score == best] if best else []
    first = CLAUSE.split(text, maxsplit=1)[0]
    if len(found) > 1 and first != text:
        # "My money back for the tent, a pole is broken": the thing is named before what is wrong with it.
        named = _spoken(first, words)
        found = [row for row in found if _overlap(str(row.get(key) or ""), named, words)] or found
    if len(found) > 1:
        found = _by_option(found, said, words)
    return _by_size(found, set(words.split(text)), key) if len(found) > 1 else found


def named_orders(orders: Rows, text: str, reader: Reader) -> list[Any]:
    """The orders that hold a thing whose name a text has most words of."""
    rows = [{**item, "in": order} for order in orders for item in order.get("items") or () if isinstance(item, Mapping)]
    found = [row["in"] for row in named_rows(rows, text, reader)]
    return [order for i, order in enumerate(found) if order not in found[:i]]


def _spoken(text: str, words: Words) -> frozenset[str]:
    """The words that may be of a name, and every two of them as one ("dry bag" and "drybag" are the same)."""
    said = [word for word in words.split(text) if len(word) > 2]
    telling = {word for word in said if word not in words.english | words.german | words.filler | words.pronouns}
    kinds = {kind for word in telling if (kind := words.item(word))}
    return frozenset(form for word in telling | kinds for form in singulars(word))


def _overlap(name: str, said: frozenset[str], words: Words) -> int:
    parts = [part for part in words.split(name) if len(part) > 2]
    hits = sum(1 for part in parts if _is_said(part, said))
    joined = [f"{a}{b}" for a, b in zip(parts, parts[1:], strict=False)]
    return hits + sum(2 for both in joined if _is_said(both, said))


def _is_said(part: str, said: frozenset[str]) -> bool:
    forms = singulars(part)
    if any(form in said for form in forms):
        return True
    # Typing errors count in longer words only: a "pot" is no "top".
    return len(part) >= 5 and any(len(word) >= 5 and fuzz.ratio(part, word) >= ALIKE for word in said)


def _by_option(rows: list[Any], said: frozenset[str], words: Words) -> list[Any]:
    scored = [(_overlap(str(row.get("variant") or ""), said, words), row) for row in rows]
    best = max(score for score, _ in scored)
    return [row for score, row in scored if score == best]


def _by_size(rows: list[Any], said: set[str], key: str) -> list[Any]:
    """ "The small one" of things that differ by the number in their name."""
    sizes = [int(found[0]) if (found := re.findall(r"\d+", str(row.get(key)))) else None for row in rows]
    if None in sizes or not said & (SMALL | BIG):
        return rows
    wanted = min(sizes) if said & SMALL else max(sizes)  # type: ignore[type-var]
    return [row for row, size in zip(rows, sizes, strict=True) if size == wanted]
