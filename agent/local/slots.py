"""What a message names: order numbers however typed, things, positions, amounts, reasons; and what they match."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from agent.local.dates import day_in, phrases
from agent.local.numbers import NUMBER, number_of
from agent.local.sums import Sum, sums
from agent.local.wording import MONEY, Words, clean, fold, language_of, singulars

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})  # Crockford's base 32: these letters are never used as such.
# In "add it to my basket" the basket is a place; in "do you have baskets" it is a thing.
IN_BASKET = re.compile(
    r"\b(?:in|into|to|inside|im|ins)\s+(?:(?:the|my|our|your|den|meinen|dem|meinem)\s+)?(?:shopping\s+)?"
    r"(?:basket|cart|trolley|warenkorb|korb|einkaufswagen)\b",
    re.I,
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
# A number beside these is a size, a measure or a part of a name, and no count.
COUNTS_NOTHING = re.compile(
    r"\b(?:size|groesse|gr|number|nummer|no|line|position|ending(?: in| with)?|endet auf|option)\.?\s*\d+\b"
    r"|\b\d+\s?%|\b\d+(?:[.,]\d+)?\s?-?(?:percent|prozent|days?|tagen?|weeks?|wochen?|months?|monaten?|years?|jahren?|hours?|stunden?"
    r"|minutes?|minuten|cm|mm|km|kg|ml|litres?|liter|person|persons|people|personen|man|inch(?:es)?|degrees?|stars?|sterne)\b",
    re.I,
)
UNCOUNTED = frozenset({"one", "ein", "eine", "einen", "eins", "zero", "null", "both", "beide", "paar"})
NEAR = 88  # rapidfuzz ratio (0-100) from which two words of a product's name are taken for the same


@dataclass(frozen=True, slots=True)
class Mentions:
    """What one message names. Positions count from the newest (0); -1 is the oldest. Days stay as typed, see `dates`.

    ``price`` is the amount, or the most it may be; ``least`` the least it may be.
    """

    orders: tuple[str, ...] = ()
    position: int | None = None
    words: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    pronoun: bool = False
    other: bool = False
    everything: bool = False
    quantity: int | None = None
    labels: tuple[str, ...] = ()
    reason: str | None = None
    price: str | None = None
    status: str | None = None
    superlative: str | None = None
    least: str | None = None
    dates: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


class Reader:
    """Reads mentions out of a message; knows the shop's words, its product names and how its order numbers begin."""

    def __init__(self, words: Words, product_names: Iterable[str] = (), *, prefix: str = "HP") -> None:
        self.words = words
        gap = r"[\s\-–—_.:#]*"
        four = r"[0-9A-Z]{4}"
        self.number = re.compile(
            rf"(?<![0-9A-Z]){prefix}({gap})({four})({gap})({four})(?![0-9A-Z])"
            rf"|(?<![0-9A-Z\-])({four})-({four})(?![0-9A-Z\-])",
            re.I,
        )
        self._prefix = prefix
        self.digest = f"{words.digest} {prefix}"  # of all that `mask` and `split` depend on
        self._names = frozenset(part for name in product_names for part in words.split(name) if len(part) > 2)

    def read(self, text: str) -> Mentions:
        """Every mention in a text; nothing is guessed, an absent thing is absent."""
        text = clean(text)
        emails = tuple(hit.group() for hit in EMAIL.finditer(text))
        rest = IN_BASKET.sub(" ", self.number.sub(lambda m: " " if self._canonical(m) else m.group(), text))
        rest, dates, money = _without(fold(EMAIL.sub(" ", rest)))
        words = self.words.split(rest)
        known = self.words
        # In a German sentence "hat" is a verb and no headgear.
        is_german = language_of(words, known, otherwise="en") == "de"
        things = [word for word in words if not (is_german and word in known.german)]
        return Mentions(
            orders=self.order_numbers(text),
            position=_position(words, known.ordinals),
            words=tuple(words),
            items=_unique(item for word in things if (item := known.item(word) or self._in_name(word))),
            colours=_unique(known.colours[word] for word in words if word in known.colours),
            pronoun=any(word in known.pronouns for word in words),
            other=any(word in known.other for word in words),
            everything=any(word in known.everything for word in words),
            quantity=_quantity(rest, words, known.numbers),
            labels=_unique(_wanted(words, known.labels)),
            reason=_reason(" ".join(words), known.reasons),
            price=next((s.most or s.least for s in money), None) or _limit(words),
            status=next((known.statuses[word] for word in words if word in known.statuses), None),
            superlative=next((known.superlatives[word] for word in words if word in known.superlatives), None),
            least=next((s.least for s in money if s.least and not s.exact), None),
            dates=dates,
            emails=emails,
        )

    def order_numbers(self, text: str) -> tuple[str, ...]:
        """The order numbers in a text in the shop's spelling: HP-7K3M-29QD for 'hp 7k3m29qd' or 'HP7K3M-29QD'."""
        return _unique(number for m in self.number.finditer(text) if (number := self._canonical(m)))

    def mask(self, text: str) -> str:
        """The text with every order number as the word 'ordernumber' and every amount of money as 'price', and without
        days of the calendar: "from 20 October" says which order and not what is wanted of it."""
        hidden = fold(self.number.sub(lambda m: " ordernumber " if self._canonical(m) else m.group(), text))
        for start, end, phrase in reversed(phrases(hidden)):
            if re.search(r"\d", phrase) and day_in(f"{phrase} 2000"):
                hidden = f"{hidden[:start]} {hidden[end:]}"
        return MONEY.sub(" price ", hidden)

    def query(self, text: str) -> str:
        """The words of a message that can be searched for, things by their English name."""
        rest = MONEY.sub(" ", fold(IN_BASKET.sub(" ", self.number.sub(" ", clean(text)))))
        kept = [w for w in self.words.split(rest) if w not in self.words.filler and not w.isdigit()]
        return " ".join(self.words.item(word) or self.words.colours.get(word, word) for word in kept[:8])

    def wish(self, text: str) -> str | None:
        """The intent of a change that a text asks for by its words alone, whatever is told around it."""
        said = " ".join(self.words.split(text))
        return next((i for i, starts in self.words.wishes.items() if any(start in said for start in starts)), None)

    def _canonical(self, match: re.Match[str]) -> str | None:
        gap, first, inner, second, bare_first, bare_second = match.groups()
        typed = first + second if first else bare_first + bare_second
        letters = typed.upper().translate(MISREAD)
        # Ordinary words of four letters stay words: unless it is dashed in full, a number shows a digit.
        dashed = first is not None and "-" in gap and "-" in inner
        if not set(letters) <= set(CROCKFORD) or not (dashed or re.search(r"\d", typed)):
            return None
        return f"{self._prefix}-{letters[:4]}-{letters[4:]}"

    def is_in_name(self, word: str) -> bool:
        """Whether a word is a part of a product's name."""
        return word in self._names

    def _in_name(self, word: str) -> str | None:
        if len(word) < 4 or word in self.words.filler or word in self.words.english or word in self.words.colours:
            return None
        return next((form for form in singulars(word)[:2] if form in self._names), None)


def begins(text: str, starts: Iterable[str], words: Words) -> bool:
    """Whether a text holds one of these as a word or as its beginning; a start ending in a dot must be a whole word."""
    said = f" {' '.join(words.split(text))} "
    return any(f" {start[:-1]} " in said if start.endswith(".") else f" {start}" in said for start in starts)


def rows_in(result: Mapping[str, Any], *keys: str) -> list[Mapping[str, Any]]:
    """The rows under the first of the keys that holds a list; a result of another shape has none."""
    lists = [result[key] for key in keys if isinstance(result.get(key), list)]
    return [row for row in lists[0] if isinstance(row, Mapping)] if lists else []


def matching(rows: Sequence[Mapping[str, Any]], mentions: Mentions, words: Words, *, text: str = "name") -> list[Any]:
    """The rows whose name (or other key) the mentions describe best, in order; empty when none is described at all."""
    scored = [(_score(f"{row.get(text, '')} {row.get('variant') or ''}", mentions, words), row) for row in rows]
    best = max((score for score, _ in scored), default=0)
    return [row for score, row in scored if score == best] if best > 0 else []


def describes(orders: Sequence[Mapping[str, Any]], mentions: Mentions, words: Words) -> list[Any]:
    """The orders that hold a thing the mentions describe."""
    rows = [{"order": order, **item} for order in orders for item in rows_in(order, "items")]
    found = [row["order"] for row in matching(rows, mentions, words)]
    return [order for i, order in enumerate(found) if order not in found[:i]]


def _score(name: str, mentions: Mentions, words: Words) -> int:
    parts = words.split(name)
    forms = {form for part in parts for form in singulars(part)}
    things = sum(3 for item in mentions.items if item in forms or any(fuzz.ratio(item, part) >= NEAR for part in parts))
    # A lamp may be what the shop calls a lantern; it counts where nothing is called a lamp.
    things = things or sum(1 for item in mentions.items if words.kin.get(item, frozenset()) & forms)
    spoken = [w for w in mentions.words if len(w) >= 4 and not _common(w, words)]
    things += sum(
        2 for w in spoken if w not in mentions.items and any(fuzz.ratio(w, p) >= NEAR for p in forms | set(parts))
    )
    colours = sum(1 for colour in mentions.colours if colour in forms)
    return things + colours


def _wanted(words: Sequence[str], labels: Mapping[str, str]) -> Iterable[str]:
    for i, word in enumerate(words):
        # "The office rather than home", "not home": what is turned down is no wish.
        if word in labels and not set(words[max(0, i - 2) : i]) & {"not", "nicht", "than", "of", "statt", "anstatt"}:
            yield labels[word]


def _common(word: str, words: Words) -> bool:
    return (
        word in words.english
        or word in words.german
        or word in words.filler
        or word in words.colours
        or word in words.pronouns
        or word in words.ordinals
        or word in words.other
    )


def _without(text: str) -> tuple[str, tuple[str, ...], list[Sum]]:
    """A folded text without its days and amounts, and these: "last week" is no last order, "50 euros" no quantity."""
    days, blanked = phrases(text), text
    for start, end, _ in days:
        blanked = blanked[:start] + " " * (end - start) + blanked[end:]
    money = sums(blanked)
    taken = [(start, end) for start, end, _ in days] + [(found.start, found.end) for found in money]
    for start, end in sorted(taken, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text, tuple(phrase for _, _, phrase in days), money


def _position(words: Sequence[str], ordinals: Mapping[str, int]) -> int | None:
    """A place in a list; "second to last" counts from the end, and "last time" is no place."""
    said = " ".join(words)
    if re.search(r"\bsecond (?:to )?last\b|\bvorletzte", said):
        return 1
    if re.search(r"\bat last\b|\blast time\b|\bfirst of all\b|\bat first\b|\bsecond factor\b|\bjust a second\b", said):
        return None
    return next((ordinals[word] for word in words if word in ordinals), None)


def _quantity(text: str, words: Sequence[str], numbers: Mapping[str, int]) -> int | None:
    """How many: the first number in digits or words that counts things; "not 2 but 3" is three."""
    kept = re.sub(rf"\b(?:not|nicht|instead of|statt|rather than)\s+(?:{NUMBER})\b", " ", text)
    kept = COUNTS_NOTHING.sub(" ", kept)
    for word in kept.replace("×", "x").split():
        typed = re.fullmatch(r"[(]?x?(\d{1,3})x?[.,!?)]*", word)
        if typed and int(typed[1]) > 0:
            return int(typed[1])
    # 'one' is a pronoun far more often than a number ("this one", "the blue one").
    left = kept.split()
    for word in (word.strip(".,!?()") for word in left):
        if word in numbers and word not in UNCOUNTED:
            return numbers[word]
        if len(word) > 2 and word not in UNCOUNTED and (number := number_of(word)) and not word.isdigit():
            return number
    if re.search(r"\b(?:just|only|exactly|nur|genau|put|add|take) (?:one|einen?|eins)\b|\ba single\b|\bonce\b", kept):
        return 1
    return None


def _reason(sentence: str, reasons: Mapping[str, tuple[str, ...]]) -> str | None:
    padded = f" {sentence}".replace(" does not ", " doesnt ").replace(" do not ", " dont ").replace(" is not ", " not ")
    padded = padded.replace(" was not ", " wasnt ").replace(" will not ", " wont ")
    return next((reason for reason, starts in reasons.items() if any(f" {start}" in padded for start in starts)), None)


def _limit(words: Sequence[str]) -> str | None:
    pairs = zip(words, words[1:], strict=False)
    return next((b for a, b in pairs if a in {"under", "below", "unter", "than", "max", "bis"} and b.isdigit()), None)


def _unique(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
