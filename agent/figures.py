"""Numbers in a text, in digits or in words of English and German, each with the unit it counts; and reference codes."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

TIMES = frozenset({"minute", "hour", "day", "week", "month", "year"})
DAYS_IN = MappingProxyType({"day": 1, "week": 7, "month": 30, "year": 365})

_ONES = "two/zwei/zwo three/drei four/vier five/fünf/fuenf six/sechs seven/sieben eight/acht nine/neun"
_TEENS = (
    "ten/zehn eleven/elf twelve/zwölf/zwoelf/dozen/dutzend thirteen/dreizehn fourteen/vierzehn fifteen/fünfzehn "
    "sixteen/sechzehn seventeen/siebzehn eighteen/achtzehn nineteen/neunzehn"
)
_TENS = (
    "twenty/zwanzig thirty/dreißig/dreissig forty/vierzig fifty/fünfzig/fuenfzig sixty/sechzig seventy/siebzig "
    "eighty/achtzig ninety/neunzig"
)
_HUNDRED = frozenset({"hundred", "hundert"})
_SINGLE = frozenset({"one", "a", "an", "ein", "eine", "einem", "einen", "einer", "eines", "1"})
_ARTICLES = _SINGLE - {"one", "1"}
# Before these an article counts: "within a week", "in einem Jahr". "A few times a year" counts nothing.
_COUNTING = frozenset({"in", "within", "for", "after", "another", "about", "innerhalb", "binnen", "für", "nach"})
_BETWEEN = frozenset(
    {
        "to", "or", "and", "bis", "oder", "und", "working", "business", "full", "whole", "more", "calendar",
        "other", "volle", "weitere", "ganze", "ganzen", "out", "von", "of",
    }
)  # fmt: skip
_UNITS: Mapping[str, str] = MappingProxyType(
    {
        word: unit
        for unit, words in {
            "minute": "minute minutes min mins minuten",
            "hour": "hour hours h hrs stunde stunden std",
            "day": "day days tag tage tagen tages workday workdays werktag werktage werktagen arbeitstag arbeitstage "
            "arbeitstagen daily",
            "week": "week weeks woche wochen",
            "month": "month months monat monate monaten monats",
            "year": "year years yr yrs jahr jahre jahren jahres",
            "star": "star stars stern sterne sternen rating",
            "left": "left remaining übrig uebrig verbleibend",
            "money": "euro euros eur dollar dollars bucks quid pounds",
            "cent": "cent cents pence",
            "percent": "percent prozent",
            "clock": "uhr pm o'clock",
        }.items()
        for word in words.split()
    }
)
_GERMAN_UNIT = re.compile(r"(minüt|stünd|täg|wöch|monat|jähr|jahres|tage|wochen|monats)\w*")
_GERMAN_UNITS: Mapping[str, str] = MappingProxyType(
    {"minüt": "minute", "stünd": "hour", "täg": "day", "wöch": "week", "monat": "month", "jähr": "year"}
    | {"jahres": "year", "tage": "day", "wochen": "week", "monats": "month"}
)
_TOKEN = re.compile(r"\d+:\d\d(?!\d)|\d+(?:[.,'’]\d+)*|[^\W\d_]+(?:['’]clock)?|%")
_STOP = re.compile(r"[.!?;:\n]")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’]\d{3})+")
_MARKER = re.compile(r"\s*\d{1,2}[.)](?=\s)")
_CODE = re.compile(r"(?<![\w-])(?:[A-Z0-9]+(?:-[A-Z0-9]+)+|[A-Z]{1,4}\d{4,}[A-Z0-9]*)(?![\w-])")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as written between ``start`` and ``end``; ``value`` in plain digits, ``unit`` empty for a bare one."""

    value: str
    unit: str
    start: int
    end: int


def figures(text: str) -> Iterator[Figure]:
    """The numbers of a text. A list's marker at its start is none, and ``one`` only counts before a unit."""
    marker = _MARKER.match(text)
    tokens = list(_TOKEN.finditer(text, marker.end() if marker else 0))
    words = [token[0].casefold() for token in tokens]
    place = 0
    while place < len(words):
        word = words[place]
        if (
            word not in _NUMBERS
            and word not in _SINGLE
            and word not in _HUNDRED
            and not word[0].isdigit()
            and len(word) < 7
        ):
            place += 1
            continue
        value, used = _value(words, place)
        if value is not None:
            unit, reach = _unit(words, place + used, _stop(text, tokens, place + used))
            whole = unit if words[place] not in _SINGLE or _counts(words, place, reach) else ""
            if words[place] not in _SINGLE or whole:
                yield Figure(value, whole, tokens[place].start(), tokens[max(reach, place + used) - 1].end())
        elif hit := _joined(words[place]):
            yield Figure(*hit, tokens[place].start(), tokens[place].end())
        place += max(used, 1)


def codes(text: str) -> Iterator["re.Match[str]"]:
    """What looks like the number of an order, a parcel or a thing: capitals and digits in one piece."""
    return (hit for hit in _CODE.finditer(text) if re.search(r"[A-Z]", hit[0]) and re.search(r"\d", hit[0]))


def unit_of(word: str) -> str:
    """The unit that a word names, in any of its forms; empty for none."""
    unit = _UNITS.get(word)
    if unit is None and (hit := _GERMAN_UNIT.match(word)) is not None:
        unit = _GERMAN_UNITS[hit[1]]
    return unit or ""


def in_plain_digits(text: str) -> str:
    """The same text with digits of other scripts as 0-9."""
    return text if text.isascii() else "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)


def _value(words: Sequence[str], place: int) -> tuple[str | None, int]:
    """The number that begins at a word, and how many words it takes."""
    word = words[place]
    if word[0].isdigit():
        return _plain(word), 1
    if word in _SINGLE:
        return "1", 1
    known = _NUMBERS.get(word)
    following = words[place + 1] if place + 1 < len(words) else ""
    if word in _HUNDRED:
        return "100", 1
    if known is None:
        return None, 1
    if following in _HUNDRED:
        return str(known * 100), 2
    if 20 <= known < 100 and known % 10 == 0 and 1 <= (one := _ONE.get(following, 0)) <= 9:
        return str(known + one), 2
    return str(known), 1


def _plain(digits: str) -> str:
    if ":" in digits:
        return digits
    if _THOUSANDS.fullmatch(digits):
        return re.sub(r"\D", "", digits).lstrip("0") or "0"
    whole, _, part = digits.replace(",", ".").replace("'", "").replace("’", "").partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")


def _stop(text: str, tokens: "Sequence[re.Match[str]]", place: int) -> int:
    """The first word, of the few after a number, that is of another sentence. Right behind a stop one is looked at: a
    number and its unit may have been cut in two."""
    for at in range(place, min(place + 4, len(tokens))):
        if _STOP.search(text, tokens[at - 1].end(), tokens[at].start()):
            return max(at, place + 1)
    return place + 4


def _unit(words: Sequence[str], place: int, stop: int) -> tuple[str, int]:
    """The unit that follows a number, and where it ends. What is ``left`` may be named in between."""
    if list(words[place : place + 3]) == ["out", "of", "5"] or list(words[place : place + 2]) in (
        ["of", "5"],
        ["von", "5"],
    ):
        return "star", place + (3 if words[place] == "out" else 2)
    if words[place : place + 1] == ["%"] or list(words[place : place + 2]) == ["per", "cent"]:
        return "percent", place + (1 if words[place] == "%" else 2)
    is_next = True
    for ahead, word in enumerate(words[place : min(place + 4, stop)]):
        unit = unit_of(word)
        if unit and (is_next or unit == "left"):
            return unit, place + ahead + 1
        is_next = is_next and (word in _BETWEEN or word in _NUMBERS or word[0].isdigit())
    return "", place


def _counts(words: Sequence[str], place: int, reach: int) -> bool:
    """Whether ``one`` or an article is a number here: "one week", "in a week", and not "a few times a year"."""
    return reach == place + 2 and (
        words[place] not in _ARTICLES or (place > 0 and words[place - 1] in _COUNTING) or words[place].startswith("ein")
    )


def _joined(word: str) -> tuple[str, str] | None:
    """German numbers and units in one word: ``zweijährig``, ``Dreijahresgarantie``."""
    if len(word) < 7:
        return None
    for length in (4, 5, 6, 7, 8, 3):
        value = _NUMBERS.get(word[:length])
        if value is not None and (hit := _GERMAN_UNIT.match(word, length)) is not None:
            return str(value), _GERMAN_UNITS[hit[1]]
    return None


def _table() -> Mapping[str, int]:
    ones, tens = _ONES.split(), _TENS.split()
    known = {word: n for n, words in enumerate(ones, 2) for word in words.split("/")}
    units = {"ein": 1, **known}
    known |= {word: n for n, words in enumerate(_TEENS.split(), 10) for word in words.split("/")}
    for n, words in enumerate(tens, 2):
        known |= {word: n * 10 for word in words.split("/")}
        known |= {f"{one}und{ten}": n * 10 + units[one] for ten in words.split("/") for one in units}
    return MappingProxyType(known | {f"{one}hundert": n * 100 for one, n in units.items()})


_NUMBERS = _table()
_ONE: Mapping[str, int] = MappingProxyType({"one": 1} | {word: n for word, n in _NUMBERS.items() if n < 10})
