"""Products as they are spoken of: the cheapest of them, and the words of a description that a question is about."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.local.slots import Reader
from agent.local.wording import Words, singulars

# "Which of them can go into the wash?" is about what was shown.
OF_THEM = re.compile(
    r"\b(?:which|what|any|welche[rsn]?|eine[rs]?)\s+(?:one\s+)?(?:of|von|davon)?\s*"
    r"(?:them|these|those|the two|the three|denen|diesen|davon|den beiden|beiden)\b"
)
# How a question about a property begins: "is it dishwasher safe", "passt es in die Spülmaschine".
PROPERTY = frozenset({"is", "are", "does", "do", "can", "has", "will", "ist", "sind", "kann", "hat", "geht"})


def foremost(products: Sequence[Mapping[str, Any]], superlative: str) -> Mapping[str, Any]:
    """The cheapest, the dearest or the best rated of products that a search has shown."""
    match superlative:
        case "cheapest":
            return min(products, key=lambda product: _number(product.get("price")))
        case "dearest":
            return max(products, key=lambda product: _number(product.get("price")))
        case "lightest":
            return min(products, key=lambda product: _grams(product) or float("inf"))
        case "heaviest":
            return max(products, key=_grams)
        case _:
            return max(products, key=lambda product: _number(product.get("rating")))


def described(product: Mapping[str, Any], question: str, reader: Reader) -> tuple[str, bool]:
    """The passage of a description that a question is about, word for word, else ''; and whether it asks for one."""
    m, words = reader.read(question), reader.words
    name = set(words.split(str(product.get("name", ""))))
    asked = [w for w in m.words if len(w) > 3 and w not in name | words.plain_questions | words.filler]
    asked = [w for w in asked if not (words.item(w) or w in words.colours or w in words.english | words.german)]
    meant = [name for word in m.words for name in words.properties.get(word, ())]
    found = detail(product, meant) or _passage(product, asked, words)
    return found, bool(asked and PROPERTY & set(m.words[:1]))


def detail(product: Mapping[str, Any], meant: Sequence[str]) -> str:
    """The first detail of a product whose name is one of these, as ``name: text``; empty when there is none."""
    details = product.get("details")
    rows = details.items() if isinstance(details, Mapping) else ()
    return next((f"{name}: {text}" for wanted in meant for name, text in rows if wanted in str(name).casefold()), "")


def _passage(product: Mapping[str, Any], asked: Sequence[str], words: Words) -> str:
    details = product.get("details")
    rows = [f"{name}: {text}" for name, text in details.items()] if isinstance(details, Mapping) else []
    passages = rows + re.split(r"(?<=[.!?])\s+", str(product.get("description") or ""))
    return next(
        (
            p
            for p in passages
            if any(form[:6] in part for part in words.split(p) for w in asked for form in singulars(w)[:2])
        ),
        "",
    )


def _number(said: object) -> float:
    found = re.search(r"\d+(?:\.\d+)?", str(said or "").replace(",", ""))
    return float(found[0]) if found else 0.0


def _grams(product: Mapping[str, Any]) -> float:
    """What a product weighs by its details; 0 where they don't say."""
    told = detail(product, ["weight"])
    return _number(told) * (1 if re.search(r"\d\s*g\b", told) else 1000)
