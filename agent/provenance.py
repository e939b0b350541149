"""Where each value of a call came from, found out by the shop itself: typed by the customer, from a record, the page
they were on, the shop's own list of words, text written by others, or nowhere that anybody can see.

The model is not asked. What it passes on from a review, a carrier's note or a pasted mail may not become an argument
of a change, and neither may what it made up (policy ``chat.values-have-an-origin``). A record looked up by such
a value is no better than the value.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from rapidfuzz import fuzz

from agent.pasted import parts_of
from agent.record import BY_OTHERS
from auth.actor import Origin, Origins
from auth.guard.commands import clean
from shop.orders import read_order_number

ALIKE = 80  # rapidfuzz ratio (0-100) from which a word counts as the one the customer typed, slips included
MOST_OF_IT = 0.75  # the share of a longer text's words that must be the customer's own
SHORT = 6  # words up to which all of them must be
LATELY = 4  # messages of the customer among which their own words for something are looked for
PHRASE = 5  # words in a row that make a text somebody else's

_MISREAD = str.maketrans("OIL", "011")
# Number words of both languages, from one on; "both" is two, and "take it out" leaves none.
_COUNTED = (
    ("one", "ein", "eine", "einen", "another"),
    ("two", "zwei", "both", "beide", "pair", "paar", "couple"),
    ("three", "drei"),
    ("four", "vier"),
    ("five", "fünf"),
    ("six", "sechs"),
    ("seven", "sieben"),
    ("eight", "acht"),
    ("nine", "neun"),
    ("ten", "zehn"),
    ("eleven", "elf"),
    ("twelve", "zwölf", "dozen", "dutzend"),
)
_NONE = (
    *("zero", "null", "none", "remove", "delete", "out", "raus", "weg"),
    *("entferne", "entfernen", "lösche", "löschen"),
)
_NUMBERS: Mapping[str, int] = MappingProxyType(
    {word: n for n, words in enumerate(_COUNTED, 1) for word in words} | dict.fromkeys(_NONE, 0)
)

# "Empty my basket" is a zero; "the box came empty" and "is that clear?" are not, unless it is what was said just now.
_EMPTIED = re.compile(
    r"(?:^|[.!?;,:]\s*|\b(?:and|then|please|now|just|und|bitte|dann|jetzt)\s+)(?:empty|clear|leere)\b|\bleeren\b"
)
_EMPTY = re.compile(r"\b(?:empty|clear|leer)\b")


@dataclass(slots=True)
class Provenance:
    """What has been seen in a conversation, by whose it is; fed with its messages in order.

    ``own`` is what the customer wrote, or what an app wrote that talks for them: ``speaker`` says which.
    """

    own: list[str] = field(default_factory=list)
    pages: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    others: list[str] = field(default_factory=list)
    derived: set[str] = field(default_factory=set)
    speaker: Origin = Origin.TYPED
    is_tainted: bool = False  # text written by others stands in what the model sees

    def follow(self, messages: Iterable[BaseMessage]) -> None:
        """Take in the messages of a conversation, oldest first."""
        asked: dict[str, Mapping[str, object]] = {}
        for message in messages:
            match message:
                case HumanMessage():
                    self.hear(message.text, message.additional_kwargs.get("page"))
                case AIMessage():
                    asked |= {str(call["id"]): call["args"] for call in message.tool_calls}
                case ToolMessage():
                    self.learn(asked.get(message.tool_call_id, {}), message.text)

    def hear(self, text: str, page: object = None) -> None:
        """A message of the customer, and the page they were on, which the shop has looked up as theirs."""
        for part in parts_of(clean(text)):
            (self.others if part.is_pasted else self.own).append(part.text)
            self.is_tainted = self.is_tainted or part.is_pasted
        if isinstance(page, Mapping):
            self.pages |= {_bare(str(value)) for value in page.values()}

    def learn(self, arguments: Mapping[str, object], result: str) -> None:
        """The result of a call: records, other people's words, and what was looked up by such words."""
        try:
            answer = json.loads(result)
        except ValueError:
            # A result that cannot be read is nobody's record.
            self.others.append(result)
            self.is_tainted = True
            return
        is_led = Origin.OTHERS in (origin for _, origin in self.of(arguments))
        known = self.derived if is_led else self.records
        for by_others, value in _atoms(answer, by_others=False):
            if by_others:
                self.others.append(value)
                self.is_tainted = True
            elif not is_led or value not in self.records:
                known.add(_bare(value))

    def of(self, arguments: Mapping[str, object], words: Mapping[str, frozenset[str]] | None = None) -> Origins:
        """The origin of each argument; ``words`` are the fixed choices of those arguments that have any."""
        fixed = words or {}
        return tuple((name, self._of(value, fixed.get(name, frozenset()))) for name, value in arguments.items())

    def own_words_for(self, value: str) -> str:
        """The customer's own message that comes closest to what somebody else put into words; empty without any."""
        lately = [" ".join(text.split()) for text in self.own[-LATELY:] if text.strip()]
        return max(lately, key=lambda text: (fuzz.token_set_ratio(_bare(text), _bare(value)), len(text)), default="")

    def _of(self, value: object, words: frozenset[str]) -> Origin:
        match value:
            case None | bool():
                return Origin.SHOP
            case int():
                return self._of_number(value)
            case str():
                return Origin.SHOP if value in words or not value.strip() else self._of_text(clean(value))
            case list() | tuple():
                return max((self._of(inner, words) for inner in value), key=list(Origin).index, default=Origin.SHOP)
        return Origin.UNKNOWN

    def _of_number(self, value: int) -> Origin:
        if value == 1:
            return Origin.SHOP  # one of something is what everybody means who names no number
        is_emptied = value == 0 and any(_EMPTY.search(_bare(text)) for text in self.own[-1:])
        if is_emptied or any(value in _numbers(text) for text in self.own):
            return self.speaker
        if str(value) in self.records:
            return Origin.RECORD
        led = str(value) in self.derived or any(value in _numbers(text) for text in self.others)
        return Origin.OTHERS if led else Origin.UNKNOWN

    def _of_text(self, value: str) -> Origin:
        bare = _bare(value)
        if self._is_typed(value, bare):
            return self.speaker
        if bare in self.pages:
            return Origin.PAGE
        if bare in self.records:
            return Origin.RECORD
        led = bare in self.derived or any(_is_in(bare, _bare(text)) or _shares(bare, text) for text in self.others)
        return Origin.OTHERS if led else Origin.UNKNOWN

    def _is_typed(self, value: str, bare: str) -> bool:
        number = read_order_number(value)
        if number is not None and any(number[3:].replace("-", "") in _squeezed(text) for text in self.own):
            return True
        if any(_is_in(bare, _bare(text)) for text in self.own):
            return True
        wanted = _words(bare.partition(":")[2] or bare)
        said = {word for text in self.own for word in _words(_bare(text))}
        if not wanted or not said or any(_shares(bare, text) for text in self.others):
            return False
        found = sum(any(_alike(word, other) for other in said) for word in wanted)
        return found == len(wanted) if len(wanted) <= SHORT else found >= MOST_OF_IT * len(wanted)


def _atoms(value: object, *, by_others: bool) -> Iterator[tuple[bool, str]]:
    """Every text and number of a result, and whether other people wrote it."""
    match value:
        case Mapping():
            for name, inner in value.items():
                yield from _atoms(inner, by_others=by_others or name == BY_OTHERS)
        case list():
            for inner in value:
                yield from _atoms(inner, by_others=by_others)
        case None | bool():
            return
        case _:
            yield by_others, str(value)


def _bare(text: str) -> str:
    return " ".join(text.split()).casefold()


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text).upper().translate(_MISREAD)


def _words(bare: str) -> list[str]:
    return [word for word in re.findall(r"[^\W_]+", bare) if len(word) > 2 or word.isdigit()]


def _numbers(text: str) -> set[int]:
    bare = _bare(text)
    digits = {int(found) for found in re.findall(r"(?<![\w.,-])\d{1,4}(?=x?(?![\w-]))", bare)}
    emptied = {0} if _EMPTIED.search(bare) else set()
    return digits | emptied | {_NUMBERS[word] for word in re.findall(r"[^\W\d_]+", bare) if word in _NUMBERS}


def _is_in(bare: str, text: str) -> bool:
    return len(bare) > 1 and re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", text) is not None


def _alike(word: str, other: str) -> bool:
    if word.isdigit() or other.isdigit():
        return word == other
    shorter, longer = sorted((word, other), key=len)
    return (len(shorter) > 3 and longer.startswith(shorter)) or fuzz.ratio(word, other) >= ALIKE


def _shares(bare: str, text: str) -> bool:
    """Whether a phrase of some length stands in both."""
    wanted, there = _words(bare), _words(_bare(text))
    phrases = _phrases(wanted)
    return bool(phrases) and not phrases.isdisjoint(_phrases(there))


def _phrases(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[n : n + PHRASE]) for n in range(len(words) - PHRASE + 1)}
