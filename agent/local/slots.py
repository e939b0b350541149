"""What a message names: order numbers however typed, things, positions, amounts, reasons; and what they match."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from agent.calendar_words import MONTHS, WEEKDAYS
from agent.local.dates import day_in, phrases
from agent.local.numbers import NUMBER, number_of
from agent.local.order_numbers import Found, order_numbers
from agent.local.reasons import told_reason
from agent.local.sizes import named_sizes, without_sizes
from agent.local.sums import Sum, sums
from agent.local.wording import COMMON, MONEY, Words, clean, fold, language_of, singulars

# In "add it to my basket" the basket is a place; in "do you have baskets" it is a thing.
IN_BASKET = re.compile(
    r"\b(?:in|into|to|inside|im|ins)\s+(?:(?:the|my|our|your|den|meinen|dem|meinem)\s+)?(?:shopping\s+)?"
    r"(?:basket|cart|trolley|warenkorb|korb|einkaufswagen)\b",
    re.I,
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
# Spelled out so that no machine reads it: "ada (at) example.org", "ada at example dot org".
_END = (
    r"(?P<end>com|org|net|example|test|de|at|ch|uk|eu|io|co|info|fr|nl|dk|se|no)\b(?!\s?[\[({]?\s?(?:dot|punkt)\b|\.\w)"
)
_DOT = r"(?:\s?[\[({]\s?(?:dot|punkt)\s?[\])}]\s?|\s(?:dot|punkt)\s|\.)"
_SPOKEN = r"\s(?:dot|punkt)\s"
BRACKETED = re.compile(
    rf"\b(?P<name>[\w.+-]{{1,64}})(?:\s?@\s?|\s?[\[({{]\s?(?:at|ät)\s?[\])}}]\s?)"
    rf"(?P<host>[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{0,3}}?){_DOT}{_END}",
    re.I,
)
DICTATED = re.compile(
    rf"\b(?P<name>[\w.+-]{{1,64}}(?:{_SPOKEN}[\w+-]{{1,30}})?)\s(?:at|ät)\s"
    rf"(?P<host>[\w-]{{1,63}}(?:{_SPOKEN}[\w-]{{1,63}}){{0,2}}?){_SPOKEN}{_END}",
    re.I,
)
# A number beside these is a size, a measure or a part of a name, and no count.
COUNTS_NOTHING = re.compile(
    r"\b(?:size|groesse|gr|number|nummer|no|line|position|ending(?: in| with)?|endet auf|option)\.?\s*\d+\b"
    r"|\b\d+\s?%|\b\d+(?:[.,]\d+)?\s?-?(?:percent|prozent|days?|tagen?|weeks?|wochen?|months?|monaten?|years?"
    r"|jahren?|hours?|stunden?"
    r"|minutes?|minuten|cm|mm|km|kg|ml|litres?|liter|person|persons|people|personen|man|inch(?:es)?|degrees?"
    r"|stars?|sterne)\b",
    re.I,
)
# "4 Stk", "dreimal", "half a dozen": six is what a half dozen counts.
TIMES = re.compile(r"\b(?:(?P<each>\d{1,3}|[a-z]{2,8})\s?(?:mal|stueck|stk|pcs?|pieces)|half a dozen|halbes dutzend)\b")
UNCOUNTED = frozenset({"one", "ein", "eine", "einen", "eins", "zero", "null", "both", "beide", "paar"})
SINGLE = frozenset({"one", "ein", "eine", "einen"})
POINTING = frozenset({"this", "that", "the", "which", "other", "each", "every", "any", "welche", "welcher", "for"})
MENDED = 5  # letters from which an unknown word may be a thing's name with a slip in it
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
    options: tuple[str, ...] = ()


class Reader:
    """Reads mentions out of a message; knows the shop's words, its product names and how its order numbers begin."""

    def __init__(self, words: Words, product_names: Iterable[str] = (), *, prefix: str = "HP") -> None:
        self.words = words
        self._prefix = prefix
        self.digest = f"{words.digest} {prefix}"  # of all that `mask` and `split` depend on
        self._real = (
            frozenset(COMMON) | words.english | words.german | words.items | frozenset(words.aliases) | words.filler
        )
        self._names = frozenset(part for name in product_names for part in words.split(name) if len(part) > 2)
        # No slip of a thing's name is what means something of its own.
        self._strange = frozenset(
            {*words.gloss, *words.same, *words.colours, *words.labels, *words.ordinals, *MONTHS, *WEEKDAYS}
        )
        self._nameable = sorted(name for name in {*words.items, *words.aliases, *self._names} if len(name) >= 4)

    def read(self, text: str) -> Mentions:
        """Every mention in a text; nothing is guessed, an absent thing is absent."""
        text = clean(text)
        emails, rest = _emails(text)
        rest = IN_BASKET.sub(" ", self.numberless(rest, " "))
        sizes = named_sizes(rest, self.words.colours)
        rest, dates, money = _without(fold(rest))
        words = self.words.split(rest)
        known = self.words
        # In a German sentence "hat" is a verb and no headgear.
        is_german = language_of(words, known, otherwise="en") == "de"
        things = [word for word in words if not (is_german and word in known.german)]
        return Mentions(
            orders=self.order_numbers(text),
            position=_position(words, known.ordinals),
            words=tuple(words),
            items=_unique(item for word in things if (item := self._thing(word))),
            colours=_unique(known.colours[word] for word in words if word in known.colours),
            pronoun=any(word in known.pronouns for word in words),
            other=any(word in known.other for word in words),
            everything=any(word in known.everything for word in words),
            quantity=_quantity(without_sizes(rest), words, known.numbers) or self._single(words),
            labels=_unique([*_wanted(words, known.labels), *_called(fold(text), known.labels)]),
            reason=_reason(" ".join(words), known.reasons) or told_reason(fold(text)),
            price=next((s.most or s.least for s in money), None) or _limit(words),
            status=next((known.statuses[word] for word in words if word in known.statuses), None),
            superlative=next((known.superlatives[word] for word in words if word in known.superlatives), None),
            least=next((s.least for s in money if s.least and not s.exact), None),
            dates=dates,
            emails=emails,
            options=sizes,
        )

    def order_numbers(self, text: str) -> tuple[str, ...]:
        """The order numbers in a text in the shop's spelling: HP-7K3M-29QD for 'hp 7k3m29qd' or 'HP7K3M-29QD'."""
        return _unique(found.number for found in self._numbers(text))

    def numberless(self, text: str, stand_in: str) -> str:
        """The text with a word in the place of every order number."""
        for found in reversed(self._numbers(text)):
            text = f"{text[: found.start]}{stand_in}{text[found.end :]}"
        return text

    def mask(self, text: str) -> str:
        """The text with every order number as the word 'ordernumber' and every amount of money as 'price', and without
        days of the calendar: "from 20 October" says which order and not what is wanted of it."""
        hidden = fold(self.numberless(text, " ordernumber "))
        for start, end, phrase in reversed(phrases(hidden)):
            if re.search(r"\d", phrase) and day_in(f"{phrase} 2000"):
                hidden = f"{hidden[:start]} {hidden[end:]}"
        return MONEY.sub(" price ", hidden)

    def query(self, text: str) -> str:
        """The words of a message that can be searched for, things by their English name."""
        rest = MONEY.sub(" ", fold(IN_BASKET.sub(" ", self.numberless(clean(text), " "))))
        kept = [w for w in self.words.split(rest) if w not in self.words.filler and not w.isdigit()]
        return " ".join(self.words.item(word) or self.words.colours.get(word, word) for word in kept[:8])

    def wish(self, text: str) -> str | None:
        """The intent of a change that a text asks for by its words alone, whatever is told around it."""
        said = " ".join(self.words.split(text))
        return next((i for i, starts in self.words.wishes.items() if any(start in said for start in starts)), None)

    def _numbers(self, text: str) -> list[Found]:
        return order_numbers(text, prefix=self._prefix, is_word=self._real.__contains__)

    def _thing(self, word: str) -> str | None:
        """The thing that a word names: by its name, as a part of a product's name, or one slip away from either."""
        return self.words.item(word) or self._in_name(word) or self._slipped(word)

    def _single(self, words: Sequence[str]) -> int | None:
        """1 where one of a thing is named ("one kettle", "eine Tasse"); "the blue one" counts nothing."""
        for at, word in enumerate(words):
            before = words[at - 1] if at else ""
            if word in SINGLE and before not in POINTING and any(self.words.item(w) for w in words[at + 1 : at + 3]):
                return 1
        return None

    def _slipped(self, word: str) -> str | None:
        known = self.words
        strange = word.isalpha() and len(word) >= MENDED and word not in self._real and word not in self._strange
        if not strange or any(form in self._real for form in singulars(word)):
            return None
        slips = 2 if len(word) >= 8 else 1
        near = process.extractOne(word, self._nameable, scorer=OSA.distance, score_cutoff=slips)
        return (known.item(near[0]) or near[0]) if near and near[0][0] == word[0] else None

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


def _emails(text: str) -> tuple[tuple[str, ...], str]:
    """The e-mail addresses in a text, typed or spelled out, and the text without them."""
    found = [hit.group() for hit in EMAIL.finditer(text)]
    rest = EMAIL.sub(" ", text)
    for form in (BRACKETED, DICTATED):
        for hit in form.finditer(rest):
            name, host = (re.sub(_DOT, ".", hit[part], flags=re.I) for part in ("name", "host"))
            found.append(f"{name}@{host}.{hit['end']}")
        rest = form.sub(" ", rest)
    return _unique(found), rest


CALLED = re.compile(
    r"\b(?:address|adresse)\s+(?:is\s+)?(?:called|named|labelled|labeled|saved as|under|namens|genannt"
    r"|mit dem namen|heisst)\s+[\"'„“]?"
    r"(?P<name>[a-z][\w-]{1,20})|\b(?:my|the|meine"
    r"|die)\s+[\"'„“]?(?P<before>[a-z]{3,15})[\"'”“]?(?:'s)?\s+(?:address|adresse)\b"
    r"|\b(?P<joined>[a-z]{3,15}?)s?adresse\b"
)
_NO_LABEL = """
delivery shipping billing mail email new old other current right wrong saved same second first correct default
invoice home liefer rechnungs rechnung neue alte andere richtige falsche gespeicherte e whole full last this that
post
"""
NO_LABEL = frozenset(_NO_LABEL.split())


def _called(folded: str, labels: Mapping[str, str]) -> Iterable[str]:
    """Labels that an address is called by, known or not: "the address called barn", "my cottage address"."""
    for hit in CALLED.finditer(folded):
        name = hit["name"] or hit["before"] or hit["joined"]
        if name not in NO_LABEL:
            yield labels.get(name, name)


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
    if numbered := re.search(r"\b(?:option|the number|die nummer|choice) ([1-9])\b", said):
        return int(numbered[1]) - 1
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
    if times := TIMES.search(kept):
        number = number_of(times["each"]) if times["each"] else 6
        if number is not None:
            return number
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
